"""Answers as models spoil them: a sound answer to a region, changed at random from a seed.

Each mutation says whether it leaves the meaning of the answer as it is. What the code of the
answer is, line by line, is known from how it was made, never from reading it.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from tests.core import regions
from tests.core.regions import Region

RUBY = Region(
    "a Ruby method",
    "ruby",
    "class Cart\n  def clear\n    @items = []\n  end\n\n",
    "  def total\n    result = 0\n    @items.each do |item|\n      result = result + item\n"
    "    end\n    result\n  end\n",
    "\n  def size\n    @items.size\n  end\nend\n",
    "  def total\n    result = 0\n    @items.each do |item|\n      result += item\n    end\n"
    "    result\n  end\n",
)
PHP = Region(
    "a PHP function",
    "php",
    "<?php\n\nfunction tax($v) {\n\treturn $v * 2;\n}\n\n",
    "function total($items) {\n\t$result = 0;\n\tforeach ($items as $item) {\n"
    "\t\t$result = $result + $item;\n\t}\n\treturn $result;\n}\n",
    "\nfunction show($v) {\n\techo $v;\n}\n",
    "function total($items) {\n\t$result = 0;\n\tforeach ($items as $item) {\n"
    "\t\t$result += $item;\n\t}\n\treturn $result;\n}\n",
)
FENCES = Region(
    "a docstring that holds fences",
    "python",
    "import os\n\n\n",
    'def run(name):\n    """Run it.\n\n    ```\n    run("a")\n    ```\n    """\n'
    '    path = os.path.join("bin", name)\n    return os.system(path)\n',
    "\n\ndef stop(name):\n    os.remove(name)\n",
    'def run(name):\n    """Run it.\n\n    ```\n    run("a")\n    run("b")\n    ```\n    """\n'
    '    return os.system(os.path.join("bin", name))\n',
)
BARE_FENCES = Region(
    "Markdown with bare fences",
    "markdown",
    "# Use\n\n",
    "First:\n\n```\nmake\n```\n\nThen:\n\n```\nmake install\n```\n\nThat is all.\n",
    "\n# Licence\n\nMIT\n",
    "First:\n\n```\nmake all\n```\n\nThen:\n\n```\nmake install\n```\n\nThat is all there is.\n",
    words=True,
)
QUOTES = Region(
    "typographic marks",
    "javascript",
    "const a = 1;\n\n",
    "function greet(name) {\n  const mark = “”;\n".replace("“”", '"“”"')
    + "  // don’t – ever\n  console.log(mark);\n  return mark + name;\n}\n",
    "\ngreet('x');\n",
    "function greet(name) {\n".replace("“”", '"“”"')
    + '  const mark = "“”";\n  // don’t – ever\n  return mark + name.trim();\n}\n',
)
LINES = Region(
    "some lines of a function",
    "python",
    "def f(items):\n    if not items:\n        return 0\n",
    "    first = items[0]\n    last = items[-1]\n    if first == last:\n        first = 0\n"
    "    total = first + last\n",
    "    print(total)\n    return total\n\n\ndef g():\n    return f([])\n",
    "    first, last = items[0], items[-1]\n    if first == last:\n        first = 0\n"
    "    total = first + last\n",
)
ROWS = Region(
    "rows of data",
    "python",
    "rows = [\n    (1, 'a'),\n    (0, ''),\n",
    "    (0, ''),\n    (2, 'b'),\n    (0, ''),\n",
    "    (3, 'c'),\n    (0, ''),\n]\n",
    "    (0, ''),\n    (2, 'B'),\n    (0, ''),\n",
)
YAML = Region(
    "YAML, which has no grammar here",
    "yaml",
    "on: push\njobs:\n",
    "  test:\n    steps:\n      - run: make\n      - run: make test\n",
    "  lint:\n    steps:\n      - run: make lint\n",
    "  test:\n    steps:\n      - run: make all\n      - run: make test\n",
    words=True,
)
MEMBERS = (
    regions.ONE_LINE, regions.FUNCTION, regions.METHOD, regions.DOCSTRING, regions.WIDE,
    regions.NO_END, regions.GO, regions.TYPESCRIPT, regions.JAVA, regions.RUST, regions.C,
    regions.MARKDOWN, RUBY, PHP, FENCES, BARE_FENCES, QUOTES, LINES, ROWS, YAML,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A region in a text, the answer to it, and what must become of it."""

    region: Region
    #: Whether the answer is edit blocks, and not the whole region.
    blocks: bool
    answer: str
    ended: bool
    names: tuple[str, ...]
    #: Whether the answer still says what it did, so that only the right text may come of it.
    same: bool
    #: Whether it must be refused.
    bad: bool
    #: All lines of its code, those of them that are the region's, and those it says may go.
    wanted: tuple[str, ...]
    own: tuple[str, ...]
    given_up: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """An answer in the making: the pairs of old and new lines, or the new lines alone."""

    parts: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    blocks: bool
    same: bool = True


