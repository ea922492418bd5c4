"""Blocks find their one place or none: the tiers, the format, and what is said where they fail."""

import pytest

from dola_ls.core.document import Span, apply_edits
from dola_ls.core.feedback import mended
from dola_ls.core.matching import Located, Tier, Unmatched
from tests.core.placing import TEXT, TOTAL, applied, block, failed, place, span_of


def test_lines_that_stand_once_are_replaced():
    result = applied(TEXT, block("    return value * 2\n", "    return value * 3\n"))
    assert result == TEXT.replace("* 2", "* 3")


def test_edits_are_as_small_as_they_can_be():
    found = place(TEXT, block("    return value * 2\n", "    return value * 3\n"))
    assert isinstance(found, Located)
    assert [(TEXT[e.start : e.end], e.text) for e in found.edits] == [("2", "3")]
    assert found.tiers == (Tier.EXACT,)


def test_blocks_may_come_in_any_order_and_touch():
    blocks = [
        block("def tax(value):\n    result = 0\n", "def tax(value):\n    rate = 0\n"),
        block("        result = result + item\n", "        result += item\n"),
        block("    return value * 2\n", "    print(value)\n    return value * 2\n"),
    ]
    expected = TEXT.replace("result = result + item", "result += item")
    expected = expected.replace("(value):\n    result", "(value):\n    rate")
    expected = expected.replace("    return value", "    print(value)\n    return value")
    assert applied(TEXT, *blocks) == applied(TEXT, *reversed(blocks)) == expected


def test_only_whole_lines_match():
    assert failed(TEXT, block("result = 0\n    for item in item\n", "x\n")) == ["not_found"]
    assert failed("xx = 10\n", block("x = 1\n", "y = 1\n")) == ["not_found"]


def test_a_line_is_deleted_and_one_is_added():
    assert applied(TEXT, block("    return value * 2\n", "")) == TEXT.replace(
        "    return value * 2\n", ""
    )
    assert applied(TEXT, block("import os\n", "import os\nimport sys\n")).startswith(
        "import os\nimport sys\n\n"
    )


@pytest.mark.parametrize(
    ("text", "old", "new", "result", "tier"),
    [
        ("a  \nb\t\n\n", "a\nb\n", "a\nc\n", "a  \nc\n\n", Tier.TRAILING),
        ("a\nb\n", "a \nb\t\n", "a \nc\t\n", "a\nc\n", Tier.TRAILING),
        ("a  \nb\n", "a  \n", "a\n", "a\nb\n", Tier.EXACT),
        (
            "class A:\n    def f(self):\n        return 1\n",
            "def f(self):\n    return 1\n",
            "def f(self):\n    if self:\n        return 2\n",
            "class A:\n    def f(self):\n        if self:\n            return 2\n",
            Tier.INDENTATION,
        ),
        (
            "if x:\n  f(\n    1)\n",
            "        f(\n          1)\n",
            "        f(\n          1,\n          2)\n",
            "if x:\n  f(\n    1,\n    2)\n",
            Tier.INDENTATION,
        ),
        (
            "class A {\n\tint f() {\n\t\treturn 1;\n\t}\n}\n",
            "    int f() {\n        return 1;\n    }\n",
            "    int f() {\n        if (x)\n            return 2;\n        return 1;\n    }\n",
            "class A {\n\tint f() {\n\t\tif (x)\n\t\t\treturn 2;\n\t\treturn 1;\n\t}\n}\n",
            Tier.INDENTATION,
        ),
        (
            "class A {\n\tint f() {\n\t\treturn 1;\n\t}\n}\n",
            "int f() {\n  return 1;\n}\n",
            "int f() {\n  if (x)\n    return 2;\n  return 1;\n}\n",
            "class A {\n\tint f() {\n\t\tif (x)\n\t\t\treturn 2;\n\t\treturn 1;\n\t}\n}\n",
            Tier.INDENTATION,
        ),
        (
            "if x:\n    f()\n    if y:\n        g()\n",
            "\tf()\n\tif y:\n\t\tg()\n",
            "\tf()\n\tif y:\n\t\tg()\n\t\th()\n",
            "if x:\n    f()\n    if y:\n        g()\n        h()\n",
            Tier.INDENTATION,
        ),
        (
            "x = “it’s” – new\n",
            'x = "it\'s" - new\n',
            'x = "it\'s" - old\n',
            "x = “it’s” – old\n",
            Tier.PUNCTUATION,
        ),
        (
            "if x:\n    y\u00a0=\u00a01  # don’t\n",
            "y = 1  # don't\n",
            "y = 2  # don't\nz = 'a'\n",
            "if x:\n    y\u00a0=\u00a02  # don’t\n    z = 'a'\n",
            Tier.PUNCTUATION,
        ),
        ("say 'a'\n", "say ‘a’\n", "say ‘b’\n", "say 'b'\n", Tier.PUNCTUATION),
    ],
)
def test_what_each_tier_forgives(text, old, new, result, tier):
    found = place(text, block(old, new))
    assert isinstance(found, Located), found
    assert found.tiers == (tier,)
    assert apply_edits(text, found.edits) == result


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("a = 1\n", "a = 2\n"),
        ("a = 1\n", "a  = 1\n"),
        ("a = 1\n", "A = 1\n"),
        ("f(\n  1,\n    2)\n", "f(\n    1,\n    2)\n"),
        ("a\n\nb\n", "a\nb\n"),
        ("a\nb\n", "a\n...\nb\n"),
        ("x = “a”\n", "x = «a»\n"),
    ],
)
def test_what_no_tier_forgives(text, old):
    assert failed(text, block(old, "z\n")) == ["not_found"]


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("a\nb\na\n", "a\n"),
        ("a \nb\na\t\n", "a\n"),
        ("  a\nb\n    a\n", "a\n"),
        ("“a”\nb\n„a“\n", '"a"\n'),
    ],
)
def test_every_tier_refuses_two_places(text, old):
    found = place(text, block(old, "c\n"))
    assert isinstance(found, Unmatched)
    assert found.failures[0].rule == "ambiguous"
    assert "lines 1 and 3" in found.failures[0].reason


