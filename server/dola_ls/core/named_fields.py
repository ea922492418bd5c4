"""Templates with named fields such as ``{name}``, as users write them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}\n]{1,60})\}|[{}]")


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a template that something is put into."""

    name: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with something the user wrote, as a clause, and what helps, as sentences."""

    what: str
    hint: str = ""


def parts_of(template: str, fields: Sequence[str], key: str) -> tuple[str | Field, ...] | Wrong:
    """Split a template into text and fields; ``{{`` and ``}}`` stand for braces.

    `fields` are those there are, and `key` is what the template is called in sentences.
    """
    parts: list[str | Field] = []
    end = 0
    for token in _TOKEN.finditer(template):
        parts.append(template[end : token.start()])
        end = token.end()
        name = token["name"]
        if name in fields:
            parts.append(Field(name))
        elif name is not None:
            return _unknown(name, fields, key)
        elif token[0] in ("{{", "}}"):
            parts.append(token[0][0])
        else:
            line = template.count("\n", 0, token.start()) + 1
            where = f"line {line} of {key}" if "\n" in template.strip() else key
            return Wrong(
                f"a {token[0]} in {where} belongs to no field",
                f"Write {token[0] * 2} for a {token[0]} that is meant as text. {_listed(fields)}",
            )
    parts.append(template[end:])
    return tuple(part for part in parts if part)


def _unknown(name: str, fields: Sequence[str], key: str) -> Wrong:
    close = difflib.get_close_matches(name.strip().lower(), fields, n=1)
    hint = f"Did you mean {{{close[0]}}}? " if close else ""
    shown = "".join(char if char.isprintable() else "?" for char in name)
    braces = "" if name.isidentifier() else " Braces that are meant as text are written {{ and }}."
    return Wrong(f"there is no field {{{shown}}} in {key}", f"{hint}{_listed(fields)}{braces}")


def _listed(fields: Sequence[str]) -> str:
    shown = ", ".join(f"{{{field}}}" for field in fields)
    return f"Fields are: {shown}." if len(fields) > 1 else f"The only field is {shown}."


def filled(
    parts: Sequence[str | Field], inline: Callable[[str], str], block: Callable[[str], str | None]
) -> str:
    """Put values into the fields of a template; what stands in a value is never read as a field.

    `block` returns the value of a field that stands on lines of its own, None for all others.
    """
    out = ""
    after_block = False
    for part in parts:
        value = block(part.name) if isinstance(part, Field) else None
        if value is not None:
            out = out.rstrip(" \t")
            out += value if not out or out.endswith("\n") else f"\n{value}"
            after_block = True
            continue
        text = inline(part.name) if isinstance(part, Field) else part
        if after_block and text:
            text = text.lstrip(" \t")
            out += text if text.startswith("\n") or not text else f"\n{text}"
            after_block = not text
        else:
            out += text
    return out
