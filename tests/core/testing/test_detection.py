"""The framework comes from manifests, settings and tests; the nearest manifest decides."""

from __future__ import annotations

import json

import pytest

from dola_ls.core.testing.detection import detect_framework
from dola_ls.core.testing.frameworks import FRAMEWORKS, Framework, Unknown
from dola_ls.core.testing.manifests import maven_dependencies
from tests.core.testing.projects import fixture


def found(language: str, source: str, files: dict[str, str], setting=None) -> Framework | Unknown:
    return detect_framework(language, source, [*files, source], files.get, setting)


def package(**lists: object) -> str:
    return json.dumps({"name": "shop", **lists})


def pom(*artifacts: str) -> str:
    inner = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId></dependency>"
        for group, name in (artifact.split(":") for artifact in artifacts)
    )
    return f"<project xmlns='urn:x'><dependencies>{inner}</dependencies></project>"


@pytest.mark.parametrize(
    ("language", "source", "files", "id", "evidence"),
    [
        ("python", "a.py", {"pyproject.toml": '[dependency-groups]\ndev = ["pytest>=8"]'},
         "pytest", "pyproject.toml"),
        ("python", "a.py", {"pyproject.toml": "[tool.poetry.group.dev.dependencies]\npytest='*'"},
         "pytest", "pyproject.toml"),
        ("python", "a.py", {"requirements-dev.txt": "# tools\npytest-cov==5"}, "pytest",
         "requirements-dev.txt"),
        ("python", "a.py", {"tox.ini": "[testenv]\ncommands = python -m unittest discover"},
         "unittest", "tox.ini"),
        ("python", "a.py", {"uv.lock": '[[package]]\nname = "pytest"\n'}, "pytest", "uv.lock"),
        ("python", "a.py", {"tests/test_b.py": "class T(unittest.TestCase): pass"}, "unittest",
         "tests/test_b.py"),
        # One mock does not make a test one of unittest.
        ("python", "a.py", {"tests/test_b.py": "from unittest.mock import Mock\n\n\ndef test_b():"},
         "pytest", "tests/test_b.py"),
        ("python", "a.py", {}, "pytest", "no other is named"),
        ("typescript", "src/a.ts", {"package.json": package(devDependencies={"vitest": "1"})},
         "vitest", "package.json"),
        # What the tests are run with comes before what is installed.
        ("javascript", "a.js", {"package.json": package(
            scripts={"test": "mocha -r x"}, devDependencies={"jest": "1", "mocha": "1"})},
         "mocha", "package.json"),
        ("javascript", "a.js", {"package.json": package(scripts={"test": "node --test test/"})},
         "node:test", "package.json"),
        ("javascript", "a.js", {"package.json": package(), "jest.config.js": ""}, "jest",
         "jest.config.js"),
        ("javascript", "a.js", {"package.json": package(), "yarn.lock": "vitest@^1.0.0:\n"},
         "vitest", "yarn.lock"),
        ("javascript", "a.js", {"package.json": package(dependencies={"react-scripts": "5"})},
         "jest", "package.json"),
        ("javascript", "a.js", {"test/b.test.js": "import test from 'node:test';"}, "node:test",
         "test/b.test.js"),
        ("javascript", "a.js", {}, "node:test", "no other is named"),
        ("go", "a/a.go", {"go.mod": "module x\nrequire github.com/stretchr/testify v1.9.0\n"},
         "testify", "go.mod"),
        # It is there for others, and these tests do without.
        ("go", "a/a.go", {"go.mod": "module x\nrequire github.com/stretchr/testify v1.9.0\n",
                          "a/b_test.go": "func TestB(t *testing.T) {}"}, "testing", "go.mod"),
        ("go", "a.go", {"go.mod": "module x\nrequire github.com/stretchr/testify v1 // indirect\n"},
         "testing", "go.mod"),
        ("rust", "src/a.rs", {"Cargo.toml": ""}, "rust", "Cargo.toml"),
        ("java", "src/main/java/A.java", {"pom.xml": pom("junit:junit")}, "junit4", "pom.xml"),
        ("java", "src/main/java/A.java", {"pom.xml": pom("org.junit.jupiter:junit-jupiter-api")},
         "junit5", "pom.xml"),
        ("java", "src/main/java/A.java", {
            "pom.xml": pom("junit:junit", "org.junit.jupiter:junit-jupiter"),
            "src/test/java/BTest.java": "import org.junit.Test;"}, "junit4", "pom.xml"),
        ("kotlin", "src/main/A.kt", {"build.gradle.kts": "tasks.test { useJUnitPlatform() }"},
         "junit5", "build.gradle.kts"),
        ("java", "app/A.java", {"app/build.gradle": "testImplementation 'junit:junit:4.13'"},
         "junit4", "app/build.gradle"),
        ("ruby", "lib/a.rb", {"Gemfile": "gem 'rspec'"}, "rspec", "Gemfile"),
        ("ruby", "lib/a.rb", {"test/test_helper.rb": ""}, "minitest", "test/test_helper.rb"),
        ("ruby", "lib/a.rb", {"Gemfile.lock": "    minitest (5.1)\n"}, "minitest", "Gemfile.lock"),
        ("php", "src/A.php", {"phpunit.xml.dist": ""}, "phpunit", "phpunit.xml.dist"),
        ("php", "src/A.php", {"composer.json": json.dumps(
            {"require-dev": {"pestphp/pest": "3", "phpunit/phpunit": "11"}})}, "pest",
         "composer.json"),
        ("cpp", "src/a.cpp", {"tests/CMakeLists.txt": "target_link_libraries(t GTest::gtest)"},
         "googletest", "tests/CMakeLists.txt"),
        ("c", "src/a.c", {"vcpkg.json": '{"dependencies": ["catch2"]}'}, "catch2", "vcpkg.json"),
        ("cpp", "src/a.cc", {"tests/b_test.cc": "#include <gtest/gtest.h>"}, "googletest",
         "tests/b_test.cc"),
    ],
)  # fmt: skip
def test_what_names_a_framework(language, source, files, id, evidence):
    framework = found(language, source, files)
    assert isinstance(framework, Framework), framework
    assert (framework.id, framework.evidence) == (id, evidence)


