"""S24: what is run is what the package names, and it speaks to nobody by itself."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dola_ls
from dola_ls.core.languages import LANGUAGES

PACKAGE = Path(dola_ls.__file__).parent
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
LOCKED = PROJECT.parent / "server" / "locked.txt"

#: Everything else is a grammar. Adding to this is a decision, not a detail.
RUNTIME = {"httpx", "lsprotocol", "pathspec", "platformdirs", "pydantic", "pygls", "tree-sitter"}
#: What has to be asked for by its extra, and what comes with one of the above.
EXTRAS = {"keyring", "xllamacpp"}
COMES_ALONG = {"attrs", "cattrs"}

#: Hosts that strings of the program name: where models are, and pages for people to open.
HOSTS = {
    "api.aimlapi.com",
    "ark.ap-southeast.bytepluses.com",
    "huggingface.co",
    "127.0.0.1",
    "example.com",
    "host",
}


def declared() -> set[str]:
    """Return the names of the dependencies that the project declares, in lower case."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    return {re.split(r"[^\w.-]", line)[0].lower() for line in project["dependencies"]}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in PACKAGE.rglob("*.py"):
        yield path, ast.parse(path.read_text("utf-8"))


def test_the_dependencies_are_these_and_grammars() -> None:
    grammars = {
        language.grammar[0].replace("_", "-")
        for language in LANGUAGES.values()
        if language.grammar is not None
    }
    assert declared() == RUNTIME | grammars


def locked() -> dict[str, tuple[str, list[str]]]:
    """Return the version and the hashes of each package that the lock file names."""
    text = LOCKED.read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = {}
    for line in lines:
        match = re.fullmatch(
            r"([\w.-]+)==([^\s;]+)(?: ; [^-]*)?((?:\s+--hash=sha256:[0-9a-f]{64})+)", line
        )
        assert match, line
        found[match[1]] = (match[2], match[3].split())
    return found


def test_what_is_locked_is_all_that_is_needed_and_in_its_range() -> None:
    """What the VS Code extension installs; pip compares each file with its hash."""
    versions = {name: version for name, (version, _) in locked().items()}
    needed = [Requirement(line) for line in requires("dola-ls") or []]
    while needed:
        one = needed.pop()
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        version = versions.get(canonicalize_name(one.name))
        assert version, f"{one.name} is not locked"
        assert one.specifier.contains(version), f"{one} is locked at {version}"
        needed += [Requirement(line) for line in requires(one.name) or []]


def test_the_lock_names_no_place_to_fetch_from() -> None:
    """Where packages come from is the user's own choice; what they hold is not."""
    assert "://" not in LOCKED.read_text("utf-8")
    assert all(hashes for _, hashes in locked().values())


def test_what_is_installed_is_what_is_declared() -> None:
    """An extra may add to it; nothing comes in by another way."""
    lines = [line for line in requires("dola-ls") or [] if "extra ==" not in line]
    assert {re.split(r"[^\w.-]", line)[0].lower() for line in lines} == declared()


def test_nothing_else_is_imported() -> None:
    imported: dict[str, Path] = {}
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0]: path for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported[node.module.split(".")[0]] = path
    ours = sys.stdlib_module_names | {"dola_ls"} | COMES_ALONG | EXTRAS
    strange = {name for name in imported if name not in ours}
    installed = packages_distributions()
    owners = {
        owner.lower().replace("_", "-") for name in strange for owner in installed.get(name, [name])
    }
    assert owners <= RUNTIME


def test_the_program_names_no_other_host() -> None:
    """No address for telemetry, for updates or for reports of crashes."""
    named: dict[str, Path] = {}
    for path, tree in sources():
        prose = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
                if id(node) not in prose:
                    hosts = re.findall(r"(?:https?|wss?)://([\w.-]+)", text)
                    named |= dict.fromkeys(hosts, path)
    assert set(named) == HOSTS, named


def test_only_these_modules_open_connections() -> None:
    """Who looks for what leaves the machine has four files to read."""
    network = {"httpx", "socket", "ssl", "http", "urllib3", "requests", "aiohttp", "smtplib"}
    who: set[str] = set()
    for path, tree in sources():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                if name.split(".")[0] in network or name == "urllib.request":
                    who.add(path.relative_to(PACKAGE).as_posix())
    assert all(name.startswith("model/") for name in who), who
