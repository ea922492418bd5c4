"""The tests of a file by their names: a test is known by the groups it stands in and its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.testing.testcode import Code, Unit, body_of

if TYPE_CHECKING:
    import tree_sitter

#: The names of the groups round a test, and its own.
CaseId = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One test, or one declaration among the tests."""

    id: CaseId
    unit: Unit

    @property
    def is_test(self) -> bool:
        """Whether it is a test, and not something that tests use."""
        return self.unit.kind == "test"


def members_of(code: Code, parent: tree_sitter.Node | None = None, *path: str) -> Iterator[Case]:
    """Yield the tests of a file and the named declarations beside them, in their order."""
    for unit in code.units(parent):
        if unit.kind == "group":
            body = body_of(code, unit.node)
            if body is not None:
                yield from members_of(code, body, *path, unit.name)
        elif unit.name and unit.kind in {"test", "declaration"}:
            yield Case((*path, unit.name), unit)


def cases_of(code: Code) -> list[Case]:
    """Return the tests of a file."""
    return [case for case in members_of(code) if case.is_test]


def case_named(cases: list[Case], said: str) -> Case | None:
    """Return the test that a runner means, which puts more or less round its name."""
    plain = re.sub(r" with data set .*$", "", said.strip())
    # test_many[2], TestTable/two, total(int): a test run several times.
    bare = re.sub(r"\[.*\]$|\(.*\)$", "", plain).rstrip()
    for name in dict.fromkeys([plain, bare, bare.partition("/")[0]]):
        fitting = [case for case in cases if _fits(name, case.id)]
        if fitting:
            return max(fitting, key=lambda case: (_shared(name, case.id), len(case.id[-1])))
    return None


def _fits(said: str, id: CaseId) -> bool:
    own = id[-1]
    # GoogleTest's Suite.Name and the like stand as one.
    return said == own or (
        said.endswith(own) and not (said[-len(own) - 1].isalnum() and own[:1].isalnum())
    )


def _shared(said: str, id: CaseId) -> int:
    """Return how many of the groups of a test a runner names too."""
    return sum(group in said for group in id[:-1])
