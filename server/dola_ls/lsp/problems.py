"""Problems that other servers report: to be fixed, or explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import attrs
from lsprotocol import types

from dola_ls.core.actions import EXPLAIN, FIX, Action, kind_matches, lines_target
from dola_ls.core.context import file_name
from dola_ls.core.diagnostics import Diagnostic, plain_message
from dola_ls.core.document import Document, Encoding, Span
from dola_ls.core.words import WORD
from dola_ls.lsp.arguments import MAX_DIAGNOSTICS, write_diagnostic, write_range
from dola_ls.lsp.convert import to_span
from dola_ls.lsp.marks import SOURCE
from dola_ls.project import without_places

if TYPE_CHECKING:
    from dola_ls.core.parsing import Tree
    from dola_ls.lsp.server import DolaServer
    from dola_ls.task import Now, Task

#: So many problems are offered one by one, the worst first: to be fixed, and to be explained.
_FIXES, _EXPLAINED = 5, 3
#: Characters of a message in a title.
_WORDS = 70
#: How many other problems a fix of one is told of.
_OTHERS = 10
_SEVERITIES = frozenset(types.DiagnosticSeverity)
_TAGS = frozenset(types.DiagnosticTag)


@dataclass(frozen=True, slots=True)
class _Problem:
    """One problem, as all that the client's diagnostics say of it; the first names it."""

    given: tuple[types.Diagnostic, ...]
    span: Span
    #: The lines it stands on, from zero.
    first: int
    last: int

    @property
    def severity(self) -> int:
        """From 1, an error, to 4, a hint; a server that says nothing of it means an error."""
        return _severity(self.given[0])

    @property
    def title(self) -> str:
        """The first line of its message: the next ones give reasons, or propose something."""
        return plain_message(self.given[0].message.strip().partition("\n")[0], _WORDS)


def _known(given: types.Diagnostic) -> types.Diagnostic:
    """Return a diagnostic without a severity and tags that the protocol does not know.

    They come in as numbers, and only those of the protocol can be sent back.
    """
    severity = given.severity
    return attrs.evolve(
        given,
        severity=types.DiagnosticSeverity(severity) if severity in _SEVERITIES else None,
        tags=[types.DiagnosticTag(tag) for tag in given.tags or () if tag in _TAGS] or None,
    )


def _severity(given: types.Diagnostic) -> int:
    return int(given.severity or types.DiagnosticSeverity.Error)


def offers(
    server: DolaServer,
    document: Document,
    span: Span,
    range_: types.Range,
    given: Sequence[types.Diagnostic],
    only: list[str] | None,
) -> list[types.CodeAction]:
    """Offer to fix and to explain the problems on the lines of `span`, the worst first.

    A cursor is rarely right on a problem, so its line counts, not its column. `given` may hold more
    of the file: all those of the symbol round `span` can be fixed together.
    """
    fix, explain = (kind_matches(action.kind, only) for action in (FIX, EXPLAIN))
    if not given or not (fix or explain):
        return []
    problems = distinct(document, given, server.client.encoding)
    lines = document.whole_lines(span)
    first, last = document.line_of(lines.start), document.line_of(max(lines.end - 1, lines.start))
    here = worth_it([one for one in problems if one.first <= last and first <= one.last])
    found: list[types.CodeAction] = []
    if fix and problems:
        inside, name = here, lines_target(document, lines, None).name
        target = server.trees.named_target(document, span)
        if target is not None:
            region, name = target.region, target.name
            inside = [one for one in problems if region.start <= one.span.start < region.end]
            inside = worth_it(inside)
        found += [_fix(document, one, inside) for one in here[:_FIXES]]
        if len(inside) > 1:
            found.append(_fix_all(document, range_, inside, name))
    if explain:
        found += [_explain(document, one) for one in here[:_EXPLAINED]]
    if server.client.llm_tag:
        for offer in found:
            offer.tags = [types.CodeActionTag.LlmGenerated]
    return found


def distinct(
    document: Document, given: Sequence[types.Diagnostic], encoding: Encoding
) -> list[_Problem]:
    """Return the problems that are still in the document, the worst first, each once.

    The same message on the same lines is one problem, and so is what two servers say of the very
    same name: `totl` is not defined, and an undefined name `totl`.
    """
    found: list[_Problem] = []
    known: dict[tuple[object, ...], int] = {}
    for one in sorted(map(_known, given), key=_severity):
        located = to_span(document, one.range, encoding)
        span = located.span
        if located.outside or not one.message.strip() or one.source == SOURCE:
            continue
        first = document.line_of(span.start)
        last = document.line_of(max(span.end - 1, span.start))
        same = (" ".join(one.message.split()), first, last)
        if same in known:
            continue
        marked = document.text[span.start : span.end]
        twin = (span, marked) if WORD.fullmatch(marked) and marked in one.message else same
        at = known.get(twin)
        if at is not None and one.source not in {other.source for other in found[at].given}:
            found[at] = replace(found[at], given=(*found[at].given, one))
        else:
            at = len(found)
            found.append(_Problem((one,), span, first, last))
        known[same] = at
        known.setdefault(twin, at)
    return sorted(found, key=lambda one: (one.severity, one.span))


