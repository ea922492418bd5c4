"""What the demo shows: text, diffs, a line that moves, a table; plain where that is wanted."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from typing import TextIO

from dola_ls.core.document import split_lines

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "1", "2", "31", "32", "33", "36"
_BAR = 24
_SPINNER = "|/-\\"
#: Anything but a line end and a tab: a model's answer must not steer the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Return text that cannot do anything to a terminal but stand in it."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n"))


class Screen:
    """A stream for people. Colours and the moving line are for terminals, see `https://no-color.org`."""

    def __init__(self, stream: TextIO, env: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        terminal = stream.isatty() and env.get("TERM") != "dumb"
        # The old console of Windows shows escape sequences as they are.
        if sys.platform == "win32":
            terminal = terminal and ("WT_SESSION" in env or "TERM" in env)
        self._moves = terminal
        self._colours = terminal and not env.get("NO_COLOR")
        self.width = min(max(shutil.get_terminal_size((96, 24)).columns, 40), 100)
        self._encoding = stream.encoding or "utf-8"

    def say(self, text: str = "", *styles: str) -> None:
        """Write lines as they are."""
        for line in clean(text).split("\n"):
            self._write(self._styled(line, *styles) + "\n")

    def title(self, text: str) -> None:
        """Write a heading."""
        self.say()
        self.say(text, _BOLD)
        self.say(self._fit("─", "-") * min(len(text), self.width), _DIM)

    def paragraph(self, text: str, *styles: str) -> None:
        """Write a text, wrapped."""
        for line in textwrap.wrap(clean(text), self.width, break_long_words=False):
            self._write(self._styled(line, *styles) + "\n")

    def good(self, text: str) -> None:
        """Write that something went well."""
        self.say(f"{self._fit('✓', '+')} {text}", _GREEN)

    def bad(self, text: str) -> None:
        """Write that something did not go well."""
        for number, line in enumerate(textwrap.wrap(clean(text), self.width - 2)):
            mark = self._fit("✗", "x") if number == 0 else " "
            self.say(f"{mark} {line}", _RED)

    def note(self, text: str) -> None:
        """Write something by the way."""
        self.paragraph(text, _YELLOW)

    def diff(self, unified: str) -> None:
        """Write a unified diff."""
        for line in split_lines(unified):
            style = {"+": _GREEN, "-": _RED, "@": _CYAN}.get(line[:1], "")
            if line.startswith(("+++ ", "--- ")):
                style = _BOLD
            self.say(line.rstrip("\n"), *([style] if style else []))

    def code(self, text: str, most: int) -> None:
        """Write the first `most` lines of a file."""
        lines = text.rstrip("\n").split("\n")
        for line in lines[:most]:
            self.say(f"  {line}")
        if len(lines) > most:
            self.say(f"  … and {len(lines) - most} more lines", _DIM)

    def markdown(self, text: str) -> None:
        """Write Markdown, wrapped, with a little of its look."""
        fenced = False
        for line in clean(text).strip("\n").split("\n"):
            if line.lstrip().startswith(("```", "~~~")):
                fenced = not fenced
            elif fenced:
                self._write(f"    {line}\n")
            elif line.startswith("#"):
                self._write(self._styled(line.lstrip("# "), _BOLD) + "\n")
            else:
                self._flow(line)

    def _flow(self, line: str) -> None:
        bullet = re.match(r"\s*(?:[-*+]|\d+[.)])\s+|\s*", line)
        assert bullet is not None
        hang = " " * bullet.end()
        wrapped = textwrap.wrap(line[bullet.end() :], self.width - len(hang)) or [""]
        for number, part in enumerate(wrapped):
            part = re.sub(r"\*\*(.+?)\*\*", lambda m: self._styled(m[1], _BOLD), part)
            part = re.sub(r"`([^`]+)`", lambda m: self._styled(m[1], _CYAN), part)
            self._write((bullet[0] if number == 0 else hang) + part + "\n")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Write a table; the first row is its head, and all columns but the first lean right."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for number, row in enumerate(rows):
            cells = [
                cell.ljust(width) if column < 2 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            self.say("  ".join(cells).rstrip(), *([_BOLD] if number == 0 else []))

    def meter(self) -> Meter:
        """Return a line that moves while something is under way."""
        return Meter(self)

    @property
    def moves(self) -> bool:
        """Whether a line can be written again."""
        return self._moves

    def redraw(self, line: str) -> None:
        """Write the line that moves in the place of what it was."""
        self._write(f"\r\x1b[K{self._styled(clean(line)[: self.width - 1], _CYAN)}")

    def wipe(self) -> None:
        """Remove the line that moves."""
        if self._moves:
            self._write("\r\x1b[K")

    def _styled(self, text: str, *styles: str) -> str:
        if not self._colours or not styles or not text:
            return text
        return f"\x1b[{';'.join(styles)}m{text}\x1b[0m"

    def _fit(self, wanted: str, plain: str) -> str:
        """Return `wanted` if the stream can show it, else `plain`."""
        try:
            wanted.encode(self._encoding)
        except UnicodeEncodeError:
            return plain
        return wanted

    def bar(self, percentage: int) -> str:
        """Return a bar for a share of 100."""
        full = _BAR * max(0, min(percentage, 100)) // 100
        return self._fit("█", "#") * full + self._fit("░", ".") * (_BAR - full)

    def _write(self, text: str) -> None:
        self._stream.write(text.encode(self._encoding, "replace").decode(self._encoding))
        self._stream.flush()


class Meter:
    """Progress as it comes: a line that moves, or on paper a line for each new thing."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._began = time.monotonic()
        self._message = ""
        self._percentage: int | None = None
        self._printed = ""
        self._turn = 0

    def __call__(self, message: str | None, percentage: int | None) -> None:
        """Take news, or None for none; see `dola_ls.demo.editor.Watch`."""
        if message is not None:
            self._message, self._percentage = message, percentage
        self._turn += 1
        if self._screen.moves:
            share = "" if self._percentage is None else f"  {self._percentage:3} %"
            bar = self._screen.bar(self._percentage or 0) if share else _SPINNER[self._turn % 4]
            seconds = f"{time.monotonic() - self._began:.0f} s"
            self._screen.redraw(f"  {bar}{share}  {self._message or 'waiting'}  {seconds}")
            return
        # On paper a count of lines is news only with each quarter of the way.
        kind = re.sub(r"\d+", "", self._message)
        kind += "" if self._percentage is None else str(self._percentage // 25)
        if message and kind != self._printed:
            self._printed = kind
            share = "" if self._percentage is None else f"{self._percentage:3} %  "
            self._screen.say(f"  {share}{self._message}")

    def close(self) -> None:
        """Remove the moving line."""
        self._screen.wipe()
