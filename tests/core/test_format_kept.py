"""Whatever the answer looks like, the buffer keeps its format: per language, rewrite and blocks.

The model answers as models do: line feeds, four blanks to a step, no base indentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from dola_ls.core import gate
from dola_ls.core.actions import find_target
from dola_ls.core.answer import AnswerReader, Code
from dola_ls.core.blocks import BlockReader, Blocks
from dola_ls.core.candidate import candidate
from dola_ls.core.document import Document, Span, apply_edits
from dola_ls.core.edits import pick_block, rewrite_region
from dola_ls.core.languages import LANGUAGES
from dola_ls.core.matching import Located, locate
from dola_ls.core.parsing import parse
from dola_ls.core.rewrite import Rewrite


@dataclass(frozen=True)
class Sample:
    """Lines of code, indented by one tab for each step, and what becomes of some of them."""

    before: str
    old: str
    new: str
    after: str


_CLIKE = Sample(
    "class Cart {\n\tint n;\n\n\tint size() {\n\t\treturn n;\n\t}\n",
    "\tint total(int a) {\n\t\tint r = 0;\n\t\tif (a > 1) {\n\t\t\tr = a;\n\t\t}\n"
    "\t\treturn r;\n\t}\n",
    "\tint total(int a) {\n\t\tint r = 1;\n\t\tif (a > 1) {\n\t\t\tr = a;\n\t\t\tr = r + n;\n"
    "\t\t} else {\n\t\t\tr = 2;\n\t\t}\n\t\treturn r;\n\t}\n",
    "\n\tint last() {\n\t\treturn n;\n\t}\n}\n",
)
_SCRIPT = Sample(
    "class Cart {\n\tsize() {\n\t\treturn this.n;\n\t}\n",
    "\ttotal(a) {\n\t\tlet r = 0;\n\t\tif (a > 1) {\n\t\t\tr = a;\n\t\t}\n\t\treturn r;\n\t}\n",
    "\ttotal(a) {\n\t\tlet r = 1;\n\t\tif (a > 1) {\n\t\t\tr = a;\n\t\t\tr += this.n;\n"
    "\t\t} else {\n\t\t\tr = 2;\n\t\t}\n\t\treturn r;\n\t}\n",
    "\n\tlast() {\n\t\treturn this.n;\n\t}\n}\n",
)
SAMPLES = {
    "python": Sample(
        "class Cart:\n\tdef size(self):\n\t\treturn self.n\n\n",
        "\tdef total(self, a):\n\t\tr = 0\n\t\tif a > 1:\n\t\t\tr = a\n\t\treturn r\n",
        "\tdef total(self, a):\n\t\tr = 1\n\t\tif a > 1:\n\t\t\tr = a\n\t\t\tr += self.n\n"
        "\t\telse:\n\t\t\tr = 2\n\t\treturn r\n",
        "\n\tdef last(self):\n\t\treturn self.n\n",
    ),
    "javascript": _SCRIPT,
    "javascriptreact": _SCRIPT,
    "typescript": _SCRIPT,
    "typescriptreact": _SCRIPT,
    "go": Sample(
        "package shop\n\nfunc size(n int) int {\n\treturn n\n}\n\n",
        "func total(a int) int {\n\tr := 0\n\tif a > 1 {\n\t\tr = a\n\t}\n\treturn r\n}\n",
        "func total(a int) int {\n\tr := 1\n\tif a > 1 {\n\t\tr = a\n\t\tr++\n\t} else {\n"
        "\t\tr = 2\n\t}\n\treturn r\n}\n",
        "\nfunc last(n int) int {\n\treturn n\n}\n",
    ),
    "rust": Sample(
        "impl Cart {\n\tfn size(&self) -> u32 {\n\t\tself.n\n\t}\n",
        "\tfn total(&self, a: u32) -> u32 {\n\t\tlet mut r = 0;\n\t\tif a > 1 {\n\t\t\tr = a;\n"
        "\t\t}\n\t\tr\n\t}\n",
        "\tfn total(&self, a: u32) -> u32 {\n\t\tlet mut r = 1;\n\t\tif a > 1 {\n\t\t\tr = a;\n"
        "\t\t\tr += 1;\n\t\t} else {\n\t\t\tr = 2;\n\t\t}\n\t\tr\n\t}\n",
        "\n\tfn last(&self) -> u32 {\n\t\tself.n\n\t}\n}\n",
    ),
    "java": _CLIKE,
    "c": Sample(
        "int size(int n) {\n\treturn n;\n}\n\n",
        "int total(int a) {\n\tint r = 0;\n\tif (a > 1) {\n\t\tr = a;\n\t}\n\treturn r;\n}\n",
        "int total(int a) {\n\tint r = 1;\n\tif (a > 1) {\n\t\tr = a;\n\t\tr++;\n\t} else {\n"
        "\t\tr = 2;\n\t}\n\treturn r;\n}\n",
        "\nint last(int n) {\n\treturn n;\n}\n",
    ),
    "cpp": Sample(_CLIKE.before, _CLIKE.old, _CLIKE.new, _CLIKE.after.removesuffix("\n") + ";\n"),
    "csharp": _CLIKE,
    "ruby": Sample(
        "class Cart\n\tdef size\n\t\t@n\n\tend\n\n",
        "\tdef total(a)\n\t\tr = 0\n\t\tif a > 1\n\t\t\tr = a\n\t\tend\n\t\tr\n\tend\n",
        "\tdef total(a)\n\t\tr = 1\n\t\tif a > 1\n\t\t\tr = a\n\t\t\tr += 1\n\t\telse\n"
        "\t\t\tr = 2\n\t\tend\n\t\tr\n\tend\n",
        "\n\tdef last\n\t\t@n\n\tend\nend\n",
    ),
    "php": Sample(
        "<?php\nclass Cart {\n\tfunction size() {\n\t\treturn 1;\n\t}\n",
        "\tfunction total($a) {\n\t\t$r = 0;\n\t\tif ($a > 1) {\n\t\t\t$r = $a;\n\t\t}\n"
        "\t\treturn $r;\n\t}\n",
        "\tfunction total($a) {\n\t\t$r = 1;\n\t\tif ($a > 1) {\n\t\t\t$r = $a;\n\t\t\t$r += 1;\n"
        "\t\t} else {\n\t\t\t$r = 2;\n\t\t}\n\t\treturn $r;\n\t}\n",
        "\n\tfunction last() {\n\t\treturn 1;\n\t}\n}\n",
    ),
    "markdown": Sample(
        "# Shop\n\n- one\n\t- two\n\n",
        "- Run it:\n\t- with `make`\n\t\t- or without\n\t- then wait\n",
        "- Run it:\n\t- with `make`\n\t\t- or with `just`\n\t\t- or without\n\t- then stop it\n",
        "\n- last\n\t- more\n",
    ),
}  # fmt: skip


def test_every_language_has_a_sample() -> None:
    assert set(SAMPLES) == {*LANGUAGES, "markdown"}


def styled(text: str, unit: str) -> str:
    """Return a sample's text with steps of `unit`."""
    return re.sub(r"^\t+", lambda tabs: unit * len(tabs[0]), text, flags=re.MULTILINE)


