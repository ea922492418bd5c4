"""Answers in every wrong form, on regions of every kind: the right edit, or a reason for none."""

from __future__ import annotations

import html
import json
import textwrap
from collections.abc import Callable
from difflib import unified_diff

import pytest

from dola_ls.core.outcome import Edited, Refused, Unchanged
from dola_ls.run import run
from tests.core.regions import (
    DOCSTRING,
    FUNCTION,
    GO,
    JAVA,
    MARKDOWN,
    METHOD,
    NO_END,
    ONE_LINE,
    REGIONS,
    RUST,
    TYPESCRIPT,
    WHOLE_FILE,
    WIDE,
    C,
    Region,
)
from tests.core.running import FakeEditor, selected
from tests.fakes.model import FakeModel


def fence(code: str, label: str = "") -> str:
    """Return code in a fence that is longer than those in it."""
    return f"````{label}\n{code.rstrip()}\n````"


def said(region: Region) -> str:
    return fence(region.new, region.label)


def neighbour(region: Region) -> str:
    """Return the code that stands right after the region, else right before it."""
    after = region.after.strip("\n").split("\n\n")[0]
    before = region.before.strip("\n").split("\n\n")[-1]
    return (region.new + "\n\n" + after) if after else (before + "\n\n\n" + region.new)


def changed_lines(region: Region) -> str:
    old = set(region.old.splitlines())
    return "\n".join(line for line in region.new.splitlines() if line not in old)


def diff(region: Region, context: int = 3) -> str:
    return "\n".join(
        line.rstrip("\n")
        for line in unified_diff(
            region.old.splitlines(), region.new.splitlines(), "a/x", "b/x", n=context, lineterm=""
        )
    )


def bare_diff(region: Region) -> str:
    return "\n".join(diff(region).split("\n")[3:])


def numbered(region: Region) -> str:
    lines = region.new.rstrip("\n").split("\n")
    return "\n".join(f"{at:4} | {line}" for at, line in enumerate(lines, 1))


def blocks(region: Region) -> str:
    return f"<<<<<<< SEARCH\n{region.old.rstrip()}\n=======\n{region.new.rstrip()}\n>>>>>>> REPLACE"


JAVASCRIPT = "function total(items) {\n  return items.reduce((a, b) => a + b);\n}"

#: The forms of which the new text can be told for certain; the region has to get it.
SOUND: dict[str, Callable[[Region], str]] = {
    "the region": said,
    "prose on both sides": lambda r: f"Sure, here you are:\n\n{said(r)}\n\nIt is faster now.",
    "before and after": lambda r: f"Before:\n{fence(r.old, r.label)}\nAfter:\n{said(r)}",
    "an example of use": lambda r: f"{said(r)}\nUse it so:\n{fence('print(1)', r.label)}",
    "tildes": lambda r: f"~~~~{r.label}\n{r.new.rstrip()}\n~~~~",
    "dedented": lambda r: fence(textwrap.dedent(r.new), r.label),
    "line ends of Windows": lambda r: said(r).replace("\n", "\r\n"),
    "the whole file": lambda r: fence(r.right, r.label),
    "the region and what follows": lambda r: fence(neighbour(r), r.label),
    "a diff that fits": lambda r: fence(diff(r), "diff"),
    "edit blocks that fit": lambda r: fence(blocks(r), r.label),
    "thinking": lambda r: f"<think>\n```\nno\n```\n</think>\n{said(r)}",
    "thinking without a beginning": lambda r: f"Well, ```\nno\n```\n</think>\n{said(r)}",
}
#: The forms that are no code, or of which it is not certain what was meant.
UNSOUND: dict[str, Callable[[Region], str]] = {
    "empty": lambda r: "",
    "blank": lambda r: " \n\n",
    "an empty block": lambda r: fence(""),
    "prose": lambda r: "I would leave this as it is, for it is clear.",
    "plain code": lambda r: "\n".join(
        line for line in r.new.split("\n") if not line.startswith("```")
    ),
    "a refusal": lambda r: "CANNOT: nothing to do",
    "JSON": lambda r: fence(json.dumps({"code": r.new}), "json"),
    "a JSON string": lambda r: fence(json.dumps(r.new + "\n"), "json"),
    "plain JSON": lambda r: json.dumps({"code": r.new}),
    "a diff without a place": lambda r: fence(diff(r).replace("\n-", "\n-zzz "), "diff"),
    "a diff without a header": lambda r: fence(bare_diff(r), "diff"),
    "edit blocks without a place": lambda r: fence(
        blocks(r).replace("SEARCH\n", "SEARCH\nzzz\n"), r.label
    ),
    "the region twice": lambda r: fence(f"{r.new.rstrip()}\n\n{r.new}", r.label),
    "ten times": lambda r: fence(f"{r.new.rstrip()}\n\n" * 10, r.label),
    "broken characters": lambda r: fence(
        r.new.rstrip() + ("" if r.words else "  #") + " \ufffd", r.label
    ),
    "numbered": lambda r: fence(numbered(r), r.label),
    "cut off": lambda r: f"````{r.label}\n{r.new[: len(r.new) // 2]}",
    "no end": lambda r: f"````{r.label}\n{r.new}",
    "closed by a shorter fence": lambda r: f"````{r.label}\n{r.new.rstrip()}\n```",
}
#: Forms that are refused where there is code, and make some sense where any words may stand.
UNSOUND_CODE: dict[str, Callable[[Region], str]] = {
    "another language": lambda r: fence(
        "def total(items)\n  items.sum\nend" if r.language != "ruby" else JAVASCRIPT, "ruby"
    ),
    "prose in a fence": lambda r: fence("I would not change this at all, it is fine."),
    "escaped line ends": lambda r: fence(r.new.rstrip("\n").replace("\n", "\\n"), r.label),
    "only the changed lines": lambda r: fence(changed_lines(r), r.label),
}


