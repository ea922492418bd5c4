"""What runs the tests of one file: the framework's usual command, or the user's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import relpath

from dola_ls.core.testing.frameworks import Framework, Unknown
from dola_ls.core.testing.naming import stem_of
from dola_ls.core.testing.placement import Placement

#: Frameworks of which a copy of a test file can be run beside it, as nothing hangs on its name.
#: In the others the file's name is that of its class, or the copy would declare things again.
_COPIED = frozenset(
    {"pytest", "unittest", "vitest", "jest", "mocha", "node:test", "rspec", "minitest", "pest"}
)


def can_be_copied(framework: Framework, placement: Placement) -> bool:
    """Tell whether a copy of the test file under another name, in its folder, can be run."""
    if framework.id == "rust":
        return not placement.inline and "/tests/" in f"/{placement.path}"
    return framework.id in _COPIED


def can_be_overlaid(framework: Framework) -> bool:
    """Tell whether ``go test -overlay`` can take other texts for those on the disk.

    https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies
    """
    return framework.command[:2] == ("go", "test")


def copy_name(path: str, framework: Framework, mark: str) -> str:
    """Return the path of a copy of a test file; its name is of the same form."""
    folder, slash, file = path.rpartition("/")
    stem, extension = stem_of(file)
    behind = next((end for _, end in framework.names if end and stem.endswith(end)), "")
    return f"{folder}{slash}{stem.removesuffix(behind)}_{mark}{behind}{extension}"


def standard_command(
    framework: Framework, placement: Placement, path: str, tests: Sequence[str]
) -> tuple[str, ...] | Unknown:
    """Return the framework's usual command for a test file, to be run in the folder `root`.

    `path` is the file, or the copy of it that is run, relative to the project; `tests` are the
    names of its tests.
    """
    command = framework.command
    if not command:
        return Unknown(
            f"there is no usual command for {framework.name}; set `tests.run` in your config.toml "
            "to yours"
        )
    inner = relpath(path, placement.root or ".")
    values = {
        "path": f"./{inner}" if inner.startswith("-") else inner,
        "folder": inner.rpartition("/")[0],
        "stem": stem_of(inner)[0],
        "name": placement.name,
        "tests": f"^({'|'.join(map(re.escape, tests))})$",
    }
    if framework.id == "rust":
        command = _cargo(inner, placement)
    words = tuple(part.format(**values) for part in command)
    # A name out of the workspace must not become an option.
    if any(
        values[field].startswith("-") for field in ("stem", "name") if f"{{{field}}}" in command
    ):
        return Unknown(f"{inner} has a name that {command[0]} would take for an option")
    return words


def _cargo(path: str, placement: Placement) -> tuple[str, ...]:
    if path.startswith("tests/"):
        return ("cargo", "test", "--test", "{stem}")
    modules = [part for part in path.removesuffix(".rs").split("/")[1:]
               if part not in {"mod", "lib", "main"}]  # fmt: skip
    name = "::".join([*modules, *([placement.name] if placement.inline else [])])
    return ("cargo", "test", "--", name.lstrip("-"))


def own_command(words: Sequence[str], file: str, folder: str, root: str) -> tuple[str, ...]:
    """Return the user's own command with the absolute paths in it."""
    values = {"file": file, "folder": folder, "root": root}
    return tuple(
        re.sub(r"\{(file|folder|root)\}", lambda match: values[match[1]], word) for word in words
    )
