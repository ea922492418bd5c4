"""How documentation is written: the convention of a language, and the file's own habits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from dola_ls.core.actions import Target
from dola_ls.core.doc_comments import DocComment, doc_comments
from dola_ls.core.document import Document
from dola_ls.core.languages import language_of
from dola_ls.core.parsing import Tree
from dola_ls.core.prompt import fence_for

#: A sample of more lines than this shows no more of the style.
_LONG = 16
#: So many doc comments tell the convention of a file.
_ENOUGH = 60


@dataclass(frozen=True, slots=True)
class DocStyle:
    """What documentation should look like, for a prompt."""

    #: As people call it: ``google``, ``tsdoc``, ``rustdoc``.
    name: str
    #: The rules in two or three sentences.
    rules: str
    #: A doc comment of the same file, without its indentation.
    sample: str | None = None

    @property
    def text(self) -> str:
        """The rules, and the sample where there is one."""
        if self.sample is None:
            return self.rules
        fence = fence_for(self.sample)
        return f"{self.rules}\nDocumentation of this file reads like this:\n" + (
            f"{fence}\n{self.sample}\n{fence}"
        )


def doc_style(document: Document, tree: Tree | None, target: Target) -> DocStyle:
    """Return how to document a target: as its file does, else as its language does."""
    language = language_of(document.language)
    if tree is None:
        return DocStyle("comments", f"Write comments as {language.name} has them.")
    docs = [
        doc
        for doc in islice(doc_comments(tree), _ENOUGH)
        if not (doc.span.start < target.region.end and target.region.start < doc.span.end)
        and doc.span.end != target.region.start
    ]
    name, rules = _convention(language.id, docs, tree, target)
    return DocStyle(name, rules, _sample(docs, target))


def _convention(id: str, docs: Sequence[DocComment], tree: Tree, target: Target) -> tuple[str, str]:
    texts = [doc.text for doc in docs]
    name = target.symbol.name if target.symbol is not None else target.name
    if id == "python":
        return _python(docs, tree, target)
    if id in {"javascript", "javascriptreact"}:
        return "jsdoc", _script(texts, typed=False)
    if id in {"typescript", "typescriptreact"}:
        return "tsdoc", _script(texts, typed=True)
    if id in {"c", "cpp"}:
        return "doxygen", _doxygen(texts)
    if id == "java":
        return "javadoc", _javadoc(texts)
    if id == "ruby":
        return _ruby(texts)
    style, rules = _FIXED[id]
    return style, rules.replace("NAME", name)


_FIXED = {
    "go": (
        "godoc",
        "Write a Go doc comment: // lines right above the declaration, in full sentences, the "
        "first of which begins with the name “NAME”. No tags and no list of parameters: name them "
        "in the prose where they need it. Lines such as //go:… stay last.",
    ),
    "rust": (
        "rustdoc",
        "Write rustdoc: /// lines above the item and its attributes, Markdown, a one-line summary "
        "first. Then, only where they apply, the sections “# Errors” (it returns a Result), "
        "“# Panics” (it can panic), “# Safety” (it is unsafe) and “# Examples” (code that "
        "compiles). Use // inside of functions.",
    ),
    "csharp": (
        "xmldoc",
        "Write XML documentation: /// lines above the declaration and its attributes, with "
        '<summary>, then <param name="…">, <returns> and <exception cref="…"> where they apply. '
        "Write &lt; and &amp; for < and & in the text.",
    ),
    "php": (
        "phpdoc",
        "Write PHPDoc: a /** … */ block above the declaration and its attributes, a one-line "
        "summary, an empty line, then @param type $name text, @return type text and @throws Class "
        "text where they say more than the signature. Keep every other @tag as it is.",
    ),
}

_SECTIONS = {
    "numpy": re.compile(r"(?m)^[ \t]*(?:Parameters|Returns|Raises|Yields|Attributes)\n[ \t]*-{3,}"),
    "sphinx": re.compile(r"(?m)^[ \t]*:(?:param|type|returns?|rtype|raises?|ivar)\b[^:\n]*:"),
    "google": re.compile(r"(?m)^[ \t]*(?:Args|Arguments|Returns|Raises|Yields|Attributes):[ \t]*$"),
}
_PYTHON = {
    "google": "then, where they say more than the names do, the sections “{members}:”, “Returns:” "
    "and “Raises:” of Google style, their entries indented as “name: text”",
    "numpy": "then, where they say more than the names do, the sections “{parameters}”, “Returns” "
    "and “Raises” of NumPy style, each underlined with dashes, entries as “name : type” with the "
    "text indented below",
    "sphinx": "then, where they say more than the names do, the Sphinx fields “:{field} name: "
    "text”, “:returns: text” and “:raises Error: text”",
    "plain": "then, only where it is needed, some plain sentences; no sections and no tags",
}
_GOOGLE_TYPE = re.compile(r"(?m)^[ \t]+\*{0,2}\w+ \([^)\n]+\): ")
_SPHINX_TYPE = re.compile(r"(?m)^[ \t]*:(?:type\b|rtype:|param \w[\w.\[\]]* \w+:)")


def _python(docs: Sequence[DocComment], tree: Tree, target: Target) -> tuple[str, str]:
    counts = Counter(
        style for doc in docs for style, marks in _SECTIONS.items() if marks.search(doc.text)
    )
    # Docstrings of modules hardly ever have sections, whatever the style.
    bare = sum(doc.symbol is not None for doc in docs)
    # PEP 257 asks for the summary alone; of the styles for the rest, Google's takes the least
    # space and reads best as plain text: https://google.github.io/styleguide/pyguide.html#383
    style = counts.most_common(1)[0][0] if counts else "plain" if bare >= 2 else "google"
    whole = target.symbol is not None and target.symbol.kind == "class"
    sections = _PYTHON[style].format(
        members="Attributes" if whole else "Args",
        parameters="Attributes" if whole else "Parameters",
        field="ivar" if whole else "param",
    )
    texts = [doc.text for doc in docs]
    single = sum(re.match(r"\w?'''", text) is not None for text in texts)
    quotes = "'''" if single * 2 > len(texts) else '"""'
    long = [text for text in texts if "\n" in text]
    below = sum(re.match(r"\w?(?:\"\"\"|''')\\?\n", text) is not None for text in long)
    place = "on the line below the quotes" if below * 2 > len(long) else "right after the quotes"
    rules = (
        f"Write a docstring, the first statement of the body and indented like it, in {quotes} "
        f"quotes: a one-line summary in the imperative, {place}, that ends with a period, "
        f"{sections}."
    )
    if style in {"google", "sphinx"}:
        typed = _GOOGLE_TYPE if style == "google" else _SPHINX_TYPE
        shown = any(typed.search(text) for text in texts)
        if not shown and (counts or _annotated(tree, target)):
            rules += " Leave the types out."
        else:
            form = "name (type): text" if style == "google" else ":param type name: text"
            rules += f" Give the types: “{form}”."
    return style, rules


