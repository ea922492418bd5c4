"""Where new tests go and what their file needs, as data."""

from __future__ import annotations

from dataclasses import dataclass

from dola_ls.core.testing.script_imports import ScriptStyle


@dataclass(frozen=True, slots=True)
class Placement:
    """Where new tests go, and what their file needs. Paths are relative to the project."""

    path: str
    exists: bool
    #: LSP identifier of the test file's language; C code is tested in C++.
    language: str
    #: What is tested: ``Cart.total``, and the name by which tests get at it: ``Cart``.
    symbol: str
    binding: str
    #: Lines that bring in the code under test; empty where it is seen anyway.
    imports: tuple[str, ...] = ()
    #: The package clause or namespace of the file; in C# without ``;`` where it has a body.
    package: str = ""
    #: The class or module that holds the tests: the name of the file, or ``tests`` in Rust.
    name: str = ""
    #: The tests stand in the source file itself.
    inline: bool = False
    #: An existing test file to show as a sample of style.
    sample: str | None = None
    #: How imports look in JavaScript and TypeScript.
    style: ScriptStyle | None = None
    #: Folder that commands are run in.
    root: str = ""
