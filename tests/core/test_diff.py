"""The smallest edits: they always give the new text, and touch nothing else."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sysconfig
import unicodedata
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dola_ls.core.alignment import Work, align
from dola_ls.core.diff import line_hunks, smallest_edits, unified
from dola_ls.core.document import (
    Document,
    Edit,
    Encoding,
    apply_edits,
    line_starts,
    split_lines,
)
from tests.core.texts import revisions, texts

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
pairs = st.one_of(revisions(), st.tuples(texts, texts))


def lcs_length(old: list[str], new: list[str]) -> int:
    """Return the length of the longest common subsequence, by the book."""
    row = [0] * (len(new) + 1)
    for x in old:
        above = row
        row = [0]
        for j, y in enumerate(new):
            row.append(above[j] + 1 if x == y else max(above[j + 1], row[j]))
    return row[-1]


def borders(old: str, new: str) -> Iterator[tuple[str, int]]:
    """Yield every place, in either text, where an edit begins or ends."""
    grown = 0
    for edit in smallest_edits(old, new):
        yield old, edit.start
        yield old, edit.end
        yield new, edit.start + grown
        grown += len(edit.text) - (edit.end - edit.start)
        yield new, edit.end + grown


# --- what must always hold


@given(pairs)
@settings(max_examples=400)
@example(("", "x"))
@example(("x", ""))
@example(("a\r", "a\r\n"))
@example(("a\r\n", "a\n"))
@example(("\ud83d", "\ud83d\ude00"))
@example(("e\n", "e\u0301\n"))
def test_the_edits_give_the_new_text(pair: tuple[str, str]) -> None:
    old, new = pair
    edits = smallest_edits(old, new)
    assert apply_edits(old, edits) == new
    assert all(edit.text != old[edit.start : edit.end] for edit in edits)
    assert all(x.end < y.start for x, y in pairwise(edits)), "edits touch"
    assert bool(edits) == (old != new)


@given(pairs)
@settings(max_examples=200)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_edits_survive_the_way_through_positions(
    encoding: Encoding, pair: tuple[str, str]
) -> None:
    old, new = pair
    document = Document("file:///x", "python", 1, old)
    there_and_back = [
        Edit(
            document.offset(*document.position(edit.start, encoding), encoding),
            document.offset(*document.position(edit.end, encoding), encoding),
            edit.text,
        )
        for edit in smallest_edits(old, new)
    ]
    assert apply_edits(old, there_and_back) == new


@given(pairs)
@settings(max_examples=400)
def test_no_edit_parts_a_line_end_or_a_character(pair: tuple[str, str]) -> None:
    for text, at in borders(*pair):
        left, right = text[:at][-1:], text[at:][:1]
        assert (left, right) != ("\r", "\n")
        assert not ("\ud800" <= left <= "\udbff" and "\udc00" <= right <= "\udfff")
        if left and right and left not in "\r\n":
            assert unicodedata.category(right) not in ("Mn", "Mc", "Me")
            assert "\u200d" not in (left, right)
            assert not 0x1F3FB <= ord(right) <= 0x1F3FF


@given(pairs)
@settings(max_examples=300)
def test_edits_lie_within_the_changed_lines(pair: tuple[str, str]) -> None:
    old, new = pair
    starts = [*line_starts(old), len(old)]
    hunks = [
        (starts[i], starts[end]) for i, end, _, _ in line_hunks(split_lines(old), split_lines(new))
    ]
    for edit in smallest_edits(old, new):
        assert any(start <= edit.start and edit.end <= end for start, end in hunks)


@given(st.lists(st.sampled_from("abcdef")), st.lists(st.sampled_from("abcdef")))
@settings(max_examples=400)
def test_hunks_hold_what_differs_and_nothing_else(old: list[str], new: list[str]) -> None:
    hunks = line_hunks(old, new)
    assert all(one[1] < other[0] for one, other in pairwise(hunks)), "hunks touch"
    rebuilt: list[str] = []
    i = j = 0
    for start, end, new_start, new_end in hunks:
        assert old[i:start] == new[j:new_start]
        assert end > start or new_end > new_start
        rebuilt += old[i:start] + new[new_start:new_end]
        i, j = end, new_end
    assert rebuilt + old[i:] == new
    assert old[i:] == new[j:]


@given(st.lists(st.sampled_from("ab ")), st.lists(st.sampled_from("ab ")))
@settings(max_examples=400)
def test_without_unique_lines_as_many_are_kept_as_can_be(old: list[str], new: list[str]) -> None:
    inner_old, inner_new = old[:], new[:]
    for end in (0, -1):
        while inner_old and inner_new and inner_old[end] == inner_new[end]:
            del inner_old[end], inner_new[end]
    # A line that occurs once in both would bind the alignment.
    assume(not any(inner_old.count(x) == inner_new.count(x) == 1 for x in "ab "))
    kept = len(old) - sum(end - start for start, end, _, _ in align(old, new))
    assert kept == lcs_length(old, new)


# --- bounds


def test_a_gap_too_large_for_one_table_is_aligned_in_windows() -> None:
    pick = random.Random(5)
    old = [pick.choice("abcd") for _ in range(20_000)]
    new = list(old)
    for at in pick.sample(range(len(new)), 50):
        new[at] = "e"
    replaced = sum(end - start for start, end, _, _ in align(old, new))
    assert 50 <= replaced <= 100


def test_work_used_up_gives_a_coarse_but_correct_answer() -> None:
    pick = random.Random(6)
    old = [pick.choice("abcd") for _ in range(3000)]
    new = [pick.choice("abcd") for _ in range(3000)]
    fine, coarse = align(old, new), align(old, new, Work(left=0))
    assert len(coarse) == 1 < len(fine)
    assert coarse[0][0] <= fine[0][0]
    assert coarse[0][1] >= fine[-1][1]


def test_work_is_never_quadratic() -> None:
    pick = random.Random(7)
    old = [pick.choice("abcd") for _ in range(60_000)]
    new = [pick.choice("abcd") for _ in range(60_000)]
    work = Work()
    granted = work.left
    align(old, new, work)
    assert work.left >= 0
    assert granted - work.left < len(old) * len(new) / 3


def test_work_used_up_half_way_leaves_the_rest_as_one_replacement() -> None:
    pick = random.Random(8)
    old = [pick.choice("abcd") for _ in range(60_000)]
    new = [pick.choice("abcd") for _ in range(60_000)]
    *_, (start, end, _, behind) = align(old, new, Work(left=50_000_000))
    assert min(end, behind) > 59_900  # but for lines that both happen to end with
    assert 3000 < start < 30_000


# --- what people see


def test_a_line_that_occurs_once_counts_more_than_many_that_do_not() -> None:
    old, new = ["only", "}", "}", "}"], ["}", "}", "}", "only"]
    assert align(old, new) == [(0, 0, 0, 3), (1, 4, 4, 4)]


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("x = foo(a, b)\n", "x = foo(a, c)\n", [Edit(11, 12, "c")]),
        ("x = first\n", "x = second\n", [Edit(4, 9, "second")]),
        ("get_name()\n", "get_names()\n", [Edit(0, 8, "get_names")]),
        ("foo(a)\n", "foo(a)\nbar()\n", [Edit(7, 7, "bar()\n")]),
        ("foo(a)\n", "foo(a, b)\nbar()\n", [Edit(5, 5, ", b"), Edit(7, 7, "bar()\n")]),
        ("    x\n    y\n", "        x\n        y\n", [Edit(4, 4, "    "), Edit(10, 10, "    ")]),
        ("a\nb\nc\n", "a\nc\n", [Edit(2, 4, "")]),
        ("one\r\ntwo\r\n", "one\r\ntwo!\r\n", [Edit(8, 8, "!")]),
        ("end", "end\n", [Edit(3, 3, "\n")]),
        # Two changes with next to nothing between them read better as one.
        ("call(a, b, here)\n", "call(x, y, here)\n", [Edit(5, 9, "x, y")]),
        ("def f(alpha):  # the old one\n", "def f(gamma):  # the new one\n",
         [Edit(6, 11, "gamma"), Edit(21, 24, "new")]),
        # A line that has nothing in common with the new one is replaced whole.
        ("    return cache\n", "    yield from walk(tree)\n",
         [Edit(4, 16, "yield from walk(tree)")]),
        # Lines that resemble each other are found, wherever they stand in the hunk.
        ("x = load(path)\n", "try:\n    x = load(path)\nexcept OSError:\n    x = None\n",
         [Edit(0, 0, "try:\n    "), Edit(15, 15, "except OSError:\n    x = None\n")]),
        ("a = one(1)\nb = two(2)\n", "b = two(3)\nc = six(6)\n",
         [Edit(0, 11, ""), Edit(19, 20, "3"), Edit(22, 22, "c = six(6)\n")]),
    ],
)  # fmt: skip
def test_edits_read_well(old: str, new: str, edits: list[Edit]) -> None:
    assert apply_edits(old, edits) == new
    assert smallest_edits(old, new) == edits


def test_a_moved_function_leaves_its_neighbours_alone() -> None:
    functions = [f"def f{n}():\n    return {n}\n\n\n" for n in range(6)]
    moved = [*functions[:1], *functions[2:5], functions[1], functions[5]]
    edits = smallest_edits("".join(functions), "".join(moved))
    assert sorted((edit.end - edit.start, edit.text) for edit in edits) == [
        (0, functions[1]),
        (len(functions[1]), ""),
    ]


@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_inserted_function_begins_at_its_first_line(at: int) -> None:
    functions = [
        f"def f{n}():\n    try:\n        go()\n    finally:\n        stop()\n\n" for n in "abc"
    ]
    added = "def new():\n    try:\n        go()\n    finally:\n        stop()\n\n"
    old = "".join(functions)
    new = "".join([*functions[:at], added, *functions[at:]])
    assert smallest_edits(old, new) == [
        Edit(sum(map(len, functions[:at])), sum(map(len, functions[:at])), added)
    ]


def test_a_few_changes_in_a_large_text_touch_their_lines_only() -> None:
    lines = [f"value_{n % 700} = compute({n}, {n * 7 % 31})\n" for n in range(50_000)]
    changed = sorted(random.Random(3).sample(range(len(lines)), 500))
    new = list(lines)
    for at in changed:
        new[at] = new[at].replace("compute", "measure")
    old = "".join(lines)
    edits = smallest_edits(old, "".join(new))
    document = Document("file:///x", "python", 1, old)
    assert [document.line_of(edit.start) for edit in edits] == changed
    assert {edit.text for edit in edits} == {"measure"}


# --- unified diffs


def patched(old: str, diff: str) -> str:
    """Apply a unified diff as strictly as can be."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", old)
    body = re.findall(r"[^\n]*\n", diff)[2:]
    result: list[str] = []
    at = 0
    while body:
        header = re.fullmatch(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n", body.pop(0))
        assert header is not None
        start, count, new_start, new_count = map(int, header.groups())
        start, new_start = start - (count > 0), new_start - (new_count > 0)
        result += lines[at:start]
        at = start
        assert len(result) == new_start
        while body and not body[0].startswith("@@"):
            sign, line = body[0][0], body.pop(0)[1:]
            if body and body[0].startswith("\\"):
                body.pop(0)
                line = line[:-1]
            if sign in " -":
                assert lines[at] == line
                at += 1
            if sign in " +":
                result.append(line)
        assert (at - start, len(result) - new_start) == (count, new_count)
    return "".join(result + lines[at:])


@given(pairs, st.integers(0, 4))
@settings(max_examples=400)
def test_a_unified_diff_gives_the_new_text(pair: tuple[str, str], context: int) -> None:
    old, new = pair
    assert patched(old, unified(old, new, "x", context)) == new


def test_a_unified_diff_reads_as_git_writes_it() -> None:
    old = "".join(f"{n}\n" for n in range(20)) + "end"
    new = old.replace("3\n", "three\n", 1).replace("end", "end\n")
    assert unified(old, new, "pkg/m.py", 2) == (
        "--- a/pkg/m.py\n+++ b/pkg/m.py\n"
        "@@ -2,5 +2,5 @@\n 1\n 2\n-3\n+three\n 4\n 5\n"
        "@@ -19,3 +19,3 @@\n 18\n 19\n-end\n\\ No newline at end of file\n+end\n"
    )
    assert unified(old, old, "pkg/m.py") == ""
    assert unified("", "a\n", "m") == "--- a/m\n+++ b/m\n@@ -0,0 +1,1 @@\n+a\n"


# --- beside git

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="git, the program compared with, is missing")
#: History counts as evidence from this many changed files on.
ENOUGH = 40