def worth_it(problems: list[_Problem]) -> list[_Problem]:
    """Leave out hints where there is anything else: servers give one for each unused parameter."""
    hint = types.DiagnosticSeverity.Hint
    return [one for one in problems if one.severity < hint] or problems


def _action(
    title: str,
    action: Action,
    document: Document,
    range_: types.Range,
    given: Sequence[types.Diagnostic],
    others: Sequence[types.Diagnostic] = (),
) -> types.CodeAction:
    arguments: dict[str, Any] = {
        "uri": document.uri,
        "range": write_range(range_),
        "version": document.version,
        "diagnostics": [write_diagnostic(one) for one in given],
    }
    if others:
        arguments["others"] = [write_diagnostic(one) for one in others]
    return types.CodeAction(
        title=title,
        kind=action.kind,
        command=types.Command(title=title, command=action.command, arguments=[arguments]),
        diagnostics=list(given),
    )


def _fix(document: Document, one: _Problem, inside: Sequence[_Problem]) -> types.CodeAction:
    others = [other for other in inside if other is not one]
    others.sort(key=lambda other: abs(other.first - one.first))
    beside = [given for other in others for given in other.given][:_OTHERS]
    title = f"Dola: Fix: {one.title}"
    return _action(title, FIX, document, one.given[0].range, one.given[:MAX_DIAGNOSTICS], beside)


def _fix_all(
    document: Document, range_: types.Range, inside: Sequence[_Problem], name: str
) -> types.CodeAction:
    taken: list[types.Diagnostic] = []
    count = 0
    for count, one in enumerate(inside, start=1):
        if len(taken) + len(one.given) > MAX_DIAGNOSTICS:
            count -= 1
            break
        taken += one.given
    which = f"all {count}" if count == len(inside) else f"{count} of {len(inside)}"
    return _action(f"Dola: Fix {which} problems in {name}", FIX, document, range_, taken)


def _explain(document: Document, one: _Problem) -> types.CodeAction:
    title = f"Dola: Explain: {one.title}"
    return _action(title, EXPLAIN, document, one.given[0].range, one.given)


def task_of(
    server: DolaServer,
    action: Action,
    document: Document,
    tree: Tree | None,
    given: Sequence[types.Diagnostic],
    others: Sequence[types.Diagnostic],
    instruction: str | None,
) -> Task | str:
    """Return the task to fix or explain the problems given, or why there is none."""
    from dola_ls.core.fix import explain_words
    from dola_ls.core.fix_region import fix_target
    from dola_ls.lsp.convert import relative_file
    from dola_ls.task import Task

    diagnostics = in_document(server, document, given)
    if not given:
        return (
            "this fixes problems that another tool reports, and none came with the call. Nothing "
            "was sent. Take “Dola: Fix” from the code actions on a line with a problem, or send "
            "the editor's diagnostics along as `diagnostics`."
        )
    if not diagnostics:
        what = "the problem lies" if len(given) == 1 else "the problems lie"
        return (
            f"{what} outside {file_name(document.uri)}, which has {document.line_count} lines. "
            "Nothing was sent. Run the action again when the editor has checked the file anew."
        )
    target = fix_target(document, tree, [one.span for one in diagnostics])
    if action is EXPLAIN:
        instruction = explain_words(document, target.region, diagnostics, instruction)
    return Task(
        action=action,
        document=document,
        tree=tree,
        target=target,
        file=relative_file(server.notebooks.home_of(document.uri), server.folders),
        instruction=instruction,
        diagnostics=diagnostics if action is FIX else (),
        others=in_document(server, document, others) if action is FIX else (),
        review=server.configuration.settings().settings.apply == "review",
    )


def in_document(
    server: DolaServer, document: Document, given: Sequence[types.Diagnostic]
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics that lie in a document, as the core knows them.

    Their messages are going to be sent, so they lose the user's folders (S8).
    """
    found, encoding = [], server.client.encoding
    folders = server.folders
    for one in given:
        located = to_span(document, one.range, encoding)
        if not located.outside:
            code = "" if one.code is None else str(one.code)
            unnecessary = types.DiagnosticTag.Unnecessary in (one.tags or ())
            said = without_places(one.message, folders)
            found.append(
                Diagnostic(located.span, said, one.source or "", code, unnecessary, _severity(one))
            )
    return tuple(found)


def moved(diagnostics: Sequence[Diagnostic], now: Now) -> tuple[Diagnostic, ...]:
    """Return problems as they lie in the document as it is now."""
    from dola_ls.lsp.review import follow

    return tuple(replace(one, span=follow(one.span, now.changes)) for one in diagnostics)


def carried(task: Task, now: Now, tree: Tree | None) -> Task:
    """Return a task on problems for the document as it is now."""
    from dola_ls.core.fix_region import fix_target

    diagnostics = moved(task.diagnostics, now)
    return replace(
        task,
        document=now.document,
        tree=tree,
        target=fix_target(now.document, tree, [one.span for one in diagnostics]),
        diagnostics=diagnostics,
        others=moved(task.others, now),
        retried=True,
    )
