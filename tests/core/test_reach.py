"""Which tasks need changes outside of the region, and which names may go."""

import pytest

from dola_ls.core.actions import find_target
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.independent import independent
from dola_ls.core.parsing import parse
from dola_ls.core.reach import names_to_go, reaches_beyond

TEXT = """\
def total(items):
    price = sum(items)
    return clamp(price)


def clamp(value):
    return max(value, 0)


def checkout(cart):
    return total(cart)


def lonely():
    return 1
"""


def target_of(needle: str):
    document = Document("file:///a.py", "python", 1, TEXT)
    tree = parse(document)
    at = TEXT.index(needle)
    target = find_target(document, tree, Span(at, at))
    assert target is not None
    return tree, target


@pytest.mark.parametrize(
    ("instruction", "needle", "beyond"),
    [
        (None, "price =", False),
        ("", "price =", False),
        ("Make it simpler.", "price =", False),
        ("Rename price to amount.", "price =", False),
        ("Rename total to total_price.", "price =", True),
        ("Rename this function to total_price", "price =", True),
        ("Rename it to one.", "return 1", False),
        ("Rename the function `lonely` to alone", "return 1", False),
        ("Rename price to amount in total", "price =", False),
        ("Add a parameter currency and pass EUR in checkout.", "price =", True),
        ("Use clamp twice.", "price =", False),
        ("Add a parameter, and fix all callers.", "price =", True),
        ("Put the limit into a constant at the top of the file.", "price =", True),
        ("Do it everywhere.", "price =", True),
    ],
)
def test_what_an_instruction_reaches(instruction, needle, beyond):
    tree, target = target_of(needle)
    assert reaches_beyond(instruction, tree, target) is beyond


def test_without_a_grammar_only_words_count():
    _, target = target_of("price =")
    assert not reaches_beyond("Rename total to sum.", None, target)
    assert reaches_beyond("Change it everywhere.", None, target)


def test_names_go_only_where_the_user_says_so():
    _, target = target_of("price =")
    assert names_to_go("Make total simpler.", target) == set()
    assert "total" in names_to_go("Rename total to sum.", target)
    assert "total" in names_to_go("Rename this to sum.", target)
    assert "helper" in names_to_go("Inline helper.", target)
    assert "total" not in names_to_go("Remove the loop.", target)


DOCUMENT = Document("file:///a.py", "python", 1, "a = b + c\nd = e\nf = b\n")


def edit(old: str, new: str) -> Edit:
    at = DOCUMENT.text.index(old)
    return Edit(at, at + len(old), new)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (edit("a", "x"), edit("e", "y"), True),
        (edit("b +", "x +"), edit("f = b", "f = x"), False),
        (edit("a", "x"), edit("e", "x"), False),
        (edit("c", "e"), edit("= e", "= 1"), False),
        (edit("b + c", "c + b"), edit("f = b", "f = 2"), True),
        (edit("d = e\n", ""), edit("f = b", "f = e"), False),
        (edit("a =", "a  ="), edit("f =", "f  ="), True),
    ],
)
def test_parts_are_apart_where_no_name_ties_them(one, other, apart):
    assert independent(DOCUMENT, [one], [other]) is apart
    assert independent(DOCUMENT, [other], [one]) is apart
