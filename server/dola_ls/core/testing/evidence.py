"""What the manifests and settings of one folder say about test frameworks, language by language."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from dola_ls.core.testing.listing import Listing, folders_above, joined, shared_parts
from dola_ls.core.testing.manifests import (
    json_object,
    maven_dependencies,
    package_dependencies,
    package_references,
    project_references,
    python_dependencies,
    requirement_lines,
    table,
    toml_table,
)

#: Framework, or a name that is none of ours -> the file that names it.
Found = dict[str, str]


def package_json(listing: Listing, folder: str) -> dict[str, object]:
    """Return what the ``package.json`` of a folder says."""
    return json_object(listing.text(joined(folder, "package.json")))


def family_of(language: str) -> str:
    if language.startswith(("javascript", "typescript")):
        return "script"
    return {"java": "jvm", "kotlin": "jvm", "c": "cpp"}.get(language, language)


def _matching(text: str, patterns: dict[str, str], where: str) -> Found:
    return {id: where for id, pattern in patterns.items() if re.search(pattern, text, re.MULTILINE)}


def _python(listing: Listing, folder: str, here: list[str]) -> Found:
    found: Found = {}
    for file in here:
        path = joined(folder, file)
        if file in {"pytest.ini", ".pytest.ini", "conftest.py"}:
            found["pytest"] = path
        elif file == "pyproject.toml":
            data = toml_table(listing.text(path))
            if _is_pytest(python_dependencies(data)) or "pytest" in table(data, "tool"):
                found["pytest"] = path
        elif fnmatchcase(file, "*requirements*.txt"):
            if _is_pytest(requirement_lines(listing.text(path))):
                found["pytest"] = path
        elif file in {"Pipfile", "setup.py", "setup.cfg", "tox.ini", "noxfile.py", "Makefile"}:
            patterns = {"pytest": r"\bpytest\b", "unittest": r"-m[\"', ]+unittest\b"}
            found |= _matching(listing.text(path), patterns, path)
        elif file in {"uv.lock", "poetry.lock", "pdm.lock"}:
            found |= _matching(listing.text(path), {"pytest": r'^name = "pytest"$'}, path)
    return found


def _is_pytest(names: set[str]) -> bool:
    return any(name == "pytest" or name.startswith("pytest-") for name in names)


_RUNNERS = {
    "vitest": r"\bvitest\b",
    "jest": r"\bjest\b",
    "mocha": r"\bmocha\b",
    "node:test": r"\bnode\b[^&|;]*\s--test\b",
    "AVA": r"\bava\b",
    "Jasmine": r"\bjasmine\b",
    "bun test": r"\bbun test\b",
    "tap": r"\btap\b",
}
_SCRIPT_PACKAGES = {
    "vitest": "vitest", "jest": "jest", "ts-jest": "jest", "babel-jest": "jest",
    "@jest/globals": "jest", "react-scripts": "jest", "mocha": "mocha", "ava": "AVA",
    "jasmine": "Jasmine", "tap": "tap", "tape": "tape", "uvu": "uvu",
}  # fmt: skip
_SCRIPT_FILES = {
    "vitest.config.*": "vitest", "vitest.workspace.*": "vitest", "jest.config.*": "jest",
    ".mocharc*": "mocha", "ava.config.*": "AVA",
}  # fmt: skip
_SCRIPT_LOCKS = {
    "package-lock.json": '"node_modules/{}"',
    "yarn.lock": r'^"?{}@',
    "pnpm-lock.yaml": r"^ +'?/?{}[@:]",
}  # fmt: skip


def _script(listing: Listing, folder: str, here: list[str]) -> Found:
    found: Found = {}
    path = joined(folder, "package.json")
    package = package_json(listing, folder)
    scripts = table(package, "scripts")
    # What the tests are run with comes before what is only installed.
    for key in ("test", *sorted(key for key in scripts if key.startswith("test"))):
        found = {**found, **_matching(str(scripts.get(key, "")), _RUNNERS, path)}
    for file in here:
        for pattern, id in _SCRIPT_FILES.items():
            if fnmatchcase(file, pattern):
                found.setdefault(id, joined(folder, file))
    found |= {key: path for key in ("jest", "mocha") if key in package and key not in found}
    if not set(found) & {"vitest", "jest", "mocha", "node:test"}:
        names = package_dependencies(package)
        found |= {id: path for name, id in _SCRIPT_PACKAGES.items() if name in names}
    if not found:
        for lock, pattern in _SCRIPT_LOCKS.items():
            if lock in here:
                patterns = {id: pattern.format(id) for id in ("vitest", "jest", "mocha")}
                found |= _matching(
                    listing.text(joined(folder, lock)), patterns, joined(folder, lock)
                )
    return found


def _go(listing: Listing, folder: str, here: list[str]) -> Found:
    if "go.mod" not in here:
        return {}
    path = joined(folder, "go.mod")
    direct = r"^[^/\n]*github\.com/stretchr/testify v[^\s]*\s*$"
    return _matching(listing.text(path), {"testify": direct}, path) | {"testing": path}


def _rust(listing: Listing, folder: str, here: list[str]) -> Found:
    return {"rust": joined(folder, "Cargo.toml")} if "Cargo.toml" in here else {}


_GRADLE = {
    "junit5": r"junit[.-]jupiter|useJUnitPlatform|spring-boot-starter-test|kotlin\(\"test\"\)"
    r"|kotlin-test|libs\.junit5",
    "junit4": r"[\"']junit:junit:4|libs\.junit4|libs\.junit\b(?!\.jupiter)|junit-vintage"
    r"|useJUnit\(\)|group\s*[:=]\s*[\"']junit[\"']|kotlin-test-junit\b(?!5)",
    "TestNG": r"\btestng\b",
    "Kotest": r"\bkotest\b",
    "Spock": r"spockframework",
}


def _jvm(listing: Listing, folder: str, here: list[str]) -> Found:
    found: Found = {}
    if "pom.xml" in here:
        path = joined(folder, "pom.xml")
        for group, artifact in sorted(maven_dependencies(listing.text(path))):
            jupiter = artifact.startswith(("junit-jupiter", "quarkus-junit5", "kotlin-test-junit5"))
            if jupiter or artifact in {"junit-bom", "spring-boot-starter-test"}:
                found["junit5"] = path
            elif (group, artifact) == ("junit", "junit") or artifact == "junit-vintage-engine":
                found["junit4"] = path
            elif group in {"org.testng", "org.spockframework"}:
                found["TestNG" if "testng" in group else "Spock"] = path
    for file in ("build.gradle", "build.gradle.kts"):
        if file in here:
            path = joined(folder, file)
            found |= _matching(listing.text(path), _GRADLE, path)
    return {id: found[id] for id in sorted(found, key=lambda id: id != "junit5")}


_SHARP = {"xunit": "xunit", "nunit": "nunit", "mstest": "mstest", "tunit": "TUnit"}


def framework_packages(listing: Listing, project: str) -> Found:
    """Return the frameworks among the packages of a C# project."""
    names = package_references(listing.text(project))
    near = joined(project.rpartition("/")[0], "packages.config")
    names |= package_references(listing.text(near))
    return {
        id: project
        for start, id in _SHARP.items()
        if any(name == start or name.startswith(start + ".") for name in names)
    }


