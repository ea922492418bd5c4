"""S22: no key, no code, no prompt and no answer in any log, traceback or file."""

from __future__ import annotations

import io
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest
from pydantic import BaseModel, ValidationError

from dola_ls import log
from dola_ls.model.client import HttpModel
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.errors import ModelError
from tests.fakes.api import FakeApi, Reply, answer, status

KEY = "canarykey0123456789abcdef"
CODE = "def canary_function(): return 'canary code'"


@dataclass
class Lines:
    """Everything the log wrote: stderr and the files."""

    stderr: io.StringIO
    folder: Path

    def text(self) -> str:
        files = "".join(p.read_text(encoding="utf-8") for p in sorted(self.folder.glob("*")))
        return self.stderr.getvalue() + files


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Lines]:
    found = Lines(io.StringIO(), tmp_path / "log")
    yield found
    log.close()
    logging.getLogger().setLevel(logging.WARNING)


def start(lines: Lines, level: str = "debug", **env: str) -> None:
    log.set_up({"DOLA_LOG": level, **env}, folder=lines.folder, stream=lines.stderr)


SECRETS = {
    "header": f"Authorization: Bearer {KEY}",
    "header, any case": f"AUTHORIZATION:Basic {KEY}",
    "proxy": f"Proxy-Authorization: {KEY}",
    "dict": str({"authorization": f"Bearer {KEY}", "accept": "x"}),
    "bytes in tuples": str([(b"Authorization", f"Bearer {KEY}".encode()), (b"Host", b"h")]),
    "x-api-key": f'"x-api-key": "{KEY}"',
    "variable": f"DOLA_API_KEY={KEY}",
    "toml": f'api_key = "{KEY}"',
    "bearer": f"sent Bearer {KEY} to it",
    "userinfo": f"http://user:{KEY}@proxy.example:3128/x",
    "userinfo with an at sign": f"http://user:pa@{KEY}@proxy.example/",
    "user only": f"https://{KEY}@example.com",
    "query": f"https://example.com/v1?x=1&key={KEY}",
    "openai": "sk-proj-canary0123456789ABCDEF",
    "github": "ghp_canary0123456789ABCDEFGHIJKLMNOP",
    "github fine-grained": "github_pat_canary0123456789ABCDEFGHIJ",
    "gitlab": "glpat-canary0123456789ABCD",
    "aws": "AKIACANARY0123456789"[:20],
    "google": "AIzacanary0123456789ABCDEFGHIJKLMNOPQRS",
    "slack": "xoxb-canary0123456789",
    "hugging face": "hf_canary0123456789ABCDEFG",
    "npm": "npm_canary0123456789ABCDEFGHIJKLMNOP",
    "pypi": "pypi-canary0123456789ABCDEFGHIJKLMNOP",
    "jwt": "eyJcanary012345.eyJcanary012345.canary012345",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----",
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=list(SECRETS))
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    clean = log.redact(f"before {text} after")
    assert "canary" not in clean.lower()
    assert log.HIDDEN in clean
    assert clean.startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens=2048 completion_tokens=12",
        "progress token dola-refactor-3 ended",
        "https://api.aimlapi.com/v1/chat/completions?api-version=2026",
        "api_key in the user file (not set)",
        "risk-free and desk-bound work in task-0123456789abcdef",
        "user@example.com wrote to another@example.com",
        "sha256 cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ],
)
def test_what_does_not_is_left_alone(text: str) -> None:
    assert log.redact(text) == text


def test_a_known_key_is_taken_out_of_everything(lines: Lines) -> None:
    odd = "canary/odd+key=="
    start(lines, DOLA_API_KEY=f" {KEY}\n")
    log.hide(odd)
    logger = logging.getLogger("dola_ls.test")
    logger.error("plain %s", KEY)
    logger.error(f"in an url https://x/?k={'canary%2Fodd%2Bkey%3D%3D'}")
    logger.error("in an object %r", {"k": [KEY, odd]})
    try:
        raise ValueError(f"cannot use {KEY}") from KeyError(odd)
    except ValueError:
        logger.exception("failed with %s", odd)
    text = lines.text()
    assert "failed with" in text
    assert "ValueError" in text
    assert "canary" not in text


