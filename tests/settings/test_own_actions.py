"""The user's own actions: read from their file, refused by line, and made into prompts."""

from __future__ import annotations

import re
import tomllib
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.actions import Target, title_of
from dola_ls.core.context import Context, collect
from dola_ls.core.document import Document, Span
from dola_ls.core.named_fields import Wrong, parts_of
from dola_ls.core.own_actions import PROMPT_FIELDS, OwnAction
from dola_ls.core.own_prompt import render_own
from dola_ls.core.own_reading import MAX_ACTIONS, MAX_PROMPT, MAX_TOLD, read_actions
from dola_ls.core.parsing import parse
from tests import readme

GOOD = '[[actions]]\nid = "good"\ntitle = "Good"\nprompt = "Do it."\n'
CONTEXT = Context(
    file="shop.py",
    language="python",
    before="import math\n\n\n",
    region="def total(items):\n    return sum(items)\n",
    after="\n\nprint(total([1]))\n",
    name="total",
)


def read(text: str) -> tuple[list[OwnAction], list[str]]:
    return read_actions(tomllib.loads(text), text)


def one(text: str) -> OwnAction:
    [own], problems = read(text)
    assert problems == []
    return own


def told(text: str) -> str:
    """Return the one problem of a text, and check that the good action next to it is kept."""
    actions, [problem] = read(text + GOOD)
    assert [own.id for own in actions] == ["good"]
    return problem


def own_action(prompt: str, **fields: str) -> OwnAction:
    lines = "".join(f'{key} = "{value}"\n' for key, value in fields.items())
    return one(f'[[actions]]\nid = "a"\ntitle = "A"\n{lines}prompt = """\n{prompt}"""\n')


def test_an_action_with_everything() -> None:
    own = one(
        '\n[[actions]]\nid = "sum-up"\ntitle = "Sum up {name}"\n'
        'languages = ["python", "ts", "C++"]\n'
        'scope = "file"\nprompt = "{code}"\nanswer = "new file"\nmodel = "fast"\neffort = "HIGH"\n'
    )
    assert own == OwnAction(
        id="sum-up",
        title="Sum up {name}",
        prompt="{code}",
        answer="new-file",
        scope="file",
        languages=frozenset({"python", "typescript", "cpp"}),
        model="fast",
        effort="high",
        line=2,
    )


def test_an_action_with_the_least() -> None:
    own = one(GOOD)
    assert (own.answer, own.scope, own.languages) == ("edit", "selection", frozenset())
    assert (own.model, own.effort) == (None, None)


def test_the_actions_may_stand_in_the_table_of_dola_too() -> None:
    text = '[dola]\nmodel = "m"\n[[dola.actions]]\nid = "b"\ntitle = "B"\nprompt = "p"\n' + GOOD
    actions, problems = read(text)
    assert [own.id for own in actions] == ["good", "b"]
    assert problems == []
    assert read('[dola]\nmodel = "m"\n') == ([], [])


