"""What a test checks, counted: so that a repair cannot make it pass by checking less.

Comments and strings do not count; what stands in them is no check.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dola_ls.core.candidate import Verdict
from dola_ls.core.document import Edit, Span, apply_edits
from dola_ls.core.testing.marks import COMMENTS
from dola_ls.core.testing.testcode import Code

if TYPE_CHECKING:
    import tree_sitter


@dataclass(frozen=True, slots=True)
class _Words:
    """How a family of languages checks and evades, as patterns on code without its strings."""

    #: Begins an assertion.
    checks: str
    #: Among assertions, those that nearly every value passes.
    weak: str
    #: Keeps a test from being run, or others.
    skips: str
    #: Keeps assertions from being reached, or their failures from being seen.
    evades: str


_SCRIPT = _Words(
    r"\bexpect\b(?:\.\w+)*\s*\(|\bassert\b(?:\.\w+)*\s*\(|\.should\b",
    r"\.(?:toBeDefined|toBeTruthy|toBeFalsy|toBeInstanceOf|toBeTypeOf)\b|\.ok\s*\(|\bassert\s*\("
    r"|not\.(?:toBeNull|toBeUndefined|toThrow)\b|doesNotThrow|\bto\.(?:exist|be\.ok)\b|\bany\s*\(",
    r"\.(?:skip\w*|todo|only|failing|fails|runIf)\b|\b[xf](?:it|test|describe)\b"
    r"|\b(?:skip|only|todo)\s*:|\bpending\b",
    r"\b(?:try|catch|if|return|switch)\b|\.catch\b|\?",
)
_JVM = _Words(
    r"\b(?:assert\w*|fail|verify\w*)\s*\(|\bexpected\s*=|\.(?:is|has|contains)\w+\(",
    r"\b(?:assertNotNull|assertDoesNotThrow|assertInstanceOf|assertNotSame)\b|\.isNotNull\(",
    r"@(?:Disabled\w*|Enabled\w*|Ignore)\b|\bassum\w+\s*\(|\bAssum\w+\.",
    r"\b(?:try|catch|if|return|switch)\b|\?",
)
_WORDS: dict[str, _Words] = {
    "python": _Words(
        r"\bassert\b|\.assert\w*\s*\(|\b(?:pytest\.)?(?:raises|warns|deprecated_call|fail)\s*\(",
        r"\bis\s+not\s+None\b|\b(?:isinstance|hasattr|callable|issubclass)\s*\(|\.assertIs(?:Not"
        r"None|Instance)\s*\(|^assert (?!.*(?:[=!]=|[<>]|\bin\b|\bis\b))|\bor\b"
        r"|\braises\s*\(\s*(?:Base)?Exception\s*[,)]",
        r"\bskip\w*|\bxfail\w*|\bimportorskip\b|\bSkipTest\b|\bexpectedFailure\b|\bpytestmark\b",
        r"\b(?:try|except|suppress|if|return|yield|match|def|lambda|async|exit|_exit|quit)\b",
    ),
    "go": _Words(
        r"\b[tb]\.(?:Error|Fatal|Fail)\w*\s*\(|\b(?:assert|require|suite|s)\.\w+\(",
        r"\b(?:assert|require)\.(?:NotNil|NotEmpty|NotPanics|NotZero|IsType)f?\(",
        r"\bt\.Skip\w*|\btesting\.Short\b|//go:build",
        r"\b(?:recover|return|goto|Goexit|os\.Exit|panic)\b",
    ),
    "rust": _Words(
        r"\b(?:debug_)?assert\w*!|\bshould_panic\b|\bpanic!|\bunreachable!",
        r"\bis_(?:some|ok|err|none)\(\)|\bmatches!",
        r"#\[ignore\b|#\[cfg",
        r"\b(?:catch_unwind|return|if|match|exit)\b",
    ),
    "java": _JVM,
    "kotlin": _JVM,
    "csharp": _Words(
        r"\bAssert\.\w+|\.Should\w*\(|\bExpectedException\b",
        r"\bAssert\.(?:NotNull|IsNotNull|IsType|IsAssignableFrom|IsInstanceOf\w*|DoesNotThrow)\b",
        r"\bSkip\s*=|\[\s*(?:Ignore|Explicit)\b|\bAssert\.(?:Ignore|Inconclusive|Pass|Skip)\b",
        r"\b(?:try|catch|if|return|switch)\b|\?",
    ),
    "ruby": _Words(
        r"\bexpect\b\s*[({]|\b(?:assert|refute)\w*\b|\.should\b|\b(?:must|wont)_\w+",
        r"\bbe_(?:truthy|falsey|an?_instance_of|kind_of)\b|\b(?:assert|refute)_nil\b|not_to\s+raise"
        r"|\bassert_(?:instance_of|kind_of|respond_to)\b",
        r"\bskip\b|\bpending\b|\b[xf](?:it|describe|context|specify)\b|:?\bfocus\b",
        r"\b(?:rescue|if|unless|return|next|exit|case)\b|\?\s",
    ),
    "php": _Words(
        r"(?:->|::)(?:assert|expect)\w*\s*\(|\bexpect\s*\(|->(?:throws|to[A-Z])\w*\s*\(",
        r"assert(?:NotNull|InstanceOf|Is\w+)\b|->(?:toBeTruthy|toBeInstanceOf|toBeObject)\b"
        r"|expectNotToPerformAssertions",
        r"\bmarkTest(?:Skipped|Incomplete)\b|->(?:skip\w*|todo|only)\s*\(|\bRequires\w*\b",
        r"\b(?:try|catch|if|return|switch|match|exit)\b|\?",
    ),
    "cpp": _Words(
        r"\b(?:EXPECT|ASSERT|REQUIRE|CHECK|STATIC_REQUIRE)(?:_\w+)?\s*\(",
        r"\b(?:EXPECT|ASSERT|REQUIRE|CHECK)_(?:NO_?THROW|NOTHROW)\b",
        r"\bDISABLED_|\bGTEST_SKIP\b|\bSKIP\s*\(",
        r"\b(?:try|catch|if|return|switch|exit)\b|\?",
    ),
}  # fmt: skip

#: Words of assertions and literals: a check that holds nothing else says nothing of the code.
_SAYS_NOTHING = re.compile(
    r"(?i:true|false|none|null|nil|nan|undefined|not|is|in|and|or|if|self|this|eql?|ok|to|be\w*"
    r"|not_to|assert\w*|expect\w*|require\w*|refute\w*|that|should|fail|t)\Z|to[A-Z]\w*\Z"
)
_LISTS = frozenset(
    {"list", "tuple", "set", "array", "array_expression", "literal_value", "array_initializer",
     "array_creation_expression", "initializer_list", "initializer_expression", "tuple_expression",
     "hash", "dictionary", "object", "element_value_array_initializer", "collection_expression"}
)  # fmt: skip
#: Characters of a statement that are looked at.
_LONGEST = 300
_DATA = re.compile(r"@?(?:InlineData|TestCase|DataRow|\w+Source|TestWith|DataProvider)\b")
_ITEM = re.compile(r"(?:literal_element|keyed_element|argument|array_element_initializer|pair)\Z")


@dataclass(frozen=True, slots=True)
class Checks:
    """What a piece of test code checks."""

    #: The statements that check something, without their layout, and how often each stands there.
    statements: Counter[str]
    count: int
    weak: int
    #: Checks that hold whatever the code under test does.
    empty: int
    skips: int
    evades: int
    waits: int
    #: Cases in tables.
    rows: int


def checks_of(code: Code, span: Span) -> Checks:
    """Return what the code in a span checks."""
    words = _WORDS.get(code.tree.language.id, _SCRIPT)
    plain = _without_words(code, span)
    statements: Counter[str] = Counter()
    empty = weak = count = ends = 0
    for match in re.finditer(words.checks, plain):
        count += 1
        if match.start() < ends:
            continue  # of a statement that is known already
        start, ends = _extent(code, _statement(code, span.start + match.start()), span)
        said = " ".join(code.text[span.start + start : span.start + ends].split())
        bare = " ".join(plain[start:ends].split())
        statements[said] += 1
        weak += re.search(words.weak, bare) is not None
        empty += _says_nothing(bare) or _compares_alike(said)
        ends = max(ends, match.end())
    return Checks(
        statements,
        count,
        weak,
        empty,
        len(re.findall(words.skips, plain)),
        len(re.findall(words.evades, plain)),
        len(re.findall(r"\bawait\b", plain)),
        _rows(code, span),
    )


def why_weaker(name: str, before: Checks, after: Checks) -> Verdict | None:
    """Return why a test would check less than it did; None where it does not."""
    if after.count < before.count:
        return Verdict("fewer_assertions", f"{name} would check less than it does now")
    if after.skips > before.skips:
        return Verdict("skipped", f"{name} would be skipped, or make others be")
    if after.empty > before.empty:
        return Verdict("empty_assertion", f"a check in {name} would hold whatever the code does")
    if after.count - after.weak < before.count - before.weak:
        return Verdict("weaker", f"a check in {name} would let nearly every value pass")
    if after.evades > before.evades:
        return Verdict("evades", f"checks in {name} might not be reached, or not be seen to fail")
    if after.waits < before.waits:
        return Verdict("evades", f"{name} would no longer wait for what it checks")
    if after.rows < before.rows:
        return Verdict("fewer_cases", f"{name} would try fewer cases than it does now")
    return None


def _without_words(code: Code, span: Span) -> str:
    """Return the code of a span with its comments and strings blanked out."""
    blanks: list[Edit] = []
    low, high = code.tree.byte(span.start), code.tree.byte(span.end)
    stack = [code.root]
    while stack:
        node = stack.pop()
        if node.end_byte <= low or node.start_byte >= high:
            continue
        string = "string" in node.type or node.type in {"char_literal", "heredoc_body", "regex"}
        if node.type in COMMENTS or (string and node.type != "string_concatenation"):
            at = code.span_of(node)
            start, end = max(at.start, span.start) - span.start, min(at.end, span.end) - span.start
            text = code.text[span.start + start : span.start + end]
            blanks.append(Edit(start, end, re.sub(r"[^\r\n]", " ", text)))
        else:
            stack.extend(node.children)
    return apply_edits(code.text[span.start : span.end], sorted(blanks))


def _statement(code: Code, at: int) -> tree_sitter.Node:
    """Return the statement that stands at an offset."""
    byte = code.tree.byte(at)
    node = code.root.descendant_for_byte_range(byte, byte)
    assert node is not None
    while node.parent is not None and node.parent.type != code.root.type and (
        not node.type.endswith(("statement", "declaration", "item", "definition"))
    ) and not node.parent.type.endswith(
        ("block", "body", "statements", "body_statement")
    ):  # fmt: skip
        node = node.parent
    around = node.parent
    while around is not None and around.type in {"block", "statement_list"}:
        around = around.parent
    if code.tree.language.id == "go" and around is not None and around.type == "if_statement":
        return around  # the condition is what is checked
    return node


def _extent(code: Code, node: tree_sitter.Node, span: Span) -> tuple[int, int]:
    """Return where a statement begins and ends in a span; of one with a body, its head."""
    at = code.span_of(node)
    body = node.child_by_field_name("body") or node.child_by_field_name("consequence")
    end = code.span_of(body).start if body is not None else at.end
    start = max(at.start - span.start, 0)
    return start, max(min(end, span.end) - span.start, start + 1)


def _says_nothing(bare: str) -> bool:
    """Tell whether an assertion names nothing but literals, going by its code without strings."""
    names = re.findall(r"(?<![\w.])[^\W\d]\w*", bare)
    return all(_SAYS_NOTHING.match(name) for name in names) and not re.search(r"\{", bare)


def _compares_alike(said: str) -> bool:
    """Tell whether an assertion compares a thing with itself."""
    plain = said.rstrip("; ")[:_LONGEST]
    compared = re.search(r"\bassert\b (?P<one>.+?) (?:==|is|>=|<=) (?P<two>.+?)(?:,.*)?$", plain)
    compared = compared or re.match(r"if (?:.*; )?(?P<one>[^;]+) [!=]= (?P<two>[^;]+)$", plain)
    if compared and compared["one"].strip() == compared["two"].strip():
        return True
    chain = re.search(r"\bexpect\s*\((?P<one>.+)\).*?(?:->|\.)(?:to|not_to|should)\w*[.( ]"
                      r"\s*(?:eql?\s*\(|be\s*\()?(?P<two>.+?)\)?$", plain)  # fmt: skip
    if chain and chain["one"].strip() == chain["two"].strip():
        return True
    if re.search(r"(?:\bor True\b|\|\| true\b)", plain):
        return True
    call = re.search(
        r"\b\w*(?:[aA]ssert|ASSERT|EXPECT|REQUIRE|CHECK|[eE]qual)\w*!?[.\w]*[ (](.+?)\)?$", plain
    )
    parts = _arguments(call[1]) if call else []
    parts = [part for part in parts if part != "t"]
    return len(parts) >= 2 and parts[0] == parts[1]


def _arguments(text: str) -> list[str]:
    """Split what stands between the brackets of a call at its outermost commas."""
    parts, depth, current, quote = [], 0, "", ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'`":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        if char == "," and depth == 0 and not quote:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [*parts, current.strip()]


def _rows(code: Code, span: Span) -> int:
    """Count the cases in tables: lists of lists, and the arguments of parametrized tests."""
    low, high = code.tree.byte(span.start), code.tree.byte(span.end)
    count = 0
    stack = [code.root]
    while stack:
        node = stack.pop()
        if node.end_byte <= low or node.start_byte >= high:
            continue
        if node.type in _LISTS and node.start_byte >= low:
            inner = [_inside(child) for child in node.named_children]
            tables = [child for child in inner if child.type in _LISTS]
            count += len(tables) if len(tables) > 1 else 0
            if not tables and _is_given(code, node):
                count += len(inner)
        if node.type in {"annotation", "attribute"} and _DATA.match(code.text_of(node)):
            count += 1
        stack.extend(node.named_children)
    return count


_CALLS = frozenset(
    {"argument_list", "arguments", "argument", "annotation_argument_list", "element_value_pair"}
)


def _inside(node: tree_sitter.Node) -> tree_sitter.Node:
    while _ITEM.match(node.type) and node.named_children:
        node = node.named_children[-1]
    return node


def _is_given(code: Code, node: tree_sitter.Node) -> bool:
    """Tell whether a list holds the cases of a parametrized test, one value each."""
    parent = node.parent
    while parent is not None and parent.type in _CALLS:
        parent = parent.parent
    if parent is None:
        return False
    return re.search(r"\bparametrize\s*\(|\.each\b|\b(?:Value|Csv)Source\b|->with\(",
                     code.text_of(parent)[:60]) is not None  # fmt: skip
