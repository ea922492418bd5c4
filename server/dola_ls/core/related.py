"""Which definitions go along with a region: of what it uses, and of what the user names."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from dola_ls.core.actions import Target
from dola_ls.core.along import Piece
from dola_ls.core.candidates import Candidate, slim
from dola_ls.core.catalogue import Catalogue, Hints, Place, narrowed
from dola_ls.core.left_out import LeftOut
from dola_ls.core.parsing import Tree
from dola_ls.core.references import Use, uses_of
from dola_ls.core.tags import Definition, defined_by, definitions_of
from dola_ls.core.testing.imported import Imported, declared_at, imports_of
from dola_ls.core.testing.listing import Listing

#: Definitions that are looked at, types that these name, and namesakes that are told of.
_MOST, _TYPES, _TOLD = 40, 4, 4
#: Methods of the standard libraries that a class of the workspace may happen to declare alone.
_COMMON = frozenset(
    {"toString", "hashCode", "indexOf", "lastIndexOf", "forEach", "hasOwnProperty", "charAt",
     "charCodeAt", "toLowerCase", "toUpperCase", "addEventListener", "getElementById",
     "toFixed", "flatMap", "findIndex", "isEmpty", "containsKey", "getOrDefault", "is_empty",
     "to_string", "is_some", "is_none", "unwrap_or", "to_owned", "as_str", "read_text",
     "write_text", "push_back", "each_with_index", "ToString", "WriteLine", "TryGetValue"}
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]\w{2,}")
_ANY = re.compile(r"[A-Za-z_]\w*")
_AMID = re.compile(r"(?<=[\w,;()] )[A-Z]\w{3,}")
_QUOTED = re.compile(r"`([^`\n]+)`")
_COMPOUND = re.compile(r"[A-Za-z0-9]_[A-Za-z0-9]|[a-z0-9][A-Z]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What code is looked for."""

    tree: Tree
    target: Target
    #: The file's path relative to the workspace folder; its bare name outside of any.
    path: str
    #: Lines of the file that the prompt does not show, from 0: from one up to another.
    hidden: tuple[tuple[int, int], ...]
    #: The tokens there is room for.
    room: int
    #: What the user asks for, in words.
    instruction: str = ""
    #: The code that calls the region's symbol is wanted too.
    callers: bool = False

    @property
    def name(self) -> str:
        """The bare name of the file, by which it goes in the prompt."""
        return self.path.rpartition("/")[2]


def definitions_for(
    wanted: Wanted, catalogue: Catalogue, listing: Listing
) -> tuple[list[Candidate], list[LeftOut]]:
    """Return the definitions of what a region uses, what matters most first.

    Those of the same file come first, where they are not shown anyway; then those of files that it
    imports; then those whose name is declared in one file of the workspace only. A name that is
    declared in several is left out, and told.
    """
    finder = _Finder(wanted, catalogue, listing)
    return list(finder.candidates()), finder.ambiguous[:_TOLD]