def _annotated(tree: Tree, target: Target) -> bool:
    """Tell whether signatures of the target have types."""
    root = tree.tree.root_node
    low, high = tree.byte(target.region.start), tree.byte(target.region.end)
    stack = [root]
    while stack:
        node = stack.pop()
        if node.end_byte <= low or node.start_byte >= high:
            continue
        if node.start_byte >= low and node.type in {"typed_parameter", "typed_default_parameter"}:
            return True
        if node.type == "function_definition" and node.child_by_field_name("return_type"):
            return True
        stack.extend(node.named_children)
    return False


def _script(texts: Sequence[str], *, typed: bool) -> str:
    name = r"@param (?:\{[^\n]*?\} )?[^\s{]\S* "
    dash = _more(texts, name + r"- ", name + r"(?!- )\S")
    # TSDoc has the hyphen: https://tsdoc.org/pages/tags/param
    between = " - " if (dash if dash is not None else typed) else " "
    tag = "@return" if _more(texts, r"@return\b", r"@returns\b") else "@returns"
    types = "" if typed else "{type} "
    rules = (
        f"Write {'TSDoc' if typed else 'JSDoc'}: a /** … */ block above the declaration, a summary "
        f"in a sentence, then @param {types}name{between}text, {tag} {types}text and "
        f"@throws {types}text where they apply."
    )
    return rules + " Leave types out, the signature has them." if typed else rules


def _doxygen(texts: Sequence[str]) -> str:
    form = Counter(text[:3] for text in texts if text[:3] in {"/**", "/*!", "///", "//!"})
    begins = form.most_common(1)[0][0] if form else "/**"
    shape = f"{begins} lines" if begins[1] == "/" else f"a {begins} … */ block"
    sign = "\\" if _more(texts, r"\\(?:param|brief|return)", r"@(?:param|brief|return)") else "@"
    plain = _more(texts, r"[@\\](?:param|return|tparam|brief)", r"\A(?!.*[@\\]\w)") is False
    brief = f"{sign}brief and " if _more(texts, r"[@\\]brief\b", r"\A(?!.*[@\\]brief)") else ""
    start = (
        f"Write Doxygen comments: {shape} right above the declaration: {brief}a one-line summary"
    )
    if plain:
        return f"{start}, then plain sentences where they are needed; no tags."
    return (
        f"{start}, then {sign}param name text, {sign}return text and {sign}throws where they apply."
    )


def _javadoc(texts: Sequence[str]) -> str:
    lines = _more(texts, r"\A///", r"\A/\*\*")
    shape = "/// lines, Markdown," if lines else "a /** … */ block"
    return (
        f"Write Javadoc: {shape} above the declaration and its annotations. The first sentence is "
        "the summary and ends with a period; then @param name text, @return text and @throws "
        "Exception text where they apply. Escape < and & as HTML or use {@code …}."
    )


def _ruby(texts: Sequence[str]) -> tuple[str, str]:
    if _more(texts, r"@(?:param|return|raise)\b", r"\A(?!.*@(?:param|return|raise)\b)") is False:
        return "rdoc", (
            "Write RDoc: # lines right above the definition, a summary in a sentence, then plain "
            "sentences where they are needed; +name+ marks code. No tags."
        )
    return "yard", (
        "Write YARD comments: # lines right above the definition, a summary in a sentence, then "
        "@param name [Type] text, @return [Type] text and @raise [Error] text where they apply."
    )


def _more(texts: Sequence[str], one: str, other: str) -> bool | None:
    """Tell whether more of the texts hold `one` than `other`; None where none holds either."""
    ones, others = (
        sum(re.search(pattern, text, re.DOTALL) is not None for text in texts)
        for pattern in (one, other)
    )
    return ones > others if ones or others else None


def _sample(docs: Sequence[DocComment], target: Target) -> str | None:
    """Return the documentation that shows most: of the same kind, long but not too long."""
    wanted = target.symbol.kind if target.symbol is not None else None
    of_symbols = [doc for doc in docs if doc.symbol is not None and len(doc.text) <= 1000]
    fitting = [doc for doc in of_symbols if doc.text.count("\n") < _LONG]
    if not fitting:
        return None

    def value(doc: DocComment) -> tuple[bool, int]:
        kind = doc.symbol.kind if doc.symbol is not None else ""
        callable = {"function", "method"}
        same = kind == wanted or (kind in callable and wanted in callable)
        return same, doc.text.count("\n")

    return max(fitting, key=value).text
