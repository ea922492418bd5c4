"""Where in an existing test file new tests go: beside their like, at the same depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.candidate import Verdict
from dola_ls.core.testing.marks import inner_of
from dola_ls.core.testing.placement import Placement
from dola_ls.core.testing.testcode import Code, Unit, body_of

if TYPE_CHECKING:
    import tree_sitter

#: Members that a framework calls by their name, so that they can be there only once.
_MAGIC = frozenset(
    {"setUp", "tearDown", "setUpClass", "tearDownClass", "setUpBeforeClass", "tearDownAfterClass",
     "setup", "teardown", "setup_method", "teardown_method", "setup_class", "teardown_class",
     "asyncSetUp", "asyncTearDown", "__init__", "__construct", "initialize"}
)  # fmt: skip
#: Languages whose files may well hold a second class of tests.
_SEVERAL = frozenset({"python", "ruby", "csharp"})


@dataclass(frozen=True, slots=True)
class Home:
    """Where units go: right into the file, or to the end of a group's body."""

    group: tree_sitter.Node | None
    body: tree_sitter.Node | None


#: A unit of the new tests by its place: among the outermost, then within that one's body, …
Place = tuple[int, ...]


def unit_of(code: Code, place: Place) -> Unit:
    """Return a unit by its place."""
    unit = code.units()[place[0]]
    for at in place[1:]:
        body = body_of(code, unit.node)
        assert body is not None
        unit = code.units(body)[at]
    return unit


def homes_of(
    old: Code, fresh: Code, placement: Placement
) -> list[tuple[Home, list[Place]]] | Verdict:
    """Decide for all new units where they go; what goes deeper comes first."""
    wide = _file_wide(old, placement)
    outermost = wide or Home(None, None)
    plan: dict[int, tuple[Home, list[Place]]] = {}
    refused: list[Verdict] = []

    def put(home: Home, place: Place) -> None:
        key = home.body.id if home.body is not None else 0
        plan.setdefault(key, (home, []))[1].append(place)

    def assign(place: Place, unit: Unit, home: Home) -> None:
        inside = len(place) > 1
        if unit.kind != "group":
            bare = None if inside or unit.kind != "test" else _home_of_bare(old, placement)
            put(bare or home, place)
            return
        twin = _twin(old, unit, placement, home.body if inside else None)
        body = body_of(fresh, unit.node)
        if twin is None or body is None:
            put(home, place)
            return
        inner = fresh.units(body)
        unpacked = _unpacks(old, twin, fresh, unit, inner)
        if isinstance(unpacked, Verdict):
            refused.append(unpacked)
        elif unpacked:
            for at, one in enumerate(inner):
                assign((*place, at), one, twin)
        elif home.body is not None and twin.body is not None and home.body.id == twin.body.id:
            put(Home(None, None), place)
        else:
            put(home, place)

    for at, unit in enumerate(fresh.units()):
        if unit.kind in {"import", "package", "main"}:
            continue
        if unit.kind == "other" and fresh.text_of(unit.node).strip() in {";", "?>"}:
            continue
        assign((at,), unit, outermost)
    if refused:
        return refused[0]
    return sorted(plan.values(), key=lambda pair: pair[0].body is None)


def _groups(old: Code) -> Iterator[tuple[Unit, tree_sitter.Node]]:
    """Yield the groups of a file, the outer ones first."""
    level = old.units()
    while level:
        below: list[Unit] = []
        for unit in level:
            body = body_of(old, unit.node)
            if body is None:
                continue
            if unit.kind == "group" or _is_test_module(old, unit):
                yield unit, body
            below += old.units(body)
        level = below


def _is_test_module(old: Code, unit: Unit) -> bool:
    if unit.node.type != "mod_item":
        return False
    head = old.text[unit.span.start : old.span_of(unit.node).start]
    return "cfg(test)" in head.replace(" ", "")


def _twin(
    old: Code, unit: Unit, placement: Placement, within: tree_sitter.Node | None
) -> Home | None:
    """Return the group that a new group is the same as: one right in `within`, or any."""
    kind = inner_of(unit.node).type
    same = [
        (mine, body)
        for mine, body in _groups(old)
        if inner_of(mine.node).type == kind
        and (within is None or any(mine.node.id == one.node.id for one in old.units(within)))
    ]
    for mine, body in same:
        if _plain(mine.name) == _plain(unit.name):
            return Home(mine.node, body)
    if kind in {"mod_item"} or (
        old.framework.nesting == "class" and placement.language != "python"
    ):
        outer = [pair for pair in same if pair[0].node.parent is not None]
        return Home(outer[0][0].node, outer[0][1]) if outer else None
    return None


def _plain(title: str) -> str:
    return re.sub(r"\W", "", title).casefold()


def _home_of_bare(old: Code, placement: Placement) -> Home | None:
    """Return the group of tests of the same symbol, for a test that came without a group."""
    if old.framework.nesting != "describe":
        return None
    names = {_plain(placement.symbol), _plain(placement.symbol.rpartition(".")[2])}
    for mine, body in _groups(old):
        if _plain(mine.name) in names:
            return Home(mine.node, body)
    return None


def _file_wide(old: Code, placement: Placement) -> Home | None:
    """Return the one group that holds all tests of a file, where it stands for the whole file."""
    if placement.inline or old.framework.nesting == "class":
        return None
    units = [unit for unit in old.units() if unit.kind in {"test", "group"}]
    if len(units) != 1 or units[0].kind != "group" or placement.language in {"python", "rust"}:
        return None
    body = body_of(old, units[0].node)
    if units[0].node.type == "namespace_definition":
        inner = body
        return Home(units[0].node, inner)
    stem = placement.path.rpartition("/")[2].partition(".")[0]
    title = _plain(units[0].name)
    symbol = _plain(placement.symbol.rpartition(".")[2])
    names = {_plain(stem.removesuffix("_spec").removesuffix("_test")), _plain(placement.binding)}
    fits = title in names - {symbol} or (placement.binding == placement.symbol and title in (
        names - {_plain(placement.binding)}))  # fmt: skip
    return Home(units[0].node, body) if fits and body is not None else None


def _unpacks(old: Code, twin: Home, fresh: Code, unit: Unit, inner: list[Unit]) -> bool | Verdict:
    """Tell whether the members of a group may go into its twin without changing other tests."""
    assert twin.body is not None
    if inner_of(unit.node).type in {"mod_item", "namespace_definition"}:
        return True
    if old.framework.nesting == "describe":
        return all(one.kind in {"test", "group", "comment"} for one in inner)
    there = {said_by(old, one) for one in old.units(twin.body)}
    magic = [
        one for one in inner
        if one.name in _MAGIC or one.node.type == "constructor_declaration"
        or re.search(r"\[(?:\w+\.)*TestInitialize\b", fresh.text[one.span.start : one.span.end])
    ]  # fmt: skip
    if all(said_by(fresh, one) in there for one in magic):
        return True
    if old.tree.language.id in _SEVERAL:
        return False
    return Verdict("setup", f"its {magic[0].name} would run before your other tests too")


def said_by(code: Code, unit: Unit) -> str:
    """Return the text of a unit without its layout."""
    return " ".join(code.text[unit.span.start : unit.span.end].split())