class _Finder:
    """Looks for what one region uses."""

    def __init__(self, wanted: Wanted, catalogue: Catalogue, listing: Listing) -> None:
        self._wanted = wanted
        self._catalogue = catalogue
        self._listing = listing
        self._language = wanted.tree.language.id
        self._own = definitions_of(wanted.tree)
        self._hints = Hints(wanted.tree, wanted.path)
        self._imports: dict[str, Imported] = {}
        self._stars: list[str] = []
        for one in imports_of(wanted.tree, wanted.path, listing):
            if one.local == "*":
                self._stars.append(one.path)
            else:
                self._imports.setdefault(one.local, one)
        self._uses = uses_of(wanted.tree, wanted.target.region)
        #: Names that are taken of something, which says what of a class is of use.
        self._members = frozenset(
            [use.name for use in self._uses if use.member] + _WORD.findall(wanted.instruction)
        )
        self.ambiguous: list[LeftOut] = []

    def candidates(self) -> Iterator[Candidate]:
        here: list[Candidate] = []
        imported: list[Candidate] = []
        unique: list[Candidate] = []
        for definition in self._around():
            here.append(self._candidate(self._wanted.name, definition, "round the region", True))
        for use, why in self._asked():
            mine = self._of_own_file(use)
            if mine is not None:
                here += [self._candidate(self._wanted.name, one, why, True) for one in mine]
                continue
            places = self._imported(use)
            if places:
                imported += [self._candidate(place.path, place.definition, why) for place in places]
                continue
            unique += [
                self._candidate(place.path, place.definition, why) for place in self._unique(use)
            ]
        first = [*here, *imported, *unique]
        told: set[tuple[str, int]] = set()
        for one in (*first, *islice(self._types_of(first), _TYPES)):
            key = one.piece.path, one.piece.first
            if key not in told and len(told) < _MOST:
                told.add(key)
                yield one

    def _asked(self) -> Iterator[tuple[Use, str]]:
        """Yield what the region uses, and what else the user's own words name."""
        words = list(_named(self._wanted.instruction))
        told: set[str] = set()
        mine = self._wanted.target.symbol
        own_name = mine.name if mine is not None else ""
        used = {use.name for use in self._uses}
        for word in words:
            if word != own_name and word not in used:
                told.add(word)
                yield Use(word, called=True, typed=True), "named in the instruction"
        for use in self._uses:
            if use.name not in told:
                yield use, "used in the region"

    def _around(self) -> Iterator[Definition]:
        """Yield the class of a method, where its head is not shown."""
        symbol = self._wanted.target.symbol
        container = symbol.container if symbol is not None else None
        for one in self._own:
            if container and one.name == container and not one.container and self._hides(one):
                yield one

    def _hides(self, one: Definition) -> bool:
        return any(first <= one.first < end for first, end in self._wanted.hidden)

    def _of_own_file(self, use: Use) -> list[Definition] | None:
        """Return what of the file itself goes along; None where it does not declare the name."""
        document, region = self._wanted.tree.document, self._wanted.target.region
        low, high = document.line_of(region.start), document.line_of(max(region.end - 1, 0))
        mine = [one for one in self._own if one.name == use.name]
        mine = [one for one in mine if bool(one.container) == use.member] or (
            mine if use.own else []
        )
        if not mine:
            return None
        apart = [one for one in mine if one.end <= low or one.first > high]
        return [one for one in apart if self._hides(one)]

    def _imported(self, use: Use) -> list[Place]:
        """Return where the name is declared that the file imports under this one."""
        if use.member:
            module = self._imports.get(use.owner)
            if module is None or module.name:
                return []
            return self._at(module.path, use.name)
        one = self._imports.get(use.name)
        if one is not None:
            return self._at(one.path, one.name) if one.name else []
        for path in self._stars:
            if places := self._at(path, use.name):
                return places
        return []

    def _at(self, path: str, name: str) -> list[Place]:
        known = self._catalogue.of_file(path, name) if name != "default" else []
        if known:
            return [Place(path, one) for one in known[:2]]
        there = declared_at(path, name, self._listing)
        if there is None:
            return []
        path, tree, found = there
        return [Place(path, one) for one in defined_by(tree, found)[:1]]

    def _unique(self, use: Use) -> list[Place]:
        """Return where the one definition of a name in the workspace is; none of several."""
        if use.own or use.name in self._imports or not _is_telling(use, self._language):
            return []
        places = [
            place
            for place in self._catalogue.defining(use.name, self._language)
            if place.path != self._wanted.path
            and self._hints.may_mean(use.name, place.path)
            and _is_method(place.definition) == use.member
            # A variable of another file is not called by this one; a prototype in C may be.
            and (
                use.name.isupper()
                or place.definition.kind != "constant"
                or f"{use.name}(" in place.definition.head
            )
        ]
        found = narrowed(places, self._hints)
        if places and not found:
            files = len({place.path for place in places})
            self.ambiguous.append(
                LeftOut(
                    f"the definition of {use.name}",
                    f"{files} files of the workspace declare that name",
                )
            )
        return found[:2]

    def _types_of(self, found: list[Candidate]) -> Iterator[Candidate]:
        """Yield the types that definitions of other files name, where the same files declare them.

        What takes a `Fault` is of little use without its fields.
        """
        used = {(one.piece.path, one.piece.first) for one in found}
        for one in found:
            if one.piece.here:
                continue
            for name in dict.fromkeys(_WORD.findall("".join(one.forms[-1:]))):
                for definition in self._catalogue.of_file(one.piece.path, name):
                    place = one.piece.path, definition.first
                    if definition.kind in ("class", "type") and place not in used:
                        used.add(place)
                        why = f"named by {one.name}"
                        found_too = self._candidate(one.piece.path, definition, why)
                        yield replace(found_too, extra=True)

    def _candidate(
        self, path: str, definition: Definition, why: str, here: bool = False
    ) -> Candidate:
        name = definition.name
        if definition.container:
            name = f"{definition.container}.{name}"
        forms = [definition.whole, definition.head]
        if definition.kind in ("class", "type", "module"):
            forms.append(slim(definition.head, self._members, fields=True))
            forms.append(slim(definition.head, self._members))
        piece = Piece(
            path, "", f"definition of {name}, {why}", definition.first, here=here
        )  # fmt: skip
        distinct = tuple(dict.fromkeys(filter(None, forms)))
        return Candidate(name, f"the definition of {name} in {path}", piece, distinct)


def _is_method(definition: Definition) -> bool:
    return bool(definition.container) or definition.kind == "method"


def _is_telling(use: Use, language: str) -> bool:
    """Tell whether a name that no import explains may be taken for its one namesake."""
    name = use.name
    if len(name) < 3 or (language == "python" and hasattr(builtins, name)):
        return False
    if use.member:
        return use.called and bool(_COMPOUND.search(name)) and name not in _COMMON
    return use.called or use.typed or name[0].isupper()


def _named(instruction: str) -> Iterator[str]:
    """Yield the words of an instruction that are names and not words of a language."""
    quoted = dict.fromkeys(
        word for part in _QUOTED.findall(instruction) for word in _ANY.findall(part)
    )
    # A capital at the beginning of a sentence says nothing.
    named = set(_AMID.findall(instruction))
    for word in dict.fromkeys([*quoted, *_WORD.findall(instruction)]):
        if word in quoted or _COMPOUND.search(word) or word in named:
            yield word
