"""Answers that come in pieces, and answers that stop anywhere: the same, or no code at all."""

from __future__ import annotations

import pytest

from dola_ls.core.answer import AnswerReader, Code, CutOff, Prose, Refusal
from dola_ls.core.blocks import Block, BlockReader, Blocks, Malformed

DOCSTRING = 'def f():\n    """\n    ```\n    f()\n    ```\n    """\n'
#: What a rewrite may look like, and the blocks of code it holds.
SHAPES: dict[str, tuple[str, list[str]]] = {
    "a fence": ("```python\nx = 1\n```", ["x = 1\n"]),
    "no label": ("```\nx = 1\n```\n", ["x = 1\n"]),
    "tildes": ("~~~ruby\nx = 1\n~~~\n", ["x = 1\n"]),
    "tildes round backticks": ("~~~md\n```\nls\n```\n~~~\n", ["```\nls\n```\n"]),
    "backticks round tildes": ("```md\n~~~\nls\n~~~\n```\n", ["~~~\nls\n~~~\n"]),
    "a longer fence": ("`````md\n```\nls\n```\n`````", ["```\nls\n```\n"]),
    "nested fences in Markdown": (
        "```markdown\n# A\n\n```sh\nls\n```\n\nand\n\n```py\nx\n```\nend\n```\n",
        ["# A\n\n```sh\nls\n```\n\nand\n\n```py\nx\n```\nend\n"],
    ),
    "a docstring with fences": (f"```python\n{DOCSTRING}```", [DOCSTRING]),
    "an indented fence": ("- so:\n  ```py\n  if x:\n    y\n  ```\n", ["if x:\n  y\n"]),
    "an indented fence, code that is not": ("  ```py\nx\n  ```\n", ["x\n"]),
    "two blocks": ("Was:\n```py\na\n```\nis:\n```py\nb\n```\n", ["a\n", "b\n"]),
    "output after the code": ("```py\na\n```\nOutput:\n```\n1\n```\n", ["a\n", "1\n"]),
    "prose on both sides": ("Sure, `x`:\n\n```py\nx\n```\n\nAs ```y``` was.\n", ["x\n"]),
    "thinking": ("<think>\n```py\nno\n```\n</think>\n\n```py\nyes\n```\n", ["yes\n"]),
    "thinking without its beginning": ("```py\nno\n</think>\n```py\nyes\n```\n", ["yes\n"]),
    "a tag in the code": ('```py\nx = "</think>"\n```\n', ['x = "</think>"\n']),
    "line ends of Windows": ("Hm:\r\n```py\r\nx\r\n```\r\n", ["x\n"]),
    "backticks in the code": ("```js\nconst s = `a`;\n``\n```\n", ["const s = `a`;\n``\n"]),
    "wide characters": ("😀\n```py\nx = '👩\u200d💻𝒳'\n```\n", ["x = '👩\u200d💻𝒳'\n"]),
}
BLOCK = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
ONE = Block("a\n", "b\n")
FENCED = Block("```sh\nls\n```\n", '"""\n```\n"""\n')
#: What edit blocks may look like, and what they say.
EDITS: dict[str, tuple[str, list[Block]]] = {
    "a block": (BLOCK, [ONE]),
    "prose on both sides": (f"Sure:\n{BLOCK}Done.\n", [ONE]),
    "in a fence": (f"a.py\n```python\n{BLOCK}```\n", [ONE]),
    "in tildes": (f"~~~\n{BLOCK}~~~\n", [ONE]),
    "two blocks": (
        f"First\n{BLOCK}then\n```\n{BLOCK.replace('a', 'c')}```\n",
        [ONE, Block("c\n", "b\n")],
    ),
    "fences in the code": (
        f"<<<<<<< SEARCH\n{FENCED.search}=======\n{FENCED.replace}>>>>>>> REPLACE\n",
        [FENCED],
    ),
    "indented": ("".join(f"  {line}\n" for line in BLOCK.splitlines()), [Block("  a\n", "  b\n")]),
    "thinking": (f"<think>\n{BLOCK.replace('a', 'no')}</think>\n{BLOCK}", [ONE]),
    "line ends of Windows": (BLOCK.replace("\n", "\r\n"), [ONE]),
    "longer markers": (
        "<<<<<<<<< SEARCH\n=======\n=========\nb\n>>>>>>>>> REPLACE\n",
        [Block("=======\n", "b\n")],
    ),
}  # fmt: skip
WRITTEN = {**SHAPES, "a refusal": ("CANNOT: no\n", []), "only prose": ("I would not.\n", [])}