def test_an_unknown_field_is_named_with_its_line_and_the_fields_there_are() -> None:
    text = (
        '# mine\nmodel = "m"\n\n[[actions]]\nid = "translate"\ntitle = "T"\n'
        'note_of_a = """\n[[actions]]\nprompt = "{code}"\n"""\nprompt = """\n{cod}"""\n'
    )
    actions, problems = read(text)
    assert actions == []
    assert len(problems) == 2
    assert problems[0].startswith(
        'config.toml, line 7: actions "translate": there is no key note_of_a; this action is left '
        "out."
    )
    assert problems[1] == (
        'config.toml, line 11: actions "translate": there is no field {cod} in prompt; this action '
        "is left out. Did you mean {code}? Fields are: {code}, {name}, {language}, {file}, "
        "{before}, {after}, {diagnostics}, {instruction}."
    )


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ('title = "T"\nprompt = "p"', 1, "actions number 1: it has no id"),
        ('id = "a"\nprompt = "p"', 1, 'actions "a": it has no title'),
        ('id = "a"\ntitle = "T"', 1, "it has no prompt"),
        ('id = "A b"\ntitle = "T"\nprompt = "p"', 2, "small letters"),
        ('id = "explain"\ntitle = "T"\nprompt = "p"', 2, "id explain is taken"),
        ('id = "generate-tests"\ntitle = "T"\nprompt = "p"', 2, "is taken"),
        ('id = 7\ntitle = "T"\nprompt = "p"', 2, "id has to be text, not a number"),
        ('id = "a"\ntitle = "T {code}"\nprompt = "p"', 3, "The only field is {name}"),
        ('id = "a"\ntitle = "T\\nU"\nprompt = "p"', 3, "title has to be one line"),
        ('id = "a"\ntitle = "  "\nprompt = "p"', 3, "title is empty"),
        ('id = "a"\ntitle = "T"\nprompt = ["p"]', 4, "prompt has to be text, not a list"),
        ('id = "a"\ntitle = "T"\nprompt = "p }"', 4, "a } in prompt belongs to no field"),
        ('id = "a"\ntitle = "T"\nprompt = """\np\nq {"""', 4, "a { in line 2 of prompt"),
        ('id = "a"\ntitle = "T"\nprompt = "{}"', 4, "a { in prompt belongs to no field"),
        ('id = "a"\ntitle = "T"\nprompt = "{ x: 1 }"', 4, "written {{ and }}"),
        (f'id = "a"\ntitle = "T"\nprompt = "{"x" * 20001}"', 4, "has 20001 characters"),
        ('id = "a"\ntitle = "T"\nprompt = "p"\n\nscope = "line"', 6, '"symbol" or "file"'),
        ('id = "a"\ntitle = "T"\nprompt = "p"\nanswer = true', 5, "answer has to be"),
        ('id = "a"\ntitle = "T"\nprompt = "p"\neffort = "max"', 5, '"medium" or "high"'),
        ('id = "a"\ntitle = "T"\nprompt = "p"\nmodel = 1979-05-27', 5, "a date or a time"),
        ('id = "a"\ntitle = "T"\nprompt = "p"\nlanguages = "go"', 5, "a list of names"),
        ('id = "a"\ntitle = "T"\nprompt = "p"\nlanguages = ["Visual Basic"]', 5, "no editor has"),
        ('id = "a"\ntitle = "T"\nprompt = "p"\n"langauges" = []', 5, "Did you mean languages?"),
        ('id = "a"\ntitle = "T"\npromt = "p"', 4, "Did you mean prompt?"),
        ('id = "a"\ntitle = "T"\nprompt = "p"\nmodel.name = "m"', 5, "not a table"),
    ],
)
def test_a_wrong_action_is_left_out_with_its_line(lines: str, line: int, words: str) -> None:
    problem = told(f"[[actions]]\n{lines}\n")
    assert problem.startswith(f"config.toml, line {line}: actions ")
    assert words in problem
    assert "; this action is left out." in problem
    assert "\n" not in problem


def test_values_are_not_repeated_in_sentences() -> None:
    text = '[[actions]]\nid = "a"\ntitle = "T"\nprompt = "p"\neffort = "canary"\nmodel = "\\u0000"'
    _, problems = read(text)
    assert len(problems) == 2
    assert "canary" not in "".join(problems)
    assert "\0" not in "".join(problems)


def test_the_second_of_two_with_one_id_is_left_out() -> None:
    actions, [problem] = read(GOOD + "\n" + GOOD.replace("Good", "Other"))
    assert [own.title for own in actions] == ["Good"]
    assert problem.startswith("config.toml, line 7:")
    assert "the action on line 1 has that id already" in problem
    inline = '{id="a",title="T",prompt="p"}'
    actions, [problem] = read(f"actions = [{inline}, {inline}]")
    assert len(actions) == 1


def test_no_more_than_thirty_are_used() -> None:
    text = "".join(GOOD.replace('"good"', f'"good-{n}"') for n in range(MAX_ACTIONS + 2))
    actions, [problem] = read(text)
    assert len(actions) == MAX_ACTIONS
    assert problem.startswith(f"config.toml, line {MAX_ACTIONS * 4 + 1}: there are 32 actions")


def test_a_file_full_of_mistakes_is_told_in_a_few_sentences() -> None:
    actions, problems = read("[[actions]]\n" * 10 + GOOD)
    assert [own.id for own in actions] == ["good"]
    assert len(problems) == MAX_TOLD + 1
    assert problems[-1] == "config.toml: 20 more mistakes in actions."


@pytest.mark.parametrize("text", ['[actions]\nid = "a"\n', "actions = 3\n"])
def test_what_is_no_list_of_tables_is_told(text: str) -> None:
    actions, [problem] = read(text)
    assert actions == []
    assert problem.startswith("config.toml, line 1: `actions` is a")
    assert "[[actions]]" in problem


def test_a_list_may_hold_one_wrong_thing() -> None:
    actions, [problem] = read('actions = [\n 7,\n {id = "a", title = "T", prompt = "p"}\n]\n')
    assert [own.line for own in actions] == [3]
    assert problem == "config.toml, line 2: `actions` holds a number; it is left out."


def test_the_file_is_called_what_it_is_called() -> None:
    text = "[[actions]]\n"
    _, problems = read_actions(tomllib.loads(text), text, "mine.toml")
    assert {problem.partition(",")[0] for problem in problems} == {"mine.toml"}