def lines_of(text: str) -> tuple[str, ...]:
    return tuple(text.removesuffix("\n").split("\n"))


def hunks(old: Sequence[str], new: Sequence[str], context: int) -> Iterator[tuple]:
    """Yield the old and new lines of each change, with lines round it."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(context):
        low, high = group[0], group[-1]
        yield tuple(old[low[1] : high[2]]), tuple(new[low[3] : high[4]])


# --- what is done to the lines of code

Lines = tuple[str, ...]
Change = Callable[[random.Random, Lines], Lines]


def on_all(change: Callable[[str], str]) -> Change:
    return lambda rng, lines: tuple(change(line) if line.strip() else line for line in lines)


def blanks_for_tabs(line: str, width: int = 4) -> str:
    rest = line.lstrip("\t")
    return " " * width * (len(line) - len(rest)) + rest


def tabs_for_blanks(line: str, width: int = 4) -> str:
    rest = line.lstrip(" ")
    steps, left = divmod(len(line) - len(rest), width)
    return "\t" * steps + " " * left + rest


#: The same on all lines of the answer, old and new; what it says stays the same.
UNIFORM: dict[str, Callable[[Draft], Draft]] = {}


def uniform(draft: Draft, change: Callable[[Lines], Lines]) -> Draft:
    """Change all lines of a draft at once, so that they keep their distances."""
    flat = tuple(line for old, new in draft.parts for line in (*old, *new))
    changed = change(flat)
    parts, at = [], 0
    for old, new in draft.parts:
        middle, end = at + len(old), at + len(old) + len(new)
        parts.append((changed[at:middle], changed[middle:end]))
        at = end
    return replace(draft, parts=tuple(parts))


def dedented(lines: Lines) -> Lines:
    return lines_of(textwrap.dedent("\n".join(lines) + "\n")) if lines else lines


def each(change: Callable[[str], str]) -> Callable[[Lines], Lines]:
    return lambda lines: tuple(change(line) if line.strip() else line for line in lines)


def same_shape(rng: random.Random, draft: Draft) -> tuple[str, Draft]:
    """Write a draft in another way that means the same."""
    name, change = rng.choice(
        [
            ("dedented", dedented),
            ("indented by blanks", each(lambda line: "    " + line)),
            ("indented by two blanks", each(lambda line: "  " + line)),
            ("blanks for tabs", each(blanks_for_tabs)),
            ("blanks at line ends", each(lambda line: line + " " * rng.randint(0, 3))),
            ("no blanks at line ends", each(str.rstrip)),
        ]
    )
    return name, uniform(draft, change)


def with_lines(rng: random.Random, draft: Draft, change: Change) -> Draft:
    """Change the new lines of one part; of blocks, the old ones as often."""
    at = rng.randrange(len(draft.parts))
    old, new = draft.parts[at]
    if draft.blocks and rng.random() < 0.5:
        old = change(rng, old)
    else:
        new = change(rng, new)
    return replace(draft, parts=(*draft.parts[:at], (old, new), *draft.parts[at + 1 :]), same=False)


def dropped(rng: random.Random, lines: Lines) -> Lines:
    at = rng.randrange(len(lines) + 1)
    return lines[:at] + lines[at + rng.randint(1, 3) :]


def doubled(rng: random.Random, lines: Lines) -> Lines:
    at = rng.randrange(len(lines) + 1)
    return lines[:at] + lines[max(at - rng.randint(1, 3), 0) :]


def swapped(rng: random.Random, lines: Lines) -> Lines:
    at = rng.randrange(len(lines) + 1)
    return (*lines[:at], *lines[at : at + 2][::-1], *lines[at + 2 :])


def shifted(rng: random.Random, lines: Lines) -> Lines:
    by = rng.choice([" ", "  ", "    ", "\t"])
    start = rng.randrange(len(lines) + 1)
    return lines[:start] + tuple(by + line for line in lines[start:])


def shortened(rng: random.Random, lines: Lines) -> Lines:
    text = "\n".join(lines)
    return lines_of(text[: rng.randrange(len(text) + 1)])


def typographic(rng: random.Random, lines: Lines) -> Lines:
    marks = {'"': rng.choice("“”"), "'": "’", "-": "–", " ": "\u00a0"}
    picked = rng.choice(list(marks))
    return tuple(
        line[: len(line) - len(line.lstrip())] + line.lstrip().replace(picked, marks[picked])
        for line in lines
    )


def plain(rng: random.Random, lines: Lines) -> Lines:
    return tuple(line.translate(str.maketrans("“”’–", '""\'-')) for line in lines)


def with_markers(rng: random.Random, lines: Lines) -> Lines:
    at = rng.randrange(len(lines) + 1)
    mark = rng.choice(["<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "<<<<< HEAD", "```", "~~~"])
    return (*lines[:at], mark, *lines[at:])


def with_prose(rng: random.Random, lines: Lines) -> Lines:
    at = rng.randrange(len(lines) + 1)
    return (*lines[:at], rng.choice(["And then:", "Here is the rest of it.", "```"]), *lines[at:])


ALTERING: dict[str, Change] = {
    "lines dropped": dropped,
    "lines doubled": doubled,
    "lines swapped": swapped,
    "lines shifted": shifted,
    "lines cut off": shortened,
    "typographic marks": typographic,
    "plain marks": plain,
    "markers in the code": with_markers,
    "prose in the code": with_prose,
    "tabs for blanks": lambda rng, lines: tuple(tabs_for_blanks(line) for line in lines),
    "letters lost": lambda rng, lines: tuple(
        line if rng.random() < 0.8 else line[: len(line) // 2] + "\ufffd" for line in lines
    ),
}

ELISIONS = (
    "# ... existing code ...", "// ... rest of the code ...", "...", "# rest of the function",
    "/* ... */", "// ... (unchanged)", "# ...", "// existing code here", "# [...]", "// …",
    "<!-- ... existing text ... -->", "-- the rest stays the same ...", "{/* ... */}",
    "# remaining code unchanged", "// rest of your code",
)  # fmt: skip


def elided(rng: random.Random, draft: Draft) -> Draft:
    """Put a comment in the place of some new lines."""
    at = rng.randrange(len(draft.parts))
    old, new = draft.parts[at]
    start = rng.randrange(len(new) + 1)
    indent = new[start][: len(new[start]) - len(new[start].lstrip())] if start < len(new) else ""
    new = (*new[:start], indent + rng.choice(ELISIONS), *new[start + rng.randint(0, 4) :])
    return replace(
        draft,
        parts=(*draft.parts[:at], (old, new), *draft.parts[at + 1 :]),
        same=False,
    )


# --- how the code is wrapped

LABELS = ("", "python", "Python 3", "js", "diff", "text", "a.py", "python title=a.py", "{.python}")


def in_fence(rng: random.Random, lines: Sequence[str], label: str | None = None) -> list[str]:
    """Return lines in a fence longer than those in them; the label is any."""
    longest = 0
    for line in lines:
        start = line.strip()
        longest = max(
            longest, len(start) - len(start.lstrip("`")), len(start) - len(start.lstrip("~"))
        )
    mark = rng.choice("`~") * (max(longest + 1, 3) + rng.choice([0, 0, 0, 1, 4]))
    return [mark + (rng.choice(LABELS) if label is None else label), *lines, mark]


PROSE = (
    [], ["Sure!"], ["Here is the code:", ""], ["", "I changed `x` and ```y```.", ""],
    ["- one", "- two"], ["> quoted"], ["It is **faster**.", "", "Anything else?"], ["\ufeff"],
)  # fmt: skip


def written_blocks(rng: random.Random, draft: Draft) -> list[str]:
    parts = list(draft.parts)
    rng.shuffle(parts)
    if rng.random() < 0.1:
        parts.append(rng.choice(parts))
    size = rng.choice([7, 7, 7, 5, 6, 8, 9])
    fenced = rng.random() < 0.5
    out: list[str] = []
    for old, new in parts:
        block = [f"{'<' * size} SEARCH", *old, "=" * size, *new, f"{'>' * size} REPLACE"]
        out += rng.choice(PROSE)
        out += in_fence(rng, block) if fenced else block
    return out


def make(seed: int) -> Case:
    """Return the case of a seed; the same seed always gives the same one."""
    rng = random.Random(seed)
    region = rng.choice(MEMBERS)
    old, new = lines_of(region.old), lines_of(region.new)
    eol = rng.choice(["\n", "\n", "\r\n", "\r"])
    blocks = rng.random() < 0.4
    if blocks:
        draft = Draft(tuple(hunks(old, new, rng.randint(0, 3))), True)
    else:
        draft = Draft((((), new),), False)
    names: list[str] = []
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        name, draft = same_shape(rng, draft)
        names.append(name)
    for _ in range(rng.choice([0, 0, 1, 1, 1, 2, 3])):
        name = rng.choice([*ALTERING, "elided", "elided"])
        names.append(name)
        draft = elided(rng, draft) if name == "elided" else with_lines(rng, draft, ALTERING[name])
    wanted = own = [line for _, part in draft.parts for line in part]
    given_up = [line for part, _ in draft.parts for line in part]
    bad = any(line.strip() in ELISIONS and line not in old for line in wanted)
    if blocks:
        body = written_blocks(rng, draft)
    else:
        code = list(draft.parts[0][1])
        form = rng.choice(
            ["region"] * 6 + ["whole file", "old and new", "new and old", "blocks", "neighbour"]
        )
        if form != "region":
            names.append(form)
        if form == "whole file":
            code = [*lines_of(region.before)] * bool(region.before) + code
            code += lines_of(region.after) if region.after else ()
        elif form == "old and new":
            code = [*old, "", *code]
            # One line and another like it may well be meant.
            draft = replace(draft, same=draft.same and len(old) > 1)
        elif form == "new and old":
            code = [*code, "", *old]
            draft = replace(draft, same=draft.same and len(old) > 1)
        elif form == "neighbour":
            code += lines_of(region.after)[: rng.randint(1, 6)] if region.after else ()
        body = [*rng.choice(PROSE), *in_fence(rng, code)]
        if form == "blocks":
            body = [*in_fence(rng, old, region.language), "becomes", *body]
        wanted = code
    body += rng.choice(PROSE)
    if rng.random() < 0.1:
        names.append("fence indented")
        body = ["  " + line for line in body]
    if rng.random() < 0.1:
        names.append("thinking")
        body = ["<think>", "```", *old[:2], "```", "</think>", *body]
    if rng.random() < 0.05:
        names.append("a fence too much")
        body.insert(rng.randrange(len(body) + 1), rng.choice(["```", "````", "~~~"]))
        wanted = [*wanted, "```", "````", "~~~"]
        given_up = [*given_up, "```", "````", "~~~"]
        own = [line for line in own if line.strip()[:3] not in ("```", "~~~")]
        draft = replace(draft, same=False)
    if rng.random() < 0.05 and not blocks:
        names.append("a fence lost")
        fences = [at for at, line in enumerate(body) if line.lstrip()[:3] in ("```", "~~~")]
        del body[rng.choice(fences)]
        own = [line for line in own if line.strip()[:3] not in ("```", "~~~")]
        draft = replace(draft, same=False)
    answer = rng.choice(["\n", "\n", "\n", "\r\n"]).join(body)
    ended = rng.random() > 0.1
    if not ended:
        names.append("not ended")
        answer = answer[: rng.randrange(len(answer) + 1)]
        bad = True
    elif rng.random() < 0.1:
        names.append("cut off, and said to be whole")
        answer = answer[: rng.randrange(len(answer) + 1)]
        draft = replace(draft, same=False)
        bad = bad and any(line in answer for line in ELISIONS)
    if ended and ("a fence too much" in names or "a fence lost" in names):
        # What was left out may now stand in the prose beside a block that is whole.
        bad = False
    region = replace(
        region,
        before=region.before.replace("\n", eol),
        old=region.old.replace("\n", eol),
        after=region.after.replace("\n", eol),
        new=region.new.replace("\n", eol),
    )
    return Case(
        region,
        blocks,
        answer,
        ended,
        tuple(names),
        draft.same,
        bad,
        tuple(wanted),
        tuple(own),
        tuple(given_up),
    )
