"""What is run for a test file, word by word."""

from __future__ import annotations

import pytest

from dola_ls.core.testing.commands import (
    can_be_copied,
    can_be_overlaid,
    copy_name,
    own_command,
    standard_command,
)
from dola_ls.core.testing.frameworks import FRAMEWORKS, Unknown
from dola_ls.core.testing.placement import Placement


def place(path: str, **fields: object) -> Placement:
    return Placement(path, True, "", "total", "total", **fields)


@pytest.mark.parametrize(
    ("id", "placement", "command"),
    [
        ("pytest", place("tools/tests/test_a.py", root="tools"),
         "python -m pytest -q --tb=short tests/test_a.py"),
        ("unittest", place("tests/test_a.py"), "python -m unittest tests/test_a.py"),
        ("vitest", place("a/b.test.ts", root="a"), "npx --no-install vitest run b.test.ts"),
        ("jest", place("a/[id].test.tsx"),
         "npx --no-install jest --runTestsByPath a/[id].test.tsx"),
        ("mocha", place("test/a.js"), "npx --no-install mocha test/a.js"),
        ("node:test", place("-a.test.js"), "node --test --test-reporter=tap ./-a.test.js"),
        ("testing", place("pricing/a_test.go"), "go test -count=1 -run ^(TestA|TestB)$ ./pricing"),
        ("testify", place("a_test.go"), "go test -count=1 -run ^(TestA|TestB)$ ./"),
        ("rust", place("tests/a.rs"), "cargo test --test a"),
        ("rust", place("src/a/b.rs", inline=True, name="tests"), "cargo test -- a::b::tests"),
        ("rust", place("src/lib.rs", inline=True, name="tests"), "cargo test -- tests"),
        ("junit5", place("src/test/java/ATest.java", name="ATest"), "mvn -q -B -Dtest=ATest test"),
        ("xunit", place("T/ATests.cs", name="ATests"),
         "dotnet test --filter FullyQualifiedName~ATests"),
        ("rspec", place("spec/a_spec.rb"), "bundle exec rspec spec/a_spec.rb"),
        ("minitest", place("test/a_test.rb"), "bundle exec ruby -Ilib -Itest test/a_test.rb"),
        ("phpunit", place("tests/ATest.php"),
         "php vendor/bin/phpunit --colors=never tests/ATest.php"),
        ("pest", place("tests/ATest.php"), "php vendor/bin/pest --colors=never tests/ATest.php"),
    ],
)  # fmt: skip
def test_standard_commands(id: str, placement: Placement, command: str) -> None:
    found = standard_command(FRAMEWORKS[id], placement, placement.path, ["TestA", "TestB"])
    assert not isinstance(found, Unknown)
    assert " ".join(found) == command


@pytest.mark.parametrize("id", ["googletest", "catch2"])
def test_some_frameworks_have_none(id: str) -> None:
    found = standard_command(FRAMEWORKS[id], place("a_test.cpp"), "a_test.cpp", [])
    assert isinstance(found, Unknown)
    assert "`tests.run`" in found.reason


def test_a_name_never_becomes_an_option() -> None:
    found = standard_command(FRAMEWORKS["rust"], place("tests/--help.rs"), "tests/--help.rs", [])
    assert isinstance(found, Unknown)
    inline = place("src/--help.rs", inline=True, name="tests")
    words = standard_command(FRAMEWORKS["rust"], inline, inline.path, [])
    assert isinstance(words, tuple)
    assert words[2] == "--"


@pytest.mark.parametrize(
    ("id", "path", "copy"),
    [
        ("pytest", "tests/test_a.py", "tests/test_a_x.py"),
        ("pytest", "a_test.py", "a_x_test.py"),
        ("vitest", "src/a.test.ts", "src/a_x.test.ts"),
        ("jest", "src/__tests__/a.js", "src/__tests__/a_x.js"),
        ("node:test", "test/a-test.mjs", "test/a_x-test.mjs"),
        ("rspec", "spec/a_spec.rb", "spec/a_x_spec.rb"),
        ("minitest", "test/test_a.rb", "test/test_a_x.rb"),
        ("pest", "tests/ATest.php", "tests/A_xTest.php"),
        ("rust", "tests/a.rs", "tests/a_x.rs"),
    ],
)
def test_a_copy_has_a_name_of_the_same_form(id: str, path: str, copy: str) -> None:
    assert can_be_copied(FRAMEWORKS[id], place(path))
    assert copy_name(path, FRAMEWORKS[id], "x") == copy


def test_files_that_their_names_bind_are_not_copied() -> None:
    for id in ("testing", "testify", "junit4", "junit5", "xunit", "nunit", "mstest", "phpunit"):
        assert not can_be_copied(FRAMEWORKS[id], place("x"))
    assert not can_be_copied(FRAMEWORKS["rust"], place("src/a.rs", inline=True))
    assert not can_be_copied(FRAMEWORKS["rust"], place("src/a/tests.rs"))
    overlaid = {id for id, framework in FRAMEWORKS.items() if can_be_overlaid(framework)}
    assert overlaid == {"testing", "testify"}


def test_the_users_own_words() -> None:
    words = ("{root}/.venv/bin/python", "-m", "pytest", "{file}", "-k", "{x}{folder}", '{"a": 1}')
    found = own_command(words, "/w/t/test_{root}.py", "/w/t", "/w")
    assert found == (
        "/w/.venv/bin/python", "-m", "pytest", "/w/t/test_{root}.py", "-k", "{x}/w/t", '{"a": 1}',
    )  # fmt: skip