def test_languages_are_known_by_the_names_editors_have_for_them() -> None:
    own = one(GOOD + 'languages = ["tsx", "csharp", "Lua"]\n')
    assert [own.suits(name) for name in ("typescriptreact", "typescript.tsx", "cs", "lua")] == [
        True
    ] * 4
    assert not own.suits("typescript")
    assert one(GOOD).suits("anything")


TEXT = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"


@pytest.mark.parametrize(
    ("scope", "cursor", "selected", "name"),
    [
        ("selection", 0, "return 1", "line 3"),
        ("selection", TEXT.index("return 1"), "", "f"),
        ("symbol", 0, "return 1", "f"),
        ("symbol", 0, "return 1\n\n    def g(self):\n        return", "A"),
        ("file", 0, "return 1", "a.py"),
    ],
)
def test_the_scope_decides_what_it_works_on(
    scope: str, cursor: int, selected: str, name: str
) -> None:
    document = Document("file:///a.py", "python", 1, TEXT)
    start = TEXT.index(selected) if selected else cursor
    span = Span(start, start + len(selected))
    target = own_action("p", scope=scope).target(document, parse(document), span)
    assert target is not None
    assert target.name == name
    if scope == "file":
        assert target.region == Span(0, len(TEXT))


def test_no_symbol_is_no_target() -> None:
    document = Document("file:///a.py", "python", 1, "x = 1\n")
    own = own_action("p", scope="symbol")
    assert own.target(document, parse(document), Span(0, 5)) is None
    assert own.target(document, None, Span(0, 5)) is None


def test_a_byte_order_mark_is_no_part_of_a_file() -> None:
    document = Document("file:///a.py", "python", 1, "\ufeffx = 1\n")
    target = own_action("p", scope="file").target(document, None, Span(0, 0))
    assert target is not None
    assert target.region.start == 1


def test_what_the_rest_of_the_server_sees_of_it() -> None:
    own = one(GOOD.replace('title = "Good"', 'title = "Make {{x}} of {name}"'))
    target = Target(Span(0, 1), "{name}", None, False)
    assert title_of(own.action, target) == "Dola: Make {x} of {name}"
    assert (own.action.kind, own.action.answer) == ("refactor.rewrite.dola.good", "region")
    assert one(GOOD + 'answer = "explain"\n').action.kind == "dola.explain.good"
    assert one(GOOD + 'answer = "new-file"\n').action.answer == "new-file"
    to_async = one(GOOD.replace('"good"', '"to-async"'))
    assert to_async.new_file(PurePath("src/shop.py")) == PurePath("src/shop_to_async.py")


def test_the_prompt_of_one_that_names_no_code() -> None:
    prompt = render_own(own_action("Sort the imports of {file}."), CONTEXT)
    assert prompt.user == (
        "File: shop.py (Python)\n\n"
        "Code before it, to read only:\n```python\nimport math\n```\n\n"
        "Code after it, to read only:\n```python\nprint(total([1]))\n```\n\n"
        "Region to rewrite:\n```python\ndef total(items):\n    return sum(items)\n```\n\n"
        "Task: Sort the imports of shop.py.\n"
        "Output just the code of the region.\n"
    )
    assert prompt.system.startswith("You rewrite a region of a source file")
    assert prompt.action == "a"


def test_the_prompt_of_one_that_names_every_field() -> None:
    text = (
        "{name} in {file}, {language}: {instruction}\nBefore: {before} and after:\n{after}\n"
        "  {code}  now.\nFaults:\n{diagnostics}\nWrite {{x}}."
    )
    prompt = render_own(
        own_action(text, answer="explain"), CONTEXT, "why?", ["line 1: bad\nname (x F821)", "two"]
    )
    assert prompt.user == (
        "total in shop.py, Python: why?\nBefore:\n```python\nimport math\n```\nand after:\n"
        "```python\nprint(total([1]))\n```\n"
        "```python\ndef total(items):\n    return sum(items)\n```\nnow.\nFaults:\n"
        "- line 1: bad name (x F821)\n- two\nWrite {x}.\nAnswer in Markdown.\n"
    )


def test_fields_without_a_value_say_so() -> None:
    bare = Context("a.py", "python", "", "x = 1\n", "\n", "line 1")
    prompt = render_own(own_action("{before}|{diagnostics}|{instruction}|{code}"), bare)
    assert prompt.user.startswith("(none)\n|\n(none)\n|(none)|\n```python\nx = 1\n```\n")
    plain = render_own(own_action("Do it."), bare).user
    assert "Code before" not in plain
    assert "Code after" not in plain