def project_with_tests(listing: Listing, source: str) -> str | None:
    """Return the C# project that tests the one a source belongs to."""
    own = next(
        (
            joined(folder, file)
            for folder in folders_above(source)
            for file in listing.by_folder.get(folder, [])
            if file.endswith(".csproj")
        ),
        "",
    )
    tests = [
        name
        for name in listing.files
        if name.endswith(".csproj") and framework_packages(listing, name)
    ]

    def closeness(project: str) -> tuple[bool, bool, int, str]:
        refers = any(
            reference.rpartition("/")[2] == own.rpartition("/")[2]
            for reference in project_references(listing.text(project))
        )
        unit = "integration" not in project.casefold()
        return refers, unit, shared_parts(project, source), project

    return max(tests, key=closeness, default=None)


def _csharp(listing: Listing, folder: str, here: list[str]) -> Found:
    found: Found = {}
    for file in here:
        if file.endswith(".csproj"):
            found |= framework_packages(listing, joined(folder, file))
    return found


def _ruby(listing: Listing, folder: str, here: list[str]) -> Found:
    found: Found = {}
    for file in here:
        if file == ".rspec":
            found["rspec"] = joined(folder, file)
    for path, id in (("spec/spec_helper.rb", "rspec"), ("test/test_helper.rb", "minitest")):
        if joined(folder, path) in listing.known:
            found.setdefault(id, joined(folder, path))
    patterns = {
        "rspec": r"[\"']rspec(?:-rails)?[\"']|^ +rspec \(",
        "minitest": r"[\"']minitest[\"']|Minitest::TestTask|Rake::TestTask|^ +minitest \(",
        "test-unit": r"[\"']test-unit[\"']",
    }
    for file in here:
        if not found and (file in {"Gemfile", "Rakefile"} or file.endswith(".gemspec")):
            found |= _matching(listing.text(joined(folder, file)), patterns, joined(folder, file))
    if not found and "Gemfile.lock" in here:
        path = joined(folder, "Gemfile.lock")
        found = _matching(listing.text(path), patterns, path)
    return found


