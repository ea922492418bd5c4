"""How a JavaScript or TypeScript test imports what it tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import relpath
from typing import Literal

from dola_ls.core.testing.evidence import package_json
from dola_ls.core.testing.frameworks import Framework, Unknown
from dola_ls.core.testing.listing import Listing, folders_above, joined
from dola_ls.core.testing.naming import stem_of

Module = Literal["esm", "cjs"]

_ESM = re.compile(r"^[ \t]*(?:import\b[^(]|export\b)", re.MULTILINE)
_CJS = re.compile(r"\brequire\(|\bmodule\.exports\b|^exports\.", re.MULTILINE)
_DECLARED = re.compile(
    r"^[ \t]*export\s+(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?"
    r"(?:function\s*\*?|class|const|let|var|enum)\s+([\w$]+)",
    re.MULTILINE,
)
_DEFAULT = re.compile(
    r"^[ \t]*export\s+default\s+(?:async\s+)?(?:(?:function\s*\*?|class)\s+)?([\w$]+)?",
    re.MULTILINE,
)
_LIST = re.compile(r"^[ \t]*export\s*\{([^}]*)\}(?!\s*from)", re.MULTILINE)
_CJS_LIST = re.compile(r"\bmodule\.exports\s*=\s*\{([^}]*)\}")
_CJS_ONE = re.compile(
    r"\bmodule\.exports\s*=\s*(?:(?:async\s+)?function\s*\*?\s*|class\s+)?([\w$]+)"
)
_CJS_NAME = re.compile(r"(?:\bmodule\.|^)exports\.([\w$]+)\s*=", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/|^[ \t]*//[^\n]*", re.DOTALL | re.MULTILINE)
_RELATIVE = re.compile(r"""(?:from\s+|require\(\s*)['"](\.[^'"]*)['"]""")


@dataclass(frozen=True, slots=True)
class Exports:
    """What a module exports: name inside -> name outside; `default` is the default's."""

    names: Mapping[str, str]
    default: str | None
    module: Module


def exports_of(text: str) -> Exports:
    """Return what a module exports, as its own statements say."""
    text = _COMMENT.sub("", text)
    names = {name: name for name in _DECLARED.findall(text)}
    default = next((name or "default" for name in _DEFAULT.findall(text)), None)
    for inner in _LIST.findall(text):
        for item in inner.split(","):
            local, _, outside = item.strip().removeprefix("type ").partition(" as ")
            if outside.strip() == "default":
                default = local.strip()
            elif local.strip():
                names[local.strip()] = outside.strip() or local.strip()
    module: Module = "esm"
    if not _ESM.search(text) and _CJS.search(text):
        module = "cjs"
        for inner in _CJS_LIST.findall(text):
            for item in inner.split(","):
                outside, _, local = item.strip().partition(":")
                if re.fullmatch(r"[\w$]+", outside.strip()):
                    names[local.strip() or outside.strip()] = outside.strip()
        names |= {name: name for name in _CJS_NAME.findall(text)}
        if not names:
            default = next(iter(_CJS_ONE.findall(text)), None)
    return Exports(names, default, module)


def module_of(path: str, text: str, listing: Listing) -> Module:
    """Return whether a file imports or requires, by its extension, its manifest and its text."""
    _, extension = stem_of(path)
    if extension in {".cjs", ".cts"}:
        return "cjs"
    if extension != ".js":
        return "esm"
    if _ESM.search(text):
        return "esm"
    if _CJS.search(text):
        return "cjs"
    return "esm" if _is_module_package(path, listing) else "cjs"


def _is_module_package(path: str, listing: Listing) -> bool:
    for folder in folders_above(path):
        if joined(folder, "package.json") in listing.known:
            return package_json(listing, folder).get("type") == "module"
    return False


@dataclass(frozen=True, slots=True)
class ScriptStyle:
    """How import lines look in a project."""

    module: Module
    quote: str = '"'
    end: str = ";"

    def line(self, names: Iterable[str], specifier: str, default: str = "") -> str:
        """Return a statement that brings in names, or a default under a name."""
        inner = ", ".join(names)
        what = default or f"{{ {inner} }}"
        if default and inner:
            what = f"{default}, {{ {inner} }}"
        where = f"{self.quote}{specifier}{self.quote}"
        if self.module == "esm":
            return f"import {what} from {where}{self.end}"
        what = what.replace(" as ", ": ")
        return f"const {what} = require({where}){self.end}"


def style_of_script(text: str, module: Module) -> ScriptStyle:
    """Return the quotes and line ends that code uses, as most of it does."""
    quote = "'" if text.count("'") > text.count('"') else '"'
    code = [line.rstrip() for line in text.split("\n")]
    with_end = sum(line.endswith(";") for line in code)
    without = sum(line.endswith((")", "'", '"')) for line in code)
    return ScriptStyle(module, quote, ";" if with_end >= without else "")


def specifier_of(
    source: str, test: str, framework: Framework, module: Module, sample: str, listing: Listing
) -> str:
    """Return the relative path under which a test imports a source, with the usual extension."""
    folder = test.rpartition("/")[0] or "."
    path = relpath(source, folder)
    path = path if path.startswith(".") else f"./{path}"
    stem, extension = path[: -len(stem_of(path)[1])], stem_of(path)[1]
    wanted = _extension(extension, source, framework, module, sample, listing)
    return stem.removesuffix("/index") if not wanted and stem.count("/") > 1 else stem + wanted


def _extension(
    extension: str, source: str, framework: Framework, module: Module, sample: str, listing: Listing
) -> str:
    if extension in {".mjs", ".cjs"}:
        return extension
    typed = extension[1:2] in {"t", "m", "c"}
    compiled = {".mts": ".mjs", ".cts": ".cjs"}.get(extension, ".js")
    used = [stem_of(name)[1] for name in _RELATIVE.findall(sample)]
    if used:
        known = {one for one in used if one in {".js", ".jsx", ".ts", ".tsx", ".mjs"}}
        if not known:
            return ""
        return compiled if typed and known & {".js", ".mjs"} else extension
    if not typed:
        strict = framework.id in {"node:test", "mocha"} or _is_module_package(source, listing)
        return extension if module == "esm" and strict else ""
    for folder in folders_above(source):
        config = listing.text(joined(folder, "tsconfig.json"))
        if re.search(r'"allowImportingTsExtensions"\s*:\s*true', config):
            return extension
        if re.search(r'"module"\s*:\s*"(?:node16|node18|nodenext)"', config, re.IGNORECASE):
            return compiled
        if config:
            break
    return extension if framework.id == "node:test" and "tsx" not in framework.command else ""


def script_import(
    source: str,
    name: str,
    test: str,
    framework: Framework,
    samples: tuple[str, str],
    listing: Listing,
) -> tuple[str, ScriptStyle] | Unknown:
    """Return the line that imports `name`, and the style of it; Unknown where it is not exported.

    `samples` are the texts of the test file as it is, or else of another one, and of the source.
    """
    sample, text = samples
    exports = exports_of(text)
    module: Module = "esm"
    if framework.id != "vitest":
        module = module_of(test, sample or text, listing)
        if exports.module == "esm" and text and not sample:
            module = "esm"
    style = style_of_script(sample or text, module)
    specifier = specifier_of(source, test, framework, module, sample, listing)
    if name in exports.names:
        outside = exports.names[name]
        inner = name if outside == name else f"{outside} as {name}"
        return style.line([inner], specifier), style
    if name == exports.default or (exports.default == "default" and not exports.names):
        return style.line([], specifier, default=name), style
    return Unknown(
        f"{name} is not exported from {source}, so no test can import it. Export it, then run the"
        " action again."
    )
