"""What may arrive on standard input and should not: frames, JSON and parameters, all broken.

Made from a seeded `random.Random`, so that an input that does harm can be made again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: No input announces more bytes than these and leaves them out.
MOST = 4096
#: Ends whatever half a header or half a body an input leaves, so that the next one begins anew.
PADDING = b"\n\n" + b" " * MOST + b"\n\n"

#: Requests and notifications of the LSP, but for `shutdown` and `exit`, which do end a server.
REQUESTS = (
    "textDocument/codeAction",
    "textDocument/hover",
    "workspace/executeCommand",
    "initialize",
    "codeAction/resolve",
    "textDocument/completion",
    "workspace/symbol",
    "dola/nothing",
)
NOTIFICATIONS = (
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/didSave",
    "workspace/didChangeConfiguration",
    "workspace/didChangeWorkspaceFolders",
    "window/workDoneProgress/cancel",
    "initialized",
    "$/cancelRequest",
    "$/setTrace",
)
COMMANDS = ("dola.refactor", "dola.fix", "dola.own", "dola.cancel", "dola.review", "dola.instruct")
#: What parameters are made of. The document is open, so that some of them nearly fit.
URI = "file:///fuzz/a.py"
_NAMES = (
    *("textDocument", "uri", "version", "languageId", "text", "range", "start", "end", "line"),
    *("character", "context", "diagnostics", "message", "severity", "code", "only", "triggerKind"),
    *("contentChanges", "command", "arguments", "position", "token", "id", "event", "added"),
    *("removed", "settings", "instruction", "action", "do", "jsonrpc", "method", "params"),
)


@dataclass(frozen=True, slots=True)
class Input:
    """Some bytes, and the id of the request they hold where they are a whole one."""

    data: bytes
    request: str | None = None


def frame(body: bytes, length: int | str | None = None) -> bytes:
    """Return a body behind its header, which may tell another length."""
    told = len(body) if length is None else length
    return f"Content-Length: {told}\r\n\r\n".encode() + body


def value(chance: random.Random, depth: int = 3) -> Any:
    """Return any JSON value; strings may hold what no UTF-8 can."""
    kinds = 12 if depth else 9
    match chance.randrange(kinds):
        case 0:
            return None
        case 1:
            return chance.random() < 0.5
        case 2:
            return chance.choice([0, 1, -1, 2**31, 2**53, 10**30, chance.randrange(100)])
        case 3:
            return chance.choice([0.0, 1.5, -1e308, 1e-320])
        case 4:
            return URI
        case 5:
            return chance.choice(["", "\ud83d", "\u2028", "\x00", "\u202e", "a" * 300, "file:///%"])
        case 6:
            return "".join(chr(chance.randrange(1, 0xD800)) for _ in range(chance.randrange(8)))
        case 7:
            return {"line": chance.randrange(-2, 9), "character": chance.randrange(-2, 99)}
        case 8:
            return {"uri": URI, "version": chance.randrange(-3, 9)}
        case 9:
            return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
        case _:
            names = chance.sample(_NAMES, chance.randrange(5))
            return {name: value(chance, depth - 1) for name in names}


def params(chance: random.Random, method: str) -> Any:
    """Return parameters that resemble what the method takes, with a fault or more in them."""
    position = {"line": chance.randrange(6), "character": chance.randrange(9)}
    right: dict[str, Any] = {
        "textDocument": {"uri": URI, "version": 2, "languageId": "python", "text": "x = 1\n"},
        "range": {"start": position, "end": position},
        "position": position,
        "context": {"diagnostics": [{"range": {"start": position, "end": position}}]},
        "contentChanges": [{"range": {"start": position, "end": position}, "text": "y"}],
        "command": chance.choice(COMMANDS),
        "arguments": [{"uri": URI, "range": {"start": position, "end": position}}],
        "event": {"added": [], "removed": []},
        "settings": {"dola": {}},
        "token": "dola-refactor-1",
        "id": 1,
    }
    if chance.random() < 0.2:
        return value(chance)
    for _ in range(chance.randrange(1, 4)):
        place: Any = right
        # Walk down to any depth, and break something there.
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(place[key], dict | list) and chance.random() < 0.7:
                place = place[key]
                continue
            if chance.random() < 0.3:
                del place[key]
            else:
                place[key] = value(chance)
            break
    return right


# -- the kinds of inputs -----------------------------------------------------------------------


def _bytes(chance: random.Random, name: str) -> Input:
    return Input(chance.randbytes(chance.randrange(1, 200)))


def _header(chance: random.Random, name: str) -> Input:
    """A header that is none, or that is cut."""
    whole = frame(b"{}")
    data = chance.choice(
        [
            whole[: chance.randrange(len(whole))],
            b"Content-Length: \r\n\r\n",
            b"Content-Length: -7\r\n\r\n{}",
            b"Content-Length: 0x10\r\n\r\n{}",
            b"Content-Length: 2, 2\r\n\r\n{}",
            b"Content-Length: 1_0\r\n\r\n{}",
            "Content-Length: ٣\r\n\r\n{}".encode(),
            b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
            b"Content-Type: text/plain\r\n\r\n{}",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"\r\n" * chance.randrange(1, 9),
            b"content-length:" * chance.randrange(1, 99),
            b"\x00" * chance.randrange(1, 2000),
        ]
    )
    return Input(data)


def _length(chance: random.Random, name: str) -> Input:
    """A length that is too small or too large by something."""
    body = _message(chance, name, "textDocument/hover")
    wrong = max(len(body) + chance.choice([-50, -2, -1, 1, 2, 50, 1000]), 0)
    return Input(frame(body, min(wrong, MOST)))


def _json(chance: random.Random, name: str) -> Input:
    """A body that is no JSON, or JSON of no message."""
    body = bytearray(_message(chance, name, "textDocument/hover"))
    match chance.randrange(5):
        case 0:
            del body[chance.randrange(len(body)) :]
        case 1:
            for _ in range(chance.randrange(1, 6)):
                body[chance.randrange(len(body))] = chance.randrange(256)
            # A byte changed may leave a message with another id, whose answer is nobody's.
        case 2:
            body = bytearray(json.dumps(value(chance)).encode())
        case 3:
            body = bytearray(chance.choice([b"NaN", b"[]", b'"x"', b"\xff\xfe", b"{", b"nul"]))
        case _:
            message = {"jsonrpc": value(chance, 1), "method": value(chance, 1), "params": {}}
            body = bytearray(json.dumps(message).encode())
    return Input(frame(bytes(body[:MOST])))


def _deep(chance: random.Random, name: str) -> Input:
    depth = chance.choice([100, 900, 1_100, 5_000, 100_000])
    left, right = chance.choice([(b"[", b"]"), (b'{"a":', b"1}")])
    body = left * depth + (right * depth if chance.random() < 0.5 else b"")
    return Input(frame(b'{"jsonrpc":"2.0","method":"$/x","params":' + body + b"}"))


def _request(chance: random.Random, name: str) -> Input:
    """A request that is one, but for its parameters: it has to get an answer."""
    return Input(frame(_message(chance, name, chance.choice(REQUESTS))), name)


def _notification(chance: random.Random, name: str) -> Input:
    method = chance.choice(NOTIFICATIONS)
    message = {"jsonrpc": "2.0", "method": method, "params": params(chance, method)}
    return Input(frame(json.dumps(message).encode()))


def _answer(chance: random.Random, name: str) -> Input:
    """An answer to nothing that was asked."""
    told = chance.choice([{"result": value(chance)}, {"error": value(chance)}])
    return Input(frame(json.dumps({"jsonrpc": "2.0", "id": value(chance, 1), **told}).encode()))


def _message(chance: random.Random, name: str, method: str) -> bytes:
    message = {"jsonrpc": "2.0", "id": name, "method": method, "params": params(chance, method)}
    return json.dumps(message).encode()


KINDS: tuple[tuple[Callable[[random.Random, str], Input], int], ...] = (
    (_bytes, 15),
    (_header, 15),
    (_length, 15),
    (_json, 15),
    (_deep, 1),
    (_request, 20),
    (_notification, 15),
    (_answer, 4),
)


def rubbish(chance: random.Random, name: str) -> Input:
    """Return some input; a request in it has the id `name`."""
    makers, weights = zip(*KINDS, strict=True)
    [maker] = chance.choices(makers, weights)
    return maker(chance, name)
