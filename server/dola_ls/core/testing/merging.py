"""New tests put into an existing test file: beside their like, and nothing else moves.

All edits are insertions, so everything that stood in the file stands there afterwards.
"""

from __future__ import annotations

import re

from dola_ls.core.candidate import Verdict
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.languages import language_of
from dola_ls.core.layout import indent_of, line_ending
from dola_ls.core.parsing import Tree, python_parses
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.testing.frameworks import Framework
from dola_ls.core.testing.homes import Home, Place, homes_of, said_by, unit_of
from dola_ls.core.testing.import_merge import import_edits, imported_names
from dola_ls.core.testing.indenting import reindented, unit_of_indent
from dola_ls.core.testing.new_tests import new_test_file
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.renaming import free_name, free_title, renamed
from dola_ls.core.testing.testcode import Code, Unit, body_of, read_code, title_span


def merge_tests(
    existing_document: Document,
    tree: Tree | None,
    answer_code: str,
    placement: Placement,
    framework: Framework,
    source_document: Document | None = None,
) -> Rewrite | Verdict:
    """Return the insertions that put an answer's tests into an existing file, or why not.

    `source_document` is the code under test; for tests inside a Rust source it is the file itself.
    """
    source = source_document or (
        existing_document if placement.inline else Document("", placement.language, 0, "")
    )
    text = new_test_file(answer_code, placement, framework, source)
    if isinstance(text, Verdict):
        return text
    document = existing_document
    if language_of(document.language).grammar is None:
        return Verdict("no_grammar", "tests cannot be put into an existing file of this language")
    if not document.text.strip("\ufeff \t\r\n"):
        eol = line_ending(document)
        end = len(document.text)
        return _rewrite(document, [Edit(end, end, text.replace("\n", eol))], answer_code)
    old = Code(document, framework, tree)
    # A grammar that expands no macros finds faults in sound C++; the result is looked at below.
    if old.root.has_error and placement.language != "cpp":
        return Verdict("unparsable", "the test file does not parse as it is")
    fresh = read_code(text, placement.language, framework)
    plan = homes_of(old, fresh, placement)
    if isinstance(plan, Verdict):
        return plan
    fresh, plan = _named_freely(old, fresh, plan)
    placed = [unit_of(fresh, place) for _, places in plan for place in places]
    more = sum(_count(fresh, unit) for unit in placed)
    if not more:
        return Verdict("unchanged", "the file holds these tests already")
    edits: list[Edit] = []
    for home, places in plan:
        units = [unit_of(fresh, place) for place in places]
        edit = _insertion(old, home, fresh, [u for u in units if u.kind != "import"])
        if edit is None:
            return Verdict("layout", "the tests in the file are laid out in a way that has no end")
        edits.append(edit)
    edits += import_edits(old, fresh, placement)
    if placement.inline:
        edits += _inner_uses(old, fresh, plan)
    rewrite = _rewrite(document, edits, answer_code)
    text = apply_edits(document.text, rewrite.edits)
    after = read_code(text, placement.language, framework)
    # Every new test has to be seen where it was put, and all others still.
    lost = len(list(after.tests())) != len(list(old.tests())) + more
    python = placement.language == "python"
    if lost or after.faults > old.faults or (python and not python_parses(text.lstrip("\ufeff"))):
        return Verdict("unparsable", "with the new tests the file would not parse")
    return rewrite


def _count(code: Code, unit: Unit) -> int:
    """Return how many tests a unit is or holds."""
    if unit.kind == "test":
        return 1
    body = body_of(code, unit.node) if unit.kind == "group" else None
    return len(list(code.tests(body))) if body is not None else 0


def _rewrite(document: Document, edits: list[Edit], said: str) -> Rewrite:
    """Join insertions at the same place, and say what their lines become."""
    joined: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.start):
        if joined and joined[-1].start == edit.start:
            joined[-1] = Edit(edit.start, edit.end, joined[-1].text + edit.text)
        else:
            joined.append(edit)
    region = document.whole_lines(Span(joined[0].start, joined[-1].end))
    moved = [Edit(e.start - region.start, e.end - region.start, e.text) for e in joined]
    new = apply_edits(document.text[region.start : region.end], moved)
    return Rewrite(region, new, tuple(joined), said)


