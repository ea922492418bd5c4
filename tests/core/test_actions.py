"""What is offered where, and what it is called."""

import pytest

from dola_ls.core.actions import (
    ACTIONS,
    EXPLAIN,
    GENERATE_TESTS,
    REFACTOR,
    find_target,
    fits,
    kind_matches,
    title_of,
)
from dola_ls.core.document import Document, Span
from dola_ls.core.limits import why_not_document, why_not_region
from dola_ls.core.parsing import parse

TEXT = """\
import os


def total_price(items):
    price = 0
    for i in items:
        price += i
    return price
"""


def target_at(text: str, start: int, end: int, language: str = "python"):
    document = Document("file:///a.py", language, 1, text)
    return document, find_target(document, parse(document), Span(start, end))


def test_a_cursor_means_the_symbol_round_it():
    at = TEXT.index("price = 0")
    document, target = target_at(TEXT, at, at)
    assert target is not None
    assert (target.name, target.whole_symbol) == ("total_price", True)
    assert document.text[target.region.start :] == TEXT[TEXT.index("def ") :]
    assert title_of(REFACTOR, target) == "Dola: Refactor total_price"
    assert title_of(EXPLAIN, target) == "Dola: Explain total_price"
    assert title_of(GENERATE_TESTS, target) == "Dola: Generate tests for total_price"


def test_one_character_counts_as_no_selection():
    at = TEXT.index("price = 0")
    _, cursor = target_at(TEXT, at, at)
    _, helix = target_at(TEXT, at, at + 1)
    assert cursor == helix


def test_a_selection_means_its_whole_lines():
    start, end = TEXT.index("price = 0") + 3, TEXT.index("in items")
    document, target = target_at(TEXT, start, end)
    assert target is not None
    assert target.name == "lines 5-6"
    assert not target.whole_symbol
    assert document.text[target.region.start : target.region.end] == (
        "    price = 0\n    for i in items:\n"
    )
    assert title_of(GENERATE_TESTS, target) == "Dola: Generate tests for total_price"


def test_a_selection_of_all_of_a_symbol_is_the_symbol():
    start = TEXT.index("def ")
    _, target = target_at(TEXT, start - 1, len(TEXT))
    assert target is not None
    assert (target.name, target.whole_symbol) == ("total_price", True)


def test_blank_lines_round_a_selection_do_not_count():
    _, target = target_at(TEXT, 0, TEXT.index("def "))
    assert target is not None
    assert target.name == "line 1"


@pytest.mark.parametrize(("start", "end"), [(0, 0), (10, 10), (10, 11)])
def test_outside_of_symbols_a_cursor_means_nothing(start, end):
    assert target_at(TEXT, start, end)[1] is None


def test_without_a_grammar_a_cursor_means_its_paragraph():
    _, target = target_at("a\nb\n\nc\n", 2, 2, "lua")
    assert target is not None
    assert target.name == "lines 1-2"
    assert not fits(GENERATE_TESTS, Document("file:///a", "lua", 1, "a"), target)


def test_tests_are_for_symbols_of_languages_with_a_framework():
    code = "function f() {\n  return 1;\n}\nlet x = 1;\n"
    document, target = target_at(code, 3, 3, "javascript")
    assert target is not None
    assert fits(GENERATE_TESTS, document, target)
    document, target = target_at(code, code.index("let"), len(code), "javascript")
    assert target is not None
    assert not fits(GENERATE_TESTS, document, target)


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (None, 4),
        ([], 0),
        ([""], 4),
        (["refactor"], 2),
        (["refactor.rewrite"], 2),
        (["refactor.rewrite.dola"], 2),
        (["refactor.rew"], 0),
        (["dola"], 2),
        (["quickfix"], 0),
        (["source", "dola.tests"], 1),
    ],
)
def test_kinds_are_matched_by_prefix(only, kinds):
    assert sum(kind_matches(action.kind, only) for action in ACTIONS) == kinds


def test_documents_that_nothing_works_on_say_why():
    def why(text):
        return why_not_document(Document("file:///x/data.bin", "python", 1, text))

    assert why("x = 1") is None
    assert "empty" in why("  \n ")
    assert "not text" in why("a\0b")
    assert "10 million" in why("x" * 10_000_001)
    assert all("data.bin" in why(text) for text in ("", "\0a"))


def test_a_region_too_large_says_how_large():
    document, target = target_at("x = '" + "y" * 70_000 + "'\n", 0, 100)
    assert target is not None
    assert "one line" in why_not_region(document, target)
    document, target = target_at("a\n" * 500, 0, 1000)
    assert target is not None
    assert "500 lines" in why_not_region(document, target)
    document, target = target_at(TEXT, 60, 60)
    assert target is not None
    assert why_not_region(document, target) is None
