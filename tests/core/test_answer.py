"""The answer parser: fences of every kind, refusals, thinking, and any cut of the stream."""

import gzip
import itertools
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.answer import AnswerReader, Code, CutOff, Prose, Refusal, ThinkWatch

REPLIES = Path(
    os.environ.get("DOLA_TEST_REPLIES")
    or Path(__file__).parents[3] / "shared/data/real-replies.jsonl.gz"
)


def read(text: str, ended: bool = True):
    reader = AnswerReader()
    reader.feed(text)
    return reader.answer(ended)


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("```python\nx = 1\n```", ["x = 1\n"]),
        ("```\nx = 1\n```\n", ["x = 1\n"]),
        ("Sure!\n\n```py\nx = 1\n```\nThat is all.", ["x = 1\n"]),
        ("~~~python\nx = 1\n~~~", ["x = 1\n"]),
        ("````md\n```sh\nls\n```\n````", ["```sh\nls\n```\n"]),
        ("```md\n```sh\nls\n```\nend\n```", ["```sh\nls\n```\nend\n"]),
        (
            '```python\ndef f():\n    """\n    ```\n    x\n    ```\n    """\n```',
            ['def f():\n    """\n    ```\n    x\n    ```\n    """\n'],
        ),
        ("  ```python\n  x = 1\n  ```", ["x = 1\n"]),
        ("```python\na\n```\nand\n```python\nb\n```", ["a\n", "b\n"]),
        ("<think>\n```\nno\n```\n</think>\n```\nyes\n```", ["yes\n"]),
        ("```python\r\nx = 1\r\n```", ["x = 1\n"]),
        ("```python\n```", ["\n"]),
        ("```js\nconst s = `a`;\n```", ["const s = `a`;\n"]),
        ("Use `x` and ```y``` here\n```\nz\n```", ["z\n"]),
    ],
)
def test_blocks_are_found(text, blocks):
    answer = read(text)
    assert isinstance(answer, Code)
    assert list(answer.blocks) == blocks


def test_prose_outside_the_blocks_is_kept_apart():
    answer = read("Here:\n```\nx\n```\nDone.")
    assert isinstance(answer, Code)
    assert answer.prose == "Here:\nDone."


@pytest.mark.parametrize(
    "text", ["```python\nx = 1\n", "```python\nx = 1\n``", "````\n```\nx\n```\n", "<think>\nhm"]
)
def test_what_is_not_closed_is_cut_off(text):
    assert isinstance(read(text), CutOff)


def test_a_stream_without_a_last_word_is_cut_off_however_whole_it_looks():
    assert isinstance(read("```python\nx = 1\n```", ended=False), CutOff)


def test_refusal_and_prose_are_no_code():
    assert read("CANNOT: the code is not here") == Refusal("the code is not here")
    assert read("  \nCANNOT: no") == Refusal("no")
    assert read("I would rather not.") == Prose("I would rather not.")
    assert read("") == Prose("")


TEXTS = st.lists(
    st.sampled_from(
        [
            "```",
            "```python",
            "~~~",
            "````",
            "x = 1",
            "    y",
            "\n",
            "\r\n",
            " ",
            "<think>",
            "</think>",
            "CANNOT: ",
            "é😀",
            "``",
            "`",
            "prose",
        ]
    ),
    max_size=20,
).map("".join)


@given(TEXTS, st.randoms())
def test_the_way_a_stream_is_cut_does_not_matter(text, rng):
    whole = read(text)
    reader = AnswerReader()
    position = 0
    while position < len(text):
        step = rng.randint(1, 10)
        reader.feed(text[position : position + step])
        position += step
    assert reader.answer(True) == whole


@given(TEXTS, st.integers(0, 200))
def test_a_prefix_is_cut_off(text, length):
    assert isinstance(read(text[:length], ended=False), CutOff)


def replies() -> list[str]:
    with gzip.open(REPLIES, "rt", encoding="utf-8") as file:
        return [json.loads(line)["reply"] for line in file]


@pytest.mark.skipif(not REPLIES.exists(), reason="the recorded model replies are not at hand")
def test_real_replies_read_the_same_however_they_are_cut():
    rng = random.Random(7)
    found = 0
    for reply in replies():
        whole = read(reply)
        found += isinstance(whole, Code)
        reader = AnswerReader()
        position = 0
        while position < len(reply):
            step = rng.randint(1, 400)
            reader.feed(reply[position : position + step])
            position += step
        assert reader.answer(True) == whole
        cut = rng.randrange(len(reply) + 1)
        assert isinstance(read(reply[:cut], ended=False), CutOff)
    assert found > 100


@given(st.lists(st.integers(1, 59), max_size=8), st.sampled_from(["", " \n", "Well. "]))
def test_the_watch_and_the_reader_agree_on_what_is_thinking(places, before):
    text = f"{before}<seed:think>I wonder, a < b.</seed:think>It is three."
    opened, closed = text.index("I wonder"), text.index("It is")
    cuts = sorted({0, len(text), *(place for place in places if place < len(text))})
    watch, reader = ThinkWatch(), AnswerReader()
    for start, end in itertools.pairwise(cuts):
        reader.feed(text[start:end])
        thinks = end >= opened and start < closed and not before.strip()
        assert watch.feed(text[start:end]) == thinks
    if before.strip():
        assert (reader.thought, reader.text) == ("", text)
    else:
        assert (reader.thought, reader.text) == ("I wonder, a < b.", "It is three.")
