"""The lines at the head of a test file that bring in what it tests, language by language."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import relpath

from dola_ls.core.testing.evidence import part_of, project_with_tests
from dola_ls.core.testing.frameworks import Framework, Unknown
from dola_ls.core.testing.listing import Listing, joined, shared_parts
from dola_ls.core.testing.manifests import json_object, table, toml_table, xml_root
from dola_ls.core.testing.naming import stem_of
from dola_ls.core.testing.script_imports import ScriptStyle, script_import

#: Folders below which a Python import path begins, besides the project's own top.
_SOURCE_ROOTS = frozenset({"src", "lib", "python", "server", "backend", "app"})


@dataclass(frozen=True, slots=True)
class Head:
    """How a test file begins, imports of its framework apart."""

    imports: tuple[str, ...] = ()
    #: The package clause or namespace; without a ``;`` where it has a body, in C#.
    package: str = ""
    style: ScriptStyle | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A test file that needs to bring in a name."""

    source: str
    name: str
    language: str
    framework: Framework
    test: str
    #: The test file as it is, or another one of the project: its path and its text.
    sample: tuple[str, str]
    listing: Listing

    @property
    def text(self) -> str:
        """The text of the source."""
        return self.listing.text(self.source)


def head_of(wanted: Wanted) -> Head | Unknown:
    """Return what a test file needs to see the code it tests."""
    family = wanted.language
    if family.startswith(("javascript", "typescript")):
        family = "script"
    return _HEADS[family](wanted)


def import_path(source: str, files: Collection[str], top: str = "") -> str:
    """Return the dotted name by which tests import a Python file.

    Packages are followed upwards by their ``__init__.py``; a folder without one that is known to
    hold sources (``src``, …) ends the name, and so does `top`, the folder of the manifest.
    """
    path = PurePosixPath(source)
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while folder.parts:
        has_init = str(folder / "__init__.py") in files
        namespace = folder.name not in _SOURCE_ROOTS and folder.name.isidentifier()
        if not has_init and (not namespace or str(folder) == top):
            break
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def _python(wanted: Wanted) -> Head | Unknown:
    files = wanted.listing.known
    module = import_path(wanted.source, files, part_of("python", wanted.listing, wanted.source))
    # As the other tests do: `from src.shop.cart import …` goes on from the same folder.
    parts = PurePosixPath(wanted.source).with_suffix("").parts
    for at in range(len(parts) - 1):
        package = ".".join(parts[at:-1])
        if module and len(package) > len(module.rpartition(".")[0]) and re.search(
            rf"^(?:from|import) {re.escape(package)}[. ]", wanted.sample[1], re.MULTILINE
        ):  # fmt: skip
            module = f"{package}.{parts[-1]}".removesuffix(".__init__")
            break
    names = module.split(".")
    if not module or any(keyword.iskeyword(part) or not part.isidentifier() for part in names):
        return Unknown(f"{wanted.source} has a name that Python cannot import.")
    return Head((f"from {module} import {wanted.name}",))


def _script(wanted: Wanted) -> Head | Unknown:
    found = script_import(
        wanted.source,
        wanted.name,
        wanted.test,
        wanted.framework,
        (wanted.sample[1], wanted.text),
        wanted.listing,
    )
    return found if isinstance(found, Unknown) else Head((found[0],), "", found[1])


def _first(pattern: str, text: str, default: str = "") -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else default


def _go(wanted: Wanted) -> Head | Unknown:
    folder = PurePosixPath(wanted.source).parent
    package = _first(r"^package\s+(\w+)", wanted.text, folder.name or "main")
    beside = PurePosixPath(wanted.sample[0]).parent == folder
    theirs = _first(r"^package\s+(\w+)", wanted.sample[1])
    if not (beside and theirs == f"{package}_test") or not wanted.name[:1].isupper():
        return Head((), f"package {package}")
    part = part_of("go", wanted.listing, wanted.source)
    module = _first(r"^module\s+(\S+)", wanted.listing.text(joined(part, "go.mod")))
    inner = relpath(str(folder), part or ".")
    path = module if inner == "." else f"{module}/{inner}"
    return Head((f'import "{path}"',) if module else (), f"package {theirs}")


