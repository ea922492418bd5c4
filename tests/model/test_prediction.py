"""What is learnt about predictions, and when they are left out."""

from __future__ import annotations

import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest

from dola_ls.model.prediction import ENOUGH, Capability, PredictionBook
from dola_ls.model.stream import Usage

ORIGIN, MODEL = "https://api.example.com:443", "m"


def counted(accepted: int | None, rejected: int | None) -> Usage:
    return Usage(accepted_prediction_tokens=accepted, rejected_prediction_tokens=rejected)


def test_an_unknown_server_is_tried() -> None:
    book = PredictionBook()
    assert book.capability(ORIGIN, MODEL) is Capability.UNKNOWN
    assert book.wanted(ORIGIN, MODEL)


def test_accepted_tokens_show_that_it_works() -> None:
    book = PredictionBook()
    book.record(ORIGIN, MODEL, counted(80, 3), "refactor")
    assert book.capability(ORIGIN, MODEL) is Capability.WORKS
    assert book.wanted(ORIGIN, MODEL, "refactor")
    assert (book.tally(ORIGIN, MODEL, "refactor").accepted) == 80


@pytest.mark.parametrize("usage", [Usage(), counted(0, 0)])
def test_a_server_that_never_counts_any_ignores_it(usage: Usage) -> None:
    book = PredictionBook()
    for _ in range(ENOUGH - 1):
        book.record(ORIGIN, MODEL, usage)
        assert book.wanted(ORIGIN, MODEL)
    book.record(ORIGIN, MODEL, usage)
    assert book.capability(ORIGIN, MODEL) is Capability.IGNORED
    assert not book.wanted(ORIGIN, MODEL)


def test_an_error_ends_it_for_this_model_of_this_server_only() -> None:
    book = PredictionBook()
    book.refuse(ORIGIN, MODEL)
    assert book.capability(ORIGIN, MODEL) is Capability.REFUSED
    assert not book.wanted(ORIGIN, MODEL)
    assert book.wanted(ORIGIN, "other")
    assert book.wanted("https://other.example.com:443", MODEL)


def test_an_action_for_which_more_is_rejected_than_accepted_goes_without() -> None:
    book = PredictionBook()
    for _ in range(ENOUGH):
        assert book.wanted(ORIGIN, MODEL, "rewrite")
        book.record(ORIGIN, MODEL, counted(10, 90), "rewrite")
        book.record(ORIGIN, MODEL, counted(90, 10), "document")
    assert book.costly(ORIGIN, MODEL, "rewrite")
    assert not book.wanted(ORIGIN, MODEL, "rewrite")
    assert book.wanted(ORIGIN, MODEL, "document")


def test_one_bad_answer_is_no_reason_to_stop() -> None:
    book = PredictionBook()
    book.record(ORIGIN, MODEL, counted(0, 500))
    assert book.wanted(ORIGIN, MODEL)


def filled() -> PredictionBook:
    book = PredictionBook()
    book.record(ORIGIN, MODEL, counted(80, 3), "refactor")
    book.refuse(ORIGIN, "other")
    return book


def test_the_book_is_kept_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "state" / "predictions.json"
    filled().save(path)
    read = PredictionBook.load(path)
    assert read.to_json() == filled().to_json()
    assert read.capability(ORIGIN, MODEL) is Capability.WORKS
    assert read.capability(ORIGIN, "other") is Capability.REFUSED
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    path.touch(0o644)
    filled().save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_save_leaves_the_old_book(tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    filled().save(path)
    before = path.read_bytes()

    class Broken(PredictionBook):
        def to_json(self) -> dict[str, object]:
            return {"broken": object()}

    with pytest.raises(TypeError):
        Broken().save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"servers": 3}',
        '{"servers": [1, {"origin": "o"}]}',
        '{"servers": [{"origin": "o", "model": "m", "refused": 0, "silent": "x", "actions": {}}]}',
        '{"servers": [{"origin": "o", "model": "m", "refused": 0, "silent": 0, "actions": []}]}',
        "\x00\xff",
    ],
)
def test_a_broken_book_is_an_empty_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "predictions.json"
    path.write_bytes(text.encode("latin-1"))
    assert PredictionBook.load(path).to_json()["servers"] == []


def test_one_broken_entry_does_not_cost_the_others() -> None:
    data = filled().to_json()
    data["servers"].insert(0, {"origin": None})
    assert PredictionBook.from_json(json.loads(json.dumps(data))).to_json() == filled().to_json()


@pytest.mark.parametrize(("today", "known"), [(5, True), (60, False), (-5, True), (-60, False)])
def test_what_was_noted_under_a_wrong_clock_is_not_believed_for_years(
    today: int, known: bool
) -> None:
    noted = date(2030, 3, 17).toordinal()
    book = PredictionBook(lambda: date.fromordinal(noted))
    book.refuse(ORIGIN, MODEL)
    read = PredictionBook.from_json(book.to_json(), lambda: date.fromordinal(noted + today))
    assert (read.capability(ORIGIN, MODEL) is Capability.REFUSED) is known


def test_there_need_be_no_book(tmp_path: Path) -> None:
    assert PredictionBook.load(tmp_path / "none.json").wanted(ORIGIN, MODEL)