async def outcome_of(region: Region, answer: str, ended: bool = True):
    """Run the whole path; whatever comes of it, nothing outside of the region may move."""
    task, editor = selected(region.text, region.span, language=region.language)
    assert task.target.region == region.span
    outcome = await run(task, editor, FakeModel(answer, chunk=100_000, ended=ended))
    text = editor.document.text
    assert text.startswith(region.before)
    assert text.endswith(region.after)
    if isinstance(outcome, Edited):
        assert len(editor.applied) == 1
    else:
        assert text == region.text
        assert editor.applied == []
    return outcome, editor


def refused(outcome: object, editor: FakeEditor) -> str:
    assert isinstance(outcome, Refused), (outcome, editor.document.text[:2000])
    assert outcome.rule.isidentifier()
    assert outcome.reason.endswith(".")
    assert "Nothing was changed" in outcome.reason
    return outcome.rule


def cells(forms: dict[str, Callable[[Region], str]], regions: tuple[Region, ...] = REGIONS):
    return [
        pytest.param(region, form, id=f"{name} - {region.name}")
        for name, form in forms.items()
        for region in regions
    ]


@pytest.mark.parametrize(("region", "form"), cells(SOUND))
async def test_what_is_certain_becomes_the_right_edit(region, form):
    outcome, editor = await outcome_of(region, form(region))
    assert isinstance(outcome, Edited), outcome
    assert editor.document.text == region.right


@pytest.mark.parametrize(("region", "form"), cells(UNSOUND))
async def test_what_is_not_certain_changes_nothing_and_says_why(region, form):
    refused(*await outcome_of(region, form(region)))


CODE = tuple(region for region in REGIONS if not region.words)


@pytest.mark.parametrize(("region", "form"), cells(UNSOUND_CODE, CODE))
async def test_what_is_no_code_changes_nothing(region, form):
    answer = form(region)
    outcome, editor = await outcome_of(region, answer)
    if region.old.count("\n") <= 1 and answer in (said(region), fence(changed_lines(region), "")):
        assert editor.document.text == region.right
        return
    refused(outcome, editor)


