"""Edits carried through what the user typed: nothing typed is lost, nothing lands elsewhere."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from dola_ls.core.diff import smallest_edits
from dola_ls.core.document import EOL, Edit, apply_edits, split_lines
from dola_ls.core.rebase import Conflict, Rebased, rebase
from dola_ls.core.since import net_changes
from tests.core.texts import revisions

TEXT = "zero\none\ntwo\nthree\nfour\n"
#: How many random interleavings are tried; set it higher for a thorough run.
INTERLEAVINGS = int(os.environ.get("DOLA_TEST_INTERLEAVINGS", "20000"))


def at(what: str, put: str = "", text: str = TEXT) -> Edit:
    """Return the edit that replaces `what` in a text."""
    start = text.index(what)
    return Edit(start, start + len(what), put)


def above(what: str, put: str, text: str = TEXT) -> Edit:
    """Return the edit that puts something in before `what`."""
    return Edit(text.index(what), text.index(what), put)


def below(what: str, put: str, text: str = TEXT) -> Edit:
    """Return the edit that puts something in behind `what`."""
    return Edit(text.index(what) + len(what), text.index(what) + len(what), put)


def after(text: str, changes: Sequence[Edit]) -> str:
    """Return a text after sequential changes."""
    for change in changes:
        text = apply_edits(text, [change])
    return text


# --- the rule, case by case


@pytest.mark.parametrize(
    ("edit", "changes", "merged"),
    [
        (at("two", "TWO"), [], "zero\none\nTWO\nthree\nfour\n"),
        (at("two", "TWO"), [at("zero", "0")], "0\none\nTWO\nthree\nfour\n"),
        (at("two", "TWO"), [at("four", "4")], "zero\none\nTWO\nthree\n4\n"),
        # The lines right above and below.
        (at("two", "TWO"), [at("one", "1")], "zero\n1\nTWO\nthree\nfour\n"),
        (at("two", "TWO"), [at("three", "3")], "zero\none\nTWO\n3\nfour\n"),
        (at("two\n", "TWO\n"), [at("one\n")], "zero\nTWO\nthree\nfour\n"),
        (at("two\n", "TWO\n"), [at("three\n")], "zero\none\nTWO\nfour\n"),
        # Whole new lines right above and below, however the editor reports them.
        (at("two", "TWO"), [above("two", "new\n")], "zero\none\nnew\nTWO\nthree\nfour\n"),
        (at("two", "TWO"), [below("one", "\nnew")], "zero\none\nnew\nTWO\nthree\nfour\n"),
        (at("two", "TWO"), [above("three", "new\n")], "zero\none\nTWO\nnew\nthree\nfour\n"),
        (at("two", "TWO"), [below("two", "\nnew")], "zero\none\nTWO\nnew\nthree\nfour\n"),
        (at("two\n", "TWO\n"), [below("two", "\nnew")], "zero\none\nTWO\nnew\nthree\nfour\n"),
        # Of two equal lines, the one put in is the new one.
        (at("two", "TWO"), [above("two", "two\n")], "zero\none\ntwo\nTWO\nthree\nfour\n"),
        (at("two", "TWO"), [above("three", "two\n")], "zero\none\nTWO\ntwo\nthree\nfour\n"),
        # Whole lines of ours between lines that the user changes.
        (above("two", "new\n"), [at("one", "1"), at("two", "2", TEXT.replace("one", "1"))],
         "zero\n1\nnew\n2\nthree\nfour\n"),
        (above("two", "new\n"), [at("one\n")], "zero\nnew\ntwo\nthree\nfour\n"),
        (above("two", "new\n"), [at("two\n")], "zero\none\nnew\nthree\nfour\n"),
        (below(TEXT, "new\n"), [at("four", "4")], "zero\none\ntwo\nthree\n4\nnew\n"),
        # Typed and taken back; removed and typed again.
        (at("two", "TWO"), [below("two", "x"), at("x", "", TEXT.replace("two", "twox"))],
         "zero\none\nTWO\nthree\nfour\n"),
        (at("two", "TWO"), [at("two\n"), above("three", "two\n", TEXT.replace("two\n", ""))],
         "zero\none\nTWO\nthree\nfour\n"),
        # The whole text sent anew, with changes on both sides of ours.
        (at("two", "TWO"), [Edit(0, len(TEXT), TEXT.replace("zero", "0").replace("four", "4!"))],
         "0\none\nTWO\nthree\n4!\n"),
    ],
)  # fmt: skip
def test_apart(edit: Edit, changes: list[Edit], merged: str) -> None:
    result = rebase(TEXT, [edit], changes)
    assert isinstance(result, Rebased)
    assert apply_edits(after(TEXT, changes), result.edits) == merged


@pytest.mark.parametrize(
    ("edits", "changes", "line"),
    [
        ([at("two", "TWO")], [below("two", "x")], 2),
        ([at("two", "TWO")], [above("two", "x")], 2),
        ([at("two", "TWO")], [at("two\n")], 2),
        ([at("two", "TWO")], [at("one\ntwo", "x")], 2),
        # The user joins our line to the one above.
        ([at("two", "TWO")], [at("one\n", "one")], 2),
        ([at("two\n", "TWO")], [at("three", "3")], 3),
        # Inside a hunk: in one edit, and between two edits of neighbouring lines.
        ([at("one\ntwo\n", "x\n")], [above("two", "new\n")], 2),
        ([at("one", "1"), at("two", "2")], [above("two", "new\n")], 2),
        ([above("two", "new\n")], [at("one\ntwo\n", "x\n")], 2),
        # Both put lines in at one border.
        ([above("two", "ours\n")], [above("two", "theirs\n")], 2),
        ([above("two", "ours\n")], [below("one", "\ntheirs")], 2),
        ([below(TEXT, "ours\n")], [below(TEXT, "theirs\n")], 5),
        ([below(TEXT, "ours")], [below(TEXT, "t")], 5),
        ([below(TEXT, "ours\n")], [below(TEXT, "t")], 5),
    ],
)
def test_conflict(edits: list[Edit], changes: list[Edit], line: int) -> None:
    result = rebase(TEXT, edits, changes)
    assert isinstance(result, Conflict)
    assert (result.free, result.touched) == ((), tuple(edits))
    assert result.line == line


def test_untouched_hunks_are_carried_beside_a_conflict() -> None:
    edits = [at("zero", "0"), at("two", "2"), at("four", "4")]
    changes = [above("zero", "top\n"), below("two", "x", "top\n" + TEXT)]
    result = rebase(TEXT, edits, changes)
    assert isinstance(result, Conflict)
    assert result.line == 2
    assert result.touched == (edits[1],)
    assert apply_edits(after(TEXT, changes), result.free) == "top\n0\none\ntwox\nthree\n4\n"


def test_a_line_end_in_two_characters_is_one() -> None:
    text = "a\r\nb\r\nc\r\n"
    changes = [Edit(1, 1, "\r\nnew")]
    result = rebase(text, [Edit(3, 4, "B")], changes)
    assert isinstance(result, Rebased)
    assert apply_edits(after(text, changes), result.edits) == "a\r\nnew\r\nB\r\nc\r\n"


def test_an_lf_put_behind_a_cr_changes_the_line_above() -> None:
    result = rebase("a\rb\r", [Edit(0, 1, "A")], [Edit(2, 2, "\n")])
    assert isinstance(result, Conflict)


def test_an_empty_text_belongs_to_whoever_was_first() -> None:
    assert isinstance(rebase("", [Edit(0, 0, "ours\n")], [Edit(0, 0, "theirs\n")]), Conflict)
    assert rebase("", [Edit(0, 0, "ours\n")], []) == Rebased((Edit(0, 0, "ours\n"),))


@pytest.mark.parametrize("bad", [Edit(0, 99, ""), Edit(-1, 0, ""), Edit(3, 2, "")])
def test_edits_outside_the_text_are_an_error(bad: Edit) -> None:
    with pytest.raises(ValueError):
        rebase(TEXT, [bad], [])
    with pytest.raises(ValueError):
        rebase(TEXT, [], [bad])


@given(revisions(), revisions())
@settings(max_examples=200)
def test_net_changes_come_to_the_same(one: tuple[str, str], other: tuple[str, str]) -> None:
    (old, middle), (_, new) = one, other
    # From the last to the first, so that each refers to what the one before it left.
    typed = smallest_edits(old, middle)[::-1]
    assert apply_edits(old, net_changes(old, typed)) == middle
    changes = [*typed, Edit(0, len(middle), new)]
    assert apply_edits(old, net_changes(old, changes)) == new
    assert net_changes(old, [*changes, Edit(0, len(new), old)]) == []


def test_changes_of_one_line_are_seen_together() -> None:
    changes = [Edit(0, 0, "x"), Edit(11, 11, "y")]
    assert net_changes("alpha_beta\n", changes) == [Edit(0, 10, "xalpha_betay")]


# --- random interleavings beside an oracle that knows characters, not edits
#
# Every character of the snapshot, everything typed and everything of ours is another character,
# so a character is its own identity. Line ends are the only ones that occur twice.


class Typist:
    """Makes up snapshots, edits and keystrokes."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.eol = self.pick.choice(["\n", "\n", "\n", "\r\n", "\r"])
        self.fresh = {"snapshot": 0x4E00, "user": 0xAC00, "ours": 0x3400}

    def chars(self, whose: str, least: int = 1) -> str:
        """Return a few characters that occurred nowhere before."""
        first = self.fresh[whose]
        self.fresh[whose] += self.pick.randint(least, 3)
        return "".join(map(chr, range(first, self.fresh[whose])))

    def lines(self, whose: str, least: int = 1) -> str:
        """Return some new text of one to three lines."""
        count = self.pick.choice([1, 1, 2, 3])
        return "".join(self.chars(whose, least) + self.eol for _ in range(count))

    def snapshot(self) -> str:
        """Return a text of up to ten lines, not always with a line end at its end."""
        count = self.pick.randint(1, 10)
        text = "".join(self.chars("snapshot") + self.eol for _ in range(count))
        return text.removesuffix(self.eol) if self.pick.random() < 0.2 else text

    def edit(self, text: str, whose: str, low: int = 0) -> Edit | None:
        """Return some edit of a text, at or behind `low`; None where there is no room."""
        places = [at for at in range(low, len(text) + 1) if text[at - 1 : at + 1] != "\r\n"]
        starts = [at for at in places if not at or text[at - 1] in "\r\n"]
        kind = self.pick.choice(["put", "put", "cut", "swap", "lines", "lines in", "break"])
        if kind in ("lines", "lines in") and starts:
            index = self.pick.randrange(len(starts))
            end = index if kind == "lines in" else min(index + 1, len(starts) - 1)
            put = self.lines(whose) if end == index or self.pick.random() < 0.6 else ""
            return Edit(starts[index], starts[end], put)
        if not places:
            return None
        index = self.pick.randrange(len(places))
        end = min(
            index + (0 if kind in ("put", "break") else self.pick.randint(1, 4)), len(places) - 1
        )
        put = {"put": self.chars(whose), "break": self.eol + self.chars(whose, 0)}.get(kind, "")
        put = self.lines(whose) + self.chars(whose) if kind == "swap" else put
        made = Edit(places[index], places[end], put)
        return made if made.text or made.end > made.start else None

    def edits(self, text: str) -> list[Edit]:
        """Return what a model might want to change: edits of one text, in order."""
        made: list[Edit] = []
        low = 0
        for _ in range(self.pick.randint(1, 3)):
            edit = self.edit(text, "ours", low + self.pick.randint(0, 8))
            if edit is not None:
                made.append(edit)
                low = edit.end + 1
        return smallest_edits(text, apply_edits(text, made)) if self.pick.random() < 0.5 else made

    def changes(self, text: str) -> list[Edit]:
        """Return what a user types meanwhile."""
        made: list[Edit] = []
        for _ in range(self.pick.randint(1, 5)):
            change = self.edit(text, "user")
            if change is None:
                continue
            changed = apply_edits(text, [change])
            if self.pick.random() < 0.15:
                # A client without incremental sync.
                change = Edit(0, len(text), changed)
            made.append(change)
            if self.pick.random() < 0.2:
                gone = text[change.start : change.end]
                made.append(Edit(change.start, change.start + len(change.text), gone))
            else:
                text = changed
        return made


