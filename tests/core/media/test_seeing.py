"""The whole path of an action on a picture, with a fake model and a fake editor."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from dola_ls.core.actions import DESCRIBE_IMAGE, DESCRIBE_VIDEO, WRITE_FROM_IMAGE, Action
from dola_ls.core.document import Document, Edit, Span
from dola_ls.core.media.links import link_at
from dola_ls.core.media.media import Facts, Media
from dola_ls.core.media.writing import target_of
from dola_ls.core.outcome import Edited, Outcome, Proposed, Refused, Unchanged
from dola_ls.core.parsing import parse
from dola_ls.core.screening import Screen
from dola_ls.run import run
from dola_ls.task import Task
from tests.core.running import FakeEditor
from tests.fakes.model import FakeModel

PICTURE = Media(
    "cart.png", Facts("image", "PNG", "image/png", 64, 48), 9, "ab", "data:image/png;base64,AAAA"
)
FILM = Media("c.mp4", Facts("video", "MP4", "video/mp4"), 9, "ab", "data:video/mp4;base64,AAAA")


def seeing(*answers: str, ended: bool = True) -> FakeModel:
    model = FakeModel(*answers, ended=ended)
    model.abilities = frozenset({"images", "video"})  # type: ignore[attr-defined]
    return model


def set_up(
    action: Action, text: str, language: str = "markdown", file: str = "a.md", **more: object
) -> tuple[Task, FakeEditor]:
    """Return the task at the `|` of a text, which is no part of it, and an editor."""
    before, _, behind = text.partition("|")
    return at_needle(action, before + behind, behind, language, file, at=len(before), **more)


def at_needle(
    action: Action,
    text: str,
    needle: str,
    language: str = "markdown",
    file: str = "a.md",
    *,
    at: int | None = None,
    **more: object,
) -> tuple[Task, FakeEditor]:
    """Return the task for a cursor before a piece of a text, and an editor."""
    at = text.index(needle) if at is None else at
    document = Document(f"file:///shop/{file}", language, 1, text)
    tree = parse(document)
    link = link_at(document, tree, Span(at, at))
    assert link is not None
    target = target_of(document, link)
    task = Task(action, document, tree, target, PurePosixPath(file), link=link, **more)  # type: ignore[arg-type]
    editor = FakeEditor(document)
    editor.picture = FILM if action is DESCRIBE_VIDEO else PICTURE
    return task, editor


async def after(action: Action, text: str, answer: str, language: str = "markdown") -> str:
    """Return the text after an action that is applied."""
    task, editor = set_up(action, text, language)
    outcome = await run(task, editor, seeing(answer))
    assert isinstance(outcome, Edited), outcome
    return editor.document.text


async def refused(action: Action, text: str, answer: str, language: str = "markdown") -> Refused:
    task, editor = set_up(action, text, language)
    outcome = await run(task, editor, seeing(answer))
    assert isinstance(outcome, Refused), outcome
    assert editor.document is task.document
    return outcome


async def test_an_image_gets_its_words() -> None:
    text = "# Shop\n\n![|](cart.png) and ![](other.png)\n"
    task, editor = set_up(DESCRIBE_IMAGE, text)
    model = seeing("A cart with two lamps")
    await run(task, editor, model)
    assert editor.document.text == (
        "# Shop\n\n![A cart with two lamps](cart.png) and ![](other.png)\n"
    )
    [[edit]] = editor.applied
    assert edit == Edit(10, 10, "A cart with two lamps")
    [prompt] = model.prompts
    assert prompt.media == (PICTURE,)
    assert prompt.action == "describeImage"
    assert PICTURE.url not in prompt.user


async def test_only_what_differs_is_replaced() -> None:
    task, editor = set_up(DESCRIBE_IMAGE, "![A cart with |lamps](cart.png)\n")
    await run(task, editor, seeing("A cart with two lamps"))
    [[edit]] = editor.applied
    assert edit.text == "two "


async def test_the_same_words_change_nothing() -> None:
    task, editor = set_up(DESCRIBE_IMAGE, "![A cart|](cart.png)\n")
    assert isinstance(await run(task, editor, seeing("A cart")), Unchanged)
    assert editor.applied == []


@pytest.mark.parametrize("answer", ["", "```\n```", "**", "…"])
async def test_an_answer_without_words_is_not_used(answer: str) -> None:
    outcome = await refused(DESCRIBE_IMAGE, "![|](cart.png)\n", answer)
    assert outcome.rule == "empty"


@pytest.mark.parametrize("answer", ["NOTHING TO SEE", "Nothing to see.\n", "**NOTHING TO SEE**"])
async def test_a_model_that_got_no_picture_says_so(answer: str) -> None:
    outcome = await refused(DESCRIBE_IMAGE, "![|](cart.png)\n", answer)
    assert outcome.rule == "unseen"
    assert "Nothing was changed" in outcome.reason


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't see any image.",
        "I cannot view pictures.",
        "Sorry, no image came.",
        "There is no image in your message.",
        "Please upload the picture.",
        "As an AI, I have no eyes.",
    ],
)
async def test_what_a_model_says_of_itself_is_no_text_of_a_picture(answer: str) -> None:
    outcome = await refused(DESCRIBE_IMAGE, "![|](cart.png)\n", answer)
    assert outcome.rule == "prose"


async def test_a_picture_may_say_what_a_model_would() -> None:
    words = "A sign that says NOTHING TO SEE"
    assert words in await after(DESCRIBE_IMAGE, "![|](cart.png)\n", words)


async def test_a_long_text_is_cut_and_used() -> None:
    text = await after(DESCRIBE_IMAGE, "![|](cart.png)\n", " ".join(f"word{n}" for n in range(200)))
    assert text.endswith("…](cart.png)\n")
    assert len(text) < 280


@pytest.mark.parametrize("answer", ["```python\nx = 1\n# ... rest of the code ...\n```"])
async def test_code_that_leaves_something_out_is_not_used(answer: str) -> None:
    outcome = await refused(WRITE_FROM_IMAGE, "# cart.png|\n", answer, "python")
    assert outcome.rule == "elided"


async def test_a_model_may_decline() -> None:
    outcome = await refused(WRITE_FROM_IMAGE, "![|](cart.png)\n", "CANNOT: it is a photo.")
    assert outcome.rule == "model_declined"


async def test_half_an_answer_is_not_used() -> None:
    task, editor = set_up(DESCRIBE_IMAGE, "![|](cart.png)\n")
    outcome = await run(task, editor, seeing("A cart with", ended=False))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "cut_off"


async def test_a_model_that_takes_text_only_is_not_asked() -> None:
    task, editor = set_up(DESCRIBE_IMAGE, "![|](cart.png)\n")
    model = FakeModel("A cart")
    outcome = await run(task, editor, model)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "no_ability"
    assert 'abilities = ["images"]' in outcome.reason
    assert model.prompts == []


async def test_a_file_that_may_not_go_ends_the_action() -> None:
    task, editor = set_up(DESCRIBE_IMAGE, "![|](cart.png)\n")
    editor.picture = Refused("It is kept back. Nothing was sent.", "kept_back")
    model = seeing("A cart")
    assert await run(task, editor, model) == editor.picture
    assert model.prompts == []


async def test_control_files_are_never_edited() -> None:
    text = "![|](cart.png)\n"
    task, editor = set_up(DESCRIBE_IMAGE, text, file="AGENTS.md")
    outcome = await run(task, editor, seeing("A cart"))
    assert isinstance(outcome, Refused)
    assert outcome.rule == "control_file"


async def typed_meanwhile(edit: Edit, text: str) -> tuple[Outcome, FakeEditor]:
    task, editor = set_up(DESCRIBE_IMAGE, text)
    model = seeing("A cart with two lamps")
    model.go.clear()

    def type_once() -> None:
        if not model.go.is_set() and model.prompts:
            editor.type(edit)
            model.go.set()

    editor.on_report = type_once
    return await run(task, editor, model), editor


async def test_words_land_where_the_link_is_by_then() -> None:
    outcome, editor = await typed_meanwhile(Edit(0, 0, "New\n\n"), "# Shop\n\n![|](cart.png)\n")
    assert isinstance(outcome, Edited)
    assert editor.document.text == "New\n\n# Shop\n\n![A cart with two lamps](cart.png)\n"


async def test_words_that_meet_the_users_own_are_kept() -> None:
    outcome, editor = await typed_meanwhile(Edit(2, 5, "mine"), "![old|](cart.png)\n")
    assert isinstance(outcome, Proposed)
    assert editor.document.text == "![mine](cart.png)\n"


async def test_review_is_honoured() -> None:
    task, editor = set_up(DESCRIBE_IMAGE, "![|](cart.png)\n", review=True)
    assert isinstance(await run(task, editor, seeing("A cart")), Proposed)
    assert editor.applied == []


MERMAID = "Here:\n\n```mermaid\nflowchart TD\n    A[Start] --> B\n```\n"
PAGE = "```html\n<main>\n  <h1>Cart</h1>\n</main>\n```"


@pytest.mark.parametrize(
    ("text", "answer", "wanted"),
    [
        (
            "![|](flow.png)\n\nAfter\n",
            MERMAID,
            "![](flow.png)\n\n```mermaid\nflowchart TD\n    A[Start] --> B\n```\n\nAfter\n",
        ),
        (
            "![|](cart.png)",
            PAGE,
            "![](cart.png)\n\n```html\n<main>\n  <h1>Cart</h1>\n</main>\n```",
        ),
        (
            "<!-- cart.png| -->\nnext\n",
            PAGE.replace("```html", "```"),
            "<!-- cart.png -->\n\n```html\n<main>\n  <h1>Cart</h1>\n</main>\n```\n\nnext\n",
        ),
        (
            "- a\r\n- ![|](flow.png)\r\n- b\r\n",
            "```\ngraph LR\n  A --> B\n```",
            "- a\r\n- ![](flow.png)\r\n\r\n  ```mermaid\r\n  graph LR\r\n    A --> B\r\n"
            "  ```\r\n\r\n- b\r\n",
        ),
        (
            "> ![|](flow.png)\n> b\n",
            '```mermaid\npie\n  "a" : 1\n```',
            '> ![](flow.png)\n>\n> ```mermaid\n> pie\n>   "a" : 1\n> ```\n>\n> b\n',
        ),
        (
            "![|](cart.png)\n",
            "````html\n<pre>\n```\n</pre>\n````",
            "![](cart.png)\n\n````html\n<pre>\n```\n</pre>\n````\n",
        ),
    ],
)
async def test_code_goes_below_a_link_in_markdown(text: str, answer: str, wanted: str) -> None:
    assert await after(WRITE_FROM_IMAGE, text, answer) == wanted


async def test_code_goes_below_a_table_and_not_into_it() -> None:
    text = "| a | b |\n|---|---|\n| 1 | ![x](flow.png) |\n| 2 | 3 |\n\nx\n"
    task, editor = at_needle(WRITE_FROM_IMAGE, text, "flow")
    await run(task, editor, seeing(MERMAID))
    assert editor.document.text == text.replace(
        "| 2 | 3 |\n", "| 2 | 3 |\n\n```mermaid\nflowchart TD\n    A[Start] --> B\n```\n"
    )


@pytest.mark.parametrize("answer", ["A cart.", "```python\nx = 1\n```", "```css\na {}\n```"])
async def test_what_is_neither_page_nor_diagram_does_not_go_into_markdown(answer: str) -> None:
    outcome = await refused(WRITE_FROM_IMAGE, "![|](cart.png)\n", answer)
    assert outcome.rule == "prose"


async def test_code_goes_below_a_comment_in_the_language_of_the_file() -> None:
    text = "def shop():\n    # cart.png|\n    # two lamps\n    pass\n"
    answer = "```python\nif True:\n    print('Cart')\n```"
    assert await after(WRITE_FROM_IMAGE, text, answer, "python") == (
        "def shop():\n    # cart.png\n    # two lamps\n"
        "    if True:\n        print('Cart')\n    pass\n"
    )


async def test_code_goes_below_an_image_of_a_page() -> None:
    text = '<body>\n  <img src="cart.png|">\n</body>\n'
    assert await after(WRITE_FROM_IMAGE, text, PAGE, "html") == (
        '<body>\n  <img src="cart.png">\n  <main>\n    <h1>Cart</h1>\n  </main>\n</body>\n'
    )


async def test_code_that_does_not_parse_is_kept_and_not_applied() -> None:
    text = "# cart.png|\nx = 1\n"
    outcome = await refused(WRITE_FROM_IMAGE, text, "```python\ndef f(:\n```", "python")
    assert outcome.rule == "unparsable"
    assert outcome.proposal is not None


async def test_code_with_a_new_address_is_shown_first() -> None:
    task, editor = set_up(WRITE_FROM_IMAGE, "![|](cart.png)\n")
    answer = '```html\n<script src="https://cdn.evil-host.dev/x.js"></script>\n```'
    outcome = await run(task, editor, seeing(answer))
    assert isinstance(outcome, Proposed)
    assert "evil" in outcome.reason
    assert editor.applied == []


async def test_code_is_looked_at_closely_and_words_are_not() -> None:
    for action, detail in ((WRITE_FROM_IMAGE, "high"), (DESCRIBE_IMAGE, "auto")):
        task, editor = set_up(action, "![|](cart.png)\n")
        model = seeing(PAGE)
        await run(task, editor, model)
        assert model.prompts[0].media[0].detail == detail


async def test_a_video_gets_a_caption_below_it() -> None:
    text = "<video src='c.mp4|'></video>\n"
    assert await after(DESCRIBE_VIDEO, text, "Caption: A lamp is lit.") == (
        "<video src='c.mp4'></video>\n\nA lamp is lit.\n"
    )


async def test_an_attribute_that_would_break_a_program_is_refused() -> None:
    text = "const a = \"<img src=|p.png width='3'>\";\n"
    outcome = await refused(DESCRIBE_IMAGE, text, "A cart", "javascript")
    assert outcome.rule == "unparsable"


async def test_a_secret_that_was_masked_gets_into_no_text() -> None:
    key = "ghp_" + "a1B2c3D4e5F6" * 3
    task, editor = set_up(DESCRIBE_IMAGE, f"token = {key}\n\n![|](cart.png)\n")
    model = seeing("A token, «secret:github-token»")
    outcome = await run(task, editor, model, Screen(masks=True))
    assert key not in model.prompts[0].user
    assert model.prompts[0].media == (PICTURE,)
    assert isinstance(outcome, Refused)
    assert outcome.rule == "masked"
    assert editor.applied == []


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        (
            'const a = <img src="p.png|" />;\n',
            "typescriptreact",
            'const a = <img src="p.png" alt="A (big) &quot;cat&quot; &amp; a &#x27;/dog" />;\n',
        ),
        (
            "const a = `<img src='p.png|'>`;\n",
            "javascript",
            "const a = `<img src='p.png' alt='A (big) &quot;cat&quot; &amp; a &#x27;/dog'>`;\n",
        ),
        (
            "a = \"<img src='p.png|'>\"\n",
            "python",
            "a = \"<img src='p.png' alt='A (big) &quot;cat&quot; &amp; a &#x27;/dog'>\"\n",
        ),
    ],
)
async def test_words_fit_into_the_strings_of_programs(
    text: str, language: str, wanted: str
) -> None:
    answer = 'A {big} "cat" & a `\\dog'
    assert await after(DESCRIBE_IMAGE, text, answer, language) == wanted


async def test_words_fit_into_tables() -> None:
    task, editor = at_needle(DESCRIBE_IMAGE, "| a |\n|---|\n| ![](p.png) |\n", "p.png")
    await run(task, editor, seeing("A | B"))
    assert editor.document.text == "| a |\n|---|\n| ![A \\| B](p.png) |\n"
