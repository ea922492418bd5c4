"""Running the tests of one file, as it is in the editor, for users who asked for that.

Tests are code of the workspace, so none is run unless the user's own file says so. The text that is
run is the buffer's: where that is not on the disk yet, a copy beside the file takes its place for
the time of the run, or ``go test -overlay`` does; where neither can be, nothing is run.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from dola_ls import sentences
from dola_ls.core.document import Document
from dola_ls.core.languages import language_of
from dola_ls.core.testing.cases import cases_of
from dola_ls.core.testing.commands import (
    can_be_copied,
    can_be_overlaid,
    copy_name,
    own_command,
    standard_command,
)
from dola_ls.core.testing.frameworks import Unknown
from dola_ls.core.testing.results import Results, read_results, why_not_run
from dola_ls.core.testing.testcode import code_of
from dola_ls.placing import Home
from dola_ls.processes import Ran, run_program
from dola_ls.programs import absolute_folders, find_program
from dola_ls.project import check_new_file, without_places

log = logging.getLogger(__name__)

#: How long the tests of one file may take.
SECONDS = 60.0
#: Of the environment, what would change how runners report.
_DROPPED = frozenset({"NODE_TEST_CONTEXT", "FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS"})
_SET = {"NO_COLOR": "1", "TERM": "dumb", "CI": "true", "PYTHONDONTWRITEBYTECODE": "1"}
#: What the usual names of an interpreter are tried as.
_ALSO = {"python": ("python3", "python", "py") if os.name != "nt" else ("python", "py")}
#: What cmd.exe makes something of when it starts a batch file.
_SPECIAL = frozenset('&|<>^%!"\r\n')


@dataclass(frozen=True, slots=True)
class Trial:
    """Tests that are to be run: the file they go into, and what it and its source hold by now."""

    home: Home
    tests: Document
    source: Document
    source_path: Path
    #: The user's own `tests.run`.
    setting: bool | tuple[str, ...]
    folders: Sequence[Path]

    @property
    def root(self) -> Path:
        """The folder in which the command is run."""
        return self.home.root / self.home.placement.root


@dataclass(frozen=True, slots=True)
class _Plan:
    """A run that can be made: its command, and what stands in for files that are not saved."""

    words: tuple[str, ...]
    #: A file beside the real one that is made for the run.
    copy: Path | None = None
    #: Files for which ``go test`` is given other texts.
    overlaid: tuple[tuple[Path, str], ...] = ()


async def run_tests(trial: Trial, env: Mapping[str, str]) -> Results | str:
    """Return how the tests went, or a sentence on why none was run to its end."""
    plan = await asyncio.to_thread(_plan, trial, env)
    if isinstance(plan, str):
        return f"The tests were not run: {plan}."
    try:
        with _in_place(plan, trial.tests, trial.home.placement.language) as words:
            ran = await run_program(words, trial.root, environment(env), SECONDS)
    except OSError as error:
        return f"The tests were not run: {error.strerror or 'the program cannot be started'}."
    if ran.stopped:
        return f"The tests took too long or wrote too much: {_they(ran.stopped)}."
    return await asyncio.to_thread(_read, trial, plan, ran)


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return what the tests may see of the environment: no keys, and no PATH that is relative."""
    kept = {
        name: value
        for name, value in env.items()
        if not name.upper().endswith("_API_KEY")
        and not name.upper().startswith("DOLA_")
        and name not in _DROPPED
    }
    if "PATH" in kept:
        kept["PATH"] = os.pathsep.join(map(str, absolute_folders(kept["PATH"])))
    return kept | _SET


def _they(stopped: str) -> str:
    return stopped.replace("it was", "they were").replace("because it", "because they")


def _plan(trial: Trial, env: Mapping[str, str]) -> _Plan | str:
    """Return how the tests can be run, or why not, as a clause. Only looks at the disk."""
    home, path = trial.home, trial.home.path
    usual = _words(trial, home.placement.path)
    if isinstance(usual, Unknown):
        return usual.reason
    advice = f"Save it, then run: {' '.join(usual)}"
    saved = _is_saved(path, trial.tests.text)
    same = trial.home.placement.inline or path == trial.source_path
    source_saved = same or _is_saved(trial.source_path, trial.source.text)
    overlaid: tuple[tuple[Path, str], ...] = ()
    copied = False
    if trial.setting is True and can_be_overlaid(home.framework):
        pairs = ((path, trial.tests, saved), (trial.source_path, trial.source, source_saved))
        overlaid = tuple((file, text.text) for file, text, is_saved in pairs if not is_saved)
    elif not source_saved:
        return f"{trial.source_path.name} has changes that are not saved. {advice}"
    elif not saved:
        copied = can_be_copied(home.framework, home.placement) and (
            trial.setting is True or _names_file(trial.setting)
        )
        if not copied:
            return f"{path.name} is not saved yet. {advice}"
    relative = home.placement.path
    if copied:
        relative = copy_name(relative, home.framework, f"dola_{uuid4().hex[:8]}")
        why = check_new_file(home.root / relative, home.root, trial.folders)
        if why is not None:
            return f"no copy of {path.name} can be made beside it: {why}"
    words = _words(trial, relative)
    if isinstance(words, Unknown):
        return words.reason
    program = _program(words[0], trial, env)
    if isinstance(program, Unknown):
        return program.reason
    words = (program, *words[1:])
    if program.lower().endswith((".cmd", ".bat")) and _SPECIAL.intersection(*["".join(words[1:])]):
        return f"{Path(program).name} cannot be given a name with special characters"
    return _Plan(words, home.root / relative if copied else None, overlaid)


