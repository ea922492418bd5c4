"""Search/replace answers: what is a block, what is refused, and any cut of the stream."""

import gzip
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.answer import Code, CutOff, Prose, Refusal
from dola_ls.core.blocks import Block, BlockReader, Blocks, Malformed, holds_markers

REPLIES = Path(
    os.environ.get("DOLA_TEST_REPLIES")
    or Path(__file__).parents[3] / "shared/data/real-replies.jsonl.gz"
)

ONE = "<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n"


def read(text: str, ended: bool = True):
    reader = BlockReader()
    reader.feed(text)
    return reader.block_answer(ended)


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        ONE.rstrip("\n"),
        ONE.replace("\n", "\r\n"),
        f"```python\n{ONE}```\n",
        f"Of course!\n\na.py\n```python\n{ONE}```\nThat is all.",
        f"a.py\n<source>python\n{ONE}</source>",
        "<think>\n<<<<<<< SEARCH\nno\n</think>\n" + ONE,
        ONE.replace("<<<<<<<", "<<<<<").replace("=======", "=====").replace(">>>>>>>", ">>>>>"),
        ONE.replace("<<<<<<<", "<" * 9).replace("=======", "=" * 9).replace(">>>>>>>", ">" * 9),
        ONE.replace("=======", "======").replace(">>>>>>>", ">>>>>>>>"),
        ONE.replace("<<<<<<< SEARCH", "<<<<<<<SEARCH>").replace(">>> REPLACE", ">>>REPLACE  "),
        ONE.replace("<<<<<<< SEARCH", "    <<<<<<< SEARCH"),
        f"```python\n{ONE}",
    ],
)
def test_a_block_in_many_wrappings(text):
    assert read(text) == Blocks((Block("a = 1\n", "a = 2\n"),))


def test_several_blocks_keep_their_order():
    two = ONE.replace("a =", "b =")
    expected = Blocks((Block("b = 1\n", "b = 2\n"), Block("a = 1\n", "a = 2\n")))
    assert read(f"First:\n```\n{two}```\nthen\n```\n{ONE}```") == expected
    assert read(two + ONE) == expected


@pytest.mark.parametrize(
    ("body", "block"),
    [
        ("=======\nx\n", Block("", "x\n")),
        ("x\n=======\n", Block("x\n", "")),
        ("=======\n", Block("", "")),
        ("\n  x\n\n=======\n\n", Block("\n  x\n\n", "\n")),
        ("```sh\nls\n```\n=======\n~~~\n", Block("```sh\nls\n```\n", "~~~\n")),
        ("x\x0c\u2028y\n=======\nx\n", Block("x\x0c\u2028y\n", "x\n")),
        ("x = '<<<<<<< SEARCH'\n=======\n# >>>>>>> REPLACE it\n", None),
        ("==== \n=======\n==========\n", Block("==== \n", "==========\n")),
    ],
)
def test_between_the_markers_every_line_is_code(body, block):
    answer = read(f"<<<<<<< SEARCH\n{body}>>>>>>> REPLACE")
    assert isinstance(answer, Blocks)
    old, _, new = body.partition("=======\n")
    assert answer.blocks == (block or Block(old, new),)


CONFLICT = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> theirs\n"


def test_markers_in_code_survive_between_longer_ones():
    text = f"<<<<<<<<< SEARCH\n{CONFLICT}=========\nb\n>>>>>>>>> REPLACE"
    assert read(text) == Blocks((Block(CONFLICT, "b\n"),))
    quoted = f"<<<<<<<<< SEARCH\n{ONE}=========\nb\n>>>>>>>>> REPLACE"
    assert read(quoted) == Blocks((Block(ONE, "b\n"),))


