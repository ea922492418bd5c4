"""Where log lines go, and what is taken out of them first.

Lines go to stderr and to a private rotating file. Every line, traceback included, passes
`redact`; code, prompts and answers are logged at level TRACE only, which the user alone can
choose. Nothing heavy is imported here: the log is set up before ``initialize`` is answered.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO, cast
from urllib.parse import quote

#: The level for code, prompts and answers.
TRACE = 5
LEVELS = {
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
}
HIDDEN = "«hidden»"

#: Libraries that put message bodies into their records, from DEBUG up to ERROR.
_FOREIGN = ("pygls", "lsprotocol", "cattrs", "httpx", "httpcore", "asyncio")
_KEY_VARIABLES = ("DOLA_API_KEY", "AIMLAPI_API_KEY", "ARK_API_KEY")
_FILE_BYTES, _FILES = 1_000_000, 5
#: Shorter values, such as the ``EMPTY`` that local servers want, are no secrets, and hiding them
#: would shred every line.
_SHORTEST_SECRET = 8

_secrets: set[str] = set()

_TOKENS = re.compile(
    r"""
      \b(?:sk|rk|pk)-[A-Za-z0-9_\-]{16,}                  # OpenAI and its many likenesses
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,}
    | \bglpat-[\w\-]{16,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b
    | \bAIza[\w\-]{30,}
    | \bxox[abeoprs]-[\w\-]{10,}
    | \bhf_[A-Za-z0-9]{20,} | \bnpm_[A-Za-z0-9]{30,} | \bpypi-[\w\-]{30,}
    | \beyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*                # JSON Web Tokens
    | -----BEGIN[A-Z ]*PRIVATE\ KEY-----[\s\S]*?(?:-----END[A-Z ]*PRIVATE\ KEY-----|\Z)
    """,
    re.VERBOSE,
)
_HEADER = re.compile(
    r"""(?ix)
    (?<![A-Za-z0-9])
    ( (?:proxy-)?authorization | (?:x-)?api[_-]?key | (?:set-)?cookie
       | access[_-]?token | auth[_-]?token | client[_-]?secret | password | passwd )
    ( ["']? \s* [:=] \s* (?:b?["'])? | ["'] \s* , \s* b?["'] )   # as a line, in a dict, in a tuple
    (?: (?:bearer|basic|token) \s+ )? [^\s"',;&(){}\[\]]+
    """
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~\-]{6,}")
_USERINFO = re.compile(r"\b([A-Za-z][A-Za-z0-9+.\-]*://)[^\s/\"'<>]+@")
_QUERY = re.compile(r"(?i)([?&](?:key|token|sig|signature|secret)=)[^&\s\"']+")


def hide(secret: str) -> None:
    """Take `secret` out of every line from now on."""
    if len(secret) >= _SHORTEST_SECRET:
        _secrets.update({secret, quote(secret, safe="")})


def redact(text: str) -> str:
    """Return `text` without keys, tokens, authorization headers and passwords in addresses."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _TOKENS.sub(HIDDEN, text)
    text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
    return _QUERY.sub(rf"\1{HIDDEN}", text)


class Redacting(logging.Formatter):
    """Format a record so that it holds no secret, and no code unless the level is TRACE.

    Every handler of this package uses it, also one that shows lines in the editor.
    """

    def __init__(self, fmt: str = "%(asctime)s %(levelname)s %(name)s: %(message)s") -> None:
        super().__init__(fmt)
        self.full = False

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the traceback if there is one."""
        if self.full:
            return redact(super().format(record))
        safe = logging.makeLogRecord(record.__dict__)
        foreign = record.name.split(".")[0] in _FOREIGN
        if foreign:
            safe.args = _without_bodies(record.args)
        try:
            message = safe.getMessage()
        except (TypeError, ValueError, KeyError):
            message = str(record.msg)
        # asyncio puts the repr of the exception, and so its message, on the lines after the first.
        safe.msg, safe.args = (message.split("\n", 1)[0][:200] if foreign else message), ()
        if record.exc_info and record.exc_info[1] is not None:
            # The second is set already where another formatter has met the record.
            safe.exc_info = None
            safe.exc_text = _traceback(record.exc_info[1], with_message=not foreign)
        return redact(super().format(safe))


class _Stderr(logging.StreamHandler[TextIO]):
    """A handler for stderr that never speaks of its own troubles."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Do nothing: the inherited one prints the arguments of the record as they are."""


class _PrivateFile(RotatingFileHandler):
    """A rotating file only its owner can read, that gives up quietly when the disk does."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.baseFilename, flags, 0o600)
        if os.name == "posix":  # a file from elsewhere may be open to others
            os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:
        """Stop writing to the file, and say so once on stderr."""
        logging.getLogger().removeHandler(self)
        error = sys.exc_info()[1]
        with contextlib.suppress(OSError, ValueError):
            self.close()
        logging.getLogger("dola_ls.log").warning("no log file any more: %s", type(error).__name__)


def set_up(
    env: Mapping[str, str], *, folder: Path | None = None, stream: TextIO | None = None
) -> Path | None:
    """Send the log to stderr and to a file in `folder`; return the file, or None if there is none.

    `folder` is the user's log folder unless given. The level comes from ``DOLA_LOG``, else it is
    ``info``. Where the file cannot be opened, everything goes to stderr. Can be called again.
    """
    for name in _KEY_VARIABLES:
        hide(env.get(name, "").strip())
    close()
    handlers: list[logging.Handler] = [_Stderr(stream or sys.stderr)]
    path: Path | None = None
    problem = ""
    try:
        path = _log_file(folder)
        handlers.append(_PrivateFile(path, maxBytes=_FILE_BYTES, backupCount=_FILES - 1))
    except OSError as error:
        path, problem = None, type(error).__name__
    for handler in handlers:
        handler.setFormatter(Redacting())
        handler.set_name("dola-ls")
        logging.getLogger().addHandler(handler)
    logging.addLevelName(TRACE, "TRACE")
    set_level(env.get("DOLA_LOG", ""))
    if problem:
        logging.getLogger(__name__).warning("no log file: %s; logging to stderr only", problem)
    return path


def file_in_use() -> Path | None:
    """Return the log file that is being written, if there is one."""
    files = (h.baseFilename for h in _handlers() if isinstance(h, _PrivateFile))
    return next(map(Path, files), None)


def close() -> None:
    """Undo `set_up`."""
    for handler in _handlers():
        logging.getLogger().removeHandler(handler)
        handler.close()


def set_level(name: str) -> None:
    """Log from level `name` of `LEVELS` on; an unknown name means ``info``.

    Editors show what comes on stderr as errors, so ``info`` goes to the file alone.
    """
    level = LEVELS.get(name.strip().lower(), logging.INFO)
    logging.getLogger().setLevel(level)
    for library in _FOREIGN:
        # Not even at TRACE: their bodies are whole documents and headers.
        logging.getLogger(library).setLevel(max(level, logging.WARNING))
    handlers = list(_handlers())
    for handler in handlers:
        alone = len(handlers) == 1
        is_file = isinstance(handler, _PrivateFile)
        quiet = level == logging.INFO and not is_file and not alone
        handler.setLevel(logging.WARNING if quiet else level)
        cast(Redacting, handler.formatter).full = level <= TRACE


def _handlers() -> list[logging.Handler]:
    return [h for h in logging.getLogger().handlers if h.get_name() == "dola-ls"]


def _log_file(folder: Path | None) -> Path:
    if folder is None:
        import platformdirs

        folder = Path(platformdirs.user_log_dir("dola-ls", appauthor=False))
    if not folder.is_absolute():
        # Without a home folder the path begins with a literal "~", below the workspace.
        raise NotADirectoryError(str(folder))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        folder.chmod(0o700)
    return folder / "dola-ls.log"


def _without_bodies(args: object) -> tuple[object, ...] | dict[str, object]:
    """Keep the short words among the arguments of a library's record; of the rest, the type."""
    if isinstance(args, Mapping):
        return {name: _word(value) for name, value in args.items()}
    return tuple(_word(value) for value in args) if isinstance(args, tuple) else ()


def _word(value: object) -> object:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and re.fullmatch(r"[\w./$:\-]{1,80}", value):
        return value
    return f"‹{type(value).__name__}›"


def _traceback(error: BaseException, *, with_message: bool) -> str:
    """Return the frames and types of `error` and of what led to it.

    A message can quote the answer that could not be read (pydantic's does), so it is cut to its
    first line, or left out.
    """
    parts: list[str] = []
    if error.__cause__ is not None:
        parts += [_traceback(error.__cause__, with_message=with_message), "which caused:"]
    elif error.__context__ is not None and not error.__suppress_context__:
        parts += [_traceback(error.__context__, with_message=with_message), "and during that:"]
    parts += ["Traceback (most recent call last):"]
    parts += ["".join(traceback.format_tb(error.__traceback__)).rstrip()]
    message = str(error).split("\n", 1)[0][:200] if with_message else ""
    parts += [f"{type(error).__qualname__}: {message}".rstrip(": ")]
    if isinstance(error, BaseExceptionGroup):
        parts += [_traceback(e, with_message=with_message) for e in error.exceptions]
    return "\n".join(part for part in parts if part)
