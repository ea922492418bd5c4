"""What is known of each language, as data: grammar, fence label, comments, symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

SymbolKind = Literal["function", "method", "class", "type", "module"]


@dataclass(frozen=True, slots=True)
class Language:
    """One language by its LSP identifier."""

    id: str
    name: str
    #: Package and function of the grammar, or None where no grammar is bundled.
    grammar: tuple[str, str] | None = None
    line_comment: str = "#"
    #: Node type of the grammar -> what it declares.
    symbols: Mapping[str, SymbolKind] = field(default_factory=dict)
    #: Nodes that wrap a symbol and belong to it, such as decorators and ``export``.
    wrappers: frozenset[str] = frozenset()
    #: Siblings before a symbol that belong to it, such as attributes.
    leading: frozenset[str] = frozenset()
    #: Outermost nodes that bring in names from elsewhere.
    imports: frozenset[str] = frozenset()
    #: Outermost nodes that stand before the imports, comments apart.
    preamble: frozenset[str] = frozenset()


_SCRIPT_SYMBOLS: dict[str, SymbolKind] = {
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "class_declaration": "class",
    "abstract_class_declaration": "class",
    "method_definition": "method",
    "interface_declaration": "type",
    "type_alias_declaration": "type",
    "enum_declaration": "type",
    # const f = () => …: the declarator is a symbol only where its value is a function.
    "variable_declarator": "function",
}
_SCRIPT_WRAPPERS = frozenset(
    {"export_statement", "lexical_declaration", "variable_declaration", "ambient_declaration"}
)

_C_SYMBOLS: dict[str, SymbolKind] = {
    "function_definition": "function",
    "struct_specifier": "type",
    "enum_specifier": "type",
    "union_specifier": "type",
}


def _script(id: str, name: str, package: str, function: str) -> Language:
    return Language(
        id,
        name,
        (package, function),
        "//",
        _SCRIPT_SYMBOLS,
        _SCRIPT_WRAPPERS,
        # Those of a method stand beside it; in JavaScript's grammar they are in it.
        frozenset({"decorator"}) if package == "tree_sitter_typescript" else frozenset(),
        imports=frozenset({"import_statement"}),
        preamble=frozenset({"hash_bang_line"}),
    )


_ALL = (
    Language(
        "python",
        "Python",
        ("tree_sitter_python", "language"),
        "#",
        {"function_definition": "function", "class_definition": "class"},
        frozenset({"decorated_definition"}),
        imports=frozenset({"import_statement", "import_from_statement", "future_import_statement"}),
    ),
    _script("javascript", "JavaScript", "tree_sitter_javascript", "language"),
    _script("javascriptreact", "JavaScript", "tree_sitter_javascript", "language"),
    _script("typescript", "TypeScript", "tree_sitter_typescript", "language_typescript"),
    _script("typescriptreact", "TypeScript", "tree_sitter_typescript", "language_tsx"),
    Language(
        "go",
        "Go",
        ("tree_sitter_go", "language"),
        "//",
        {
            "function_declaration": "function",
            "method_declaration": "method",
            "type_spec": "type",
        },
        frozenset({"type_declaration"}),
        imports=frozenset({"import_declaration"}),
        preamble=frozenset({"package_clause"}),
    ),
    Language(
        "rust",
        "Rust",
        ("tree_sitter_rust", "language"),
        "//",
        {
            "function_item": "function",
            "struct_item": "type",
            "enum_item": "type",
            "union_item": "type",
            "trait_item": "type",
            "impl_item": "class",
            "mod_item": "module",
            "macro_definition": "function",
        },
        leading=frozenset({"attribute_item"}),
        imports=frozenset({"use_declaration", "extern_crate_declaration"}),
        preamble=frozenset({"inner_attribute_item"}),
    ),
    Language(
        "java",
        "Java",
        ("tree_sitter_java", "language"),
        "//",
        {
            "method_declaration": "method",
            "constructor_declaration": "method",
            "class_declaration": "class",
            "interface_declaration": "type",
            "enum_declaration": "type",
            "record_declaration": "class",
            "annotation_type_declaration": "type",
        },
        imports=frozenset({"import_declaration"}),
        preamble=frozenset({"package_declaration"}),
    ),
    Language(
        "c",
        "C",
        ("tree_sitter_c", "language"),
        "//",
        _C_SYMBOLS,
        frozenset({"type_definition"}),
        imports=frozenset({"preproc_include"}),
    ),
    Language(
        "cpp",
        "C++",
        ("tree_sitter_cpp", "language"),
        "//",
        {**_C_SYMBOLS, "class_specifier": "class", "namespace_definition": "module"},
        frozenset({"template_declaration", "type_definition"}),
        imports=frozenset({"preproc_include"}),
    ),
    Language(
        "csharp",
        "C#",
        ("tree_sitter_c_sharp", "language"),
        "//",
        {
            "method_declaration": "method",
            "constructor_declaration": "method",
            "local_function_statement": "function",
            "class_declaration": "class",
            "struct_declaration": "class",
            "record_declaration": "class",
            "interface_declaration": "type",
            "enum_declaration": "type",
            "property_declaration": "method",
        },
        imports=frozenset({"using_directive"}),
        preamble=frozenset({"extern_alias_directive"}),
    ),
    Language(
        "ruby",
        "Ruby",
        ("tree_sitter_ruby", "language"),
        "#",
        {
            "method": "method",
            "singleton_method": "method",
            "class": "class",
            "module": "module",
        },
        # private def total
        frozenset({"call", "argument_list"}),
    ),
    Language(
        "php",
        "PHP",
        ("tree_sitter_php", "language_php"),
        "//",
        {
            "function_definition": "function",
            "method_declaration": "method",
            "class_declaration": "class",
            "interface_declaration": "type",
            "trait_declaration": "type",
            "enum_declaration": "type",
        },
        imports=frozenset({"namespace_use_declaration"}),
        preamble=frozenset({"php_tag", "declare_statement", "namespace_definition"}),
    ),
)

LANGUAGES: dict[str, Language] = {language.id: language for language in _ALL}


#: Identifiers that editors send in place of the protocol's own: Neovim and Helix name file types.
_ALIASES = {
    "cs": "csharp",
    "c-sharp": "csharp",
    "c++": "cpp",
    "js": "javascript",
    "jsx": "javascriptreact",
    "javascript.jsx": "javascriptreact",
    "ts": "typescript",
    "tsx": "typescriptreact",
    "typescript.tsx": "typescriptreact",
}


def language_of(id: str) -> Language:
    """Return what is known of a language; an unknown one has a name and nothing else."""
    return LANGUAGES.get(_ALIASES.get(id, id)) or Language(id, id or "text", None)


_SUFFIXES = {
    ".c": "c", ".cc": "cpp", ".cjs": "javascript", ".cpp": "cpp", ".cs": "csharp",
    ".cts": "typescript", ".cxx": "cpp", ".go": "go", ".h": "c", ".hpp": "cpp", ".java": "java",
    ".js": "javascript", ".jsx": "javascriptreact", ".kt": "kotlin", ".mjs": "javascript",
    ".mts": "typescript", ".php": "php", ".py": "python", ".rb": "ruby", ".rs": "rust",
    ".ts": "typescript", ".tsx": "typescriptreact",
}  # fmt: skip


def language_of_file(path: PurePath) -> str:
    """Return the identifier of the language a file is most likely in; empty for none of ours."""
    return _SUFFIXES.get(path.suffix.lower(), "")