def bare(text: str) -> list[str]:
    """Return the lines of a text without their ends."""
    return [line.rstrip("\r\n") for line in split_lines(text)]


def is_line_start(text: str, at: int) -> bool:
    return not at or (text[at - 1] in "\r\n" and text[at - 1 : at + 1] != "\r\n")


def line_before(text: str, at: int) -> str:
    """Return what its line has before a place."""
    return text[max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1 : at]


def line_behind(text: str, at: int) -> str:
    """Return what its line has behind a place, line end included."""
    found = EOL.search(text, at)
    return text[at : found.end() if found else len(text)]


def check_place(snapshot: str, edit: Edit, current: str, carried: Edit) -> None:
    """Check that a carried edit replaces in the current text what it was meant for."""
    assert carried.text == edit.text
    assert current[carried.start : carried.end] == snapshot[edit.start : edit.end]
    assert line_before(current, carried.start) == line_before(snapshot, edit.start)
    at_start = is_line_start(snapshot, edit.start)
    whole = is_line_start(snapshot, edit.end) and (
        edit.text.endswith(("\r", "\n")) if edit.text else at_start
    )
    if whole:
        assert is_line_start(current, carried.end)
    else:
        assert line_behind(current, carried.end) == line_behind(snapshot, edit.end)
    # Between the same neighbours as before, as far as they are still there.
    survivors = {char for char in snapshot if char in current} - set("\r\n")
    for index, char in enumerate(snapshot):
        if char in survivors:
            if index < edit.start:
                assert current.index(char) < carried.start
            elif index >= edit.end:
                assert current.index(char) >= carried.end
    if whole and edit.start == edit.end and carried.start:
        # Where the lines on both sides are as they were, nothing else may stand between them.
        pair = bare(snapshot[: edit.start])[-1:] + bare(snapshot[edit.end :])[:1]
        now = bare(current)
        if len(pair) == 2 and all(pair) and all(line in now for line in pair):
            assert now.index(pair[1]) == now.index(pair[0]) + 1


