"""The test frameworks as data: how their tests look, are named, nest and are run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What holds the tests of a file: the module itself, `describe` blocks, a class, or `mod tests`.
Nesting = Literal["functions", "describe", "class", "mod"]

#: What stands before and behind the name of the tested file in the name of its test file.
NameForm = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Framework:
    """A test framework, and where in the project it was found."""

    id: str
    name: str
    languages: frozenset[str]
    nesting: Nesting
    #: For the prompt: what a test and its assertions look like.
    style: str
    #: How test files are called, the usual form first.
    names: tuple[NameForm, ...]
    #: The standard command for one test file, without a shell; empty where there is none.
    #: ``{path}`` is the file relative to `root`, ``{folder}`` its folder, ``{stem}`` its name,
    #: ``{name}`` the tests' class or module, and ``{tests}`` a pattern for the names of its tests.
    command: tuple[str, ...]
    #: Found in the text of its tests, and in no other framework's.
    marker: str
    #: Name that tests use -> what brings it in: a module in JavaScript and Go, else a whole line.
    provides: Mapping[str, str] = field(default_factory=dict)
    #: Folder of the manifest that decided; the command is run there.
    root: str = ""
    #: What told, as in ``vitest in package.json``.
    evidence: str = ""

    def marks(self, text: str) -> bool:
        """Tell whether a test file is one of this framework."""
        return re.search(self.marker, text, re.MULTILINE) is not None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a machine cannot decide, in one or two sentences for the user."""

    reason: str


_SCRIPT = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})
_SCRIPT_NAMES: tuple[NameForm, ...] = (
    ("", ".test"), ("", ".spec"), ("", "-test"), ("", "_test"), ("", ".tests"), ("test-", ""),
    ("", ""),
)  # fmt: skip
_C_NAMES: tuple[NameForm, ...] = (
    ("", "_test"), ("test_", ""), ("", "_tests"), ("", "Test"), ("", "Tests"), ("", "_unittest"),
    ("", ".test"), ("", "-test"), ("Test", ""), ("", ""),
)  # fmt: skip
_JVM = frozenset({"java", "kotlin"})
_JVM_NAMES: tuple[NameForm, ...] = (("", "Test"), ("", "Tests"), ("Test", ""), ("", "TestCase"))
_SHARP = frozenset({"csharp"})
_SHARP_NAMES: tuple[NameForm, ...] = (("", "Tests"), ("", "Test"), ("", "UnitTests"))
_HOOKS = ("beforeEach", "afterEach")
_ALL_HOOKS = ("beforeAll", "afterAll", *_HOOKS)
_ASSERTIONS = (
    "assertEquals", "assertTrue", "assertFalse", "assertNull", "assertNotNull", "assertSame",
    "assertNotSame", "assertNotEquals", "assertArrayEquals", "assertThrows", "fail",
)  # fmt: skip
_JUPITER = ("Test", "BeforeEach", "AfterEach", "BeforeAll", "AfterAll", "DisplayName", "Nested")
_JUNIT4 = ("Test", "Before", "After", "BeforeClass", "AfterClass", "Rule", "Ignore")
_PARAMS = "org.junit.jupiter.params"


def _from(module: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, module)