def git(*arguments: str, cwd: Path) -> str:
    """Run git without anybody's configuration; a difference (status 1) is no failure."""
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        [str(GIT), *arguments],
        cwd=cwd, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    return done.stdout.decode() if done.returncode in (0, 1) else ""


def pairs_of_history(root: Path) -> list[tuple[str, str]]:
    """Return Python files of a repository before and after the latest commits that changed them."""
    top = git("rev-parse", "--show-toplevel", cwd=root).strip()
    if not top or Path(top).resolve() != root.resolve():
        return []
    log = git("log", "--diff-filter=M", "--raw", "--no-abbrev", "--no-renames", "--format=",
              "--", "*.py", cwd=root)  # fmt: skip
    blobs = [line.split()[2:4] for line in log.splitlines() if line][:200]
    read = partial(git, "cat-file", "blob", cwd=root)
    return [(read(before), read(after)) for before, after in blobs]


def revised(source: str, pick: random.Random) -> str:
    """Revise a module as people do: move, rename, reword, delete, insert, indent."""
    blocks = re.split(r"(?m)^(?=def |class |@)", source)
    for _ in range(pick.randrange(1, 3)):
        kind = pick.choice(["move", "drop", "copy", "none"])
        at = pick.randrange(len(blocks))
        if kind == "move":
            blocks.insert(pick.randrange(len(blocks)), blocks.pop(at))
        elif kind == "drop" and len(blocks) > 3:
            del blocks[at]
        elif kind == "copy":
            blocks.insert(at, blocks[at].replace("def ", "def other_", 1))
    source = "".join(blocks)
    names = sorted(set(re.findall(r"\b[a-z_]{6,}\b", source)))
    for name in pick.sample(names, min(2, len(names))):
        source = re.sub(rf"\b{name}\b", name + "_", source)
    lines = split_lines(source)
    for _ in range(pick.randrange(1, 12)):
        at = pick.randrange(len(lines))
        count = pick.choice([1, 1, 1, 2, 5, 15])
        kind = pick.choice(["reword", "reword", "drop", "insert", "indent"])
        if kind == "reword":
            lines[at] = re.sub(r"\w+", "reworded", lines[at], count=1)
        elif kind == "drop" and len(lines) > 50:
            del lines[at : at + count]
        elif kind == "insert":
            lines[at:at] = [f"    note = {pick.randrange(5)}\n", "    return note\n", "\n"][:count]
        else:
            lines[at : at + count] = ["    " + line for line in lines[at : at + count]]
    return "".join(lines)


