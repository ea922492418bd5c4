"""From the model's stream to one of four answers: code, a refusal, prose, or cut off.

Models wrap code in fences of three or more backticks or tildes, labelled or not, with prose
before and after, after ``<think>`` in the text, and code may hold fences itself. Nothing is
decided before the stream has ended, so the way it was cut into deltas cannot matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: How a model says that it cannot do what was asked; the prompt teaches it.
REFUSAL_MARK = "CANNOT:"

_OPENING = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<label>[^`\n]*)")
#: What stands round thinking in a text; of Seed's two, the second leaks out at times.
_OPEN = r"(?:<(?:seed:)?think(?:_never_used_\w{1,64})?>|◁think▷)"
_CLOSE = r"(?:</(?:seed:)?think(?:_never_used_\w{1,64})?>|◁/think▷)"
_THINK = re.compile(rf"\A\s*{_OPEN}(?P<body>.*?){_CLOSE}", re.DOTALL)
_OPEN_THINK = re.compile(rf"\A\s*{_OPEN}")
_THINK_ENDS = re.compile(rf"^[ \t]*{_CLOSE}[ \t]*\r?$\n?", re.MULTILINE)
_CLOSES = re.compile(_CLOSE)
#: Characters of the longest of these.
_LONGEST_MARK = 96
#: Labels of blocks that may well hold fences of their own: of Markdown, and of anything.
_MAY_HOLD_FENCES = frozenset(
    ["", "markdown", "md", "mdx", "plaintext", "qmd", "quarto", "rmd", "rst", "text", "txt"]
)


@dataclass(frozen=True, slots=True)
class Code:
    """Fenced blocks, in order, without their fences; the text outside them is `prose`."""

    blocks: tuple[str, ...]
    prose: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model says that it cannot do it, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Prose:
    """Text without any code block."""

    text: str


@dataclass(frozen=True, slots=True)
class CutOff:
    """The answer is not whole; `why` names what is missing, for the log."""

    why: str


Answer = Code | Refusal | Prose | CutOff


class AnswerReader:
    """Collects the deltas of one stream. `feed` them all, then ask `answer` once."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def feed(self, delta: str) -> None:
        """Take the next piece of the answer, of any length."""
        self._parts.append(delta)

    @property
    def text(self) -> str:
        """All that has come so far, thinking inside the text left out."""
        return self._parted()[1]

    @property
    def thought(self) -> str:
        """The thinking inside the text; empty where there is none."""
        return self._parted()[0].strip()

    def _parted(self) -> tuple[str, str]:
        """Return the thinking inside the text, and all the rest."""
        text = "".join(self._parts)
        opening = _OPEN_THINK.match(text)
        if opening is not None:
            thought = _THINK.match(text)
            if thought is None:
                return text[opening.end() :], text
            return thought["body"], text[thought.end() :]
        # Some servers put the opening mark into the prompt, and only the closing one comes.
        end = _THINK_ENDS.search(text)
        if end is not None and not re.search(_OPEN, text[: end.start()]):
            return text[: end.start()], text[end.end() :]
        return "", text

    def answer(self, ended: bool) -> Answer:
        """Return the answer; `ended` tells whether the server said that it is over."""
        if not ended:
            return CutOff("the stream ended without a word from the server")
        text = self.text
        if is_thinking(text):
            return CutOff("nothing but thinking came")
        if text.lstrip().startswith(REFUSAL_MARK):
            return Refusal(text.lstrip().removeprefix(REFUSAL_MARK).strip())
        return read_blocks(text)


def is_thinking(text: str) -> bool:
    """Tell whether a text begins with thinking."""
    return _OPEN_THINK.match(text) is not None


class ThinkWatch:
    """Tells piece by piece whether a text is thinking still; a short look at each is enough."""

    def __init__(self) -> None:
        self._head = ""
        self._tail = ""
        #: None until it is known.
        self._thinks: bool | None = None

    def feed(self, delta: str) -> bool:
        """Take the next piece of the text; tell whether it is thinking."""
        if self._thinks is None:
            self._head += delta
            self._thinks = _OPEN_THINK.match(self._head) is not None
            if not self._thinks:
                start = self._head.lstrip()
                may_yet = len(start) < _LONGEST_MARK and start[:1] in ("", "<", "◁")
                self._thinks = None if may_yet else False
                return False
            delta = self._head
        if not self._thinks:
            return False
        self._tail = self._tail[-_LONGEST_MARK:] + delta
        if _CLOSES.search(self._tail):
            self._thinks = False
        return True


def _is_opening(line: str) -> re.Match[str] | None:
    match = _OPENING.match(line)
    if match is None or (match["fence"][0] == "`" and "`" in line[match.end("fence") :]):
        return None
    return match


def read_blocks(text: str) -> Code | Prose | CutOff:
    """Split a finished answer into fenced blocks and prose.

    A block ends at a bare fence of its own kind, at least as long and not indented deeper; an
    inner fence with a label opens a nested block that ends first. So code that holds fences
    comes through when they are indented (docstrings), labelled (Markdown) or shorter. Where a
    block without a label follows one that may be Markdown, they could as well be one block with
    a bare fence in it: that is refused.
    """
    blocks: list[str] = []
    labels: list[str] = []
    prose: list[str] = []
    block: list[str] | None = None
    opening: re.Match[str] | None = None
    nested = 0
    doubtful = False
    for line in text.replace("\r\n", "\n").split("\n"):
        match = _is_opening(line)
        if block is None or opening is None:
            if match is not None:
                block, opening, nested = [], match, 0
            else:
                prose.append(line)
            continue
        same = (
            match is not None
            and match["fence"].startswith(opening["fence"])
            and len(match["indent"]) <= len(opening["indent"])
        )
        if same and match is not None:
            if match["label"].strip():
                nested += 1
                # No fence can hold a longer one: one of the two is there by mistake.
                doubtful = doubtful or len(match["fence"]) > len(opening["fence"])
            elif nested:
                nested -= 1
            else:
                indent = opening["indent"]
                blocks.append("\n".join(part.removeprefix(indent) for part in block) + "\n")
                labels.append(opening["label"].strip().lower())
                block = opening = None
                continue
        block.append(line)
    if block is not None:
        return CutOff("a code block is not closed")
    first = next((at for at, label in enumerate(labels) if label in _MAY_HOLD_FENCES), len(labels))
    if doubtful or "" in labels[first + 1 :]:
        return CutOff("its code fences cannot be told from fences inside the code")
    outside = "\n".join(prose).strip()
    return Code(tuple(blocks), outside) if blocks else Prose(outside)