def test_a_tighter_tier_goes_before_a_looser_one():
    assert applied("  a\na\n", block("a\n", "b\n")) == "  a\nb\n"


def test_nothing_is_found_outside_the_span():
    assert applied(TEXT, block("    result = 0\n", "    result = 1\n"), span=TOTAL) == TEXT.replace(
        "result = 0", "result = 1", 1
    )
    assert failed(TEXT, block("import os\n", "import sys\n"), span=TOTAL) == ["not_found"]


def test_in_the_whole_file_the_region_goes_first_where_a_block_is_ambiguous():
    one = block("    result = 0\n", "    result = 1\n")
    assert failed(TEXT, one) == ["ambiguous"]
    assert applied(TEXT, one, prefer=TOTAL) == TEXT.replace("result = 0", "result = 1", 1)
    second = span_of(TEXT, "def tax", "value * 2")
    assert applied(TEXT, one, prefer=second).endswith("    result = 1\n    return value * 2\n")


def test_the_region_does_not_go_before_a_tighter_match_outside():
    text = "a = 1\n\ndef f():\n    a = 1\n"
    region = span_of(text, "def f", "    a = 1")
    assert applied(text, block("a = 1\n", "a = 2\n"), prefer=region).startswith("a = 2\n")


def test_twice_in_the_region_and_twice_outside_is_ambiguous():
    one = block("x\n", "y\n")
    assert failed("x\nx\na\n", one, prefer=Span(0, 4)) == ["ambiguous"]
    assert failed("x\nx\na\n", one, prefer=Span(4, 6)) == ["ambiguous"]


def test_a_second_site_is_changed_with_the_region():
    blocks = [
        block("import os\n", "import math\nimport os\n"),
        block("    result = 0\n", "    result = math.inf\n"),
    ]
    assert applied(TEXT, *blocks, prefer=TOTAL) == (
        "import math\n" + TEXT.replace("result = 0", "result = math.inf", 1)
    )


def test_all_blocks_or_none():
    found = place(TEXT, block("import os\n", "import sys\n"), block("no\n", "yes\n"))
    assert isinstance(found, Unmatched)
    assert [failure.block.search for failure in found.failures] == ["no\n"]
    assert found.found == (block("import os\n", "import sys\n"),)
    again = mended(found, [block("def tax(value):\n", "def tax(amount):\n")])
    assert applied(TEXT, *again).startswith("import sys\n")