@pytest.mark.parametrize(
    ("language", "source", "id", "root"),
    [
        ("typescript", "packages/a/src/sum.ts", "vitest", "packages/a"),
        ("typescript", "packages/b/src/sum.ts", "jest", ""),
        ("python", "tools/tools/sums.py", "pytest", "tools"),
    ],
)
def test_in_a_monorepo_the_nearest_manifest_decides(language, source, id, root):
    framework = fixture("monorepo").framework(language, source)
    assert (framework.id, framework.root) == (id, root)


def test_a_setting_overrides_what_the_project_says():
    files = {"package.json": package(devDependencies={"jest": "1"})}
    framework = found("typescript", "a.ts", files, ["pytest", "vitest"])
    assert isinstance(framework, Framework)
    assert (framework.id, framework.evidence) == ("vitest", "your settings")
    # One for another language only does not count here.
    framework = found("typescript", "a.ts", files, "pytest")
    assert isinstance(framework, Framework)
    assert framework.id == "jest"


@pytest.mark.parametrize(
    ("language", "files", "setting", "says"),
    [
        ("haskell", {}, None, "no test framework for haskell"),
        ("typescript", {}, None, "No manifest names a test framework"),
        ("java", {}, None, "one of junit5, junit4"),
        ("python", {}, "nose", "“nose” is no test framework"),
        ("javascript", {"package.json": package(devDependencies={"ava": "1"})}, None,
         "package.json names AVA"),
        ("java", {"pom.xml": pom("org.testng:testng")}, None, "pom.xml names TestNG"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_said(language, files, setting, says):
    framework = found(language, f"a.{language}", files, setting)
    assert isinstance(framework, Unknown)
    assert says in framework.reason


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, "\0", "x" * 2_000_000, "null"])
@pytest.mark.parametrize("name", ["package.json", "pyproject.toml", "pom.xml", "composer.json"])
def test_broken_manifests_say_nothing(name, text):
    language = {"package.json": "javascript", "pom.xml": "java", "composer.json": "php"}
    framework = found(language.get(name, "python"), "src/a.x", {name: text})
    assert isinstance(framework, Unknown) or framework.evidence == "no other is named"


def test_entities_are_never_expanded():
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "junit"><!ENTITY b "&a;&a;">]>'
        "<project><dependency><groupId>&b;</groupId></dependency></project>"
    )
    assert maven_dependencies(bomb) == set()


def test_commands_are_those_of_the_project():
    gemless = found("ruby", "lib/a.rb", {".rspec": "", "spec/b_spec.rb": "RSpec.describe(1)"})
    gradle = found("java", "A.java", {"build.gradle": "testImplementation 'junit:junit:4.13'"})
    under = found("python", "a.py", {"pytest.ini": "", "test_b.py": "class T(TestCase):"})
    assert isinstance(gemless, Framework)
    assert isinstance(gradle, Framework)
    assert isinstance(under, Framework)
    assert gemless.command == ("rspec", "{path}")
    assert gradle.command == ("gradle", "test", "--tests", "{name}")
    assert (under.id, under.command) == ("unittest", FRAMEWORKS["pytest"].command)
