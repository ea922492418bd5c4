"""The installed `dola-ls`: its command line, both transports, and one action all the way."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dola_ls
from tests.fakes.api import ThreadedFakeApi, answer
from tests.fakes.model import fenced
from tests.fakes.raw import Raw
from tests.lsp.test_actions import AFTER, NEW, TEXT

URI = "file:///workspace/a.py"
CURSOR = {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 4}}
CAPABILITIES = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}}
    },
}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.toml").touch(mode=0o600)
    return {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "DOLA_CONFIG": str(tmp_path / "config.toml"),
        "DOLA_PROVIDER": "custom",
        "DOLA_MODEL": "fake",
        "DOLA_API_KEY": "canary-key-0123456789",
    }


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "dola_ls", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"dola-ls {dola_ls.__version__}\n")


def test_help_names_the_commands() -> None:
    done = run("--help")
    assert done.returncode == 0
    for word in ("check", "local", "demo", "--tcp", "--version"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["--tcp", "nonsense"], ["--tcp", "127.0.0.1:99999"], ["frobnicate"], ["--no-such"]],
)
def test_wrong_arguments_are_told(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_tcp_is_for_this_machine_only() -> None:
    done = run("--tcp", "0.0.0.0:0")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "0.0.0.0" in done.stderr


def test_check_without_a_model_says_what_to_do(env: dict[str, str]) -> None:
    env |= {"DOLA_PROVIDER": "aimlapi", "DOLA_API_KEY": ""}
    done = run("check", "--json", env=env)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert any("DOLA_API_KEY" in problem for problem in report["problems"])


def test_check_asks_the_model_and_never_shows_the_key(env: dict[str, str]) -> None:
    with ThreadedFakeApi() as api:
        api.enqueue(answer("OK."))
        done = run("check", env={**env, "DOLA_BASE_URL": api.base_url})
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(api.requests) == 1
        assert "vim.lsp" in done.stdout
        assert "canary-key" not in done.stdout + done.stderr


async def act(raw: Raw, api: ThreadedFakeApi) -> None:
    await raw.initialize(CAPABILITIES)
    raw.open(URI, TEXT)
    params: dict[str, Any] = {
        "textDocument": {"uri": URI},
        "range": CURSOR,
        "context": {"diagnostics": []},
    }
    actions = await raw.request("textDocument/codeAction", params)
    command = next(a for a in actions if a["command"]["command"] == "dola.refactor")["command"]
    raw.answers["workspace/applyEdit"] = {"applied": True}
    assert await raw.request("workspace/executeCommand", command) is None
    sent = await raw.wait_for(lambda message: message.get("method") == "workspace/applyEdit")
    [change] = sent["params"]["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 1}
    lines = TEXT.split("\n")
    for edit in reversed(change["edits"]):
        start, end = edit["range"]["start"], edit["range"]["end"]
        before = "\n".join([*lines[: start["line"]], lines[start["line"]][: start["character"]]])
        after = "\n".join([lines[end["line"]][end["character"] :], *lines[end["line"] + 1 :]])
        lines = (before + edit["newText"] + after).split("\n")
    assert "\n".join(lines) == AFTER
    [request] = api.requests
    assert request.json["model"] == "fake"
    assert request.json["stream"] is True


async def test_an_action_over_stdio(env: dict[str, str]) -> None:
    with ThreadedFakeApi() as api:
        api.enqueue(answer(fenced(NEW)))
        env["DOLA_BASE_URL"] = api.base_url
        async with Raw.python("-m", "dola_ls", env=env) as raw:
            await act(raw, api)
            # The client never sent the change, so nothing counts as applied.
            said = await raw.wait_for(lambda m: m.get("method") == "window/showMessage")
            assert "the text is as before" in said["params"]["message"]
            assert await raw.leave() == 0
        assert raw.rubbish == b""
        assert b"canary-key" not in raw.stderr
        assert b"sum(items)" not in raw.stderr
        for log in Path(env["HOME"]).rglob("*.log"):
            text = log.read_text()
            assert "canary-key" not in text
            assert "sum(items)" not in text
            assert "result" not in text
            assert "dola-refactor-1" in text


async def test_an_action_over_tcp(env: dict[str, str]) -> None:
    with ThreadedFakeApi() as api:
        api.enqueue(answer(fenced(NEW)))
        env["DOLA_BASE_URL"] = api.base_url
        async with Raw.python("-m", "dola_ls", "--tcp", "127.0.0.1:0", env=env) as process:
            match = await process.stderr_match(rb"127\.0\.0\.1:(\d+)")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(match[1]))

            def send(message: dict[str, Any]) -> None:
                body = json.dumps({"jsonrpc": "2.0", **message}).encode()
                writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

            async def receive() -> dict[str, Any]:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.split(b":")[1].split(b"\r")[0])
                message: dict[str, Any] = json.loads(await reader.readexactly(length))
                return message

            parameters = {"processId": None, "rootUri": None, "capabilities": {}}
            send({"id": 1, "method": "initialize", "params": parameters})
            assert (await receive())["result"]["serverInfo"]["name"] == "dola-ls"
            send({"id": 2, "method": "shutdown"})
            assert (await receive())["result"] is None
            send({"method": "exit"})
            assert await asyncio.wait_for(process.process.wait(), 10) == 0
            writer.close()


async def test_the_exit_code_without_shutdown_is_one(env: dict[str, str]) -> None:
    async with Raw.python("-m", "dola_ls", env=env) as raw:
        await raw.initialize()
        raw.notify("exit")
        assert await asyncio.wait_for(raw.process.wait(), 10) == 1


async def test_a_server_with_broken_settings_starts_and_says_so(
    env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("this is = not [ toml")
    async with Raw.python("-m", "dola_ls", env=env) as raw:
        await raw.initialize(CAPABILITIES)
        raw.open(URI, TEXT)
        arguments = {"uri": URI, "range": CURSOR}
        await raw.request(
            "workspace/executeCommand", {"command": "dola.refactor", "arguments": [arguments]}
        )
        said = await raw.wait_for(lambda m: m.get("method") == "window/showMessage")
        assert "config.toml" in said["params"]["message"]
        assert await raw.leave() == 0
