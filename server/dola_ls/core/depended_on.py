"""What a manifest says is brought in from elsewhere: its dependencies, and scripts that are run.

A name that a model made up may be somebody's package by now, and is run when it is installed
(https://arxiv.org/abs/2406.10279). So a new one is shown before it is in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from dola_ls.core.testing.manifests import (
    json_object,
    maven_dependencies,
    package_dependencies,
    package_references,
    python_dependencies,
    requirement_lines,
    table,
    toml_table,
)

_GO = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w-]+/\S+)\s+v\d", re.MULTILINE)
_GEM = re.compile(r"^\s*gem\s*\(?\s*['\"]([^'\"]+)", re.MULTILINE)
_GRADLE = re.compile(
    r"^\s*(?:\w*(?:[iI]mplementation|[aA]pi|[cC]ompileOnly|[rR]untimeOnly|[cC]lasspath|kapt|ksp"
    r"|annotationProcessor))\b[\s(]*['\"]([^'\"]+?:[^'\":]+)",
    re.MULTILINE,
)


def _npm(text: str) -> set[str]:
    package = json_object(text)
    return package_dependencies(package) | set(table(package, "scripts"))


def _cargo(text: str) -> set[str]:
    manifest = toml_table(text)
    tables = [manifest, table(manifest, "workspace"), *table(manifest, "target").values()]
    names = ("dependencies", "dev-dependencies", "build-dependencies")
    return {name for one in tables for key in names for name in table(one, key)}


def _composer(text: str) -> set[str]:
    manifest = json_object(text)
    return {name for key in ("require", "require-dev", "scripts") for name in table(manifest, key)}


#: By the file's name in lower case.
_MANIFESTS: tuple[tuple[str, Callable[[str], set[str]]], ...] = (
    ("package.json", _npm),
    ("composer.json", _composer),
    ("pyproject.toml", lambda text: python_dependencies(toml_table(text))),
    ("*requirements*.txt", requirement_lines),
    ("requirements*.in", requirement_lines),
    ("cargo.toml", _cargo),
    ("go.mod", lambda text: set(_GO.findall(text))),
    ("gemfile", lambda text: set(_GEM.findall(text))),
    ("*.gradle", lambda text: set(_GRADLE.findall(text))),
    ("*.gradle.kts", lambda text: set(_GRADLE.findall(text))),
    ("pom.xml", lambda text: {artifact for _, artifact in maven_dependencies(text)}),
    ("*.csproj", package_references),
)


def depended_on(name: str, text: str) -> set[str]:
    """Return what the manifest `name` brings in; nothing where it is none or does not parse."""
    for pattern, read in _MANIFESTS:
        if fnmatchcase(name.lower(), pattern):
            return read(text)
    return set()
