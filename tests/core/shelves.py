"""A workspace in memory, and what goes along with a region of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from dola_ls.core.actions import find_target
from dola_ls.core.callers import callers_of
from dola_ls.core.candidates import Candidate
from dola_ls.core.catalogue import Catalogue
from dola_ls.core.document import Document, Span
from dola_ls.core.languages import language_of_file
from dola_ls.core.left_out import LeftOut
from dola_ls.core.parsing import parse
from dola_ls.core.related import Wanted, definitions_for
from dola_ls.core.tags import tag
from dola_ls.core.testing.listing import Listing


def catalogue_of(files: Mapping[str, str]) -> Catalogue:
    found = {}
    for path, text in files.items():
        tree = parse(Document("", language_of_file(PurePosixPath(path)), 0, text))
        if tree is not None:
            found[path] = tag(tree, path)
    return Catalogue(found)


def wanted_at(path: str, text: str, needle: str, **more) -> Wanted:
    """Return what is wanted for the symbol at `needle`."""
    document = Document(f"file:///{path}", language_of_file(PurePosixPath(path)), 1, text)
    tree = parse(document)
    assert tree is not None
    at = text.index(needle)
    target = find_target(document, tree, Span(at, at))
    assert target is not None
    options = {"hidden": (), "room": 1000, **more}
    return Wanted(tree, target, path, **options)


def definitions(
    files: Mapping[str, str], path: str, needle: str, **more
) -> tuple[list[Candidate], list[LeftOut]]:
    """Return the definitions for the symbol at `needle` of a file, all files being known."""
    wanted = wanted_at(path, files[path], needle, **more)
    return definitions_for(wanted, catalogue_of(files), Listing(list(files), files.get))


def calls(files: Mapping[str, str], path: str, needle: str, **more) -> list[Candidate]:
    """Return the calls of the symbol at `needle` of a file."""
    wanted = wanted_at(path, files[path], needle, **more)
    return list(callers_of(wanted, catalogue_of(files), Listing(list(files), files.get)))


def places(found: list[Candidate]) -> list[tuple[str, str]]:
    """Return what was found, in order: the path and why it goes along."""
    return [(one.piece.path, one.piece.why.partition(", ")[0]) for one in found]
