"""New tests go into an existing file without moving, changing or hiding anything in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.candidate import Verdict
from dola_ls.core.document import Document, apply_edits, split_lines
from dola_ls.core.layout import bare
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.testing.merging import merge_tests
from dola_ls.core.testing.testcode import read_code
from tests.core.testing.projects import fixture
from tests.core.testing.test_generated_tests import CASES, Case

_MERGED = [case for case in CASES if case.place.startswith("merge ")]


def merge(case: Case, text: str | None = None, answer: str | None = None) -> Rewrite | Verdict:
    """Merge a case's answer into its file, or into another text of it."""
    project = fixture(case.fixture)
    placement, framework = project.place(case.language, case.source, case.symbol)
    there = project.read(placement.path) if text is None else text
    document = Document("file:///t", placement.language, 1, there or "")
    source = None if placement.inline else project.document(case.source, case.language)
    return merge_tests(document, None, answer or case.answer, placement, framework, source)


def old_text(case: Case) -> str:
    return fixture(case.fixture).read(case.place.removeprefix("merge ")) or ""


def in_order(old: list[str], new: list[str]) -> bool:
    """Tell whether all old lines stand among the new ones in order; imports may be longer."""
    rest = iter(new)
    return all(any(_same(line, other) for other in rest) for line in old)


def _same(old: str, new: str) -> bool:
    at = 0
    for char in new:
        at += at < len(old) and old[at] == char
    return old == new or (at == len(old) and ("import" in old or "require" in old))


_CHANGES: dict[str, Callable[[str], str]] = {
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "cr": lambda text: text.replace("\n", "\r"),
    "bom": lambda text: "\ufeff" + text,
    "no final line end": lambda text: text.rstrip("\n"),
    "many final line ends": lambda text: text + "\n\n\n",
    "trailing blanks": lambda text: text.replace("\n", "   \n", 3),
}


_ENDS = frozenset({"cr", "crlf"})


@given(
    case=st.sampled_from(_MERGED),
    changes=st.sets(st.sampled_from(sorted(_CHANGES)), max_size=3),
)
def test_all_that_stood_there_stands_there_unchanged(case: Case, changes: set[str]) -> None:
    text = old_text(case)
    # The line ends last, and only one kind of them.
    for name in sorted(changes - ({"crlf"} if "cr" in changes else set()), key=_ENDS.__contains__):
        text = _CHANGES[name](text)
    merged = merge(case, text)
    assert isinstance(merged, Rewrite), merged
    # Nothing is ever taken out.
    assert all(edit.start == edit.end for edit in merged.edits)
    after = apply_edits(text, merged.edits)
    region = merged.region
    assert after == text[: region.start] + merged.text + text[region.end :]
    assert in_order(
        [bare(line) for line in split_lines(text)], [bare(line) for line in split_lines(after)]
    )
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    assert after.count("\ufeff") == text.count("\ufeff")
    if "cr" in changes or "crlf" in changes:
        assert after.count("\n") == after.count("\r\n")
        assert after.count("\r") > text.count("\r")
    project = fixture(case.fixture)
    placement, framework = project.place(case.language, case.source, case.symbol)
    before, now = (read_code(one, placement.language, framework) for one in (text, after))
    assert now.faults <= before.faults
    old, new = ([unit.name for unit in code.tests()] for code in (before, now))
    assert len(new) > len(old)
    assert in_order(old, new)


@given(case=st.sampled_from(_MERGED), part=st.floats(0, 1), junk=st.text(max_size=20))
def test_an_answer_cut_anywhere_takes_nothing_out(case: Case, part: float, junk: str) -> None:
    merged = merge(case, answer=case.answer[: int(len(case.answer) * part)] + junk)
    if isinstance(merged, Rewrite):
        assert all(edit.start == edit.end for edit in merged.edits)
    else:
        assert merged.reason


@pytest.mark.parametrize("case", _MERGED, ids=[case.name for case in _MERGED])
def test_the_same_answer_twice_adds_nothing(case: Case) -> None:
    once = merge(case)
    assert isinstance(once, Rewrite)
    text = apply_edits(old_text(case), once.edits)
    twice = merge(case, text)
    if isinstance(twice, Verdict):
        assert twice.rule == "unchanged"
        return
    # What had to be renamed comes again under a further name, and nothing else does.
    assert len(twice.text) <= len(once.text) + len(text)
    assert "2" in "".join(edit.text for edit in once.edits)


@pytest.mark.parametrize("case", _MERGED, ids=[case.name for case in _MERGED])
def test_tabs_stay_tabs(case: Case) -> None:
    text = old_text(case)
    lines = [line.expandtabs(4) for line in text.split("\n")]
    step = min((len(line) - len(line.lstrip()) for line in lines if line[:1] == " "), default=4)
    tabbed = "\n".join(
        "\t" * ((len(line) - len(line.lstrip())) // step) + line.lstrip() for line in lines
    )
    if "\t" not in tabbed:
        tabbed = text  # nothing is indented: then the answer's own indentation stays
        return
    merged = merge(case, tabbed)
    assert isinstance(merged, Rewrite), merged
    for edit in merged.edits:
        for line in edit.text.split("\n"):
            assert not line.startswith(" "), line


@pytest.mark.parametrize("case", _MERGED, ids=[case.name for case in _MERGED])
def test_an_empty_file_takes_the_whole_text(case: Case) -> None:
    merged = merge(case, "\n")
    assert isinstance(merged, Rewrite)
    assert len(merged.edits) == 1
    assert merged.edits[0].text.strip()


@pytest.mark.parametrize("case", _MERGED, ids=[case.name for case in _MERGED])
def test_a_file_that_does_not_parse_is_left_alone(case: Case) -> None:
    text = old_text(case)
    if case.language == "python" or case.name == "rust-integration-tax":
        broken = text + "\n((((\n"
    else:
        # Some bracket, or some `end`, is not there.
        broken = text.rstrip("\n").rpartition("\n")[0] + "\n"
    merged = merge(case, broken)
    if case.language == "cpp":
        assert isinstance(merged, Verdict) or broken in apply_edits(broken, merged.edits)
        return
    assert isinstance(merged, Verdict), merged
    assert merged.rule in {"unparsable", "layout"}


def test_a_grammar_that_does_not_know_all_of_a_language_is_no_obstacle() -> None:
    case = next(case for case in _MERGED if case.name == "googletest-net")
    text = old_text(case).replace(".h>\n", ".h>   \n")  # blanks that tree-sitter takes for a fault
    assert isinstance(merge(case, text), Rewrite)
