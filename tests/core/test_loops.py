"""A model that repeats itself is noticed, and code that has equal lines is let pass."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.loops import LoopWatch, repeats

LINE = "    assert total([1, 2]) == 3\n"
TWO_TESTS = (
    "def test_a():\n    with pytest.raises(ValueError):\n        parse('')\n\n\n"
    "def test_b():\n    assert parse('x') == 1\n\n\n"
)


def noticed_at(text: str, about: str = "", step: int = 5) -> int | None:
    watch = LoopWatch(about)
    for at in range(0, len(text), step):
        if watch.feed(text[at : at + step]):
            return at
    return None


@pytest.mark.parametrize("piece", [LINE, TWO_TESTS, "0, ", "ha", "x" * 300 + "\n"])
def test_a_piece_that_comes_again_and_again_is_noticed_soon(piece):
    start = "import shop\n\n"
    at = noticed_at(start + piece * (4000 // len(piece)))
    assert at is not None
    assert at <= len(start) + max(600, 5 * len(piece)) + 200


@pytest.mark.parametrize(
    "text",
    [
        LINE * 18,
        "".join(f"    assert total([{n}]) == {n}\n" for n in range(300)),
        "\n" * 2000,
        "",
        (TWO_TESTS + LINE) * 4,
    ],
)
def test_other_text_is_not(text):
    assert noticed_at(text) is None


def test_the_own_source_is_not():
    for file in Path(__file__).parent.glob("*.py"):
        assert noticed_at(file.read_text("utf-8"), step=40) is None, file.name


def test_what_the_region_repeats_the_answer_may_repeat():
    table = "    (0, 0, 0, 0),\n" * 100
    assert noticed_at(table) is not None
    assert noticed_at(table, about="ROWS = [\n" + table + "]\n") is None


@given(st.text(max_size=200), st.text(min_size=1, max_size=40))
def test_what_counts_as_repeated_is_repeated(start, piece):
    text = start + piece * 60
    if repeats(text):
        tail = text[-600:]
        assert any(tail.endswith(tail[-size:] * 5) for size in range(1, 121))