def _names_file(setting: bool | tuple[str, ...]) -> bool:
    return isinstance(setting, tuple) and any("{file}" in word for word in setting)


def _words(trial: Trial, relative: str) -> tuple[str, ...] | Unknown:
    """Return the command for a file, be it the test file itself or a copy of it."""
    home = trial.home
    if isinstance(trial.setting, tuple):
        file = home.root / relative
        return own_command(trial.setting, str(file), str(file.parent), str(trial.root))
    code = code_of(trial.tests, home.placement.language, home.framework)
    tests = [case.id[-1] for case in cases_of(code)]
    return standard_command(home.framework, home.placement, relative, tests)


def _program(name: str, trial: Trial, env: Mapping[str, str]) -> str | Unknown:
    """Return the path of a program; one of the project itself only where the user names it."""
    inside = [trial.home.root, *trial.folders]
    names = _ALSO.get(name, (name,)) if trial.setting is True else (name,)
    for one in names:
        if (found := find_program(one, env, inside)) is not None:
            return found
    if any(find_program(one, env) for one in names):
        return Unknown(
            f"the {name} on your PATH is one of the project's own, and those are run only where "
            "`tests.run` in your config.toml names them"
        )
    return Unknown(f"{name} was not found")


def _is_saved(path: Path, text: str) -> bool:
    """Tell whether a file on the disk holds a text, but for line ends and a byte order mark."""
    try:
        return _plain(path.read_text(encoding="utf-8")) == _plain(text)
    except (OSError, ValueError):
        return False


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


@contextmanager
def _in_place(plan: _Plan, tests: Document, language: str) -> Iterator[tuple[str, ...]]:
    """Put what stands in for unsaved files where the command finds it, and take it away again."""
    if plan.copy is not None:
        mark = language_of(language).line_comment
        text = f"{tests.text.rstrip()}\n{mark} A copy that dola-ls runs, and removes afterwards.\n"
        with plan.copy.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        try:
            yield plan.words
        finally:
            try:
                plan.copy.unlink(missing_ok=True)
            except OSError as error:
                log.warning("the copy of a test file was not removed: %s", error.strerror)
        return
    if not plan.overlaid:
        yield plan.words
        return
    with tempfile.TemporaryDirectory(prefix="dola-ls-", ignore_cleanup_errors=True) as folder:
        instead = {}
        for number, (path, text) in enumerate(plan.overlaid):
            other = Path(folder, str(number), path.name)
            other.parent.mkdir()
            other.write_text(text, encoding="utf-8", newline="")
            instead[str(path)] = str(other)
        table = Path(folder, "overlay.json")
        table.write_text(json.dumps({"Replace": instead}), encoding="utf-8")
        # `go vet`, which comes with it, knows nothing of overlays.
        yield (*plan.words[:2], "-vet=off", "-overlay", str(table), *plan.words[2:])


def _read(trial: Trial, plan: _Plan, ran: Ran) -> Results | str:
    path = trial.home.path
    names = {path.name} if plan.copy is None else {plan.copy.name}
    code = code_of(trial.tests, trial.home.placement.language, trial.home.framework)
    results = read_results(ran.output, ran.code == 0, code, names)
    if results is None:
        why = _without_places(why_not_run(ran.output), trial, plan)
        return sentences.no_test_run(Path(plan.words[0]).name, why)
    return replace(
        results,
        failures=tuple(
            replace(failure, message=_without_places(failure.message, trial, plan))
            for failure in results.failures
        ),
    )


def _without_places(text: str, trial: Trial, plan: _Plan) -> str:
    """Return a text without the user's folders, and with the real name of the test file."""
    text = without_places(text, [trial.home.root])
    if plan.copy is not None:
        text = text.replace(plan.copy.name, trial.home.path.name)
        text = text.replace(plan.copy.stem, trial.home.path.stem)
    return text