def rust_path(source: str, listing: Listing) -> tuple[str, list[str]] | None:
    """Return the crate that a Rust file belongs to and its modules; None outside a library."""
    part = part_of("rust", listing, source)
    manifest = toml_table(listing.text(joined(part, "Cargo.toml")))
    inner = relpath(source, part or ".")
    name = table(manifest, "lib").get("name") or table(manifest, "package").get("name")
    if not isinstance(name, str) or joined(part, "src/lib.rs") not in listing.known:
        return None
    parts = list(PurePosixPath(inner).with_suffix("").parts)
    if parts[:1] != ["src"] or parts[1:] == ["main"] or parts[1:2] == ["bin"]:
        return None
    modules = [] if parts[1:] == ["lib"] else parts[1:]
    return name.replace("-", "_"), modules[:-1] if modules[-1:] == ["mod"] else modules


def _rust(wanted: Wanted) -> Head | Unknown:
    if not wanted.test.startswith(joined(part_of("rust", wanted.listing, wanted.source), "tests/")):
        return Head(("use super::*;",))
    found = rust_path(wanted.source, wanted.listing)
    if found is None:
        return Unknown(f"{wanted.source} is not part of a library, so no test can use it.")
    crate, modules = found
    return Head((f"use {'::'.join([crate, *modules, wanted.name])};",))


def _jvm(wanted: Wanted) -> Head | Unknown:
    end = ";" if wanted.language == "java" else ""
    package = _first(r"^\s*package\s+([\w.]+)", wanted.text)
    mine = PurePosixPath(wanted.test).parent
    theirs = package
    if PurePosixPath(wanted.sample[0]).parent == mine and wanted.sample[1]:
        theirs = _first(r"^\s*package\s+([\w.]+)", wanted.sample[1])
    imports = (f"import {package}.{wanted.name}{end}",) if package and theirs != package else ()
    return Head(imports, f"package {theirs}{end}" if theirs else "")


def _csharp(wanted: Wanted) -> Head | Unknown:
    pattern = r"^\s*namespace\s+([\w.]+)"
    own = _first(pattern, wanted.text)
    sample, text = wanted.sample
    project = project_with_tests(wanted.listing, wanted.source) or wanted.test
    top = project.rpartition("/")[0]
    root = xml_root(wanted.listing.text(project))
    base = (root.findtext(".//RootNamespace") if root is not None else None) or stem_of(project)[0]
    inner = relpath(wanted.test.rpartition("/")[0] or ".", top or ".")
    theirs = _first(pattern, text)
    if not theirs or sample.rpartition("/")[0] != wanted.test.rpartition("/")[0]:
        theirs = base if inner.startswith(".") else ".".join([base, *inner.split("/")])
    scoped = re.search(r"^\s*namespace\s+[\w.]+\s*;", text or wanted.text, re.MULTILINE)
    seen = not own or theirs == own or theirs.startswith(own + ".")
    return Head(() if seen else (f"using {own};",), f"namespace {theirs}{';' if scoped else ''}")