def test_short_dummy_keys_do_not_shred_the_log(lines: Lines) -> None:
    start(lines, DOLA_API_KEY="EMPTY")
    logging.getLogger("dola_ls.test").error("the list is EMPTY")
    assert "the list is EMPTY" in lines.text()


@pytest.mark.parametrize("level", ["error", "info", "debug"])
def test_message_bodies_in_records_of_libraries_stay_out(level: str, lines: Lines) -> None:
    start(lines, level)
    for name in ("pygls.protocol.json_rpc", "httpx", "httpcore.http11", "asyncio", "cattrs.x"):
        logger = logging.getLogger(name)
        logger.debug("Sending data: %s", CODE)
        logger.info("Sending data: %s", CODE)
        logger.error("Unable to deserialize message\n%s", CODE)
        logger.error("Failed to handle %r: %s", "textDocument/didOpen", {"text": CODE})
        logger.error("named %(text)s", {"text": CODE})
        logger.error(f"Task exception was never retrieved\nexception=ValueError({CODE!r})")
        try:
            raise ValueError(CODE)
        except ValueError:
            logger.exception("Exception occurred")
    text = lines.text()
    assert "canary" not in text
    assert "textDocument/didOpen" in text
    assert "ValueError" in text


class Wire(BaseModel):
    count: int


def test_a_traceback_does_not_quote_what_could_not_be_read(lines: Lines) -> None:
    start(lines)
    logger = logging.getLogger("dola_ls.test")
    try:
        Wire.model_validate({"count": CODE})
    except ValidationError:
        logger.exception("an answer could not be read")
    try:
        raise ExceptionGroup("several", [ValueError(f"first\n{CODE}"), KeyError("plain")])
    except ExceptionGroup:
        logger.exception("a group")
    text = lines.text()
    assert "canary" not in text
    for word in ("ValidationError", "test_logs.py", "ExceptionGroup", "ValueError: first", "plain"):
        assert word in text


def test_trace_shows_code_but_no_key_and_no_library_bodies(lines: Lines) -> None:
    start(lines, "trace", DOLA_API_KEY=KEY)
    logging.getLogger("dola_ls.test").log(log.TRACE, "prompt %s with %s", CODE, KEY)
    logging.getLogger("pygls.protocol").debug("Sending data: %s", "canary body")
    text = lines.text()
    assert CODE in text
    assert KEY not in text
    assert "canary body" not in text


def test_below_trace_nothing_logged_at_trace_appears(lines: Lines) -> None:
    start(lines, "debug")
    logging.getLogger("dola_ls.test").log(log.TRACE, "prompt %s", CODE)
    assert "canary" not in lines.text()
    log.set_level("trace")
    logging.getLogger("dola_ls.test").log(log.TRACE, "prompt %s", CODE)
    assert "canary" in lines.text()


