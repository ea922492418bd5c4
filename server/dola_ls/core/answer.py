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
_THINK = re.compile(r"\A\s*(?:<think>|◁think▷)(?P<body>.*?)(?:</think>|◁/think▷)", re.DOTALL)
_OPEN_THINK = re.compile(r"\A\s*(?:<think>|◁think▷)")
_THINK_ENDS = re.compile(r"^[ \t]*(?:</think>|◁/think▷)[ \t]*\r?$\n?", re.MULTILINE)
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
        text = "".join(self._parts)
        if _OPEN_THINK.match(text):
            return _THINK.sub("", text, count=1)
        # Some servers put the opening mark into the prompt, and only the closing one comes.
        end = _THINK_ENDS.search(text)
        alone = end is not None and not re.search("<think>|◁think▷", text[: end.start()])
        return text[end.end() :] if end is not None and alone else text

    def answer(self, ended: bool) -> Answer:
        """Return the answer; `ended` tells whether the server said that it is over."""
        if not ended:
            return CutOff("the stream ended without a word from the server")
        text = self.text
        if _OPEN_THINK.match(text):
            return CutOff("nothing but thinking came")
        if text.lstrip().startswith(REFUSAL_MARK):
            return Refusal(text.lstrip().removeprefix(REFUSAL_MARK).strip())
        return read_blocks(text)


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
