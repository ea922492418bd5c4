"""What manifests say: dependencies and settings, read without running or resolving anything."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

#: A manifest longer than this says nothing; no hand-written one comes near.
_LONGEST = 1_000_000
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")


def json_object(text: str) -> dict[str, Any]:
    """Return the object of a JSON file; empty where it is none."""
    try:
        found = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def toml_table(text: str) -> dict[str, Any]:
    """Return the tables of a TOML file; empty where it does not parse."""
    try:
        return tomllib.loads(text) if len(text) <= _LONGEST else {}
    except (ValueError, RecursionError):
        return {}


def xml_root(text: str) -> ElementTree.Element | None:
    """Return the root of an XML file, with namespaces taken off; None where it does not parse.

    A document type declaration is refused: entities could make a short file fill the memory
    (https://docs.python.org/3/library/xml.html#xml-security), and no build file needs one.
    """
    if len(text) > _LONGEST or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text.lstrip("\ufeff \t\r\n"))
    except (ElementTree.ParseError, ValueError):
        return None
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def table(value: Any, *keys: str) -> dict[str, Any]:
    """Return the table at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def package_dependencies(package: dict[str, Any]) -> set[str]:
    """Return the names that a ``package.json`` depends on, in any of its lists."""
    lists = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
    return {name for key in lists for name in table(package, key)}


def python_dependencies(pyproject: dict[str, Any]) -> set[str]:
    """Return the names of all requirements in a ``pyproject.toml``, whichever tool reads them."""
    return {
        match[1].lower().replace("_", "-")
        for name in _requirements(pyproject, False)
        if (match := _REQUIREMENT.match(name))
    }


def _requirements(value: Any, wanted: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            below = wanted or "dependencies" in key or key == "dependency-groups"
            # Poetry writes requirements as keys.
            if wanted:
                yield key
            yield from _requirements(inner, below)
    elif isinstance(value, list):
        for inner in value:
            yield from _requirements(inner, wanted)
    elif isinstance(value, str) and wanted:
        yield value


def requirement_lines(text: str) -> set[str]:
    """Return the names in a ``requirements.txt``."""
    return {
        match[1].lower().replace("_", "-")
        for line in text.split("\n")
        if not line.lstrip().startswith(("#", "-")) and (match := _REQUIREMENT.match(line))
    }


def maven_dependencies(text: str) -> set[tuple[str, str]]:
    """Return (group, artifact) of every dependency in a ``pom.xml``."""
    root = xml_root(text)
    if root is None:
        return set()
    return {
        (
            (element.findtext("groupId") or "").strip(),
            (element.findtext("artifactId") or "").strip(),
        )
        for element in root.iter("dependency")
    }


def package_references(text: str) -> set[str]:
    """Return the packages that an MSBuild project refers to, in lower case."""
    root = xml_root(text)
    if root is None:
        return set()
    return {
        (element.get("Include") or element.get("Update") or element.get("id") or "").lower()
        for tag in ("PackageReference", "package")
        for element in root.iter(tag)
    }


def project_references(text: str) -> set[str]:
    """Return the projects that an MSBuild project refers to, as written, with forward slashes."""
    root = xml_root(text)
    if root is None:
        return set()
    found = (element.get("Include") or "" for element in root.iter("ProjectReference"))
    return {name.replace("\\", "/") for name in found if name}