#: Which rule it is, for a function of Python; each answer fails by that rule alone.
RULES = {
    "empty": "prose",
    "prose": "prose",
    "plain code": "prose",
    "an empty block": "emptied",
    "a refusal": "model_declined",
    "JSON": "json_answer",
    "a diff without a place": "diff_answer",
    "a diff without a header": "diff_answer",
    "edit blocks without a place": "edit_markers",
    "the region twice": "region_twice",
    "ten times": "region_twice",
    "broken characters": "garbled",
    "numbered": "numbered",
    "cut off": "cut_off",
    "another language": "unparsable",
    "prose in a fence": "unparsable",
    "escaped line ends": "escaped",
    "only the changed lines": "lost_symbols",
}


@pytest.mark.parametrize(("name", "rule"), RULES.items())
async def test_the_rule_that_refuses_is_the_one_that_says_most(name, rule):
    form = (UNSOUND | UNSOUND_CODE)[name]
    assert refused(*await outcome_of(FUNCTION, form(FUNCTION))) == rule


@pytest.mark.parametrize(
    ("region", "answer", "rule"),
    [
        # More than the region, and not all of the rest as it is.
        (FUNCTION, FUNCTION.right.replace("value * 2", "2 * value"), "declared_twice"),
        (METHOD, METHOD.right.replace("items = ()", "items = []"), "declared_twice"),
        (
            ONE_LINE,
            "def total(items: list):\n    result = 0.0\n"
            "    for item in items:\n        result += item\n    return result\n",
            "declared_twice",
        ),
        (GO, GO.right.replace("v * 2", "2 * v"), "declared_twice"),
        (C, C.right.replace("v * 2", "2 * v"), "declared_twice"),
        (JAVA, JAVA.right.replace("length", "size"), "unparsable"),
        (RUST, RUST.right.replace("len()", "capacity()"), "unparsable"),
        (TYPESCRIPT, TYPESCRIPT.right.replace("push", "unshift"), "unparsable"),
        # Two versions of the region.
        (FUNCTION, f"{FUNCTION.new}\n\n{FUNCTION.old.replace('0', '1')}", "declared_twice"),
        (METHOD, f"{METHOD.new}\n{METHOD.old.replace('0', '1')}", "declared_twice"),
        (JAVA, f"{JAVA.new}\n{JAVA.old.replace('= 0', '= 1')}", "declared_twice"),
        # Special characters as HTML has them.
        (C, html.escape(C.new), "escaped"),
        (TYPESCRIPT, html.escape(TYPESCRIPT.new, quote=False), "escaped"),
        (DOCSTRING, "The sum of no items is 0.", "fragment"),
        (MARKDOWN, "Run it:\n\nshop serve\n\nIt listens on port 8080.\n", "code_fences"),
    ],
)
async def test_answers_that_hold_more_or_less_than_the_region(region, answer, rule):
    assert refused(*await outcome_of(region, fence(answer, region.label))) == rule


async def test_of_two_copies_the_one_that_changed_counts():
    for region in (FUNCTION, METHOD, GO):
        for code in (f"{region.old}\n{region.new}", f"{region.new}\n{region.old}"):
            outcome, editor = await outcome_of(region, fence(code, region.label))
            assert isinstance(outcome, Edited), outcome
            assert editor.document.text == region.right


async def test_of_two_copies_under_comments_the_one_that_changed_counts():
    old = "# Adds up.\n@cache\ndef total(items):\n    found = 0\n    return found\n"
    region = Region("decorated", "python", "", old, "", old.replace("= 0", "= 1"))
    outcome, editor = await outcome_of(region, fence(f"{old}\n\n{region.new}", "python"))
    assert isinstance(outcome, Edited)
    assert editor.document.text == region.right


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("json", '    {\n      "name": "Ann",\n    },\n', '    {\n      "name": "Eve",\n    },\n'),
        ("html", '<li class="x">\n  Apples\n</li>\n', '<li class="x">\n  Pears\n</li>\n'),
        ("toml", '[[rules]]\nname = "a"\n', '[[rules]]\nname = "b"\n'),
        (
            "python",
            'print("=" * 40)\nprint(TITLE)\n',
            'print("=" * 40)\nprint(SUBTITLE)\n',
        ),
    ],
)
async def test_another_entry_that_begins_as_the_first_does_is_no_second_copy(
    language, first, second
):
    region = Region("an entry", language, "", first, "", second)
    outcome, editor = await outcome_of(region, fence(first + second, language))
    # Where one is meant for the other, it is asked for again: neither is dropped.
    assert editor.document.text == (first + second if isinstance(outcome, Edited) else first)


