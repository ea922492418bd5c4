"""Whether a task needs changes outside of its region: at the callers, or all over the file."""

from __future__ import annotations

import re

from dola_ls.core.actions import Target
from dola_ls.core.parsing import Tree
from dola_ls.core.syntax import symbols_in
from dola_ls.core.words import WORD

#: What is to be done at more places than anybody can name.
_EVERYWHERE = (
    r"every(?:where|\s+use)|all (?:the )?(?:uses|usages|calls)"
    r"|(?:whole|entire|rest of the) file|throughout"
)
_ALL_OVER = re.compile(rf"\b(?:{_EVERYWHERE})\b", re.IGNORECASE)
_FILE = re.compile(
    rf"\b(?:{_EVERYWHERE}|callers?|call(?:ing)? sites?|elsewhere|module[- ]level"
    r"|(?:top|head|beginning) of the (?:file|module))\b",
    re.IGNORECASE,
)
_SIBLINGS = re.compile(r"\b(?:both|all|other|every) (?:functions?|methods?)\b", re.IGNORECASE)
_RENAME = re.compile(
    r"\brename (?:the |this )?(?:(?:function|method|class|type|struct|enum|interface|symbol) )?"
    r"[`'\"]?(?P<name>\w+)",
    re.IGNORECASE,
)
_TO_GO = re.compile(
    r"\b(?:renam|remov|delet|drop|inlin|merg|replac|extract|mov|split|turn|convert|chang)(?:e|ing)?\b"
    r"|\bget rid\b",
    re.IGNORECASE,
)
_SHORTER = re.compile(
    r"\b(?:clean|condens|cut|keep|leave|only|short|simpl|strip|summar|tid|trim|without)\w*",
    re.IGNORECASE,
)
_TO_MAKE = re.compile(
    r"\b(?:add|creat|declar|defin|extract|introduc|mov|put|turn)(?:e|ing)?\b|\b(?:named|called)\b"
    r"|\ba (?:\w+ )?(?:constant|function|helper|method|variable)\b",
    re.IGNORECASE,
)
_MEMBER = re.compile(r"\b(?:attribute|field|member|propert(?:y|ies)|struct)s?\b", re.IGNORECASE)
#: Shorter names are words of the language as often as names of the file.
_SHORTEST = 3


def reaches_beyond(instruction: str | None, tree: Tree | None, target: Target) -> bool:
    """Tell whether an instruction speaks of code outside the region.

    It does where it says so, where it names another symbol of the file that stands elsewhere, and
    where it renames the symbol itself while the file uses it elsewhere.
    """
    if not instruction:
        return False
    symbol = target.symbol if target.whole_symbol else None
    if _FILE.search(instruction) or (
        symbol is not None
        and symbol.kind in ("function", "method")
        and _SIBLINGS.search(instruction)
    ):
        return True
    if tree is None:
        return False
    text, region = tree.document.text, target.region
    name = renamed_symbol(instruction, target)
    if name is not None:
        outside = text[: region.start] + "\n" + text[region.end :]
        return re.search(rf"\b{re.escape(name)}\b", outside) is not None
    words = set(WORD.findall(instruction))
    elsewhere = [
        found
        for found in symbols_in(tree)
        if not (found.span.start < region.end and region.start < found.span.end)
        and found.name in words
        and len(found.name) >= _SHORTEST
    ]
    # "Add a field to the struct Store": a method of it names it too.
    if _MEMBER.search(instruction) and any(found.kind in ("class", "type") for found in elsewhere):
        return True
    local = set(WORD.findall(text[region.start : region.end]))
    return any(found.name not in local for found in elsewhere)


def is_all_over(instruction: str) -> bool:
    """Tell whether an instruction wants the same done all over the file."""
    return bool(_ALL_OVER.search(instruction) or _SIBLINGS.search(instruction))


def renamed_symbol(instruction: str, target: Target) -> str | None:
    """Return the name of the region's symbol where an instruction is to rename just that."""
    match = _RENAME.search(instruction)
    if match is None or target.symbol is None or not target.whole_symbol:
        return None
    name = target.symbol.name
    return name if match["name"] in (name, "it", "to") else None


def names_to_go(instruction: str, target: Target) -> set[str]:
    """Return the names that an instruction wants renamed or removed."""
    if not _TO_GO.search(instruction):
        return set()
    names = set(WORD.findall(instruction))
    renamed = renamed_symbol(instruction, target)
    return names | {renamed} if renamed else names


def may_shorten(instruction: str) -> bool:
    """Tell whether an instruction may want lines to go."""
    return bool(_TO_GO.search(instruction) or _SHORTER.search(instruction))


def to_declare(instruction: str) -> set[str]:
    """Return the words of an instruction that may be names of what it wants made."""
    return set(WORD.findall(instruction)) if _TO_MAKE.search(instruction) else set()
