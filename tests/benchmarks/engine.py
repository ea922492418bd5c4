"""One embedded engine for all sides: the product's own child with the product's settings."""

from __future__ import annotations

import inspect
import json
import os
import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dola_ls.model.local import ENGINE, SPECULATION, LocalModel, Speculation
from dola_ls.model.weights import MODELS, find

_LOADING = 180.0


class NoEngine(Exception):
    """The engine cannot be had; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a client has to know of the engine, or of the relay before it."""

    #: Without ``/v1``.
    url: str
    key: str
    model: str

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        port = urlsplit(self.url).port
        assert port is not None
        return port


def default(parameter: str) -> Any:
    """Return what the product's embedded model has for a setting when nobody sets it."""
    return inspect.signature(LocalModel).parameters[parameter].default


@contextmanager
def engine(model: str = "1.5b", speculation: Speculation | None = SPECULATION) -> Iterator[Address]:
    """Start an engine on a loopback port under a key of its own, and end it afterwards."""
    path = find(model)
    if path is None:
        raise NoEngine(f"The model is not installed. Run `dola-ls local install --model {model}`.")
    address, process = _start(path, MODELS[model].title, speculation)
    try:
        yield address
    finally:
        process.kill()
        process.wait()


def _start(
    path: Path, title: str, speculation: Speculation | None
) -> tuple[Address, subprocess.Popen[bytes]]:
    key = secrets.token_urlsafe(32)
    process = subprocess.Popen(
        ENGINE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=path.parent,
        env={name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
        start_new_session=True,
    )
    order = {
        "model": str(path),
        "alias": title,
        "key": key,
        "n_ctx": default("n_ctx"),
        "threads": default("threads"),
        "speculation": asdict(speculation) if speculation else None,
    }
    timer = threading.Timer(_LOADING, process.kill)
    timer.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        # Left open: the engine lives as long as its input.
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        reply = json.loads(process.stdout.readline() or b"{}")
        if "url" not in reply:
            raise NoEngine(f"The engine did not start: {reply.get('error', 'it ended')}.")
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        timer.cancel()
    return Address(reply["url"], key, title), process