def as_models_write(text: str) -> str:
    """Return a sample's text with steps of four blanks and no base indentation."""
    lines = text.split("\n")
    base = min(len(line) - len(line.lstrip("\t")) for line in lines if line)
    return styled("\n".join(line[base:] for line in lines), "    ")


def in_blocks(sample: Sample) -> str:
    """Return the change as one edit block that leaves out the lines that stay at both ends."""
    old = as_models_write(sample.old).splitlines()
    new = as_models_write(sample.new).splitlines()
    head = 0
    while old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    head, tail = max(head - 1, 0), max(tail - 1, 0)
    end = -tail or None
    parts = ["<<<<<<< SEARCH", *old[head:end], "=======", *new[head:end], ">>>>>>> REPLACE"]
    return "\n".join(parts)


def edited(language: str, before: str, old: str, after: str, sample: Sample, form: str) -> str:
    """Return the text after the model's answer, which the gate has to let pass."""
    document = Document("file:///a", language, 1, before + old + after)
    span = Span(len(before), len(before) + len(old))
    if form == "rewrite":
        reader = AnswerReader()
        reader.feed(f"````{language}\n{as_models_write(sample.new)}````\nThere it is.\n")
        answer = reader.answer(True)
        assert isinstance(answer, Code)
        rewrite = rewrite_region(document, span, pick_block(answer.blocks, old))
    else:
        asked = BlockReader()
        asked.feed(in_blocks(sample))
        blocks = asked.block_answer(True)
        assert isinstance(blocks, Blocks)
        found = locate(document, span, blocks.blocks)
        assert isinstance(found, Located), found
        rewrite = found.rewrite
    passed(document, span, rewrite)
    return apply_edits(document.text, rewrite.edits)