def test_markers_in_code_survive_when_indented_deeper():
    inner = "".join(f"    {line}\n" for line in ONE.splitlines())
    text = f"<<<<<<< SEARCH\n{inner}=======\nx\n>>>>>>> REPLACE"
    assert read(text) == Blocks((Block(inner, "x\n"),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"<<<<<<< SEARCH\n{CONFLICT}=======\nb\n>>>>>>> REPLACE", "more than one ======="),
        (ONE.replace("a = 2\n", "a = 2\n=======\n"), "more than one ======="),
        ("<<<<<<< SEARCH\nTitle\n=======\n\n=======\nText\n>>>>>>> REPLACE", "more than one"),
        ("<<<<<<< SEARCH\na = 1\n>>>>>>> REPLACE", "no ======="),
        ("<<<<<<< SEARCH\na = 1\n=======\na = 2\n" + ONE, "before the one above it is closed"),
        ("a = 1\n=======\na = 2\n>>>>>>> REPLACE", "no <<<<<<< SEARCH"),
        (ONE + "=======\na = 2\n>>>>>>> REPLACE", "no <<<<<<< SEARCH"),
        (f"<<<<<<< SEARCH\n{ONE}=======\nb\n>>>>>>> REPLACE", "before the one above"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(text, why):
    answer = read(text)
    assert isinstance(answer, Malformed)
    assert why in answer.why


@pytest.mark.parametrize("line", range(1, 5))
def test_an_answer_that_ends_within_a_block_is_cut_off(line):
    for before in ("", ONE, "```python\n" + ONE):
        text = before + "".join(ONE.splitlines(keepends=True)[:line])
        assert isinstance(read(text), CutOff)


def test_a_stream_without_a_last_word_is_cut_off_however_whole_it_looks():
    assert isinstance(read(ONE, ended=False), CutOff)


def test_other_answers_are_read_as_for_a_rewrite():
    assert read("```python\nx = 1\n```") == Code(("x = 1\n",), "")
    assert read("CANNOT: there is no such name") == Refusal("there is no such name")
    assert read("I would rather not.") == Prose("I would rather not.")
    assert read("A <<<<<<< SEARCH is needed.") == Prose("A <<<<<<< SEARCH is needed.")
    assert isinstance(read("```python\nx = 1\n"), CutOff)
    assert isinstance(read("<think>\n" + ONE), CutOff)


@pytest.mark.parametrize(
    "text", [ONE, CONFLICT, "Title\n=======\nText", "  =====\r\n", "    <<<<<<< HEAD\n", ">>>>>\n"]
)
def test_text_that_could_be_taken_for_markers_is_known(text):
    assert holds_markers(text)


@pytest.mark.parametrize("text", ["", "a << 5", "a == b", "====", "=" * 10, "# ======="])
def test_other_text_is_not_taken_for_markers(text):
    assert not holds_markers(text)


CODE = st.lists(
    st.sampled_from(
        ["", "x = 1", "    y", "\tz", "```", "```python", "# ...", "é😀", "== =", "<<"]
    ),
    max_size=5,
).map(lambda lines: "".join(f"{line}\n" for line in lines))
PROSE = st.sampled_from(["", "Sure!\n", "a.py\n", "```python\n", "```\n", "\n\n", "=======\n"])


@given(st.lists(st.tuples(PROSE, CODE, CODE), min_size=1, max_size=4), PROSE, st.integers(5, 9))
def test_what_is_written_is_read(parts, end, length):
    text = "".join(
        f"{prose}{'<' * length} SEARCH\n{old}{'=' * length}\n{new}{'>' * length} REPLACE\n"
        for prose, old, new in parts
    )
    assert read(text + end) == Blocks(tuple(Block(old, new) for _, old, new in parts))


TOKENS = ["<<<<<<< SEARCH\n", "=======\n", ">>>>>>> REPLACE\n", "<<<<<", " SEARCH", ">>>>>", "\r\n"]
TOKENS += ["=====\n", "x = 1\n", "```\n", "    ", "prose", "\n", "<think>", "</think>", "CANNOT: "]
PIECES = st.lists(st.sampled_from(TOKENS), max_size=20).map("".join)


@given(PIECES, st.randoms())
def test_the_way_a_stream_is_cut_does_not_matter(text, rng):
    whole = read(text)
    reader = BlockReader()
    position = 0
    while position < len(text):
        step = rng.randint(1, 10)
        reader.feed(text[position : position + step])
        position += step
    assert reader.block_answer(True) == whole


@given(PIECES, st.integers(0, 200))
def test_a_prefix_is_cut_off(text, length):
    assert isinstance(read(text[:length], ended=False), CutOff)


@given(st.lists(st.tuples(CODE, CODE), min_size=1, max_size=3), st.data())
def test_half_an_answer_holds_no_other_blocks(parts, data):
    text = "".join(f"<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n" for old, new in parts)
    whole = read(text)
    part = read(text[: data.draw(st.integers(0, len(text)))])
    assert isinstance(whole, Blocks)
    if isinstance(part, Blocks):
        assert part.blocks == whole.blocks[: len(part.blocks)]


def replies() -> list[str]:
    with gzip.open(REPLIES, "rt", encoding="utf-8") as file:
        return [json.loads(line)["reply"] for line in file]


@pytest.mark.skipif(not REPLIES.exists(), reason="the recorded model replies are not at hand")
def test_real_replies_read_the_same_however_they_are_cut():
    rng = random.Random(7)
    for reply in replies():
        whole = read(reply)
        for size in (3, 400):
            reader = BlockReader()
            position = 0
            while position < len(reply):
                step = rng.randint(1, size)
                reader.feed(reply[position : position + step])
                position += step
            assert reader.block_answer(True) == whole
        assert isinstance(read(reply[: rng.randrange(len(reply) + 1)], ended=False), CutOff)


@pytest.mark.skipif(not REPLIES.exists(), reason="the recorded model replies are not at hand")
def test_real_replies_hold_as_many_blocks_as_markers():
    whole = broken = 0
    for reply in replies():
        answer = read(reply)
        lines = reply.splitlines()
        closed = sum(line.strip() == ">>>>>>> REPLACE" for line in lines)
        if isinstance(answer, Blocks):
            whole += 1
            assert len(answer.blocks) == closed
            code = "".join(block.search + block.replace for block in answer.blocks)
            assert not any(
                line.startswith(("<<<<<<<", "=======", ">>>>>>>")) for line in code.splitlines()
            )
        elif any(line.startswith("<<<<<<< SEARCH") for line in lines):
            broken += 1
            assert isinstance(answer, CutOff | Malformed)
    # Nearly all that are not read are cut short in the recording itself.
    assert whole > 300
    assert broken < whole / 8