@pytest.mark.parametrize("name", ["dola_ls.test", "pygls.protocol"])
def test_a_record_that_cannot_be_formatted_prints_no_arguments(
    name: str, lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    start(lines)
    record = logging.LogRecord(name, logging.ERROR, "file.py", 1, "%d files", (CODE,), None)
    # Given to our handlers alone: the one of pytest raises.
    for handler in logging.getLogger().handlers:
        if handler.get_name() == "dola-ls":
            handler.handle(record)
    assert lines.text().count("%d files") == 2
    assert "canary" not in lines.text() + capsys.readouterr().err


EVENTS = (("Content-Type", "text/event-stream"),)
FAULTS: list[Reply] = [
    status(400, {"error": {"message": f"bad field in {CODE} with {KEY}"}}),
    status(401, {"message": f"Invalid key {KEY}"}),
    status(403, {"message": KEY}),
    status(422, f"<html>{CODE} {KEY}</html>"),
    status(302, headers={"Location": f"https://user:{KEY}@evil.example/"}),
    answer(CODE, finish=None, done=False),
    answer(CODE, end="reset", finish=None, done=False),
    Reply((b"data: {" + CODE.encode() + b"\n\n",), headers=EVENTS),
    Reply((f'data: {{"error": {{"message": "{CODE} {KEY}"}}}}\n\n'.encode(),), headers=EVENTS),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_of_the_server_brings_key_or_code_into_the_log(
    fault: Reply, lines: Lines
) -> None:
    from dola_ls.core.prompt import Prompt

    start(lines, "debug", DOLA_API_KEY=KEY)
    async with FakeApi() as api:
        api.enqueue(fault)
        api.repeat_last()
        model = HttpModel(
            Endpoint("custom", api.base_url, "m", api_key=KEY, key_origin=f"{api.origin}")
        )
        try:
            async for _ in model.stream(Prompt("system", CODE)):
                pass
            failure = None
        except ModelError as error:
            failure = error
            logging.getLogger("dola_ls.test").exception("the action failed")
        await model.aclose()
    assert failure is not None
    assert KEY not in str(failure)
    text = lines.text()
    assert KEY not in text
    assert "canary" not in text
    assert "the action failed" in text


posix = pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")


@posix
def test_folder_and_file_become_private_if_they_were_not(lines: Lines) -> None:
    lines.folder.mkdir(mode=0o755)
    old = lines.folder / "dola-ls.log"
    old.write_text("older\n")
    old.chmod(0o644)
    start(lines)
    assert stat.S_IMODE(lines.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    assert old.read_text() == "older\n"


@posix
def test_there_are_five_private_files_of_a_megabyte(lines: Lines) -> None:
    previous = os.umask(0)
    try:
        start(lines)
        for number in range(7):
            logging.getLogger("dola_ls.test").error("%d %s", number, "x" * 900_000)
    finally:
        os.umask(previous)
    files = sorted(lines.folder.iterdir())
    assert len(files) == 5
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert 900_000 < file.stat().st_size <= 1_000_000


def test_without_a_place_for_the_file_all_goes_to_stderr(tmp_path: Path, lines: Lines) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    assert log.set_up({}, folder=lines.folder, stream=lines.stderr) is None
    logging.getLogger("dola_ls.test").info("still here")
    assert "still here" in lines.stderr.getvalue()
    assert "no log file" in lines.stderr.getvalue()
    assert log.file_in_use() is None


def test_a_home_that_is_no_place_makes_no_folder_in_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.chdir(tmp_path)
    # What some versions of platformdirs answer where there is no home folder.
    monkeypatch.setattr(platformdirs, "user_log_dir", lambda *_, **__: "~/.local/state/dola-ls")
    assert log.set_up({}, stream=lines.stderr) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_told_once_and_stops_nothing(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.folder.mkdir()
    (lines.folder / "dola-ls.log").symlink_to("/dev/full")
    start(lines)
    logger = logging.getLogger("dola_ls.test")
    for number in range(3):
        logger.error("line %d", number)
    text = lines.stderr.getvalue()
    assert [f"line {number}" in text for number in range(3)] == [True] * 3
    assert text.count("no log file any more") == 1
    assert capsys.readouterr().err == ""


def test_a_closed_stderr_stops_nothing(lines: Lines) -> None:
    start(lines)
    lines.stderr.close()
    logging.getLogger("dola_ls.test").error("to the file all the same")
    assert "to the file all the same" in (lines.folder / "dola-ls.log").read_text()


def test_info_is_for_the_file_because_editors_show_stderr_as_errors(lines: Lines) -> None:
    start(lines, "info")
    logging.getLogger("dola_ls.test").info("quiet")
    logging.getLogger("dola_ls.test").warning("loud")
    assert "quiet" not in lines.stderr.getvalue()
    assert "loud" in lines.stderr.getvalue()
    assert "quiet" in (lines.folder / "dola-ls.log").read_text()


def test_an_unknown_level_means_info(lines: Lines) -> None:
    start(lines, "shouting")
    assert logging.getLogger().level == logging.INFO


def test_setting_up_again_replaces(lines: Lines) -> None:
    start(lines)
    start(lines)
    logging.getLogger("dola_ls.test").error("once")
    assert lines.stderr.getvalue().count("once") == 1


def test_importing_the_log_is_light() -> None:
    heavy = ("pydantic", "httpx", "platformdirs", "pygls", "lsprotocol", "tree_sitter", "asyncio")
    code = f"import sys, dola_ls.log; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