def passed(document: Document, span: Span, rewrite: Rewrite) -> None:
    tree = parse(document)
    target = find_target(document, tree, span)
    assert target is not None
    assert target.region == span
    assert gate.judge(candidate(document, tree, target, rewrite)) is None


#: What closes the scope of the region, in languages in which it stands in one.
CLOSING = dict.fromkeys(("java", "csharp", "rust", "php", *list(SAMPLES)[1:5]), "}")
CLOSING |= {"cpp": "};", "ruby": "end"}
LANGUAGE = pytest.mark.parametrize("language", SAMPLES)
FORM = pytest.mark.parametrize("form", ["rewrite", "blocks"])
UNITS = ["\t", "  ", "    ", "        "]
NAMES = ["tabs", "two", "four", "eight"]


@LANGUAGE
@FORM
@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "bom"])
def test_indentation_and_line_ends_are_the_buffers(language, form, unit, eol, bom):
    sample = SAMPLES[language]
    before, old, after, new = (
        styled(text, unit).replace("\n", eol)
        for text in (sample.before, sample.old, sample.after, sample.new)
    )
    assert edited(language, bom + before, old, after, sample, form) == bom + before + new + after


@LANGUAGE
@FORM
@pytest.mark.parametrize("end", ["", "\n", "\n\n\n"], ids=["no", "one", "three"])
@pytest.mark.parametrize("eol", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_end_of_the_file_stays(language, form, end, eol):
    sample = SAMPLES[language]
    before, old, new = (
        styled(text, "  ").replace("\n", eol) for text in (sample.before, sample.old, sample.new)
    )
    end = end.replace("\n", eol)
    if closing := CLOSING.get(language):
        got = edited(language, before, old, closing + end, sample, form)
        assert got == before + new + closing + end
        return
    # The region itself is the end of the file.
    first, rest = (eol, end[len(eol) :]) if end else ("", "")
    got = edited(language, before, old.removesuffix(eol) + first, rest, sample, form)
    assert got == before + new.removesuffix(eol) + end


@LANGUAGE
@FORM
def test_white_space_outside_the_change_stays(language, form):
    sample = SAMPLES[language]
    before, after = (styled(text, "    ") for text in (sample.before, sample.after))
    kept = set(sample.old.splitlines()) & set(sample.new.splitlines())

    def untidy(text: str) -> str:
        return "".join(
            styled(line, "    ") + (" \t " if line in kept else "") + "\n"
            for line in text.splitlines()
        )

    before, after = before.replace("\n", "  \n"), after.replace("\n", "\t\n")
    got = edited(language, before, untidy(sample.old), after, sample, form)
    assert got == before + untidy(sample.new) + after


@LANGUAGE
@FORM
@pytest.mark.parametrize(("unit", "others"), [("\t", "    "), ("    ", "\t"), ("  ", "\t")])
def test_in_a_file_that_mixes_tabs_and_blanks_the_region_keeps_its_own(
    language, form, unit, others
):
    sample = SAMPLES[language]
    before, after = (styled(text, others) for text in (sample.before, sample.after))
    if language == "python":
        # Members of one class have to be indented alike, so the others are another class's.
        other = styled("class Other:\n\tdef f(self):\n\t\tif self:\n\t\t\tpass\n\n\n", others)
        before, after = other + "class Cart:\n", "\n\n" + other.replace("Other", "Third")
    old, new = styled(sample.old, unit), styled(sample.new, unit)
    assert edited(language, before, old, after, sample, form) == before + new + after


@pytest.mark.parametrize("language", [name for name in SAMPLES if name != "python"])
@FORM
def test_a_region_that_mixes_tabs_and_blanks_keeps_each_line(language, form):
    # Python does not take tabs for blanks within one block.
    sample = SAMPLES[language]

    def mixed(text: str) -> str:
        """Indent some lines by tabs and some by blanks, as several authors do."""
        return "".join(
            styled(line, "\t" if len(line) % 2 else "    ") + "\n" for line in text.splitlines()
        )

    before, old, after = mixed(sample.before), mixed(sample.old), mixed(sample.after)
    got = edited(language, before, old, after, sample, form)
    assert got.startswith(before)
    assert got.endswith(after)
    lines = got[len(before) : len(got) - len(after)].splitlines()
    assert [styled(line, "    ") for line in lines] == styled(sample.new, "    ").splitlines()
    stays = [line for line in sample.old.splitlines() if line in sample.new.splitlines()]
    kept = mixed("\n".join(stays)).splitlines()
    assert [line for line in lines if line in kept] == kept
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        assert set(indent) in (set(), {"\t"}, {" "})
