"""Every prompt, word for word, as it is sent.

A new action or template needs one more entry in `CASES`; `prompt_files` says how a file is written.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest

from dola_ls.core.actions import (
    BY_COMMAND,
    DESCRIBE_IMAGE,
    DESCRIBE_VIDEO,
    DOCUMENT,
    EXPLAIN,
    FIX,
    GENERATE_TESTS,
    INSTRUCT,
    REFACTOR,
    WRITE_FROM_IMAGE,
    Action,
    Target,
    find_target,
)
from dola_ls.core.context import Context, collect
from dola_ls.core.document import Document, Span
from dola_ls.core.inline import Place, ask_to_chat, window
from dola_ls.core.media.links import link_at
from dola_ls.core.media.writing import target_of
from dola_ls.core.own_actions import OwnAction, OwnAnswer
from dola_ls.core.own_prompt import render_own
from dola_ls.core.parsing import parse
from dola_ls.core.prompt import Prompt, render
from dola_ls.core.testing.examples import example_for

from .prompt_files import FOLDER, is_as_written

TEMPLATES = {
    path.name.removesuffix(".md") for path in (files("dola_ls.core") / "prompts").iterdir()
}

CODE = """\
import logging

RATE = 0.2


def total(items: list[float]) -> float:
    result = 0.0
    for item in items:
        result = result + item
    logging.info("```")
    return tax(result)


def tax(value: float) -> float:
    return value * (1 + RATE)
"""
#: What the templates name besides, as the actions fill it in.
FIELDS = {
    "document": {"style": "Google style docstrings, as in the rest of the file"},
    "generateTests": {
        "framework": "pytest",
        "style": "plain functions with assert",
        "example": example_for("pytest", "python"),
        "label_tests": "python",
        "uses": "Code it uses, to read only:\n```python\ndef tax(value): ...\n```\n\n",
        "place": "Begin with this import:\nfrom shop.pricing import total",
        "tests": "```python\ndef test_total():\n    assert total([1]) == 1\n```",
        "failures": "- test_total: assert 1.2 == 1",
    },
}

PAGE = "# Shop\n\nThe cart:\n\n![](img/cart.png)\n\nIt holds what is bought.\n"
FIELDS["writeFromImage"] = {"into": "HTML"}


def at_link(action: Action) -> Prompt:
    """Return the prompt of an action on a link, without what is linked to."""
    text = PAGE.replace("png", "mp4") if action is DESCRIBE_VIDEO else PAGE
    document = Document("file:///home/ann/shop/README.md", "markdown", 1, text)
    at = text.index("![")
    link = link_at(document, None, Span(at, at))
    assert link is not None
    context = collect(document, target_of(document, link), 2000)
    return render(action, context, fields=FIELDS.get(action.id))


def seen(whole_file: bool = False) -> Context:
    """Return what is seen of `total`, from the cursor on its name."""
    document = Document("file:///home/ann/shop/pricing.py", "python", 1, CODE)
    at = CODE.index("total")
    target = find_target(document, parse(document), Span(at, at))
    assert isinstance(target, Target)
    context = collect(document, target, 2000)
    return context.of_whole_file(document, target.region) if whole_file else context


def own(answer: OwnAnswer, prompt: str, template: str = "") -> Prompt:
    """Return the prompt of an action of the user's own."""
    action = OwnAction("logs", "Log {name}", prompt, answer)
    return render_own(
        action, seen(), "Only errors.", ["line 7: unused (ruff F841)"], template=template
    )


def asked(
    action: Action, template: str = "", instruction: str | None = None, *, whole: bool = False
) -> Prompt:
    """Return the prompt of an action that every user has."""
    fields = FIELDS.get(action.id)
    context = seen(whole)
    return render(action, context, instruction, fields=fields, template=template, whole=whole)


def completion() -> Prompt:
    """Return the prompt for a chat model, with the cursor behind the first line of `total`."""
    at = CODE.index("\n    for item")
    document = Document("file:///home/ann/shop/pricing.py", "python", 1, CODE)
    return ask_to_chat(window(document, Place(Span(at, at)), 2000), 16)


CASES: dict[str, Callable[[], Prompt]] = {
    "explain": lambda: asked(EXPLAIN),
    "explain_question": lambda: asked(EXPLAIN, "question", "Is an empty list fine?"),
    "refactor": lambda: asked(REFACTOR),
    "refactor_blocks": lambda: asked(REFACTOR, "refactor_blocks"),
    "refactor_file": lambda: asked(REFACTOR, "refactor_file", whole=True),
    "refactor_file_blocks": lambda: asked(REFACTOR, "refactor_file_blocks", whole=True),
    "instruct": lambda: asked(INSTRUCT, "", "Use sum()."),
    "document": lambda: asked(DOCUMENT),
    "generateTests": lambda: asked(GENERATE_TESTS),
    "repairTests": lambda: asked(GENERATE_TESTS, "repairTests"),
    "fix": lambda: asked(FIX, "", "Fix this problem:\n- line 7: unused (ruff F841)"),
    "complete": completion,
    "describeImage": lambda: at_link(DESCRIBE_IMAGE),
    "describeVideo": lambda: at_link(DESCRIBE_VIDEO),
    "writeFromImage": lambda: at_link(WRITE_FROM_IMAGE),
    "own_edit": lambda: own("edit", "Add logging to {name}.\n\n{diagnostics}\n{instruction}"),
    "own_edit_blocks": lambda: own("edit", "Add logging:\n{code}", "refactor_blocks"),
    "own_explain": lambda: own("explain", "What does {name} in {file} log?\n{code}\n{after}"),
    "own_new-file": lambda: own("new-file", "Write a command line for {name} ({language})."),
}
#: The template that each case shows, where it is not named like it.
SHOWS = {"explain_question": "question"}


@pytest.mark.parametrize("name", CASES)
def test_a_prompt_is_what_it_was(name: str) -> None:
    is_as_written(name, CASES[name]())


def test_every_template_and_every_action_has_a_snapshot() -> None:
    assert {SHOWS.get(name, name) for name in CASES} >= TEMPLATES
    assert {case().action for case in CASES.values()} >= {a.id for a in BY_COMMAND.values()}


def test_no_snapshot_is_left_over() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.glob("test_*.py"))
    for path in FOLDER.glob("*.txt"):
        assert f'"{path.stem}"' in tests, f"no test has {path.name}"


@pytest.mark.parametrize("name", CASES)
def test_a_prompt_tells_nothing_of_the_user(name: str) -> None:
    prompt = CASES[name]()
    for told in ("/home", "ann/", "file:", "shop/"):
        assert told not in prompt.system + prompt.user
