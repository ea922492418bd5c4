"""Rules of the gate about names: what a file declares, and where."""

from __future__ import annotations

from dola_ls.core.candidate import Candidate
from dola_ls.core.document import Span
from dola_ls.core.doubts import undeclared, used_above
from dola_ls.core.headers import declared_names
from dola_ls.core.parsing import Tree
from dola_ls.core.reach import names_to_go, to_declare
from dola_ls.core.scopes import declarations, symbols_around
from dola_ls.core.syntax import Symbol, symbols_in
from dola_ls.core.unused import unused_names
from dola_ls.core.words import WORD, has_word

#: What may stand outside of every class in Java; the grammar takes more, for programs of one file.
_JAVA = frozenset(
    {"package_declaration", "import_declaration", "module_declaration", "class_declaration"}
    | {"interface_declaration", "enum_declaration", "record_declaration"}
    | {"annotation_type_declaration", "block_comment", "line_comment", ";"}
)


def _promised(symbols: list[Symbol], whole: str | None) -> set[str]:
    """Return the names that other code may call: not what is local to a function, nor privates.

    A private method may go when its class is rewritten; a private function may not, the rest of
    the file can call it.
    """
    found: set[str] = set()
    function: Span | None = None
    # What a symbol lies in comes before it.
    for symbol in symbols:
        if function is not None and function.covers(symbol.span) and function != symbol.span:
            continue
        if symbol.kind in {"function", "method"}:
            function = symbol.span
        if symbol.name == whole or not symbol.container or not symbol.name.startswith("_"):
            found.add(symbol.name)
    return found


def lost_symbols(c: Candidate) -> str | None:
    """Refuse an answer that no longer declares what the region declared."""
    if c.tree is None or c.tree_after is None:
        return None
    symbol = c.target.symbol if c.target.whole_symbol else None
    old = _promised(list(symbols_in(c.tree, c.rewrite.region)), symbol.name if symbol else None)
    if c.tree.faults:
        # A tree with faults misses symbols, and has others end too early or too late.
        old = (old | declared_names(c.old)) - declared_names(c.new)
    lost = old - {found.name for found in symbols_in(c.tree_after, c.after_region)}
    if lost and c.instruction:
        # What is to go and is used nowhere any more may go.
        gone = names_to_go(c.instruction, c.target) & lost
        lost -= gone - set(WORD.findall(c.after.text))
    if lost and c.diagnostics:
        # What a problem calls unused may go too; one of two of a name leaves the other.
        gone = unused_names(c.tree, c.diagnostics) & lost
        used = set(WORD.findall(c.after.text)) - {one.name for one in symbols_in(c.tree_after)}
        lost -= gone - used
    if not lost:
        return None
    names = ", ".join(sorted(lost)[:3])
    return f"it no longer declares {names}{' and more' if len(lost) > 3 else ''}"


def asked_but_undeclared(c: Candidate) -> str | None:
    """Refuse code that uses a name which it was to bring along, and which nothing declares.

    Of other names it is only doubted whether they are declared (`dola_ls.core.doubts`).
    """
    asked = to_declare(c.instruction or "").intersection(undeclared(c.document, c.rewrite))
    return f"it uses {', '.join(sorted(asked))}, declared nowhere" if asked else None


def declared_late(c: Candidate) -> str | None:
    """Refuse a constant that was asked for and stands below the code that uses it."""
    made = {name for name in to_declare(c.instruction or "") if not has_word(c.old, name)}
    late = used_above(c.document.language, c.new, made)
    return f"it uses {', '.join(late)} above the line that declares it" if late else None


def declared_twice(c: Candidate) -> str | None:
    """Refuse code that declares again what its scope declares, or what the region lies in.

    Whole files, neighbours and second versions that come with the region are known by that.
    """
    if c.tree is None or c.tree_after is None:
        return None
    before = declarations(c.tree, c.rewrite.region)
    after = declarations(c.tree_after, c.after_region)
    for declared, count in after.items():
        if count > 1 and count > before[declared]:
            return f"it would declare {declared.name} twice"
    around = {(one.name, one.kind) for one in symbols_around(c.tree, c.rewrite.region)}
    around -= {(one.name, one.kind) for one in symbols_in(c.tree, c.rewrite.region)}
    if c.tree.faults:
        begun = declared_names(c.old)
        around = {(name, kind) for name, kind in around if name not in begun}
    for symbol in symbols_in(c.tree_after, c.after_region):
        if (symbol.name, symbol.kind) in around:
            return f"it repeats {symbol.name}, in which your lines stand"
    return None


def outside_class(c: Candidate) -> str | None:
    """Refuse fields, functions and statements outside of every class in languages of classes.

    Programs of one file have some; such a file may get more.
    """
    if c.tree is None or c.tree_after is None or _loose(c.tree):
        return None
    loose = _loose(c.tree_after)
    return f"“{loose[:60]}” would stand outside of every class" if loose else None


def _loose(tree: Tree) -> str:
    """Return the first line of what stands outside of every class; empty where nothing does."""
    language = tree.language.id
    if language not in ("csharp", "java"):
        return ""
    for node in tree.tree.root_node.children:
        loose = node.type == "global_statement" if language == "csharp" else node.type not in _JAVA
        if loose and not node.has_error:
            return tree.text_of(node).split("\n")[0].strip()
    return ""
