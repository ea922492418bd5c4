"""The definitions of a workspace by their names, and which of some namesakes is meant."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from pathlib import PurePosixPath

from dola_ls.core.parsing import Tree
from dola_ls.core.tags import Definition, Tagged
from dola_ls.core.testing.imported import import_nodes

#: Languages that use each other's names.
_FAMILIES = (
    frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"}),
    frozenset({"c", "cpp"}),
)
#: Languages whose files of one folder see each other's names without an import.
_PACKAGES = frozenset({"go", "java", "csharp", "php"})
_STANDARD = re.compile(
    r"\s*(?:pub\s+)?use\s+(?:std|core|alloc)::|\s*import\s+(?:static\s+)?javax?\."
)
_REQUIRED = re.compile(r"^\s*require(?:_relative)?\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """A definition and the file it stands in."""

    path: str
    definition: Definition


@dataclass(frozen=True)
class Catalogue:
    """What is known of a workspace at one moment; never changed."""

    files: Mapping[str, Tagged] = field(default_factory=dict)
    #: What it was made of, and what took the place of some of that or came to it.
    _base: Catalogue | None = None
    _over: Mapping[str, Tagged | None] = field(default_factory=dict)

    def but(self, over: Mapping[str, Tagged | None]) -> Catalogue:
        """Return the same with other files in the place of some; None is for no file.

        Thousands of files are not sorted anew because a few of them are open in an editor.
        """
        merged = {**self.files, **over}
        files = {name: one for name, one in merged.items() if one is not None}
        return Catalogue(files, self, dict(over)) if over else self

    def _places(self, name: str) -> list[Place]:
        if self._base is None:
            return self._by_name.get(name, [])
        kept = [place for place in self._base._places(name) if place.path not in self._over]
        for path, tagged in self._over.items():
            here = tagged.definitions if tagged is not None else ()
            kept += [Place(path, one) for one in here if one.name == name]
        return sorted(kept, key=lambda place: place.path)

    @cached_property
    def _by_name(self) -> Mapping[str, list[Place]]:
        found: dict[str, list[Place]] = defaultdict(list)
        for path in sorted(self.files):
            for definition in self.files[path].definitions:
                found[definition.name].append(Place(path, definition))
        return found

    def defining(self, name: str, language: str) -> list[Place]:
        """Return where files of a language declare a name, in the order of their paths."""
        family = family_of(language)
        return [place for place in self._places(name) if self.files[place.path].language in family]

    def of_file(self, path: str, name: str, container: str = "") -> list[Definition]:
        """Return what a file declares under a name; several where it is overloaded."""
        tagged = self.files.get(path)
        return [
            one
            for one in (tagged.definitions if tagged is not None else ())
            if one.name == name and one.container == container
        ]

    def naming(self, name: str, language: str) -> list[str]:
        """Return the files of a language that hold a name, in the order of their paths."""
        family = family_of(language)
        return sorted(
            path
            for path, tagged in self.files.items()
            if name in tagged.names and tagged.language in family
        )


def family_of(language: str) -> Collection[str]:
    """Return the languages whose names a language can use."""
    return next((family for family in _FAMILIES if language in family), {language})


class Hints:
    """What the imports of a file say of other files, in languages whose imports are not followed.

    They name folders and files in one way or another: ``#include "money.h"``, ``use crate::money``,
    ``import shop.Money;``. Where the files of a folder are one package, that needs no import.
    """

    def __init__(self, tree: Tree, path: str) -> None:
        self._language = tree.language.id
        self._folder = PurePosixPath(path).parent
        said = [tree.text_of(node) for node in import_nodes(tree)]
        if self._language == "ruby":
            said += _REQUIRED.findall(tree.document.text)
        #: What comes from the standard library of Rust or Java is nothing of the workspace.
        words = re.findall(r"\w+", "\n".join(one for one in said if not _STANDARD.match(one)))
        self._words = frozenset(word.casefold() for word in words)
        self._named = frozenset(re.findall(r"\w+", "\n".join(said)))

    def may_mean(self, name: str, path: str) -> bool:
        """Tell whether a file may be where a name is from, by what the imports say of the name.

        ``Path`` that is imported from ``pathlib`` is no class of the workspace.
        """
        if name not in self._named:
            return True
        return self.weight(path) >= (1 if self._language == "rust" else 2)

    def weight(self, path: str) -> int:
        """Return how much says that a file is meant; 0 where nothing does."""
        there = PurePosixPath(path)
        parts = [*reversed(there.parent.parts)]
        if self._language != "go":
            parts.insert(0, there.stem)
        named = list(takewhile(lambda part: part.casefold() in self._words, parts))
        same = self._language in _PACKAGES and there.parent == self._folder
        return max(len(named), int(same))


def narrowed(places: list[Place], hints: Hints) -> list[Place]:
    """Return the places in the one file that is meant; none where that is not certain."""
    weights = {place.path: hints.weight(place.path) for place in places}
    most = max(weights.values(), default=0)
    files = {path for path, weight in weights.items() if weight == most}
    if len(files) == 2 and len({str(PurePosixPath(path).with_suffix("")) for path in files}) == 1:
        # What a header declares and its source defines is one and the same.
        files = {max(files)}
    return [place for place in places if place.path in files] if len(files) == 1 else []
