"""Generating tests: a machine finds their place, the model writes their bodies.

place -> prompt -> model stream -> answer -> new file, or insertions into the one that is there
-> run and repair, where the user wants that
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dola_ls import sentences
from dola_ls.ask import Asking, Loops, Reply
from dola_ls.conversing import converse
from dola_ls.core.answer import Answer, Code
from dola_ls.core.candidate import Verdict
from dola_ls.core.context import Context, estimate_tokens
from dola_ls.core.document import Document, Edit, split_lines
from dola_ls.core.languages import language_of
from dola_ls.core.layout import line_ending
from dola_ls.core.outcome import Created, Edited, Outcome, Refused
from dola_ls.core.prompt import Prompt, fence_for, render
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.risky import Risk, brought_in
from dola_ls.core.testing.copied import without_copies
from dola_ls.core.testing.examples import example_for
from dola_ls.core.testing.merging import merge_tests
from dola_ls.core.testing.needs import fitted
from dola_ls.core.testing.new_tests import new_test_file
from dola_ls.core.testing.repairs import members
from dola_ls.core.testing.salvage import tests_that_parse
from dola_ls.core.testing.unfinished import TestWatch, code_so_far, finished_tests
from dola_ls.edit import apply
from dola_ls.model.errors import ModelError, OutOfTokens
from dola_ls.placing import Home
from dola_ls.task import Editor, Task
from dola_ls.try_tests import Writing, on_test_file, try_tests

#: What the user is told where only a part of the answer was of use.
_ENDLESS = "The model did not come to an end; the tests that it had finished by then were taken."
#: What the model is told, once, of an answer of which nothing was of use.
_ONCE_MORE = {
    "framework": "An earlier answer was not used: it was not written for {framework}. Write all of "
    "it for {framework}, in the way of the two tests above.",
    "loops": "An earlier answer was not used: it said the same over and over. Write at most six "
    "short tests with one assertion each, without a table of cases, then stop.",
}
#: Tokens that a test file of the project may take in the prompt, as a sample of style, and the
#: share of the model's context for what the tested code uses.
_SAMPLE, _USES = 300, 0.4
#: Tokens that are more than a file has.
_ALL = 1_000_000


async def write_tests(task: Task, editor: Editor, asking: Asking, context: Context) -> Outcome:
    """Write tests; where they go is settled before the model is asked."""
    home = await editor.place_tests(task)
    if isinstance(home, Refused):
        return home
    fields = _fields(home, context, int(asking.model.context_tokens * _USES))
    writing = Writing(task, editor, asking, context, home, fields)
    context = replace(context, left_out=(*context.left_out, *home.left_out))
    prompt = render(task.action, context, task.instruction, fields=fields)
    done = await _asked(writing, prompt)
    if isinstance(done, Refused) and done.rule in _ONCE_MORE:
        told = _ONCE_MORE[done.rule].format(framework=home.framework.name)
        done = await _asked(writing, replace(prompt, user=f"{prompt.user}\n{told}\n", again=True))
    return done


async def _asked(writing: Writing, prompt: Prompt) -> Outcome:
    """Ask for tests, and make what comes a new file or a part of the one that is there."""
    task, editor, asking, home = writing.task, writing.editor, writing.asking, writing.home
    watch = TestWatch(home.placement.language, home.framework)
    reply = await converse(
        asking, prompt, editor.workspace(task), task.document.text, enough=watch.enough
    )
    receipt = asking.receipt()
    answer = _answer(reply, home, asking.model.name)
    if isinstance(answer, ModelError):
        return Refused(str(answer), answer.rule, receipt)
    if not isinstance(answer, Code):
        return sentences.no_code(asking.model.name, answer, receipt)
    # Only an answer without an end comes with a fault and is of use all the same.
    note = _ENDLESS if reply.enough or reply.fault is not None else ""
    if not home.placement.exists:
        done = _noted(await _create(writing, answer), note)
        if not isinstance(done, Created):
            return done
        # The file is new and in view, but nobody has looked at it yet.
        if editor.runs_tests() and (risks := _brought_in(writing, done)):
            return _noted(done, sentences.not_run(risks))
        return await try_tests(writing, done, frozenset())
    there = task.document if home.placement.inline else await editor.open(home.path)
    if isinstance(there, str):
        reason = f"{home.path.name} was not changed: {there}."
        return Refused(reason, "not_opened", receipt)
    done = _noted(await _insert(writing, answer, there), note)
    if not isinstance(done, Edited) or not editor.runs_tests():
        return done
    return await try_tests(writing, done, members(there, home.placement, home.framework))


def _answer(reply: Reply, home: Home, model: str) -> Answer | ModelError:
    """Read the answer; of one without an end, take the tests that are whole."""
    fault = reply.fault or (Loops(model) if reply.enough else None)
    if isinstance(fault, OutOfTokens | Loops):
        written = code_so_far(reply.reader.text)
        whole = finished_tests(
            written,
            home.placement.language,
            home.framework,
            broken_off=isinstance(fault, Loops),
        )
        return Code((whole,), "") if whole else fault
    return fault or reply.reader.answer(reply.ended)


def _uses(home: Home, context: Context, room: int) -> str:
    """Return what the prompt shows of the code that the tested code uses."""
    code = fitted(home.needs, room)
    if not code:
        return ""
    fence = fence_for(code)
    return f"Code it uses, to read only:\n{fence}{context.language}\n{code}\n{fence}\n\n"


def _fields(home: Home, context: Context, room: int) -> dict[str, str]:
    """Return what the prompt says of the place, and of what the tested code uses."""
    place, framework = home.placement, home.framework
    label = place.language
    rules = []
    if place.imports:
        rules.append("Begin with this import:" if len(place.imports) == 1 else "Begin with:")
        rules += place.imports
    elif place.inline:
        rules.append("The tests stand in the same file, in a module of their own.")
    if place.package:
        rules.append(f"The file belongs to: {place.package}")
    # A name that nothing is called by would only lead astray.
    named = framework.nesting == "class" or place.name in home.sample
    if place.name and named and not place.inline:
        rules.append(f"The tests stand in: {place.name}")
    if home.sample:
        lines, left = [], _SAMPLE
        for line in split_lines(home.sample):
            left -= estimate_tokens(line)
            if left < 0:
                break
            lines.append(line.rstrip("\r\n"))
        sample = "\n".join(lines)
        fence = fence_for(sample)
        what = (
            "The test file as it is; write only tests that are not in it"
            if place.exists and not place.inline
            else "A test file of this project, for its style"
        )
        rules.append(f"{what}:\n{fence}{label}\n{sample}\n{fence}")
    return {
        "framework": framework.name,
        "style": framework.style,
        "example": example_for(framework.id, label),
        "label_tests": label,
        "test_language": language_of(label).name,
        "place": "\n".join(rules),
        "uses": _uses(home, context, room),
    }


def _brought_in(writing: Writing, done: Created) -> list[Risk]:
    task, home = writing.task, writing.home
    empty = Document(done.path.as_posix(), home.placement.language, 0, "")
    known = "\n".join([task.document.text, home.sample, fitted(home.needs, _ALL)])
    return brought_in(empty, [Edit(0, 0, done.text)], known=known, words=task.words)


def _noted(done: Outcome, note: str) -> Outcome:
    """Add what the user is told besides."""
    if not note or not isinstance(done, Created | Edited):
        return done
    return replace(done, note=f"{done.note} {note}".strip())


async def _create(writing: Writing, answer: Code) -> Outcome:
    task, home, receipt = writing.task, writing.home, writing.asking.receipt()
    eol = line_ending(task.document)
    path = home.path
    for reading in _readings(answer, home):
        code, note = reading
        if home.sample:
            code = without_copies(code, home.sample, home.placement.language, home.framework)
        text = new_test_file(code, home.placement, home.framework, task.document, eol)
        if isinstance(text, str):
            break
    if isinstance(text, Verdict):
        return sentences.refused(text, receipt, f"{path.name} was not created")
    done = await writing.editor.create(path, text, f"Dola: {task.label}")
    if isinstance(done, str):
        return Refused(f"{path.name} was not created: {done}.", "not_created", receipt)
    return _noted(Created(path, text, done, receipt), note)


async def _insert(writing: Writing, answer: Code, document: Document) -> Outcome:
    """Put the tests into a file that is there, as any other edit goes into a buffer."""
    task, home, receipt = writing.task, writing.home, writing.asking.receipt()
    inserting = on_test_file(task, home, document)
    merged: Rewrite | Verdict
    for reading in _readings(answer, home):
        code, note = reading
        merged = merge_tests(
            document, inserting.tree, code, home.placement, home.framework, task.document
        )
        if isinstance(merged, Rewrite):
            break
    if isinstance(merged, Verdict):
        return sentences.refused(merged, receipt, f"{home.path.name} was not changed")
    return _noted(await apply(inserting, writing.editor, merged, receipt), note)


def _readings(answer: Code, home: Home) -> Iterator[tuple[str, str]]:
    """Yield how an answer can be read, the best first, each with what the user is told of it.

    All blocks of it together, the longest of them alone, and the tests in it that parse.
    """
    together, longest = "\n".join(answer.blocks), max(answer.blocks, key=len)
    yield together, ""
    if longest != together:
        yield longest, ""
    found = tests_that_parse(together, home.placement.language, home.framework)
    if found is not None and found.left_out:
        yield found.code, sentences.left_out(found.left_out)
