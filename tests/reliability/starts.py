"""Starts in bad surroundings, ends of every kind, and a server that is killed at work."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from tests.fakes.api import FakeApi, answer, status
from tests.fakes.model import fenced
from tests.fakes.raw import Raw
from tests.reliability.findings import Findings
from tests.reliability.load import order, question
from tests.reliability.page import Page, improved, region_of
from tests.reliability.surroundings import SERVER, environment, server

_STARTS, _ANSWERED = "starts in bad surroundings", "answered initialize"
_TOUCHED = "files touched by a killed server"
_LIMIT = 15.0
#: Starts the server with a limit of no bytes for any file: as if the disk were full.
_NO_BYTES = (
    "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)

#: Two surroundings that take more than an environment.
FULL, REFUSED = "a disk that is full", "a key that is refused"
FULL_LOG = "a disk that is full for the log"

Surroundings = Callable[[Path], Mapping[str, str]]


def _no_home(folder: Path) -> dict[str, str]:
    env = environment(folder / "home")
    # The system knows another home for who has none in the environment. That is the user's own:
    # no model is to be found and nothing written there.
    del env["HOME"]
    return {**env, "XDG_STATE_HOME": str(folder / "state"), "DOLA_PROVIDER": "aimlapi"}


def _home_is_a_file(folder: Path) -> dict[str, str]:
    # Nobody can write below a file, not even root, for whom no folder is read-only.
    file = folder / "no-folder"
    file.touch()
    return _without_config({**environment(folder / "home"), "HOME": str(file)})


def _without_config(env: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in env.items() if name != "DOLA_CONFIG"}


def _read_only_home(folder: Path) -> dict[str, str]:
    home = folder / "locked"
    home.mkdir()
    home.chmod(0o555)
    return _without_config({**environment(folder / "home"), "HOME": str(home)})


def _broken_settings(folder: Path) -> dict[str, str]:
    env = environment(folder / "home")
    Path(env["DOLA_CONFIG"]).write_text("model = [\n\x00")
    return env


def _settings_is_a_folder(folder: Path) -> dict[str, str]:
    return {**environment(folder / "home"), "DOLA_CONFIG": str(folder)}


def _wrong_values(folder: Path) -> dict[str, str]:
    wrong = {"DOLA_PROVIDER": "nobody", "DOLA_BASE_URL": "::", "DOLA_LOG": "loud"}
    return {**environment(folder / "home"), **wrong, "DOLA_API_KEY": "bad\u20ackey"}


def _no_key_command(folder: Path) -> dict[str, str]:
    env = environment(folder / "home")
    Path(env["DOLA_CONFIG"]).write_text('key_command = ["no-such-program-of-dola"]\n')
    return {**env, "DOLA_PROVIDER": "aimlapi"}


def _full_log(folder: Path) -> dict[str, str]:
    # Whatever is written there finds no room (ENOSPC), while other files can be written.
    env = environment(folder / "home")
    log = folder / "home" / ".local" / "state" / "dola-ls" / "log" / "dola-ls.log"
    log.parent.mkdir(parents=True)
    log.symlink_to("/dev/full")
    return env


def _nobody_listens(folder: Path) -> dict[str, str]:
    return environment(folder / "home", "http://127.0.0.1:9/v1")


#: By name; each makes the environment for a server whose files lie in the folder it is given.
SURROUNDINGS: dict[str, Surroundings] = {
    "no home": _no_home,
    "a home that is a file": _home_is_a_file,
    "a home that is read-only": _read_only_home,
    "settings that are broken": _broken_settings,
    "settings that are a folder": _settings_is_a_folder,
    "settings with wrong values": _wrong_values,
    "a key command that is not there": _no_key_command,
    "a model that nobody serves": _nobody_listens,
}
if sys.platform == "linux":
    SURROUNDINGS[FULL_LOG] = _full_log


async def starts(folder: Path) -> Findings:
    """Start in all the surroundings, end in all the ways, and kill a server at work."""
    found = Findings()
    zero = ("deaths of the server", "requests unanswered", _TOUCHED, _STARTS, _ANSWERED)
    found.counts.update(dict.fromkeys(zero, 0))
    names = [*SURROUNDINGS, REFUSED, *([FULL] if sys.platform == "linux" else [])]
    # Two at a time: it is not their speed that counts.
    for at in range(0, len(names), 2):
        await asyncio.gather(*(start_in(name, folder, found) for name in names[at : at + 2]))
    await ends(folder, found)
    await killed(folder, found)
    return found


async def start_in(name: str, folder: Path, found: Findings) -> None:
    """Start one server in some surroundings: `FULL`, `REFUSED` or one of `SURROUNDINGS`."""
    here = folder / name
    here.mkdir()
    if name == FULL:
        argv = (sys.executable, "-c", _NO_BYTES, *SERVER)
        await _start(name, environment(here / "home"), here, found, argv)
    elif name == REFUSED:
        async with FakeApi() as api:
            api.answer_with(lambda _: status(401))
            env = {**environment(here / "home", api.base_url), "DOLA_API_KEY": "wrong"}
            await _start(name, env, here, found, SERVER)
    else:
        await _start(name, SURROUNDINGS[name](here), here, found, SERVER)


async def _start(
    name: str, env: Mapping[str, str], folder: Path, found: Findings, argv: tuple[str, ...]
) -> None:
    """Start one server; it has to answer, and to say in a sentence why an action cannot be."""
    found.counts[_STARTS] += 1
    page = Page((folder / "a.py").as_uri(), 1)
    async with server(env, folder, argv=argv) as raw:
        try:
            await asyncio.wait_for(raw.initialize(), _LIMIT)
            found.counts[_ANSWERED] += 1
            raw.open(page.uri, page.text)
            if not await raw.request("textDocument/codeAction", question(page.uri, 3)):
                found.wrong("requests unanswered", f"with {name} no action is offered")
            await raw.request("workspace/executeCommand", order(page.uri, 3), limit=_LIMIT)
            # No key, no address that is right, nobody there: each way there is a sentence.
            await raw.wait_for(
                lambda m: (
                    m.get("method") == "window/showMessage"
                    and m["params"]["message"].startswith("Refactor step_0:")
                ),
                limit=_LIMIT,
            )
            if (code := await raw.leave()) != 0:
                found.wrong("deaths of the server", f"with {name}: exit code {code}")
            if name == FULL_LOG and b"no log file any more" not in raw.stderr:
                found.problems.append(f"with {name}, nobody was told of it")
        except TimeoutError:
            code = raw.process.returncode
            words = bytes(raw.stderr[-800:]).decode("utf-8", "replace")
            row = "requests unanswered" if code is None else "deaths of the server"
            found.wrong(row, f"with {name} (exit code {code}): {words}")


async def ends(folder: Path, found: Findings) -> None:
    """End a server that has four streams open in each way there is; it is gone soon, with 1."""

    def hang_up(raw: Raw) -> None:
        assert raw.process.stdin is not None
        raw.process.stdin.close()

    ways: dict[str, Callable[[Raw], None]] = {"the end of its input": hang_up}
    if sys.platform != "win32":
        ways["SIGTERM"] = lambda raw: raw.process.send_signal(signal.SIGTERM)
        ways["SIGINT"] = lambda raw: raw.process.send_signal(signal.SIGINT)
    samples = found.samples.setdefault("end of the process", [])
    loop = asyncio.get_running_loop()
    for name, end in ways.items():
        async with FakeApi() as api, _at_work(api, folder) as (raw, _):
            began = loop.time()
            end(raw)
            try:
                code = await raw.exit_code(limit=_LIMIT)
            except TimeoutError:
                found.wrong("deaths of the server", f"it does not end at {name}")
                continue
            samples.append(1000 * (loop.time() - began))
            if code != 1 or b"Traceback" in raw.stderr:
                words = bytes(raw.stderr[-800:]).decode("utf-8", "replace")
                found.wrong("deaths of the server", f"{name}: exit code {code}: {words}")


async def killed(folder: Path, found: Findings) -> None:
    """Kill a server in the middle of four jobs; nothing on disk differs, and the next one works."""
    async with FakeApi() as api:
        async with _at_work(api, folder) as (raw, project):
            before = _state(project)
            raw.process.kill()
            await raw.exit_code(limit=_LIMIT)
        if (after := _state(project)) != before:
            for name in sorted(set(before.items()) ^ set(after.items())):
                found.wrong(_TOUCHED, f"{name}")
        api.answer_with(lambda r: fenced(improved(region_of(r.prompt) or "", 1000)))
        page = Page((project / "0.py").as_uri(), 1)
        async with server(environment(folder / "home", api.base_url), project) as raw:
            await raw.initialize(_EDITS)
            raw.open(page.uri, page.text)
            try:
                await raw.request("workspace/executeCommand", order(page.uri, 3))
                await raw.wait_for(lambda m: m.get("method") == "workspace/applyEdit")
            except TimeoutError:
                found.wrong("requests unanswered", "the server after a killed one does not work")


_EDITS = {"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}}


@contextlib.asynccontextmanager
async def _at_work(api: FakeApi, folder: Path) -> AsyncIterator[tuple[Raw, Path]]:
    """Yield a server in the middle of four answers, and the folder of its project."""
    project = folder / "project"
    project.mkdir(exist_ok=True)
    api.answer_with(lambda _: answer("```python\ndef", finish=None, done=False, end="hold"))
    async with server(environment(folder / "home", api.base_url), project) as raw:
        await raw.initialize(_EDITS)
        for number in range(4):
            page = Page((project / f"{number}.py").as_uri(), 1)
            (project / f"{number}.py").write_text(page.text)
            raw.open(page.uri, page.text)
            await raw.request("workspace/executeCommand", order(page.uri, 3))
        await api.arrived(4, within=_LIMIT)
        yield raw, project


def _state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file with its bytes and when it was last written."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in files
    }
