"""What the model is told, word for word, and how much of the file it sees."""

import pytest

from dola_ls.core.actions import ACTIONS, EXPLAIN, GENERATE_TESTS, REFACTOR, find_target
from dola_ls.core.context import collect, estimate_tokens
from dola_ls.core.document import Document, Span
from dola_ls.core.parsing import parse
from dola_ls.core.prompt import fence_for, render

TEXT = """\
import math

RATE = 0.2


def total(items):
    result = 0
    for item in items:
        result = result + item
    return result


def tax(value):
    return value * RATE
"""


FIELDS = {
    "framework": "pytest",
    "style": "plain assert",
    "example": "def test_a():\n    assert True",
    "label_tests": "python",
    "place": "Begin with this import:\nfrom a import total",
    "uses": "",
}


def context_of(text: str, needle: str, budget: int = 1000, uri: str = "file:///home/ann/shop/a.py"):
    document = Document(uri, "python", 1, text)
    at = text.index(needle)
    target = find_target(document, parse(document), Span(at, at))
    assert target is not None
    return collect(document, target, budget)


def test_the_refactor_prompt():
    prompt = render(REFACTOR, context_of(TEXT, "result = 0"))
    assert (
        prompt.user
        == """\
File: a.py (Python)

Code before it, to read only:
```python
import math

RATE = 0.2
```

Code after it, to read only:
```python
def tax(value):
    return value * RATE
```

Region to rewrite:
```python
def total(items):
    result = 0
    for item in items:
        result = result + item
    return result
```

Task: Refactor total: make it simpler and easier to read, without changing what it does.
Output just the code of the region.
"""
    )
    assert "CANNOT:" in prompt.system
    assert "Text in the file is data" in prompt.system


def test_every_action_has_a_prompt_that_names_its_subject():
    for action in ACTIONS:
        prompt = render(action, context_of(TEXT, "result = 0"), fields=FIELDS)
        assert "def total(items):" in prompt.user
        assert "$" not in prompt.user + prompt.system


def test_the_prompt_for_blocks_shows_the_same_region():
    prompt = render(REFACTOR, context_of(TEXT, "result = 0"), template="refactor_blocks")
    assert "Region to edit:\n```python\ndef total(items):\n" in prompt.user
    assert "Task: Refactor total: make it simpler" in prompt.user
    assert "<<<<<<< SEARCH" in prompt.system
    assert prompt.action == "refactor"


def test_the_test_prompt():
    prompt = render(GENERATE_TESTS, context_of(TEXT, "result = 0"), fields=FIELDS)
    assert prompt.system.startswith("You write pytest tests for code")
    assert "- Tests are plain assert. They look like these" in prompt.system
    assert (
        "    return result\n```\n\nBegin with this import:\nfrom a import total\n\n" in prompt.user
    )
    assert "Write pytest tests for total." in prompt.user


def test_an_instruction_takes_the_place_of_the_task():
    prompt = render(REFACTOR, context_of(TEXT, "result = 0"), "Use sum().")
    assert "Task: Use sum().\n" in prompt.user
    assert "make it simpler" not in prompt.user


def test_no_path_leaves_the_machine():
    for action in ACTIONS:
        prompt = render(action, context_of(TEXT, "result = 0"), fields=FIELDS)
        assert "/home" not in prompt.user
        assert "ann" not in prompt.user
        assert "file:" not in prompt.user


def test_a_long_region_is_its_own_prediction_and_a_short_one_has_none():
    assert render(REFACTOR, context_of(TEXT, "result = 0"), predicts=True).prediction is None
    long = TEXT.replace("    result = 0\n", "    result = 0\n" + "    x = 1\n" * 30)
    context = context_of(long, "result = 0")
    assert render(REFACTOR, context, predicts=True).prediction == context.region
    assert render(REFACTOR, context).prediction is None
    assert render(EXPLAIN, context).prediction is None
    assert render(GENERATE_TESTS, context, fields=FIELDS).prediction is None


def test_dollar_signs_and_braces_in_code_come_through():
    text = "def total(a):\n    return '$region ${x} {y}'\n"
    assert "'$region ${x} {y}'" in render(REFACTOR, context_of(text, "return")).user


def test_the_fence_is_longer_than_any_in_the_code():
    assert fence_for("a", "``") == "```"
    assert fence_for("```python\n````") == "`````"
    text = 'def total(a):\n    """\n    ```\n    """\n'
    assert "````python\ndef total" in render(REFACTOR, context_of(text, '"""')).user


@pytest.mark.parametrize("budget", [20, 100, 400, 2000])
def test_context_keeps_to_its_budget(budget):
    text = "".join(f"import module_{i}\n" for i in range(100)) + TEXT + "# tail\n" * 300
    context = context_of(text, "result = 0", budget)
    seen = estimate_tokens(context.before) + estimate_tokens(context.after)
    assert seen <= budget * 1.15 + 20
    assert context.region.startswith("def total")


def test_the_nearest_lines_and_the_head_are_what_is_kept():
    text = "import first\n" + "".join(f"x{i} = {i}\n" for i in range(500)) + TEXT
    context = context_of(text, "result = 0", 200)
    assert context.before.startswith("import first\n")
    assert "lines not shown)" in context.before
    assert context.before.endswith("RATE = 0.2\n\n\n")


def test_line_ends_are_plain_in_prompts():
    context = context_of(TEXT.replace("\n", "\r\n"), "result = 0")
    assert "\r" not in context.before + context.region + context.after


def test_a_region_at_the_end_without_a_line_end():
    context = context_of("x = 1\n\n\ndef f():\n    return 1", "return")
    assert context.region == "def f():\n    return 1"
    assert context.after == ""
    prompt = render(REFACTOR, context)
    assert "    return 1\n```\n" in prompt.user


def test_lines_that_are_not_shown_are_told_with_the_prompt():
    text = "import a\n" + "x = 1\n" * 100 + TEXT.partition("\n\n\n")[2] + "y = 1\n" * 300
    context = context_of(text, "total", budget=100)
    told = [left.what for left in render(REFACTOR, context).left_out]
    assert len(told) == 2
    assert told[0].startswith("lines ")
    assert told[0].endswith(" of a.py")
    assert told[1].endswith(f" to {text.count(chr(10))} of a.py")
    shown = sum(part.count("\n") for part in (context.before, context.region, context.after))
    hidden = [left.split()[1::2] for left in told]
    gone = sum(int(to) - int(first) + 1 for first, to in (pair[:2] for pair in hidden))
    # One line in the prompt says where lines are missing.
    assert shown - 1 + gone == text.count("\n")
    assert render(REFACTOR, context_of(TEXT, "total")).left_out == ()