_ALL = (
    Framework(
        "pytest", "pytest", frozenset({"python"}), "functions",
        "functions named test_…, plain assert, pytest.raises for errors, pytest.approx for floats",
        (("test_", ""), ("", "_test")),
        ("python", "-m", "pytest", "-q", "--tb=short", "{path}"),
        r"^\s*(?:import|from) pytest\b|^(?:(?:async )?def test|class Test)",
        {"pytest": "import pytest"},
    ),
    Framework(
        "unittest", "unittest", frozenset({"python"}), "class",
        "methods named test_… in a unittest.TestCase, self.assertEqual and self.assertRaises",
        (("test_", ""), ("", "_test")),
        ("python", "-m", "unittest", "{path}"),
        r"\bTestCase\b",
        {
            "unittest": "import unittest",
            "TestCase": "from unittest import TestCase",
            **{name: f"from unittest.mock import {name}" for name in ("patch", "Mock", "MagicMock")}
        },
    ),
    Framework(
        "vitest", "Vitest", _SCRIPT, "describe",
        "describe and it from 'vitest', expect(…).toBe/toEqual/toThrow, vi for mocks",
        _SCRIPT_NAMES,
        ("npx", "--no-install", "vitest", "run", "{path}"),
        r"""from ['"]vitest['"]""",
        _from("vitest", "describe", "it", "test", "expect", "vi", "suite", *_ALL_HOOKS),
    ),
    Framework(
        "jest", "Jest", _SCRIPT, "describe",
        "describe and it as globals, expect(…).toBe/toEqual/toThrow, jest for mocks",
        _SCRIPT_NAMES,
        ("npx", "--no-install", "jest", "--runTestsByPath", "{path}"),
        r"@jest/globals|\bjest\.\w|\bexpect\([^\n]*\)\.(?:not\.)?to[A-Z]",
    ),
    Framework(
        "mocha", "Mocha", _SCRIPT, "describe",
        "describe and it as globals, assert.strictEqual/deepStrictEqual/throws from node:assert",
        _SCRIPT_NAMES,
        ("npx", "--no-install", "mocha", "{path}"),
        r"""['"](?:chai|mocha|(?:node:)?assert(?:/strict)?)['"]""",
        _from("node:assert/strict", "assert"),
    ),
    Framework(
        "node:test", "node:test", _SCRIPT, "describe",
        "describe and it from 'node:test', assert.strictEqual/deepStrictEqual/throws from"
        " 'node:assert/strict'; no expect",
        _SCRIPT_NAMES,
        ("node", "--test", "--test-reporter=tap", "{path}"),
        r"""['"]node:test['"]""",
        {
            **_from("node:test", "describe", "it", "test", "suite", "mock", "before", "after"),
            **_from("node:test", *_HOOKS),
            **_from("node:assert/strict", "assert"),
        },
    ),
    Framework(
        "testing", "Go testing", frozenset({"go"}), "functions",
        "func TestName(t *testing.T), table-driven with t.Run, t.Errorf and t.Fatalf",
        (("", "_test"),),
        ("go", "test", "-count=1", "-run", "{tests}", "./{folder}"),
        r"\*testing\.T\b",
        _from("testing", "testing"),
    ),
    Framework(
        "testify", "testify", frozenset({"go"}), "functions",
        "func TestName(t *testing.T) with assert.Equal(t, want, got) and require.NoError(t, err)"
        " from testify",
        (("", "_test"),),
        ("go", "test", "-count=1", "-run", "{tests}", "./{folder}"),
        r"stretchr/testify",
        {
            **_from("testing", "testing"),
            **{
                name: f"github.com/stretchr/testify/{name}"
                for name in ("assert", "require", "suite", "mock")
            },
        },
    ),
    Framework(
        "rust", "cargo test", frozenset({"rust"}), "mod",
        "#[test] functions, assert!, assert_eq!, #[should_panic]",
        (("", ""), ("", "_test"), ("", "_tests"), ("test_", "")),
        ("cargo", "test", "{name}"),
        r"#\[(?:\w+::)*test\b",
    ),
    Framework(
        "junit5", "JUnit 5", _JVM, "class",
        "@Test void methods from org.junit.jupiter.api, static Assertions.assertEquals and"
        " assertThrows",
        _JVM_NAMES,
        ("mvn", "-q", "-B", "-Dtest={name}", "test"),
        r"org\.junit\.jupiter|kotlin\.test",
        {
            **{name: f"import org.junit.jupiter.api.{name};" for name in _JUPITER},
            **{
                name: f"import static org.junit.jupiter.api.Assertions.{name};"
                for name in (*_ASSERTIONS, "assertAll", "assertDoesNotThrow")
            },
            "Assertions": "import org.junit.jupiter.api.Assertions;",
            "ParameterizedTest": f"import {_PARAMS}.ParameterizedTest;",
            **{
                name: f"import {_PARAMS}.provider.{name};"
                for name in ("ValueSource", "CsvSource", "MethodSource", "EnumSource", "Arguments")
            },
        },
    ),
    Framework(
        "junit4", "JUnit 4", _JVM, "class",
        "@Test public void methods from org.junit in a public class, static Assert.assertEquals,"
        " @Test(expected = …) for errors",
        _JVM_NAMES,
        ("mvn", "-q", "-B", "-Dtest={name}", "test"),
        r"org\.junit\.(?:Test|Assert|Before|After|Rule|runner)\b|org\.junit\.\*",
        {
            **{name: f"import org.junit.{name};" for name in (*_JUNIT4, "Assert")},
            **{name: f"import static org.junit.Assert.{name};" for name in _ASSERTIONS},
        },
    ),
    Framework(
        "xunit", "xUnit", _SHARP, "class",
        "[Fact] public void methods, [Theory] with [InlineData(…)], Assert.Equal(want, got),"
        " Assert.Throws<T>",
        _SHARP_NAMES,
        ("dotnet", "test", "--filter", "FullyQualifiedName~{name}"),
        r"\bXunit\b|\[(?:Fact|Theory)\b",
        dict.fromkeys(("Fact", "Theory", "Assert"), "using Xunit;"),
    ),
    Framework(
        "nunit", "NUnit", _SHARP, "class",
        "[Test] public void methods, [TestCase(…)], Assert.That(got, Is.EqualTo(want)),"
        " Assert.Throws<T>",
        _SHARP_NAMES,
        ("dotnet", "test", "--filter", "FullyQualifiedName~{name}"),
        r"\bNUnit\.|\[TestFixture\b",
        dict.fromkeys(("Test", "TestCase", "Assert", "TestFixture"), "using NUnit.Framework;"),
    ),
    Framework(
        "mstest", "MSTest", _SHARP, "class",
        "[TestClass] public class, [TestMethod] public void methods, Assert.AreEqual(want, got),"
        " Assert.ThrowsException<T>",
        _SHARP_NAMES,
        ("dotnet", "test", "--filter", "FullyQualifiedName~{name}"),
        r"Microsoft\.VisualStudio\.TestTools|\[TestMethod\b",
        dict.fromkeys(
            ("TestClass", "TestMethod", "DataRow", "Assert"),
            "using Microsoft.VisualStudio.TestTools.UnitTesting;",
        ),
    ),
    Framework(
        "rspec", "RSpec", frozenset({"ruby"}), "describe",
        "RSpec.describe with describe and it blocks, expect(…).to eq(…),"
        " expect { … }.to raise_error(…)",
        (("", "_spec"),),
        ("bundle", "exec", "rspec", "{path}"),
        r"\bRSpec\b|\bexpect\b.*\.to(?:_not)?\b|rails_helper|spec_helper",
    ),
    Framework(
        "minitest", "Minitest", frozenset({"ruby"}), "class",
        "methods named test_… in a class below Minitest::Test, assert_equal want, got,"
        " assert_raises",
        (("", "_test"), ("test_", "")),
        ("bundle", "exec", "ruby", "-Ilib", "-Itest", "{path}"),
        r"Minitest|ActiveSupport::TestCase|test_helper|Test::Unit",
    ),
    Framework(
        "phpunit", "PHPUnit", frozenset({"php"}), "class",
        "public methods named test… in a class below PHPUnit\\Framework\\TestCase,"
        " $this->assertSame(want, got), $this->expectException",
        (("", "Test"),),
        ("php", "vendor/bin/phpunit", "--colors=never", "{path}"),
        r"\bextends\s+\\?[\w\\]*TestCase\b",
        {"TestCase": "use PHPUnit\\Framework\\TestCase;"},
    ),
    Framework(
        "pest", "Pest", frozenset({"php"}), "describe",
        "it('…', function () { … }) and test(…), expect(…)->toBe(…)/->toEqual(…),"
        " ->throws(…) for errors",
        (("", "Test"),),
        ("php", "vendor/bin/pest", "--colors=never", "{path}"),
        r"^\s*(?:it|test|describe)\(",
    ),
    Framework(
        "googletest", "GoogleTest", frozenset({"c", "cpp"}), "functions",
        "TEST(Suite, Name) { … } with EXPECT_EQ(got, want), EXPECT_THROW, ASSERT_…",
        _C_NAMES,
        (),
        r"\bgtest/gtest\.h|\bgmock/gmock\.h",
        dict.fromkeys(("TEST", "TEST_F", "TEST_P", "EXPECT_EQ"), "#include <gtest/gtest.h>"),
    ),
    Framework(
        "catch2", "Catch2", frozenset({"c", "cpp"}), "functions",
        "TEST_CASE(\"name\") { … } with REQUIRE(…), CHECK(…), REQUIRE_THROWS_AS, SECTION(\"…\")",
        _C_NAMES,
        (),
        r"\bcatch2/|\bcatch\.hpp",
        {
            **dict.fromkeys(("TEST_CASE", "SCENARIO"), "#include <catch2/catch_test_macros.hpp>"),
            "Approx": "#include <catch2/catch_approx.hpp>",
        },
    ),
)  # fmt: skip

FRAMEWORKS: dict[str, Framework] = {framework.id: framework for framework in _ALL}


def frameworks_of(language: str) -> list[Framework]:
    """Return the frameworks known for a language, by its LSP identifier."""
    return [framework for framework in _ALL if language in framework.languages]