@given(st.text(alphabet="`{}cod namebfr\n$\\", max_size=80))
def test_the_text_of_the_file_is_data(code: str) -> None:
    context = Context("{code}.py", "python", "{name}", "{before}" + code, "{{", "{instruction}")
    user = render_own(OwnAction("a", "A", "{name} {file}\n{code}"), context, "canary").user
    assert user.startswith("{instruction} {code}.py\n```")
    assert user.count("canary") == 1
    fence = user.splitlines()[1].removesuffix("python")
    body = user.split(f"{fence}python\n", 1)[1].rsplit(f"\n{fence}\n", 1)[0]
    assert body == ("{before}" + code).strip("\n")
    assert fence not in body


def test_a_fence_of_the_users_own_round_the_code_is_not_doubled() -> None:
    for fence in ("```", "~~~~"):
        user = render_own(own_action(f"This:\n{fence}js\n{{code}}\n{fence}\nis it."), CONTEXT).user
        assert user.startswith("This:\n```python\ndef total(items):\n")
        assert "\n```\nis it.\n" in user
        assert user.count("```") == 2
    kept = render_own(own_action("```\n{{code}}\n```\n{code}"), CONTEXT).user
    assert kept.startswith("```\n{code}\n```\n```python\n")


@given(st.text(alphabet="{}acode \n", max_size=30))
def test_a_template_is_read_as_python_reads_one(template: str) -> None:
    """Where both accept it, both say the same; what we refuse, Python refuses or cannot fill."""
    parts = parts_of(template, ("code",), "prompt")
    try:
        expected: str | None = template.format(code="CODE")
    except (ValueError, LookupError, AttributeError):
        expected = None
    if isinstance(parts, Wrong):
        assert expected is None or "code" not in template
    else:
        ours = "".join(part if isinstance(part, str) else "CODE" for part in parts)
        assert ours == expected


@pytest.mark.parametrize("template", ["refactor", "refactor_blocks"])
def test_an_edit_is_asked_for_in_the_form_of_the_other_edits(template: str) -> None:
    long = Context("a.py", "python", "", "x = 1\n" * 60, "", "lines 1-60")
    prompt = render_own(own_action("Do it."), long, template=template, predicts=True)
    closing = prompt.user.splitlines()[-1]
    assert closing.startswith("Output just the ")
    assert ("SEARCH" in closing) == ("SEARCH" in prompt.system) == (template == "refactor_blocks")
    assert "$" not in prompt.system + prompt.user
    assert prompt.prediction == long.region
    assert render_own(own_action("Do it."), long).prediction is None
    assert render_own(own_action("Do it."), CONTEXT, predicts=True).prediction is None
    explained = own_action("Do it.", answer="explain")
    assert render_own(explained, long, predicts=True).prediction is None


def test_the_answer_has_room_in_proportion_to_the_region() -> None:
    long = Context("a.py", "python", "", "x = 1\n" * 1000, "", "lines 1-1000")
    short, tall = (render_own(own_action("p"), c).max_tokens for c in (CONTEXT, long))
    assert short < 1000 < tall
    new_file = own_action("p", answer="new-file")
    assert render_own(new_file, long).system.startswith("You write a new file")


def test_a_prompt_that_was_not_read_is_not_rendered() -> None:
    with pytest.raises(ValueError, match="no field"):
        render_own(OwnAction("a", "A", "{cod}"), CONTEXT)


def test_the_examples_are_read_and_rendered() -> None:
    actions, problems = read(readme.own_actions())
    assert problems == []
    assert [own.id for own in actions] == ["translate-comments", "add-logging", "to-async"]
    assert all(own.answer == "edit" for own in actions)
    assert max(len(own.prompt) for own in actions) < MAX_PROMPT
    for own in actions:
        user = render_own(own, CONTEXT).user
        assert user.count("def total(items)") == 1
        assert "{name}" not in user
        assert user.endswith("Output just the code of the region.\n")
    assert "try { ... } catch (error) { ... }" in render_own(actions[2], CONTEXT).user


def test_the_readme_names_every_key_and_every_field() -> None:
    rows = readme.README.read_text("utf-8").splitlines()
    keys = [match[1] for row in rows if (match := re.match(r"\| `(\w+)` \| ", row))]
    _, [problem] = read(GOOD + "nothing = 1\n")
    assert set(problem.rpartition("Keys are: ")[2].rstrip(".").split(", ")) <= set(keys)
    [prompt] = [row for row in rows if row.startswith("| `prompt` |")]
    assert all(f"`{{{field}}}`" in prompt for field in PROMPT_FIELDS)


@pytest.mark.parametrize("field", PROMPT_FIELDS)
def test_every_field_there_is_can_be_filled(field: str) -> None:
    document = Document("file:///a.py", "python", 1, TEXT)
    own = own_action(f"<{{{field}}}>", scope="file")
    target = own.target(document, None, Span(0, 0))
    assert target is not None
    user = render_own(own, collect(document, target, 100)).user
    assert f"{{{field}}}" not in user