def _php(listing: Listing, folder: str, here: list[str]) -> Found:
    found: Found = {}
    path = joined(folder, "composer.json")
    composer = json_object(listing.text(path))
    names = {*table(composer, "require-dev"), *table(composer, "require")}
    if joined(folder, "tests/Pest.php") in listing.known:
        found["pest"] = joined(folder, "tests/Pest.php")
    for name, id in (("pestphp/pest", "pest"), ("phpunit/phpunit", "phpunit"),
                     ("codeception/codeception", "Codeception")):  # fmt: skip
        if name in names:
            found.setdefault(id, path)
    for file in ("phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"):
        if file in here:
            found.setdefault("phpunit", joined(folder, file))
    return found


_CPP = {
    "googletest": r"\b[Gg][Tt]est\b|[Gg]oogle[Tt]est|\bGTEST\b",
    "catch2": r"[Cc]atch2|\bcatch\.hpp",
    "doctest": r"\bdoctest\b",
    "Boost.Test": r"unit_test_framework",
    "cmocka": r"\bcmocka\b",
}
_CPP_FILES = (
    "CMakeLists.txt", "conanfile.txt", "conanfile.py", "vcpkg.json", "meson.build", "BUILD",
    "BUILD.bazel", "WORKSPACE", "MODULE.bazel", "xmake.lua",
)  # fmt: skip


def _cpp(listing: Listing, folder: str, here: list[str]) -> Found:
    found: Found = {}
    for below in ("", "test", "tests", "unittests", "cmake"):
        inside = joined(folder, below) if below else folder
        for file in listing.by_folder.get(inside, []):
            if file in _CPP_FILES or (below == "cmake" and file.endswith(".cmake")):
                path = joined(inside, file)
                found = _matching(listing.text(path), _CPP, path) | found
    return {id: found[id] for id in sorted(found, key=list(_CPP).index)}


_Look = Callable[[Listing, str, list[str]], Found]
#: Family of languages -> how a folder is looked at, and what makes it the top of a part.
LOOKS: dict[str, tuple[_Look, tuple[str, ...]]] = {
    "python": (_python, ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile")),
    "script": (_script, ("package.json",)),
    "go": (_go, ("go.mod",)),
    "rust": (_rust, ("Cargo.toml",)),
    "jvm": (_jvm, ("pom.xml", "build.gradle", "build.gradle.kts")),
    "csharp": (_csharp, ("*.csproj",)),
    "ruby": (_ruby, ("Gemfile", "*.gemspec")),
    "php": (_php, ("composer.json",)),
    "cpp": (_cpp, ("CMakeLists.txt", "meson.build", "BUILD.bazel")),
}


def part_of(language: str, listing: Listing, source: str) -> str:
    """Return the folder of the nearest manifest, the part of a monorepo that a source is in."""
    manifests = LOOKS[family_of(language)][1]
    for folder in folders_above(source):
        if any(fnmatchcase(f, m) for f in listing.by_folder.get(folder, []) for m in manifests):
            return folder
    return ""
