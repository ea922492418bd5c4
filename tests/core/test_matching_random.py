"""Blocks in random texts: the right place or none, and not a line lost."""

from hypothesis import assume, given
from hypothesis import strategies as st

from dola_ls.core.document import Span, apply_edits, split_lines
from dola_ls.core.matching import Located, Tier, Unmatched
from tests.core.placing import block, place

WORDS = ["a", "b = 1", "return x", "if y:", "“q”", "it’s", "x – y", "é😀", "f(\u00a01)", "...", "}"]
LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "    ", "        ", "\t", "\t\t"]),
        st.sampled_from([*WORDS, ""]),
        st.sampled_from(["", "", " ", "\t "]),
        st.sampled_from(["\n", "\n", "\r\n"]),
    ).map("".join),
    min_size=1,
    max_size=14,
)
FRESH = st.lists(
    st.sampled_from(["new", "  new 1", "", "a", "    it's new"]), max_size=4, unique=True
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], int, int, int, int]:
    """Draw lines, a span of them, and a piece of the span."""
    lines = draw(LINES)
    low = draw(st.integers(0, len(lines) - 1))
    high = draw(st.integers(low + 1, len(lines)))
    start = draw(st.integers(low, high - 1))
    end = draw(st.integers(start + 1, high))
    return lines, low, high, start, end


def bare(lines: list[str]) -> list[str]:
    return [line.rstrip("\r\n") for line in lines]


def joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def span_of_lines(lines: list[str], low: int, high: int) -> Span:
    return Span(len("".join(lines[:low])), len("".join(lines[:high])))


PLAIN = str.maketrans({"“": '"', "”": '"', "’": "'", "–": "-", "\u00a0": " "})
MUTATIONS = {
    Tier.EXACT: lambda line, n: line,
    Tier.TRAILING: lambda line, n: line.rstrip() + " " * n,
    Tier.INDENTATION: lambda line, n: " " * n + line if line.strip() else "",
    Tier.PUNCTUATION: lambda line, n: line.translate(PLAIN).rstrip(),
}


@given(cases(), FRESH, st.sampled_from(list(Tier)), st.integers(1, 3))
def test_a_true_piece_is_replaced_and_nothing_else_moves(case, fresh, tier, n):
    lines, low, high, start, end = case
    piece = [MUTATIONS[tier](line, n) for line in bare(lines[start:end])]
    keys = [line.translate(PLAIN).strip() for line in lines[low:high]]
    wanted = [line.translate(PLAIN).strip() for line in piece]
    assume(any(wanted))
    count = sum(keys[at : at + len(wanted)] == wanted for at in range(len(keys) - len(wanted) + 1))
    text = "".join(lines)
    prefix = " " * n if tier is Tier.INDENTATION else ""
    replace = joined([prefix + line if line else line for line in fresh])
    found = place(text, block(joined(piece), replace), span=span_of_lines(lines, low, high))
    if joined(piece) == replace:
        return
    if isinstance(found, Unmatched):
        # A piece that stands in the span is only ever refused for standing there twice.
        assert found.failures[0].rule == "ambiguous"
        assert count > 1
        return
    result = split_lines(apply_edits(text, found.edits))
    assert list(Tier).index(found.tiers[0]) <= list(Tier).index(tier)
    if count == 1:
        # Outside of the piece every line is there, as it was.
        after = len(lines) - end
        assert result[:start] == lines[:start]
        assert result[len(result) - after :] == lines[end:]
        middle = result[start : len(result) - after]
        got = [line.translate(PLAIN).strip() for line in middle]
        told = [line.translate(PLAIN).strip() for line in fresh]
        # A blank line at either end of a block may be its look only.
        assert got == told or [one for one in got if one] == [one for one in told if one]


@given(cases(), FRESH)
def test_an_exact_piece_is_replaced_to_the_letter(case, fresh):
    lines, _, _, start, end = case
    text = "".join(lines)
    old = bare(lines[start:end])
    assume(any(line.strip() for line in old))
    all_lines = bare(lines)
    places = [at for at in range(len(lines) - len(old) + 1) if all_lines[at : at + len(old)] == old]
    found = place(text, block(joined(old), joined(fresh)))
    if len(places) > 1 and old != fresh:
        assert isinstance(found, Unmatched)
        return
    assert isinstance(found, Located)
    result = bare(split_lines(apply_edits(text, found.edits)))
    expected = all_lines[:start] + fresh + all_lines[end:]
    blanks = {char for line in lines if line.strip() for char in line[: -len(line.lstrip(" \t"))]}
    if "\t" not in "".join(lines) or len(blanks) > 1:
        assert result == expected
    else:
        assert [line.strip() for line in result] == [line.strip() for line in expected]


@given(LINES, st.sets(st.integers(0, 13)), st.lists(st.tuples(FRESH, FRESH)), st.data())
def test_no_block_ever_reaches_outside_its_span(drawn, alone, pairs, data):
    # Some lines end in a CR alone, which makes one line end with an LF behind it.
    ends = ["\r" if at in alone else "" for at in range(len(drawn))]
    lines = split_lines(
        "".join(a.rstrip("\r\n") + b if b else a for a, b in zip(drawn, ends, strict=True))
    )
    low = data.draw(st.integers(0, len(lines)))
    high = data.draw(st.integers(low, len(lines)))
    blocks = [block(joined(old), joined(new)) for old, new in pairs[:3]]
    if low < high:
        piece = bare(lines[low:high])[: data.draw(st.integers(1, 3))]
        blocks = [
            block(joined(piece), joined(data.draw(FRESH))),
            *blocks[: data.draw(st.integers(0, 1))],
        ]
    prefer = span_of_lines(lines, low, low) if data.draw(st.booleans()) else None
    text = "".join(lines)
    found = place(text, *blocks, span=span_of_lines(lines, low, high), prefer=prefer)
    if isinstance(found, Located):
        result = split_lines(apply_edits(text, found.edits))
        assert result[:low] == lines[:low]
        assert result[len(result) - (len(lines) - high) :] == lines[high:]


@given(LINES, st.lists(st.integers(0, 13), max_size=4, unique=True))
def test_blocks_made_one_by_one_and_all_at_once_come_to_the_same(lines, picks):
    lines = [f"{line.rstrip()} #{at}\n" for at, line in enumerate(lines)]
    text = "".join(lines)
    picked = [at for at in picks if at < len(lines)]
    blocks = [block(lines[at], f"{lines[at].rstrip()}!\nadded {at}\n") for at in picked]
    expected = "".join(
        f"{line.rstrip()}!\nadded {at}\n" if at in picked else line for at, line in enumerate(lines)
    )
    found = place(text, *blocks)
    assert isinstance(found, Located)
    got = split_lines(apply_edits(text, found.edits))
    assert [line.strip() for line in got] == [line.strip() for line in split_lines(expected)]
