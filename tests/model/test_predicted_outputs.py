"""The client against a server that implements Predicted Outputs: what is gained, and when not."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.model.client import HttpModel
from dola_ls.model.errors import OutOfTokens
from dola_ls.model.prediction import ENOUGH, Capability, PredictionBook
from dola_ls.model.stream import Usage
from tests.fakes.api import FakeApi, Request
from tests.fakes.model import fenced
from tests.fakes.predicted import Mode, PredictedOutputs, tokens_of
from tests.model.conftest import Heard, MakeModel, listen

REGION = "".join(f"    total = total + price_{n} * amount_{n}\n" for n in range(12))
REGION = f"def total(order):\n    total = 0\n{REGION}    return total\n"
MODEL = "bytedance/dola-seed-2-0-code"

#: What the model answers, by what the user asks for.
ANSWERS = {
    "rename": fenced(REGION.replace("total(order)", "order_total(order)")),
    "explain": "This adds up all prices; nothing else happens in here, so be at ease. " * 4,
}


def prompt(task: str, *, predicted: bool = True, max_tokens: int = 2000) -> Prompt:
    prediction = REGION if predicted else None
    return Prompt("Code only.", f"{REGION}\n{task}", prediction, max_tokens, action=task)


def say(request: Request) -> str:
    return ANSWERS[request.prompt.rpartition("\n")[2]]


def serve(api: FakeApi, mode: Mode = "honours") -> PredictedOutputs:
    server = PredictedOutputs(say, mode)
    api.answer_with(server.answer)
    return server


async def ask(model: HttpModel, task: str, *, predicted: bool = True) -> Usage:
    heard: Heard = await listen(model, prompt(task, predicted=predicted))
    assert heard.error is None
    assert heard.text == ANSWERS[task]
    return heard.completion.usage


def predictions_sent(api: FakeApi) -> list[bool]:
    return ["prediction" in request.json for request in api.requests]


async def test_an_edit_that_keeps_most_is_written_in_far_fewer_steps(
    api: FakeApi, model: HttpModel
) -> None:
    server = serve(api)
    without = await ask(model, "rename", predicted=False)
    with_it = await ask(model, "rename")
    slow, fast = server.decodings
    assert predictions_sent(api) == [False, True]
    assert len(slow.steps) == len(tokens_of(ANSWERS["rename"]))
    assert len(fast.steps) < len(slow.steps) / 4
    assert without.accepted_prediction_tokens is None
    assert with_it.accepted_prediction_tokens == fast.accepted > len(tokens_of(REGION)) * 0.8
    assert with_it.rejected_prediction_tokens == fast.rejected < fast.accepted / 4
    assert with_it.completion_tokens == (without.completion_tokens or 0) + fast.rejected
    book = model.predictions
    assert book.capability(api.origin, MODEL) is Capability.WORKS
    assert book.describe(api.origin, MODEL) == (
        f"used, {fast.accepted} tokens accepted, {fast.rejected} rejected"
    )


async def test_an_action_whose_answers_are_unlike_goes_on_without_it_and_others_with_it(
    api: FakeApi, model: HttpModel
) -> None:
    server = serve(api)
    for _ in range(ENOUGH):
        usage = await ask(model, "explain")
        assert (usage.rejected_prediction_tokens or 0) > (usage.accepted_prediction_tokens or 0)
        await ask(model, "rename")
    assert predictions_sent(api) == [True] * 2 * ENOUGH
    usage = await ask(model, "explain")
    assert usage.completion_tokens == len(tokens_of(ANSWERS["explain"]))
    await ask(model, "rename")
    assert predictions_sent(api)[2 * ENOUGH :] == [False, True]

    unlike = server.decodings[: 2 * ENOUGH : 2]
    rejected, accepted = sum(d.rejected for d in unlike), sum(d.accepted for d in unlike)
    reason = f"{rejected} tokens rejected, {accepted} accepted"
    book = model.predictions
    assert book.take_news() == [f"predictions are off for explain with {MODEL}: {reason}"]
    assert book.take_news() == []
    assert book.describe(api.origin, MODEL).endswith(f"; off for explain: {reason}")
    assert book.capability(api.origin, MODEL) is Capability.WORKS


async def test_a_server_that_refuses_the_field_is_asked_again_without_it_once(
    api: FakeApi, model: HttpModel
) -> None:
    serve(api, "refuses")
    await ask(model, "rename")
    assert predictions_sent(api) == [True, False]
    await ask(model, "explain")
    assert predictions_sent(api) == [True, False, False]
    book = model.predictions
    assert book.describe(api.origin, MODEL) == "off: the server refuses the field"
    assert book.take_news() == [
        f"predictions are off with {MODEL}: the server refuses the field",
    ]


async def test_a_server_that_ignores_the_field_is_sent_it_three_times(
    api: FakeApi, model: HttpModel
) -> None:
    serve(api, "ignores")
    book = model.predictions
    for number in range(1, ENOUGH + 1):
        assert book.take_news() == []
        await ask(model, "rename")
        assert f"{number} of {ENOUGH}" in book.describe(api.origin, MODEL) or number == ENOUGH
    await ask(model, "rename")
    assert predictions_sent(api) == [True] * ENOUGH + [False]
    assert book.describe(api.origin, MODEL) == "off: ignored by the server"
    assert book.take_news() == [f"predictions are off with {MODEL}: ignored by the server"]


async def test_what_an_answer_wasted_before_it_ran_out_of_tokens_counts(
    api: FakeApi, make_model: MakeModel
) -> None:
    server = serve(api)
    model = make_model(reasoning_tokens=0)
    heard = await listen(model, prompt("explain", max_tokens=30))
    assert isinstance(heard.error, OutOfTokens)
    assert server.decodings[0].rejected > 0
    tally = model.predictions.tally(api.origin, MODEL, "explain")
    assert tally.rejected == server.decodings[0].rejected


@pytest.mark.parametrize("mode", ["refuses", "ignores"])
async def test_what_was_learnt_outlives_the_process(
    mode: Mode, api: FakeApi, make_model: MakeModel, tmp_path: Path
) -> None:
    serve(api, mode)
    path = tmp_path / "state" / "predictions.json"
    first = make_model()
    for _ in range(ENOUGH):
        await ask(first, "rename")
    assert first.predictions.changed
    first.predictions.save(path)
    assert not first.predictions.changed
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert REGION.split("\n")[2] not in path.read_text("utf-8")

    count = len(api.requests)
    second = make_model(predictions=PredictionBook.load(path))
    await ask(second, "rename")
    assert predictions_sent(api)[count:] == [False]
    assert second.predictions.take_news() == []
    assert not second.predictions.changed


async def test_two_servers_add_to_one_book(
    api: FakeApi, make_model: MakeModel, tmp_path: Path
) -> None:
    server = serve(api)
    path = tmp_path / "predictions.json"
    books = [PredictionBook.load(path), PredictionBook.load(path)]
    models = [make_model(predictions=book) for book in books]
    for model, task in zip(models, ("rename", "explain"), strict=True):
        await ask(model, task)
    for book in books:
        book.save(path)
    # The second one has taken over what the first one wrote, and neither counts twice.
    for book in (books[1], PredictionBook.load(path)):
        for decoding, task in zip(server.decodings, ("rename", "explain"), strict=True):
            tally = book.tally(api.origin, MODEL, task)
            assert (tally.answers, tally.accepted) == (1, decoding.accepted)
    before = path.read_bytes()
    books[0].save(path)
    books[1].save(path)
    assert path.read_bytes() == before


async def test_what_is_learnt_while_the_book_is_written_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    book = PredictionBook()
    for _ in range(50):
        book.record("https://a:443", "m", Usage(accepted_prediction_tokens=1), "x")
        saving = asyncio.create_task(asyncio.to_thread(book.save, path))
        await asyncio.sleep(0)
        book.record("https://a:443", "m", Usage(accepted_prediction_tokens=1), "x")
        await saving
    book.save(path)
    assert PredictionBook.load(path).tally("https://a:443", "m", "x").accepted == 100
    assert book.tally("https://a:443", "m", "x").accepted == 100


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\x00{", b'{"version": 1, "servers": [{"origin": 1}]}', b"[1, 2]", b"9" * 5000,
     b'{"version": 1, "servers": [{"origin": "o\\n", "model": "m", "refused": true, "silent": 0, '
     b'"day": 9e99, "actions": {}}]}', b"[" * 200_000, b" " * 2_000_000],
    ids=["empty", "binary", "malformed", "foreign", "number", "wild", "deep", "large"],
)  # fmt: skip
def test_a_file_that_is_no_book_is_replaced(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    path.write_bytes(content)
    book = PredictionBook.load(path)
    assert book.known() == []
    book.refuse("https://a:443", "m")
    book.save(path)
    assert PredictionBook.load(path).known() == [("https://a:443", "m")]


def test_the_book_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    path.write_text(json.dumps({"version": 2, "servers": {"new": "shape"}}))
    before = path.read_bytes()
    book = PredictionBook.load(path)
    book.refuse("https://a:443", "m")
    book.save(path)
    assert path.read_bytes() == before
    assert not book.wanted("https://a:443", "m")


def test_a_book_that_cannot_be_written_is_not_lost(tmp_path: Path) -> None:
    book = PredictionBook()
    book.refuse("https://a:443", "m")
    # A folder in its place stands for a disk that is full or read-only, also for an administrator.
    path = tmp_path / "predictions.json"
    path.mkdir()
    with pytest.raises(OSError):
        book.save(path)
    assert book.changed
    assert not book.wanted("https://a:443", "m")
    path.rmdir()
    book.save(path)
    assert not book.changed
    assert not PredictionBook.load(path).wanted("https://a:443", "m")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_server_gets_another_chance_after_a_month(tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    day = date(2030, 1, 1)
    book = PredictionBook(lambda: day)
    book.refuse("https://a:443", "m")
    for _ in range(ENOUGH):
        book.record("https://b:443", "m", Usage(), "refactor")
        book.record("https://c:443", "m", Usage(rejected_prediction_tokens=50), "refactor")
    book.save(path)

    def loaded(days: int) -> PredictionBook:
        return PredictionBook.load(path, lambda: day + timedelta(days))

    for host in "abc":
        where = (f"https://{host}:443", "m", "refactor")
        assert not loaded(30).wanted(*where)
        assert loaded(31).wanted(*where)
