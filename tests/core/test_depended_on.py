"""What manifests bring in, and that a new dependency is a reason to look."""

from __future__ import annotations

import pytest

from dola_ls.core.depended_on import depended_on
from dola_ls.core.diff import smallest_edits
from dola_ls.core.document import Document
from dola_ls.core.risky import brought_in

HELD = {
    "package.json": (
        '{"name": "shop", "scripts": {"test": "vitest"}, "devDependencies": {"vitest": "^3"}}',
        {"test", "vitest"},
    ),
    "composer.json": (
        '{"require": {"php": ">=8", "monolog/monolog": "3.*"}}',
        {"php", "monolog/monolog"},
    ),
    "pyproject.toml": (
        '[project]\nname = "shop"\ndependencies = ["httpx >= 0.27", "Some_Thing"]\n',
        {"httpx", "some-thing"},
    ),
    "requirements-dev.txt": ("# for work\n-r base.txt\nruff==0.6\npytest\n", {"ruff", "pytest"}),
    "Cargo.toml": (
        '[package]\nname = "shop"\n[dependencies]\nserde = "1"\n'
        '[target."cfg(unix)".dependencies]\nnix = "0.29"\n'
        '[dev-dependencies.proptest]\nversion = "1"\n',
        {"serde", "nix", "proptest"},
    ),
    "go.mod": (
        "module example.com/shop\n\ngo 1.22\n\nrequire github.com/a/b v1.2.3\n\nrequire (\n"
        "\tgolang.org/x/text v0.3.0 // indirect\n)\n",
        {"github.com/a/b", "golang.org/x/text"},
    ),
    "Gemfile": (
        "source 'https://rubygems.org'\ngem 'rails', '~> 7'\n  gem \"pg\"\n",
        {"rails", "pg"},
    ),
    "build.gradle.kts": (
        'dependencies {\n    implementation("com.google.guava:guava:33.0")\n'
        "    testImplementation 'junit:junit:4.13'\n    kapt(\"a.b:c:1\")\n}\n",
        {"com.google.guava:guava", "junit:junit", "a.b:c"},
    ),
    "pom.xml": (
        "<project><artifactId>shop</artifactId><dependencies><dependency><groupId>org.junit</groupId>"
        "<artifactId>junit-bom</artifactId></dependency></dependencies></project>",
        {"junit-bom"},
    ),
    "Shop.csproj": (
        '<Project><PackageReference Include="xunit" Version="2" /></Project>',
        {"xunit"},
    ),
    "shop.py": ("import requests\n", set()),
}


@pytest.mark.parametrize("name", HELD)
def test_each_manifest_is_read(name: str) -> None:
    text, names = HELD[name]
    assert depended_on(name, text) == names


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("text", ["", "{", "[", "<a", "\0", '{"dependencies": ["a"]}', "[[1]]"])
def test_what_does_not_parse_brings_nothing_in(name: str, text: str) -> None:
    assert depended_on(name, text) <= {"a"}


def edited(name: str, before: str, after: str, words: str | None = None) -> list[str]:
    document = Document(f"file:///shop/{name}", "json", 1, before)
    found = brought_in(document, smallest_edits(before, after), words=words)
    return [f"{risk.what} (line {risk.line + 1})" for risk in found]


BEFORE = '{\n  "dependencies": {\n    "lodash": "^4"\n  }\n}\n'
AFTER = BEFORE.replace('"^4"\n', '"^4",\n    "lodahs-utils": "^1"\n')
TOLD = ["lodahs-utils, which is to be installed or run (line 4)"]


def test_a_new_dependency_is_named_with_its_line() -> None:
    assert edited("package.json", BEFORE, AFTER) == TOLD
    assert edited("package.json", BEFORE, AFTER, "add a package for lists") == TOLD


def test_one_that_was_asked_for_or_was_there_is_let_pass() -> None:
    assert edited("package.json", BEFORE, AFTER, "add lodahs-utils") == []
    assert edited("package.json", BEFORE, BEFORE.replace("^4", "^5")) == []
    assert edited("other.json", BEFORE, AFTER) == []


def test_a_new_script_is_named() -> None:
    after = BEFORE.replace('"dependencies"', '"scripts": {"postinstall": "x"},\n  "dependencies"')
    [told] = edited("package.json", BEFORE, after)
    assert told == "postinstall, which is to be installed or run (line 2)"