def _named_freely(
    old: Code, fresh: Code, plan: list[tuple[Home, list[Place]]]
) -> tuple[Code, list[tuple[Home, list[Place]]]]:
    """Leave out what stands in the file already, and give the rest names that are free there."""
    outer: dict[str, str] = {}
    members: dict[str, str] = {}
    titles: list[Edit] = []
    left: list[tuple[Home, list[Place]]] = []
    for home, places in plan:
        there = old.units(home.body)
        taken = {unit.name for unit in there if unit.name}
        if home.body is None:
            taken |= imported_names(old)
        said = {said_by(old, unit) for unit in there}
        kept: list[Place] = []
        for place in places:
            unit = unit_of(fresh, place)
            if said_by(fresh, unit) in said and unit.kind != "comment":
                continue
            kept.append(place)
            if not unit.name or unit.name not in taken:
                taken.add(unit.name)
                continue
            span = title_span(fresh, unit.node)
            if span is None:
                continue
            plain = fresh.text[span.start : span.end]
            if plain == unit.name and re.fullmatch(r"[\w$]+", plain) and unit.kind != "group" and (
                not _is_title(fresh, span)
            ):  # fmt: skip
                new = free_name(plain, taken)
                (outer if len(place) == 1 else members)[plain] = new
            else:
                prefix = unit.name.removesuffix(plain)
                known = {name.removeprefix(prefix) for name in taken}
                new = (free_title if _is_title(fresh, span) else free_name)(plain, known)
                titles.append(Edit(span.start, span.end, new))
                new = prefix + new
            taken.add(new)
        if kept:
            left.append((home, kept))
    # Titles first: they are no names, so the names stay where they are in the tree.
    text = apply_edits(fresh.text, sorted(titles))
    fresh = read_code(text, fresh.tree.language.id, fresh.framework)
    classes = fresh.framework.nesting == "class" or fresh.tree.language.id == "python"
    for names, member in ((outer, False), (members, classes)):
        if names:
            text = renamed(fresh, names, member)
            fresh = read_code(text, fresh.tree.language.id, fresh.framework)
    return fresh, left


def _is_title(code: Code, span: Span) -> bool:
    return code.text[span.start - 1 : span.start] in {'"', "'", "`"}


def _insertion(old: Code, home: Home, fresh: Code, units: list[Unit]) -> Edit | None:
    """Return the edit that puts units at the end of their home."""
    document = old.document
    eol = line_ending(document)
    unit = unit_of_indent(document.text) or unit_of_indent(fresh.text) or "    "
    python = old.tree.language.id == "python"
    indent = ""
    gap = 2 if python and home.body is None else 1
    main = next((one for one in old.units() if one.kind == "main"), None)
    empty = False
    if home.body is None or home.group is None:
        limit = len(document.text) if main is None else main.span.start
    else:
        inside = old.units(home.body)
        empty = not inside
        closing = document.line_of(old.span_of(home.group).end - 1)
        line = document.line_text(closing)
        if python:
            limit = document.line_span(closing).end
        elif re.match(r"\s*(?:[})\]]|end\b)", line) and closing > document.line_of(
            old.span_of(home.group).start
        ):  # fmt: skip
            limit = document.starts[closing]
        else:
            return None
        indent = indent_of(line) + unit if empty or not python else ""
        if inside:
            indent = indent_of(document.line_text(document.line_of(inside[0].span.start)))
    blocks = [reindented(fresh, one.span, indent, unit) for one in units]
    apart = [gap if _stands_apart(one, units, number) else 0 for number, one in enumerate(units)]
    lines: list[str] = []
    for number, block in enumerate(blocks):
        lines += ([""] * apart[number] if number else []) + block
    last = document.line_of(limit - 1) if limit else 0
    while last > 0 and not document.line_text(last).strip():
        last -= 1
    at = min(document.line_span(last).end, limit)
    head = [""] * (0 if empty else gap)
    if main is not None and home.body is None:
        # What separates the last test from the main block then separates it from the new ones.
        at = limit
        text = "".join(line + eol for line in [*lines, *[""] * gap])
        return Edit(at, at, text)
    if at and document.text[at - 1] not in "\r\n":
        return Edit(at, at, eol + eol.join([*head, *lines]))
    return Edit(at, at, "".join(line + eol for line in [*head, *lines]))


def _stands_apart(unit: Unit, units: list[Unit], number: int) -> bool:
    before = units[number - 1] if number else None
    short = {"declaration", "other"}
    return not (
        before is not None
        and before.kind in short
        and unit.kind in short
        and before.node.start_point[0] == before.node.end_point[0]
        and unit.node.start_point[0] == unit.node.end_point[0]
    )


def _inner_uses(old: Code, fresh: Code, plan: list[tuple[Home, list[Place]]]) -> list[Edit]:
    """Return the ``use`` lines that an existing ``mod tests`` lacks."""
    edits = []
    for home, places in plan:
        if home.body is None or home.group is None:
            continue
        there = [unit for unit in old.units(home.body) if unit.kind == "import"]
        known = {said_by(old, unit) for unit in there}
        body = body_of(fresh, fresh.units()[places[0][0]].node)
        if body is None:
            continue
        wanted = [
            fresh.text_of(unit.node)
            for unit in fresh.units(body)
            if unit.kind == "import" and said_by(fresh, unit) not in known
        ]
        if not wanted:
            continue
        eol = line_ending(old.document)
        if there:
            at = there[-1].span.end
            indent = indent_of(old.document.line_text(old.document.line_of(there[-1].span.start)))
            text = "".join(f"{indent}{line}{eol}" for line in wanted)
        else:
            row = old.document.line_of(old.span_of(home.body).start)
            at = old.document.line_span(row).end
            indent = indent_of(old.document.line_text(row)) + (unit_of_indent(old.text) or "    ")
            text = "".join(f"{indent}{line}{eol}" for line in wanted)
            text += eol if old.units(home.body) else ""
        edits.append(Edit(at, at, text))
    return edits
