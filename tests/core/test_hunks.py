"""Hunks: edits in groups that a user decides about one by one."""

from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.document import Document, Edit
from dola_ls.core.hunks import hunks_of

TEXT = "".join(f"line {number}\n" for number in range(20))
DOCUMENT = Document("file:///a.txt", "plaintext", 1, TEXT)


def at(*lines: int) -> list[Edit]:
    return [Edit(start, start + 4, "LINE") for start in (DOCUMENT.starts[line] for line in lines)]


def test_changes_a_few_lines_apart_belong_together() -> None:
    assert [len(hunk) for hunk in hunks_of(DOCUMENT, at(0, 1, 4, 8, 12, 15))] == [3, 1, 2]


@given(st.sets(st.integers(0, 19)).map(sorted))
def test_no_edit_is_lost_and_none_comes_twice(lines: list[int]) -> None:
    edits = at(*lines)
    assert [edit for hunk in hunks_of(DOCUMENT, edits) for edit in hunk] == edits