def pairs_of_revisions() -> list[tuple[str, str]]:
    """Return modules of the standard library with revised copies."""
    pick = random.Random(11)
    folder = Path(sysconfig.get_paths()["stdlib"])
    sources = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return [
        (old, revised(old, pick))
        for old in (source.decode("utf-8", "replace") for source in sources if b"\r" not in source)
        if len(old) > 2000
    ]


@pytest.fixture(scope="module")
def real_pairs() -> dict[str, list[tuple[str, str]]]:
    """Real texts before and after a change: revised modules, and our history once it is long."""
    history = pairs_of_history(Path(__file__).parents[2])
    return {"revisions": pairs_of_revisions()} | (
        {"history": history} if len(history) >= ENOUGH else {}
    )


@needs_git
def test_as_few_lines_change_as_in_gits_patience_diff(
    real_pairs: dict[str, list[tuple[str, str]]], tmp_path: Path
) -> None:
    for name, pairs in real_pairs.items():
        ours = 0
        for index, (old, new) in enumerate(pairs):
            for side, text in (("old", old), ("new", new)):
                path = tmp_path / name / side / f"{index}.py"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
            assert apply_edits(old, smallest_edits(old, new)) == new
            hunks = line_hunks(split_lines(old), split_lines(new))
            ours += sum(end - start + behind - first for start, end, first, behind in hunks)
        counts = git(
            "diff", "--no-index", "--patience", "--numstat", "old", "new", cwd=tmp_path / name
        )
        gits = sum(int(n) for line in counts.splitlines() for n in line.split("\t")[:2])
        print(f"{name}: {len(pairs)} files, {ours} lines changed here, {gits} in git's diff")
        assert gits > 0
        assert ours <= gits * 1.05


@needs_git
def test_git_applies_the_unified_diffs(
    real_pairs: dict[str, list[tuple[str, str]]], tmp_path: Path
) -> None:
    pairs = [pair for pairs in real_pairs.values() for pair in pairs]
    diffs = []
    for index, (old, new) in enumerate(pairs):
        (tmp_path / f"{index}.py").write_bytes(old.encode())
        diffs.append(unified(old, new, f"{index}.py"))
    (tmp_path / "all.patch").write_bytes("".join(diffs).encode())
    git("apply", "all.patch", cwd=tmp_path)
    for index, (_, new) in enumerate(pairs):
        assert (tmp_path / f"{index}.py").read_bytes().decode() == new
