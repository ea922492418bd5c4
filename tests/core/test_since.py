"""Changes taken in one by one come to the same as the text they lead to, at any moment."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.document import Edit, apply_edits
from dola_ls.core.since import Since, net_changes


@given(st.randoms(use_true_random=False), st.booleans())
def test_what_it_comes_to_leads_to_the_text(chance: random.Random, asked: bool) -> None:
    text = now = "".join(chance.choices("ab \n\r", k=chance.randrange(25)))
    since, changes = Since(text), []
    for _ in range(chance.randrange(14)):
        start = chance.randrange(len(now) + 1)
        end = min(len(now), start + chance.choice([0, 0, 0, 1, 1, 3, 8]))
        put = "".join(chance.choices("abc\n\r", k=chance.choice([0, 1, 1, 2, 5])))
        changes.append(Edit(start, end, put))
        since.add(changes[-1])
        now = apply_edits(now, changes[-1:])
        if asked:
            # What is remembered for the next time changes nothing.
            assert apply_edits(text, since.net()) == now
    assert apply_edits(text, since.net()) == now
    assert since.net() == net_changes(text, changes)


@pytest.mark.parametrize(
    ("changes", "net"),
    [
        # Keys of one word, one place; a word on another line, another place.
        ([Edit(1, 1, "x"), Edit(2, 2, "y")], [Edit(0, 1, "axy")]),
        ([Edit(4, 4, "x"), Edit(0, 0, "y")], [Edit(0, 1, "ya"), Edit(4, 5, "xc")]),
        # Typed before, within, behind and over what was typed already.
        ([Edit(2, 2, "one\n"), Edit(3, 5, "")], [Edit(2, 2, "o\n")]),
        ([Edit(2, 2, "one\n"), Edit(2, 6, "")], []),
        ([Edit(2, 4, ""), Edit(2, 2, "b\n")], []),
        ([Edit(0, 6, "a\nb\nc\n")], []),
    ],
)
def test_case_by_case(changes: list[Edit], net: list[Edit]) -> None:
    assert net_changes("a\nb\nc\n", changes) == net


def test_a_change_outside_of_the_text_as_it_is_now() -> None:
    since = Since("ab")
    since.add(Edit(2, 2, "cd"))
    since.add(Edit(4, 4, "e"))
    for bad in (Edit(6, 6, "x"), Edit(3, 2, "x"), Edit(-1, 0, "x")):
        with pytest.raises(ValueError, match="outside"):
            since.add(bad)
    assert apply_edits("ab", since.net()) == "abcde"
