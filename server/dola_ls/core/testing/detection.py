"""Which test framework a project uses, from its manifests, settings and existing tests.

The nearest manifest that names a framework decides, so the parts of a monorepo may differ. Where
it names several, or none, the tests that stand nearest to the source do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from fnmatch import fnmatchcase

from dola_ls.core.languages import language_of
from dola_ls.core.testing.evidence import (
    LOOKS,
    Found,
    family_of,
    framework_packages,
    package_json,
    part_of,
    project_with_tests,
)
from dola_ls.core.testing.frameworks import FRAMEWORKS, Framework, Unknown, frameworks_of
from dola_ls.core.testing.listing import Listing, Read, folders_above
from dola_ls.core.testing.manifests import (
    package_dependencies,
)
from dola_ls.core.testing.naming import nearest_tests

_SAMPLES = 8


def detect_framework(
    language: str,
    source: str,
    files: Collection[str],
    read: Read,
    setting: str | Collection[str] | None = None,
) -> Framework | Unknown:
    """Return the test framework for a source file, or why it cannot be told.

    `source` and `files` are relative to the project. `setting` names frameworks the user chose;
    the first that fits the language counts, whatever the project says.
    """
    language = language_of(language).id
    choices = frameworks_of(language)
    if not choices:
        name = language_of(language).name
        return Unknown(f"Dola knows no test framework for {name}.")
    names = ", ".join(framework.id for framework in choices)
    wanted = [setting] if isinstance(setting, str) else list(setting or ())
    strange = [name for name in wanted if name not in FRAMEWORKS]
    if strange:
        known = ", ".join(FRAMEWORKS)
        return Unknown(f"“{strange[0]}” is no test framework that Dola knows; it knows {known}.")
    listing = Listing(files, read)
    root, found = _named(language, listing, source)
    for name in wanted:
        if language in FRAMEWORKS[name].languages:
            return _finished(
                FRAMEWORKS[name], "your settings", root, listing, language, found, source
            )
    ours = {id: where for id, where in found.items() if id in FRAMEWORKS}
    tests = _in_tests(language, listing, source, choices, root)
    both = [id for id in tests if id in ours or not found or _may_stand_beside(id, ours)]
    if both:
        chosen = both[0]
        why = ours.get(chosen, tests[chosen])
    elif ours:
        chosen = next(iter(ours))
        why = ours[chosen]
    elif found:
        other, where = next(iter(found.items()))
        return Unknown(
            f"{where} names {other}, and Dola only writes tests for {names}. Set"
            " dola.tests.framework if one of these is used here."
        )
    elif (default := _default(language, listing)) is not None:
        chosen, why = default, "no other is named"
    else:
        return Unknown(
            "No manifest names a test framework, and there are no tests yet. Set"
            f" dola.tests.framework to one of {names}."
        )
    return _finished(FRAMEWORKS[chosen], why, root, listing, language, found, source)


def _named(language: str, listing: Listing, source: str) -> tuple[str, Found]:
    """Return the folder of the manifest that decides, and the frameworks it names."""
    look, manifests = LOOKS[family_of(language)]
    nearest: str | None = None
    for folder in folders_above(source):
        if folder not in listing.folders:
            continue
        here = listing.by_folder.get(folder, [])
        if nearest is None and any(fnmatchcase(file, m) for file in here for m in manifests):
            nearest = folder
        if found := look(listing, folder, here):
            return folder, found
    if family_of(language) == "csharp" and (project := project_with_tests(listing, source)):
        folder, _, _ = project.rpartition("/")
        return folder, framework_packages(listing, project)
    return nearest or "", {}


def _in_tests(
    language: str, listing: Listing, source: str, choices: list[Framework], root: str
) -> dict[str, str]:
    """Return the frameworks of the tests nearby, the commonest first, each with a test of it."""
    votes: Counter[str] = Counter()
    where: dict[str, str] = {}
    near = nearest_tests(listing, source, language, _SAMPLES * 4)
    below = [name for name in near if not root or name.startswith(root + "/")]
    for name in (below or near)[:_SAMPLES]:
        text = listing.text(name)
        # A mark of one may be found in tests of another that can do more: unittest's under pytest.
        for framework in sorted(choices, key=lambda one: _BROAD.index(one.id) if one.id in _BROAD
                                else -1):  # fmt: skip
            if text and framework.marks(text):
                votes[framework.id] += 1
                where.setdefault(framework.id, name)
                break
    return {id: where[id] for id, _ in votes.most_common()}


#: Frameworks whose marks are so common that they are looked for last.
_BROAD = ("jest", "mocha", "pytest", "testing", "pest")


def _may_stand_beside(id: str, named: Found) -> bool:
    """Tell whether tests of a framework that comes with its language count beside others."""
    return id in {"unittest", "testing", "node:test"} and bool(named)


def _default(language: str, listing: Listing) -> str | None:
    """Return the framework of a project in which nothing names one."""
    if language == "javascript":
        return "node:test"
    return {"python": "pytest", "go": "testing", "rust": "rust"}.get(language)


def _finished(
    framework: Framework,
    why: str,
    root: str,
    listing: Listing,
    language: str,
    found: Found,
    source: str,
) -> Framework:
    """Fill in what depends on the project: where it is run, and with what."""
    here = listing.by_folder.get(root, [])
    changed = replace(framework, root=root, evidence=why)
    id = framework.id
    if id in {"junit4", "junit5"}:
        root = part_of(language, listing, source)
        changed = replace(changed, root=root)
        if "pom.xml" not in listing.by_folder.get(root, []):
            changed = replace(changed, command=("gradle", "test", "--tests", "{name}"))
    elif id == "unittest" and "pytest" in found:
        changed = replace(changed, command=FRAMEWORKS["pytest"].command)
    elif id in {"rspec", "minitest"} and "Gemfile" not in here:
        changed = replace(changed, command=framework.command[2:])
    elif id == "jest" and "@jest/globals" in package_dependencies(package_json(listing, root)):
        provides = dict.fromkeys(
            ("describe", "it", "test", "expect", "jest", "beforeEach", "afterEach", "beforeAll",
             "afterAll"),
            "@jest/globals",
        )  # fmt: skip
        changed = replace(changed, provides=provides)
    elif id == "mocha" and "chai" in package_dependencies(package_json(listing, root)):
        style = "describe and it as globals, expect(…).to.equal/.to.deep.equal/.to.throw from chai"
        changed = replace(changed, style=style, provides={"expect": "chai", "assert": "chai"})
    elif id == "node:test" and language.startswith("typescript") and _runs_tsx(listing, root):
        changed = replace(changed, command=("node", "--import", "tsx", *framework.command[1:]))
    if language == "kotlin":
        changed = replace(
            changed,
            style=changed.style.replace("void methods", "fun methods"),
            provides={
                name: line.replace("import static ", "import ").rstrip(";")
                for name, line in framework.provides.items()
            },
        )
    return changed


def _runs_tsx(listing: Listing, root: str) -> bool:
    return "tsx" in package_dependencies(package_json(listing, root))
