"""What a completion is asked with, and what is kept of completions that were given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.completion_cache import CompletionCache
from dola_ls.core.document import Document, Span
from dola_ls.core.inline import (
    Place,
    Window,
    ask_to_chat,
    ask_to_fill,
    in_its_column,
    window,
    without_repeated_line,
)

TEXTS = st.text(st.sampled_from("ab \n\t(é😀"), max_size=400)


def document(text: str) -> Document:
    return Document("file:///home/ann/shop/a.py", "python", 1, text)


def at(text: str, budget: int = 1000) -> Window:
    """Return the window at the mark in a text."""
    offset = text.index("|")
    place = Place(Span(offset, offset))
    return window(document(text.replace("|", "", 1)), place, budget)


@given(TEXTS, TEXTS, st.integers(1, 200))
def test_the_window_is_what_stands_next_to_the_cursor(before: str, after: str, budget: int) -> None:
    found = window(document(before + after), Place(Span(len(before), len(before))), budget)
    assert before.endswith(found.prefix)
    assert after.startswith(found.suffix)
    assert len(found.prefix) + len(found.suffix) <= budget * 3.2 + 1
    if len(before) <= budget and len(after) <= budget * 0.8:
        assert (found.prefix, found.suffix) == (before, after)


@given(TEXTS, TEXTS, st.integers(1, 200))
def test_the_cells_before_it_lead_where_there_is_room(lead: str, before: str, budget: int) -> None:
    place = Place(Span(len(before), len(before)))
    found = window(document(before), place, budget, lead)
    alone = window(document(before), place, budget)
    assert found.prefix.endswith(alone.prefix)
    more = found.prefix[: len(found.prefix) - len(alone.prefix)]
    assert more == "" or (more.endswith("\n\n") and alone.prefix == before)
    assert more.removesuffix("\n\n") in lead
    assert len(found.prefix) <= budget * 3.2 + 1


def test_all_that_leads_is_there_if_it_fits() -> None:
    found = window(document("b"), Place(Span(1, 1)), 100, "import a\n")
    assert found.prefix == "import a\n\nb"


def test_line_ends_are_plain_and_the_byte_order_mark_is_gone() -> None:
    found = at("\ufeffa\r\nb|c\r\nd\re")
    assert (found.prefix, found.suffix, found.single_line) == ("a\nb", "c\nd\ne", True)
    assert (found.line_prefix, found.line_suffix) == ("b", "c")


@pytest.mark.parametrize(("text", "single"), [("a|", False), ("a|  \nb", False), ("f(|)", True)])
def test_only_with_text_behind_the_cursor_one_line_is_wanted(text: str, single: bool) -> None:
    assert at(text).single_line is single


def test_the_beginning_of_the_window_stays_while_lines_are_added() -> None:
    lines = [f"line {number:03}\n" for number in range(200)]
    windows = [at("".join([*lines[:count], "|"]), 300) for count in range(150, 154)]
    assert len({found.prefix[:20] for found in windows}) == 1


def test_what_the_menu_has_selected_stands_before_the_cursor() -> None:
    text = document("os.pa\nx")
    found = window(text, Place(Span(3, 5), "path"), 1000)
    assert (found.prefix, found.suffix) == ("os.path", "\nx")


def test_a_gap_is_asked_for_as_a_gap() -> None:
    prompt = ask_to_fill(at("def f(|):\n"), 16)
    assert prompt.fill is not None
    assert (prompt.fill.prefix, prompt.fill.suffix) == ("def f(", "):\n")
    assert prompt.fill.single_line
    # Whoever looks a prompt through sees all of it.
    assert prompt.user == "def f():\n"
    assert prompt.max_tokens < ask_to_fill(at("def f():|\n"), 16).max_tokens


def test_the_mark_of_the_cursor_stands_nowhere_else() -> None:
    assert "b = <|cursor|>\n" in ask_to_chat(at("b = |\n"), 4).user
    text = "a = '<|cursor|>'\n"
    shown = window(document(text), Place(Span(len(text), len(text))), 1000)
    user = ask_to_chat(shown, 4).user
    assert user.count("<|cursor|>") == 1
    assert "<|cursor 2|>" in user
    assert "/home" not in user


@pytest.mark.parametrize(
    ("line", "answer", "kept"),
    [
        ("    return ", "    return a + b", "a + b"),
        ("    return ", "return a + b", "a + b"),
        ("    return", "return a + b", " a + b"),
        ("    ", "    x = 1\n    y = 2", "x = 1\n    y = 2"),
        ("x = ", "x_of(y)", "x_of(y)"),
        ("a", "a(b)", "(b)"),
        ("", "a = 1", "a = 1"),
    ],
)
def test_a_line_that_is_repeated_is_cut(line: str, answer: str, kept: str) -> None:
    found = Window("a.py", "python", f"import os\n{line}", "", False)
    assert without_repeated_line(found, answer) == kept


@pytest.mark.parametrize(
    ("line", "answer", "kept"),
    [
        # At the left edge.
        ("    ", "a = 1\nb = 2", "a = 1\n    b = 2"),
        ("    ", "if a:\n    b()\n\nc()", "if a:\n        b()\n\n    c()"),
        ("    def f(self):", "\n    return 1", "\n        return 1"),
        ("\tif (a) {", "\n\tb();\n}", "\n\t\tb();\n\t}"),
        # Where they belong already.
        ("    ", "a = 1\n    b = 2", "a = 1\n    b = 2"),
        ("    ", "if a:\n        b()", "if a:\n        b()"),
        ("    def f(self):", "\n        return 1", "\n        return 1"),
        ("        ", "return 1\n\ndef g(): ...", "return 1\n\ndef g(): ..."),
        ("        ", "a = 1\n    return a", "a = 1\n    return a"),
        ("", "a = 1\nb = 2", "a = 1\nb = 2"),
        ("    a = ", "1\nb = 2", "1\nb = 2"),
        ("    ", "a", "a"),
    ],
)
def test_lines_at_the_left_edge_are_put_in_their_column(line: str, answer: str, kept: str) -> None:
    found = Window("a.py", "python", f"class A:\n{line}", "", False)
    assert in_its_column(found, answer) == kept


def test_a_completion_goes_on_while_it_is_typed() -> None:
    cache = CompletionCache()
    cache.keep("u", "x = ", "\n", "total(items)")
    assert cache.get("u", "x = ", "\n") == "total(items)"
    assert cache.get("u", "x = tot", "\n") == "al(items)"
    assert cache.get("u", "x = tax", "\n") is None
    assert cache.get("u", "y = tot", "\n") is None
    assert cache.get("u", "x = tot", "\ny") is None
    assert cache.get("v", "x = tot", "\n") is None
    # What comes behind it was never asked.
    assert cache.get("u", "x = total(items)", "\n") is None


def test_no_completion_is_known_too_but_only_there() -> None:
    cache = CompletionCache()
    cache.keep("u", "x = ", "", "")
    assert cache.get("u", "x = ", "") == ""
    assert cache.get("u", "x = a", "") is None


@given(TEXTS, st.text("ab(\n", min_size=1, max_size=20), TEXTS, st.integers(0, 19))
def test_what_the_cache_gives_makes_the_same_text(
    before: str, completion: str, after: str, typed: int
) -> None:
    cache = CompletionCache()
    cache.keep("u", before, after, completion)
    begun = before + completion[:typed]
    rest = cache.get("u", begun, after)
    if typed < len(completion):
        assert rest is not None
    assert rest is None or begun + rest == before + completion


def test_the_least_used_is_forgotten_and_so_is_a_closed_document() -> None:
    cache = CompletionCache(most=2)
    cache.keep("u", "a", "", "1")
    cache.keep("u", "b", "", "2")
    assert cache.get("u", "a", "") == "1"
    cache.keep("v", "c", "", "3")
    assert cache.get("u", "b", "") is None
    assert cache.get("u", "a", "") == "1"
    cache.forget("u")
    assert len(cache) == 1
    assert cache.get("v", "c", "") == "3"