def _ruby(wanted: Wanted) -> Head | Unknown:
    listing, part = wanted.listing, part_of("ruby", wanted.listing, wanted.source)
    top = "spec" if wanted.framework.id == "rspec" else "test"
    quote = '"' if wanted.sample[1].count('"') >= wanted.sample[1].count("'") else "'"
    lines: list[str] = []
    for helper in ("rails_helper", "spec_helper", "test_helper"):
        if joined(part, f"{top}/{helper}.rb") in listing.known:
            if f"--require {helper}" not in listing.text(joined(part, ".rspec")):
                lines.append(f"require {quote}{helper}{quote}")
            break
    else:
        if wanted.framework.id == "minitest":
            lines.append(f"require {quote}minitest/autorun{quote}")
    inner = relpath(wanted.source, part or ".").removesuffix(".rb")
    if inner.startswith("app/") and joined(part, "config/application.rb") in listing.known:
        return Head(tuple(lines))  # Rails finds what stands below app/ by its name
    sample = wanted.sample[1]
    relative = re.search(r"^require_relative\s+['\"][^'\"]*\.\./(?!test)", sample, re.MULTILINE)
    # RSpec puts lib/ on the load path by itself.
    loaded = bool(sample) or wanted.framework.id == "rspec"
    if inner.startswith("lib/") and loaded and not relative:
        path = inner.removeprefix("lib/")
        if re.search(rf"^require\s+['\"](?!{top}_helper|rails_helper|minitest)", sample,
                     re.MULTILINE) or not lines:  # fmt: skip
            lines.append(f"require {quote}{path}{quote}")
    else:
        path = relpath(wanted.source, wanted.test.rpartition("/")[0] or ".").removesuffix(".rb")
        lines.append(f"require_relative {quote}{path}{quote}")
    return Head(tuple(lines))


def _php(wanted: Wanted) -> Head | Unknown:
    part = part_of("php", wanted.listing, wanted.source)
    composer = json_object(wanted.listing.text(joined(part, "composer.json")))
    inner = relpath(wanted.test, part or ".")
    own = _first(r"^\s*namespace\s+([\w\\]+)", wanted.text)
    imports: tuple[str, ...] = ()
    if own:
        function = re.search(
            rf"^function\s+&?{re.escape(wanted.name)}\s*\(", wanted.text, re.MULTILINE
        )
        imports = (f"use {'function ' if function else ''}{own}\\{wanted.name};",)
    theirs = ""
    if wanted.framework.id != "pest":
        theirs = namespace_by_psr4(inner, composer)
        beside = wanted.sample[0].rpartition("/")[0] == wanted.test.rpartition("/")[0]
        if not theirs and beside:
            theirs = _first(r"^\s*namespace\s+([\w\\]+)", wanted.sample[1])
    return Head(imports, f"namespace {theirs};" if theirs else "")


def namespace_by_psr4(path: str, composer: dict[str, object]) -> str:
    """Return the namespace that Composer's autoloader gives a file; empty where it gives none."""
    for key in ("autoload-dev", "autoload"):
        for prefix, folders in table(composer, key, "psr-4").items():
            for folder in folders if isinstance(folders, list) else [folders]:
                top = str(folder).strip("/")
                if path.startswith(top + "/"):
                    rest = path.removeprefix(top + "/").split("/")[:-1]
                    return "\\".join([prefix.rstrip("\\"), *rest])
    return ""


def _cpp(wanted: Wanted) -> Head | Unknown:
    stem, extension = stem_of(wanted.source)
    header = ""
    if extension in {".h", ".hpp", ".hh", ".hxx"}:
        header = PurePosixPath(wanted.source).name
    for name in re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', wanted.text, re.MULTILINE):
        if stem_of(name)[0] == stem:
            header = name  # the source names its own header as the build finds it
            break
    ends = f"/{header}"
    paths = [name for name in wanted.listing.known if f"/{name}".endswith(ends)]
    near = min(paths, key=lambda name: (-shared_parts(name, wanted.source), name), default="")
    text = wanted.listing.text(near)
    if not header:
        return Unknown(
            f"{wanted.source} includes no header of its name, so no test can see {wanted.name}."
        )
    line = f'#include "{header}"'
    if extension == ".c" and 'extern "C"' not in text:
        return Head(('extern "C" {', line, "}"))
    return Head((line,))


_HEADS: dict[str, Callable[[Wanted], Head | Unknown]] = {
    "python": _python, "script": _script, "go": _go, "rust": _rust, "java": _jvm, "kotlin": _jvm,
    "csharp": _csharp, "ruby": _ruby, "php": _php, "c": _cpp, "cpp": _cpp,
}  # fmt: skip
