"""Regions of many kinds and languages, each with a sound new text for it."""

from __future__ import annotations

from dataclasses import dataclass

from dola_ls.core.document import Span


@dataclass(frozen=True)
class Region:
    """A text, some whole lines of it, and what they may well become."""

    name: str
    language: str
    before: str
    old: str
    after: str
    new: str
    #: Whether any words may stand here: a docstring, or a language without a grammar.
    words: bool = False

    @property
    def text(self) -> str:
        return self.before + self.old + self.after

    @property
    def span(self) -> Span:
        return Span(len(self.before), len(self.before) + len(self.old))

    @property
    def right(self) -> str:
        return self.before + self.new + self.after

    @property
    def label(self) -> str:
        return self.language


SHOP = """\
import os


def total(items):
    result = 0
    for item in items:
        result = result + item
    return result


def tax(value):
    return value * 2
"""
_TOTAL = SHOP[SHOP.index("def total") : SHOP.index("\n\ndef tax")]
_BEFORE, _AFTER = SHOP.split(_TOTAL)

ONE_LINE = Region(
    "one line",
    "python",
    _BEFORE + "def total(items):\n",
    "    result = 0\n",
    _TOTAL.partition("result = 0\n")[2] + _AFTER,
    "    result = 0.0\n",
)
FUNCTION = Region(
    "middle function",
    "python",
    _BEFORE,
    _TOTAL,
    _AFTER,
    "def total(items):\n    result = 0\n    for item in items:\n        result += item\n"
    "    return result\n",
)
METHOD = Region(
    "nested method",
    "python",
    "class Cart:\n    items = ()\n\n    def add(self, item):\n        self.items += (item,)\n\n",
    "    def total(self):\n        result = 0\n        for item in self.items:\n"
    "            result = result + item\n        return result\n",
    "\n    def clear(self):\n        self.items = ()\n",
    "    def total(self):\n        result = 0\n        for item in self.items:\n"
    "            result += item\n        return result\n",
)
WHOLE_FILE = Region("whole file", "python", "", SHOP, "", SHOP.replace("value * 2", "2 * value"))
DOCSTRING = Region(
    "in a docstring",
    "python",
    'def total(items):\n    """Add things up.\n\n',
    "    All of `items` are added.\n    The sum of nothing is 0.\n    Never fails.\n",
    '    """\n    return sum(items)\n',
    "    All of `items` are added.\n    The sum of no items is 0.\n    Never fails.\n",
    words=True,
)
WIDE = Region(
    "characters beyond the BMP",
    "python",
    "# 𝒳😀\n",
    "def greet(name):\n    # 👩\u200d💻 𝔸𝔹\n    mark = '😀'\n    return '𝒳 ' + name + mark\n",
    "\n\nwave = '👋'\n",
    "def greet(name):\n    # 👩\u200d💻 𝔸𝔹\n    mark = '🚀'\n    return '𝒳 ' + name + mark\n",
)
NO_END = Region(
    "no final newline",
    "python",
    "x = 1\n\n\n",
    "def last(a):\n    b = a\n    return b",
    "",
    "def last(a):\n    b = a\n    return b + 1",
)
GO = Region(
    "a Go function",
    "go",
    'package shop\n\nimport "fmt"\n\nfunc tax(v int) int {\n\treturn v * 2\n}\n\n',
    "func total(items []int) int {\n\tresult := 0\n\tfor _, item := range items {\n"
    "\t\tresult = result + item\n\t}\n\treturn result\n}\n",
    "\nfunc show(v int) {\n\tfmt.Println(v)\n}\n",
    "func total(items []int) int {\n\tresult := 0\n\tfor _, item := range items {\n"
    "\t\tresult += item\n\t}\n\treturn result\n}\n",
)
TYPESCRIPT = Region(
    "a TypeScript method",
    "typescript",
    "export class Cart {\n  items: number[] = [];\n\n  add(item: number): void {\n"
    "    this.items.push(item);\n  }\n\n",
    "  total(limit: number): number {\n    let result = 0;\n    for (const item of this.items) {\n"
    "      if (item < limit) result = result + item;\n    }\n    return result;\n  }\n",
    "\n  clear(): void {\n    this.items = [];\n  }\n}\n",
    "  total(limit: number): number {\n    let result = 0;\n    for (const item of this.items) {\n"
    "      if (item < limit) result += item;\n    }\n    return result;\n  }\n",
)
JAVA = Region(
    "a Java method",
    "java",
    "class Cart {\n    private int[] items;\n\n"
    "    void clear() {\n        items = null;\n    }\n\n",
    "    int total(int limit) {\n        int result = 0;\n        for (int item : items) {\n"
    "            result = result + item;\n        }\n        return result;\n    }\n",
    "\n    int size() {\n        return items.length;\n    }\n}\n",
    "    int total(int limit) {\n        int result = 0;\n        for (int item : items) {\n"
    "            result += item;\n        }\n        return result;\n    }\n",
)
RUST = Region(
    "a Rust method",
    "rust",
    "struct Cart {\n    items: Vec<u32>,\n}\n\nimpl Cart {\n    fn clear(&mut self) {\n"
    "        self.items.clear();\n    }\n\n",
    "    fn total(&self) -> u32 {\n        let mut result = 0;\n        for item in &self.items {\n"
    "            result = result + item;\n        }\n        result\n    }\n",
    "\n    fn size(&self) -> usize {\n        self.items.len()\n    }\n}\n",
    "    fn total(&self) -> u32 {\n        let mut result = 0;\n        for item in &self.items {\n"
    "            result += item;\n        }\n        result\n    }\n",
)
C = Region(
    "a C function",
    "c",
    "#include <stdio.h>\n\nstatic int tax(int v) {\n    return v * 2;\n}\n\n",
    "int total(const int *items, int n) {\n    int result = 0;\n"
    "    for (int i = 0; i < n; i++) {\n        result = result + items[i];\n    }\n"
    "    return result;\n}\n",
    '\nvoid show(int v) {\n    printf("%d\\n", v);\n}\n',
    "int total(const int *items, int n) {\n    int result = 0;\n"
    "    for (int i = 0; i < n; i++) {\n        result += items[i];\n    }\n"
    "    return result;\n}\n",
)
MARKDOWN = Region(
    "a part of a Markdown text",
    "markdown",
    "# Shop\n\nA shop in two files.\n\n",
    "Run it:\n\n```sh\nshop serve\n```\n\nIt listens on port 80.\nStop it with Ctrl-C.\n",
    "\n## Licence\n\nMIT, see LICENSE.\n",
    "Run it:\n\n```sh\nshop serve\n```\n\nIt listens on port 8080.\nStop it with Ctrl-C.\n",
    words=True,
)
HUGE = Region(
    "next to a line of a million characters",
    "python",
    "data = '" + "ab 1😀" * 200_000 + "'\n\n\n",
    _TOTAL,
    "\n\nmore = '" + "x" * 100_000 + "'\n",
    FUNCTION.new,
)
LONG_LINE = Region(
    "a line of 50 000 characters",
    "python",
    "x = 1\n",
    "data = [" + ", ".join(map(str, range(9_000))) + "]\n",
    "y = 2\n",
    "data = [" + ", ".join(map(str, range(9_001))) + "]\n",
)

REGIONS = (
    ONE_LINE,
    FUNCTION,
    METHOD,
    WHOLE_FILE,
    DOCSTRING,
    WIDE,
    NO_END,
    GO,
    TYPESCRIPT,
    JAVA,
    RUST,
    C,
    MARKDOWN,
    LONG_LINE,
    HUGE,
)