async def test_of_two_copies_of_prose_none_is_chosen():
    both = f"{DOCSTRING.old}\n{DOCSTRING.new}"
    assert refused(*await outcome_of(DOCSTRING, fence(both, DOCSTRING.label))) == "region_twice"


async def test_a_function_next_to_the_unchanged_one_is_no_second_copy():
    more = "\n\ndef mean(items):\n    return total(items) / len(items)\n"
    outcome, editor = await outcome_of(FUNCTION, fence(FUNCTION.old + more, "python"))
    assert isinstance(outcome, Edited)
    assert editor.document.text == FUNCTION.before + FUNCTION.old + more + FUNCTION.after


async def test_lines_that_only_look_like_those_round_the_region_stay():
    region = Region("a row", "python", "rows = [\n    0,\n", "    1,\n", "    0,\n]\n", "")
    outcome, editor = await outcome_of(region, fence("    0,\n    2,\n    0,", "python"))
    assert isinstance(outcome, Edited)
    assert editor.document.text == "rows = [\n    0,\n    0,\n    2,\n    0,\n    0,\n]\n"


@pytest.mark.parametrize("region", [FUNCTION, METHOD, GO, DOCSTRING, NO_END], ids=lambda r: r.name)
@pytest.mark.parametrize("ended", [True, False])
async def test_cut_at_any_byte_it_is_the_right_edit_or_none(region, ended):
    answer = f"<think>\nhm\n</think>\nSure:\n{said(region)}\nShorter now."
    edited = 0
    for end in range(len(answer) + 1):
        outcome, editor = await outcome_of(region, answer[:end], ended)
        if isinstance(outcome, Edited):
            edited += 1
            assert editor.document.text == region.right
        else:
            refused(outcome, editor)
    # Only what comes after the block may be missing, and only where the server said it is over.
    assert edited == (len("\nShorter now.") + 1 if ended else 0)


@pytest.mark.parametrize("region", [FUNCTION, WIDE, GO, MARKDOWN], ids=lambda r: r.name)
async def test_cut_bytes_are_never_made_up(region):
    data = said(region).encode()
    for end in range(0, len(data), 3):
        outcome, editor = await outcome_of(region, data[:end].decode("utf-8", "replace"))
        refused(outcome, editor)


@pytest.mark.parametrize("region", REGIONS, ids=lambda r: r.name)
async def test_the_old_text_is_no_change_however_it_is_sent(region):
    whole = region.text if region is not WHOLE_FILE else region.old
    for code in (region.old, textwrap.dedent(region.old), whole):
        outcome, _ = await outcome_of(region, fence(code, region.label))
        assert isinstance(outcome, Unchanged), outcome


async def test_code_behind_a_fence_that_came_too_early_is_not_lost():
    head, tail = FUNCTION.new.split("    for", 1)
    answer = f"```python\n{head}```\n    for{tail}That is all.\n"
    assert refused(*await outcome_of(FUNCTION, answer)) == "cut_off"
    # The same lines as an example beside the whole region are nothing to mind.
    outcome, editor = await outcome_of(FUNCTION, f"{said(FUNCTION)}\n    for{tail}")
    assert isinstance(outcome, Edited)
    assert editor.document.text == FUNCTION.right


@pytest.mark.parametrize("language", ["python", "c"])
async def test_where_lines_end_in_cr_alone_code_is_parsed_all_the_same(language):
    region = FUNCTION if language == "python" else C
    old = Region(
        "",
        language,
        *(text.replace("\n", "\r") for text in (region.before, region.old, region.after)),
        region.new.replace("\n", "\r"),
    )
    outcome, editor = await outcome_of(old, said(region))
    assert isinstance(outcome, Edited)
    assert editor.document.text == old.right
    broken = region.new.replace("result = 0", "result = (0")
    assert refused(*await outcome_of(old, fence(broken, language))) == "unparsable"
