"""Reading the image or video that a link names: only from the disk, and only what may leave it.

The path comes from the workspace's own text, so nothing about it is trusted: its real path has to
lie in the workspace folder of the document, it has to be a regular file that no rule keeps back
(S7), and what it is its bytes say, not its name. An address is never fetched (S11).
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from dola_ls.core.media.faults import Unfit
from dola_ls.core.media.links import MediaLink
from dola_ls.core.media.media import LARGEST, Media, MediaKind, bytes_in_words
from dola_ls.core.media.strip import strip
from dola_ls.core.outcome import Refused
from dola_ls.core.policy import is_within
from dola_ls.core.safe_markdown import safe_markdown
from dola_ls.keeping_back import Wishes, why_kept_back
from dola_ls.project import project_root, real_path, workspace_folder_of

#: Flags that not every system has: of a pipe nothing is waited for, and a link is not followed.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
#: Bytes that are encoded at a time; base64 takes three together.
_PIECE = 3 * 32 * 1024


def read_media(
    link: MediaLink, kind: MediaKind, source: Path, folders: Sequence[Path], wishes: Wishes
) -> Media | Refused:
    """Return what a link in the file `source` names, without its metadata, or why it is not sent.

    Reads the disk, and takes its time: up to a second for a large video.
    """
    name = _shown(link.name)
    if link.is_remote:
        return Refused(
            f"{name} is on the web, and nothing is ever fetched from there. Nothing was sent. "
            "Save it in the project and link to that file.",
            "remote",
        )
    folder = workspace_folder_of(source, folders) or project_root(source, folders)
    path = next((path for path in _places(link.path, source, folder) if _exists(path)), None)
    if path is None:
        return _refused(name, "there is no such file", "missing")
    try:
        real = real_path(path, strict=True)
    except (OSError, ValueError):
        return _refused(name, "it leads nowhere", "missing")
    if not is_within(real, real_path(folder)):
        where = _shown(real_path(folder).name)
        return _refused(name, f"it lies outside the folder {where}", "outside")
    kept = why_kept_back(path, folders, wishes, at_hand=False)
    if kept is not None:
        reason = f"{name} is kept back: {kept.why}. Nothing was sent. {kept.advice}"
        return Refused(reason, "kept_back")
    data = _bytes(real, kind)
    if isinstance(data, bytes) and real_path(path) != real:
        data = "it changed while it was read"
    if isinstance(data, str):
        return _refused(name, data, "unreadable")
    try:
        data, facts = strip(data)
    except Unfit as fault:
        return _refused(name, str(fault), "unfit")
    if facts.kind != kind:
        other = "an image" if facts.kind == "image" else "a video"
        return _refused(name, f"by its content it is {other} ({facts.format})", "other_kind")
    if len(data) > LARGEST[kind]:
        return _refused(name, _too_large(len(data), kind), "too_large")
    url = "".join([f"data:{facts.mime};base64,", *_encoded(data)])
    return Media(link.name, facts, len(data), hashlib.sha256(data).hexdigest(), url)


def _encoded(data: bytes) -> Iterator[str]:
    """Yield bytes in base64, piece by piece: no other thread runs while one of them is made."""
    for start in range(0, len(data), _PIECE):
        yield b64encode(data[start : start + _PIECE]).decode("ascii")


def _refused(name: str, why: str, rule: str) -> Refused:
    return Refused(f"{name} cannot be sent: {why}. Nothing was sent.", rule)


def _too_large(size: int, kind: MediaKind) -> str:
    most = bytes_in_words(LARGEST[kind]).replace(".0", "")
    what = "an image" if kind == "image" else "a video"
    return f"it has {bytes_in_words(size)}, and {what} may have {most}"


def _places(given: str, source: Path, folder: Path) -> Iterator[Path]:
    """Yield the files that a path in a document may mean, the likeliest first."""
    if given.lower().startswith("file:"):
        rest = urlsplit(given)
        if rest.netloc.lower() in ("", "localhost"):
            yield from _path(source, os.fsdecode(unquote_to_bytes(rest.path)).lstrip())
        return
    # Queries tell browsers to load anew; but files may be called so, and be percent-encoded.
    plain = re.split(r"[?#]", given)[0]
    for text in dict.fromkeys((unquote(plain), plain, unquote(given), given)):
        yield from _path(source, text)
        if text.startswith(("/", "\\")):
            # Sites and Markdown viewers count from the top of the site.
            yield from _path(folder / "top", text.lstrip("/\\"))


def _path(source: Path, text: str) -> Iterator[Path]:
    """Yield the file that `text` means beside `source`; none where it can be no path."""
    plain = text.replace("\\", "/")
    # A share of another machine is not even looked at: Windows would send it the user's name.
    if not text or "\0" in text or plain.startswith("//"):
        return
    for one in dict.fromkeys((text, plain)):
        yield source.parent / one


def _exists(path: Path) -> bool:
    try:
        os.lstat(path)
    except (OSError, ValueError):
        return False
    return True


def _bytes(path: Path, kind: MediaKind) -> bytes | str:
    """Return what a file holds, or as a clause why it cannot be had.

    `path` is a real one: a link that has come into its place by now is not followed.
    """
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        if path.is_dir():
            return "it is a folder"
        return f"it cannot be read ({error.strerror or 'for an unknown reason'})"
    try:
        return _read(handle, kind)
    except OSError as error:
        return f"it cannot be read ({error.strerror or 'for an unknown reason'})"
    finally:
        os.close(handle)


def _read(handle: int, kind: MediaKind) -> bytes | str:
    before = os.fstat(handle)
    if stat.S_ISDIR(before.st_mode):
        return "it is a folder"
    if not stat.S_ISREG(before.st_mode):
        return "it is no regular file"
    if before.st_size > max(LARGEST.values()):
        return _too_large(before.st_size, kind)
    with open(handle, "rb", closefd=False) as file:
        data = file.read(before.st_size + 1)
    after = os.fstat(handle)
    if (after.st_size, after.st_mtime_ns, len(data)) != (
        before.st_size,
        before.st_mtime_ns,
        before.st_size,
    ):
        return "it changed while it was read"
    return data


def _shown(text: str) -> str:
    """Return words of a file as a message may hold them: VS Code makes links of some."""
    return " ".join(safe_markdown(text).split())[:80]
