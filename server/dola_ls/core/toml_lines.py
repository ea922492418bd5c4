"""On which line of a TOML text each of its tables and keys stands; `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib

#: A way into what `tomllib` returns: keys, and places in lists.
Where = tuple[str | int, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_HEADER = re.compile(rf"\[(?P<many>\[?)[ \t]*(?P<key>{_KEY})[ \t]*\]\]?")
_ASSIGNED = re.compile(rf"(?P<key>{_KEY})[ \t]*=[ \t]*")
#: Up to two quotes may stand right before the three that end a multi-line string.
_SCALAR = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^\s\[\]{},#=][^\[\]{},#\n]*",
    re.DOTALL,
)


def lines_of(text: str) -> dict[Where, int]:
    """Return the line, counted from one, on which each table, key and list element begins.

    Raises ValueError for some texts that are not TOML; `tomllib` is the judge of that.
    """
    return _Scan(text).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[Where, int] = {}
        self._line = 1
        self._counted = 0

    def run(self) -> dict[Where, int]:
        """Go through the text, header by header and key by key."""
        table: Where = ()
        sizes: dict[Where, int] = {}
        at = self._blank(0)
        while at < len(self._text):
            if self._text[at] == "[":
                header = self._match(_HEADER, at)
                table = ()
                for part in _parts(header["key"]):
                    if table in sizes:
                        table += (sizes[table] - 1,)
                    table += (part,)
                    self._mark(table, at)
                if header["many"]:
                    sizes[table] = sizes.get(table, 0) + 1
                    table += (sizes[table] - 1,)
                    self._mark(table, at)
                at = self._blank(header.end())
            else:
                at = self._blank(self._pair(at, table))
        return self._found

    def _pair(self, at: int, table: Where) -> int:
        """Go over a key and its value; return where that ends."""
        assigned = self._match(_ASSIGNED, at)
        for part in _parts(assigned["key"]):
            table += (part,)
            self._mark(table, at)
        return self._value(assigned.end(), table)

    def _value(self, at: int, where: Where) -> int:
        opening = self._text[at : at + 1]
        if opening not in ("[", "{"):
            return self._match(_SCALAR, at).end()
        closing = "]" if opening == "[" else "}"
        at = self._blank(at + 1)
        count = 0
        while not self._text.startswith(closing, at):
            if opening == "{":
                at = self._pair(at, where)
            else:
                self._mark((*where, count), at)
                at = self._value(at, (*where, count))
            count += 1
            at = self._blank(at)
            if self._text.startswith(",", at):
                at = self._blank(at + 1)
        return at + 1

    def _blank(self, at: int) -> int:
        """Return where white space and comments end."""
        return self._match(_BLANK, at).end()

    def _match(self, pattern: re.Pattern[str], at: int) -> re.Match[str]:
        match = pattern.match(self._text, at)
        if match is None:
            raise ValueError(f"not TOML at character {at}")
        return match

    def _mark(self, where: Where, at: int) -> None:
        # Offsets only grow, so every line end is counted once.
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        self._found.setdefault(where, self._line)


def _parts(key: str) -> list[str]:
    """Split a dotted key, quoted parts and their escapes included."""
    if '"' not in key and "'" not in key:
        return [part.strip() for part in key.split(".")]
    parts: list[str] = []
    nest: object = tomllib.loads(f"{key} = 0")
    while isinstance(nest, dict):
        ((part, nest),) = nest.items()
        parts.append(part)
    return parts