def disturbed(old: str, new: str) -> set[int] | None:
    """Return the lines of `old` that differ in `new` or have new neighbours; None if moved."""
    before, now = split_lines(old), split_lines(new)
    kept = [before.index(line) for line in now if line in before]
    if kept != sorted(set(kept)):
        return None
    result = {index for index, line in enumerate(before) if line not in now}
    for index, line in enumerate(now):
        if line not in before:
            above = [before.index(other) for other in now[:index] if other in before]
            below = [before.index(other) for other in now[index:] if other in before]
            result |= {above[-1] if above else -1, below[0] if below else len(before)}
    return result


def check(snapshot: str, edits: Sequence[Edit], changes: Sequence[Edit]) -> bool:
    """Check one interleaving; tell whether it was free of conflicts."""
    current = after(snapshot, changes)
    result = rebase(snapshot, edits, changes)
    free = result.edits if isinstance(result, Rebased) else result.free
    meant = [edit for edit in edits if isinstance(result, Rebased) or edit not in result.touched]
    assert len(free) == len(meant)
    for edit, carried in zip(meant, free, strict=True):
        check_place(snapshot, edit, current, carried)

    final = apply_edits(current, free)
    replaced = {char for edit in meant for char in snapshot[edit.start : edit.end]} - set("\r\n")
    kept = [char for char in current if char not in replaced and char not in "\r\n"]
    ours = {char for edit in meant for char in edit.text}
    assert [char for char in final if char not in ours and char not in "\r\n"] == kept

    if current == snapshot:
        assert result == Rebased(tuple(edits))
    if isinstance(result, Conflict):
        assert result.touched
        theirs = disturbed(snapshot, current)
        wanted = disturbed(snapshot, apply_edits(snapshot, edits))
        if theirs is not None and wanted is not None and all(bare(snapshot)):
            assert any(abs(one - other) <= 1 for one in theirs for other in wanted), "needless"
    return isinstance(result, Rebased)


@pytest.mark.parametrize("part", range(4))
def test_no_keystroke_is_lost_and_no_edit_lands_elsewhere(part: int) -> None:
    clean = 0
    count = INTERLEAVINGS // 4
    for seed in range(part * count, (part + 1) * count):
        typist = Typist(seed)
        snapshot = typist.snapshot()
        edits, changes = typist.edits(snapshot), typist.changes(snapshot)
        try:
            clean += check(snapshot, edits, changes)
        except AssertionError as error:
            error.add_note(f"{seed=} {snapshot=} {edits=} {changes=}")
            raise
    # Both answers were put to the test.
    assert count * 0.2 < clean < count * 0.8