def fed(reader: AnswerReader, text: str, step: int) -> None:
    for start in range(0, len(text), step):
        reader.feed(text[start : start + step])


def rewrite(text: str, ended: bool = True, step: int = 10_000):
    reader = AnswerReader()
    fed(reader, text, step)
    return reader.answer(ended)


def edits(text: str, ended: bool = True, step: int = 10_000):
    reader = BlockReader()
    fed(reader, text, step)
    return reader.block_answer(ended)


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_is_read(name):
    text, blocks = SHAPES[name]
    answer = rewrite(text)
    assert isinstance(answer, Code)
    assert list(answer.blocks) == blocks
    assert edits(text) == answer


@pytest.mark.parametrize("name", EDITS)
def test_each_shape_of_blocks_is_read(name):
    text, blocks = EDITS[name]
    assert edits(text) == Blocks(tuple(blocks))


@pytest.mark.parametrize("step", range(1, 11))
def test_one_to_ten_characters_at_a_time_make_no_difference(step):
    for text, _ in (*WRITTEN.values(), *EDITS.values()):
        for ended in (True, False):
            assert rewrite(text, ended, step) == rewrite(text, ended)
            assert edits(text, ended, step) == edits(text, ended)


@pytest.mark.parametrize("name", [*WRITTEN, *EDITS])
def test_an_answer_that_was_not_said_to_be_over_is_cut_off(name):
    text, _ = (WRITTEN | EDITS)[name]
    for end in range(len(text) + 1):
        assert isinstance(rewrite(text[:end], ended=False), CutOff)
        assert isinstance(edits(text[:end], ended=False), CutOff)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_prefix_is_the_same_code_or_none(name):
    text, _ = WRITTEN[name]
    whole = rewrite(text)
    for end in range(len(text)):
        part = rewrite(text[:end])
        if name == "nested fences in Markdown" and text[:end].endswith("\n```"):
            # Between an inner fence and its label the answer looks whole, and only the server
            # knows better; the gate then misses the fences that the region had.
            continue
        if isinstance(part, Code):
            # Blocks come one after the other; each that has come is whole.
            assert isinstance(whole, Code)
            assert part.blocks == whole.blocks[: len(part.blocks)]
        else:
            assert isinstance(part, CutOff | Prose | Refusal)


@pytest.mark.parametrize("name", EDITS)
def test_a_prefix_holds_the_same_blocks_or_none(name):
    text, blocks = EDITS[name]
    for end in range(len(text)):
        part = edits(text[:end])
        if isinstance(part, Blocks):
            assert list(part.blocks) == blocks[: len(part.blocks)]
        else:
            # Fences round blocks that are not there yet hold no code.
            assert isinstance(part, CutOff | Prose | Malformed), (text[:end], part)


@pytest.mark.parametrize(
    "text",
    [
        # One block with bare fences in it, or two blocks and prose?
        "```markdown\n# A\n```\nls\n```\nend\n```\n",
        "```\na\n```\nand\n```\nb\n```\n",
        "```text\na\n```\nls\n```\n```\n",
        # A fence round a longer one.
        "```\n````py\nx\n```\n````\n```\n",
    ],
)
def test_fences_that_can_be_read_in_two_ways_are_refused(text):
    answer = rewrite(text)
    assert isinstance(answer, CutOff)
    assert "fences" in answer.why or "not closed" in answer.why