def test_blocks_that_overlap_are_refused():
    outer = block("    for item in items:\n        result = result + item\n", "    pass\n")
    inner = block("        result = result + item\n", "        result += item\n")
    assert failed(TEXT, outer, inner) == ["overlap"]
    text = "a\nb\nc\nd\n"
    assert failed(text, block(text, "x\n"), block("b\n", "y\n"), block("d\n", "z\n")) == [
        "overlap",
        "overlap",
    ]


def test_a_repeated_block_counts_once_and_an_idle_one_not_at_all():
    one = block("import os\n", "import sys\n")
    idle = block("    result = 0\n", "    result = 0\n")
    assert applied(TEXT, one, one, idle) == TEXT.replace("import os", "import sys")
    made_up = block("not there\n", "not there\n")
    assert failed(TEXT, one, made_up) == ["not_found"]
    found = place(TEXT, block("    result = 0\n", "    result = 0\n"))
    assert isinstance(found, Located)
    assert found.edits == ()


def test_lines_that_would_stand_twice_are_refused():
    text = "def f(x):\n    a = x\n    b = a\n\n    return b\n"
    more = block("    a = x\n", "    a = x + 1\n    b = a\n\n    return b\n")
    assert failed(text, more) == ["repeats"]
    above = block("    return b\n", "    a = x\n    b = a\n\n    return b + 1\n")
    assert failed(text, above) == ["repeats"]
    assert applied(text, block("    a = x\n", "    b = 0\n    b = a\n")) == text.replace(
        "a = x", "b = 0\n    b = a"
    )
    braces = "f {\n  g {\n    x\n  }\n}\n"
    inner = block("    x\n", "    h {\n      x\n    }\n  }\n}\n")
    assert applied(braces, inner).count("}") == 5
    twice = "a()\nb()\nc = 1\na()\nb()\n"
    whole = block("a()\nb()\nc = 1\n", "a()\nb()\nc = 2\n")
    assert applied(twice, whole) == twice.replace("c = 1", "c = 2")


def test_an_empty_search_has_a_place_only_where_nothing_is():
    assert failed(TEXT, block("", "x = 1\n")) == ["empty_search"]
    assert failed(TEXT, block("\n  \n", "x = 1\n")) == ["empty_search"]
    assert applied("", block("", "x = 1\ny = 2\n")) == "x = 1\ny = 2\n"
    assert applied("a\r\n\r\n", block("", "x\n"), span=Span(3, 5)) == "a\r\nx\r\n"
    assert failed("\n", block("", "x\n"), block("", "y\n")) == ["overlap"]


def test_blank_lines_round_the_code_of_a_block_may_be_its_look_only():
    assert applied("a\nb\n", block("\na\n\n", "\nc\n\n")) == "c\nb\n"
    assert applied("a\n\nb\n", block("\na\n\n", "\nc\n\n")) == "c\n\nb\n"
    assert applied("x\na\n\nb\n", block("a\n\n", "c\n\n")) == "x\nc\n\nb\n"


def test_lines_that_cannot_be_moved_so_far_are_refused():
    old, new = "        a\n        b\n", "        a\n  c\n"
    assert failed("    a\n    b\n", block(old, new)) == ["indentation"]


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
def test_line_ends_are_the_buffers(eol):
    text = eol.join(["a", "b", "c", ""])
    assert applied(text, block("b\n", "x\ny\n")) == eol.join(["a", "x", "y", "c", ""])


def test_each_unchanged_line_keeps_its_own_line_end():
    assert applied("a\r\nb\nc\r\n", block("a\nb\nc\n", "a\nx\nc\n")) == "a\r\nx\nc\r\n"


def test_line_ends_that_would_join_are_refused():
    assert failed("a\rb\r\n\n", block("b\n", "")) == ["line_ends"]


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_the_end_of_the_file_stays_as_it_is(end):
    assert applied("a\nb" + end, block("b\n", "c\nd\n")) == "a\nc\nd" + end


def test_a_byte_order_mark_stays():
    assert applied("\ufeffa\nb\n", block("a\n", "x\na\n")) == "\ufeffx\na\nb\n"
    one = block("a\n", "b\n")
    assert applied("\ufeffa\na\n", one, prefer=Span(0, 3)) == "\ufeffb\na\n"


def test_new_lines_are_indented_as_the_buffer_is():
    text = "func f() {\n\tg()\n}\n"
    assert applied(text, block("func f() {\n", "func f() {\n    h()\n")) == (
        "func f() {\n\th()\n\tg()\n}\n"
    )
