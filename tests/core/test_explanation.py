"""What a model said of code, however it wrote it, in one order; and its short form."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dola_ls.core.explanation import as_plain_text, read_explanation, unwrapped
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.core.words import WORD

ASKED = """\
Adds up what is in a cart. Used at the till.

## What it does

- Goes over the items (line 7).

## Inputs and outputs

- `items`: a list of dicts.
- Returns the sum.

## Side effects

- Writes to the log.

## Pitfalls

- An empty cart costs nothing.
"""


def read(text: str):
    return read_explanation(safe_markdown(unwrapped(text)))


def titles(text: str) -> list[str]:
    return [section.title for section in read(text).sections]


def test_what_was_asked_for_stays_as_it_is():
    assert read(ASKED).markdown == ASKED
    assert read(ASKED).short == "Adds up what is in a cart. Used at the till."


def test_a_section_that_is_not_there_is_not_made_up():
    text = "Adds up.\n\n## Pitfalls\n\n- Fails on None.\n"
    assert read(text).markdown == text
    assert read("Adds up.\n\n## Side effects\n\n## Pitfalls\n").markdown == "Adds up.\n"
    assert read("").markdown == ""
    assert read("").short == ""


@pytest.mark.parametrize(
    "answer",
    [
        "```markdown\n{}```",
        "```md\n{}",
        "# cart_total\n\n{}",
        "## Explanation of `cart_total`\n{}",
        "Sure! {}",
        "Certainly, {}",
    ],
)
def test_wrapping_titles_and_greetings_do_not_count(answer):
    explanation = read(answer.replace("{}", ASKED))
    assert explanation.markdown == ASKED
    assert explanation.short == "Adds up what is in a cart. Used at the till."


def test_a_block_with_blocks_in_it_is_unwrapped_whole():
    inner = "Adds up.\n\n```python\ntotal([1])\n```\n\n## Pitfalls\n\n- None."
    assert unwrapped(f"```markdown\n{inner}\n```") == inner
    assert unwrapped(f"```markdown\n{inner}\n```\nThat is all.") == f"{inner}\nThat is all."
    assert unwrapped(f"```markdown\n{inner[:20]}") == inner[:20].rstrip()
    assert unwrapped(inner) == inner


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("### Overview", "What it does"),
        ("## What this function does", "What this function does"),
        ("## What the function does:", "What it does"),
        ("**Purpose:**", "What it does"),
        ("## Inputs & Outputs", "Inputs and outputs"),
        ("## 2. Parameters / Return value", "Inputs and outputs"),
        ("**Side Effects**", "Side effects"),
        ("__Side effects:__", "Side effects"),
        ("Side effects:", "Side effects"),
        ("## ⚠️ Potential Issues", "Pitfalls"),
        ("#### Edge cases", "Pitfalls"),
        ("**Bugs and surprises**:", "Pitfalls"),
        ("Pitfalls: fails on None", "Pitfalls"),
        ("## Complexity", "Complexity"),
    ],
)
def test_headings_are_known_by_what_they_say(heading, title):
    assert titles(f"Adds up.\n\n{heading}\n- one\n") == [title]


@pytest.mark.parametrize(
    "line",
    [
        "- **Returns:** the sum",
        "Returns the sum: a number.",
        "It has **side effects**.",
        "**Note:** it is slow.",
        "See `Pitfalls:` below",
        "    Pitfalls:",
    ],
)
def test_what_is_no_heading_stays_text(line):
    assert read(f"Adds up.\n\n{line}\n").markdown == f"Adds up.\n\n{line}\n"


def test_headings_in_code_are_code():
    text = "Adds up.\n\n```\n# Pitfalls\n## Pitfalls\nPitfalls:\n```\n"
    assert read(text).markdown == text


def test_sections_come_in_one_order_and_those_of_a_kind_together():
    text = (
        "Adds up.\n## Complexity\nO(n)\n## Potential issues\n- None.\n## Parameters\n- items\n"
        "## Side effects\nnone\n## Returns\n- the sum\n### Types\nnumbers\n"
    )
    assert read(text).markdown == (
        "Adds up.\n\n"
        "## Inputs and outputs\n\n### Parameters\n\n- items\n\n### Returns\n\n- the sum\n\n"
        "### Types\n\nnumbers\n\n"
        "## Side effects\n\nnone\n\n## Pitfalls\n\n- None.\n\n## Complexity\n\nO(n)\n"
    )


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Adds up. Then rounds. Then logs.", "Adds up. Then rounds."),
        ("Adds e.g. prices, i.e. Numbers. It is fast. Really.", None),
        ("Calls `a.b()`. Ends.", "Calls `a.b()`. Ends."),
        ("Here is what it does:\n\nAdds up.", "Adds up."),
        ("## What it does\n- Adds up,\n  with tax.\n- Rounds.", "Adds up, with tax."),
        ("Adds up:\n- prices\n- tax\n\nAnd rounds.", "And rounds."),
        ("```\ncode\n```\nAdds up.", "Adds up."),
        ("> quoted\n\n| a |\n|---|\n\nAdds up\nall prices.", "Adds up all prices."),
        ("## Pitfalls\n- Fails on None.", ""),
        ("One sentence. " + "Another one is long, " * 20 + "very.", "One sentence."),
    ],
)
def test_the_short_form_is_the_first_one_or_two_sentences(text, short):
    if short is None:
        short = "Adds e.g. prices, i.e. Numbers. It is fast."
    assert read(text).short == short


def test_the_short_form_is_short_whatever_the_sentence():
    short = read("word " * 500).short
    assert len(short) <= 301
    assert short.endswith("word…")


def test_plain_text_is_what_one_reads():
    shown = safe_markdown("Adds **all** `prices` of a list<int>, `a < b`, m[0][1].").strip()
    assert as_plain_text(shown) == "Adds all prices of a list<int>, a < b, m[0][1]."


PIECES = [
    *("# total", "## Overview", "## Pitfalls", "### Returns", "**Inputs:** a list", "Purpose:"),
    *("- **x**: y", "1. `one`", "Sure! It adds.", "```python", "```", "~~~", "", "", "> quoted"),
    *(
        "See line 5.",
        "    indented",
        "## ",
        "####### seven",
        "**",
        "| a | b |",
        "Side effects: no.",
    ),
]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=14).map("\n".join))
def test_any_answer_is_read_and_loses_no_word_but_those_of_headings(text):
    safe = safe_markdown(unwrapped(text))
    explanation = read_explanation(safe)
    shown = WORD.findall(explanation.markdown.casefold())
    said = [line for line in safe.split("\n") if not line.lstrip().startswith("#")]
    headings = {"purpose", "side", "effects", "inputs", "sure", "certainly"}
    for word in WORD.findall(" ".join(said).casefold()):
        assert word in shown or word in headings
    assert len(explanation.short) <= 301
    assert "\n" not in explanation.short
