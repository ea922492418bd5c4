"""From what the network did to a `ModelError`: statuses, error bodies, exceptions."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx

from dola_ls.model import errors
from dola_ls.model.connection import proxy_for
from dola_ls.model.dialects import UNNAMED
from dola_ls.model.endpoint import Endpoint, origin_of
from dola_ls.model.errors import Facts, ModelError
from dola_ls.model.retry import Situation, asked_wait
from dola_ls.model.wire import ChatRequest

_TOO_LONG = re.compile(
    r"context.{0,12}(length|size|window)|maximum context|too many tokens|too long"
    r"|exceeds? .{0,40}(context|tokens)|(input|prompt).{0,30}exceed",
)
_OUT_OF_TOKENS = re.compile(r"(max_tokens|output limit|output tokens).{0,40}(reached|exceeded)")
_FILTERED = re.compile(r"sensitive.?content|content.?filter|content.?policy|content.?management")
_NO_CREDIT = re.compile(r"insufficient_(quota|credits|balance)|out of credits?|ran out of credits?")
_BAD_KEY = re.compile(r"(invalid|incorrect|missing).{0,10}api.?key|api.?key.{0,12}(in|not )valid")
_NO_MODEL = re.compile(
    r"model.?not.?found|unknown model|model .{0,80}(does not exist|deprecated|not found)"
)
_UNSUPPORTED = re.compile(
    r"unsupported|not support|unrecognized|unknown|unexpected|extra.?(forbidden|inputs|fields)"
    r"|not (permitted|allowed|recognized)|deprecated|no longer|use .?max_"
)
_BUSY = re.compile(r"overloaded|server.?busy")
_RATE = re.compile(r"rate.?limit|too many requests")

#: Words of many messages; a server that means the field of that name puts it into `param`.
_WORDS = {"model", "messages", "stream", "stop", "n"}
_PARAMETERS = sorted({*ChatRequest.model_fields, "logprobs"} - _WORDS, key=len, reverse=True)
_PARAMETER = re.compile(rf"(?<![\w-])({'|'.join(_PARAMETERS)})(?![\w-])")

#: A refusal of `tools`: vLLM without --enable-auto-tool-choice, llama.cpp without --jinja (500),
#: Ollama's "does not support tools", OpenRouter's "No endpoints found that support tool use" (404).
_TOOLS = re.compile(r"\btools?\b|tool[ _-]?(choice|call|use)|function[ _-]?call", re.IGNORECASE)
#: And of messages that tell what tools gave: by templates that know two roles only, and by servers
#: that want the reasoning sent back (https://api-docs.deepseek.com/guides/thinking_mode).
_TURNS = re.compile(r"\broles?\b|alternat|template|assistant|reasoning_content", re.IGNORECASE)
_REFUSING = frozenset({400, 404, 405, 415, 422, 500, 501})

#: Characters of a server's message that are shown at most.
_QUOTE = 160
#: A server's message that repeats this many characters of what was sent is not shown at all.
_ECHO = 12


@dataclass(frozen=True, slots=True)
class Report:
    """An error body, whichever of its shapes it had."""

    status: int | None = None
    code: str = ""
    message: str = ""
    parameter: str | None = None
    request_id: str | None = None

    @property
    def words(self) -> str:
        """Everything that tells the kind, in lower case."""
        return f"{self.code} {self.message}".lower()


def is_error(payload: Mapping[str, Any], event: str = "") -> bool:
    """Tell whether a JSON answer with status 200, or an event in a stream, is an error."""
    if payload.get("error") or event == "error":
        return True
    if payload.get("choices") is not None:
        return False
    return "message" in payload and ("statusCode" in payload or "status" in payload)


def read_report(payload: object) -> Report:
    """Read an error body: problem+json, the provider's older form, OpenAI's, or a bare text."""
    if isinstance(payload, list) and payload:
        # Google's OpenAI-compatible address puts its errors into one.
        payload = payload[0]
    if not isinstance(payload, dict):
        return Report(message=payload if isinstance(payload, str) else "")
    error = payload.get("error")
    inner: dict[str, Any] = error if isinstance(error, dict) else {}
    # A list is what validators put there: which field, and what is wrong with it.
    texts = [_text(error) if isinstance(error, str | list) else "", _text(inner.get("message"))]
    texts += [_text(payload.get("message")), _text(payload.get("title"))]
    texts += [_text(payload.get("detail"))]
    names = ("code", "type", "name")
    codes = [_text(source.get(name)) for source in (inner, payload) for name in names]
    parameter = inner.get("param") or payload.get("param")
    statuses = (inner.get("code"), inner.get("status"), payload.get("statusCode"))
    request_id = payload.get("requestId") or payload.get("request_id")
    return Report(
        status=_status(*statuses, payload.get("status"), payload.get("code")),
        code=" ".join(code for code in codes if code),
        message="; ".join(dict.fromkeys(text for text in texts if text)),
        parameter=parameter if isinstance(parameter, str) else None,
        request_id=request_id if isinstance(request_id, str) else None,
    )


def _text(value: object) -> str:
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _status(*candidates: object) -> int | None:
    for candidate in candidates:
        text = str(candidate)
        if text.isdecimal() and 300 <= int(text) <= 599:
            return int(text)
    return None


def quotable(message: str, key: str | None, sent: Sequence[str]) -> str:
    """Return as much of a server's message as may be shown, possibly nothing.

    Control characters go, and the whole message goes if it repeats the key or what was sent:
    validation errors like to name the text they received.
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    if not text or text.startswith("<"):
        return ""
    pieces = [text[i : i + _ECHO] for i in range(max(len(text) - _ECHO + 1, 1))]
    plain = [" ".join(part.split()) for part in sent]
    if any(piece in part for piece in pieces for part in plain):
        return ""
    # Servers show a wrong key with its middle starred out, which is still half a key.
    if key and any(key[i : i + 4] in text for i in range(max(len(key) - 3, 1))):
        return ""
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as far as an error needs to know it."""

    endpoint: Endpoint
    request_id: str
    #: The texts that were sent, which no message may repeat.
    sent: tuple[str, ...] = ()

    @property
    def facts(self) -> Facts:
        """What is known before the server has said anything."""
        return Facts(host=self.endpoint.host, model=self.endpoint.model)


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the server's id of a request; it is for people and never compared."""
    for name in ("x-inference-id", "x-request-id", "x-client-request-id"):
        value = headers.get(name, "")
        if re.fullmatch(r"[\w.:-]{1,128}", value):
            return value
    return None


def from_status(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
    """Return the error that an answer other than 200 is; `headers` has lower-case names."""
    if 300 <= status < 400:
        facts = replace(call.facts, status=status)
        return errors.Redirected(facts, _target(call.endpoint, headers.get("location", "")))
    text = body.decode("utf-8", "replace")
    try:
        report = read_report(json.loads(text))
    except (ValueError, RecursionError):
        html = "<html" in text[:512].lower() or text.lstrip().startswith("<")
        report = Report(message="" if html else text[:2000])
    report = replace(report, request_id=report.request_id or request_id_of(headers))
    return from_report(call, replace(report, status=status), asked_wait(headers))


def _target(endpoint: Endpoint, location: str) -> str | None:
    try:
        return origin_of(str(httpx.URL(endpoint.chat_url).join(location)))
    except (httpx.InvalidURL, ValueError):
        return None


def from_report(call: Call, report: Report, wait: float | None = None) -> ModelError:
    """Return the error that an error body is, whether it came with a status or within a stream."""
    words, status = report.words, report.status
    request_id = report.request_id or call.request_id
    if not re.fullmatch(r"[\w.:-]{1,128}", request_id):
        request_id = call.request_id
    quote = quotable(report.message, call.endpoint.api_key, call.sent)
    facts = replace(call.facts, status=status, request_id=request_id, quote=quote)
    refused = status is None or 400 <= status < 500
    if status in (402, 403, 429, None) and _NO_CREDIT.search(words):
        return errors.OutOfCredit(facts)
    if refused and _FILTERED.search(words):
        return errors.Filtered(facts)
    if status == 401 or (status in (400, None) and _BAD_KEY.search(words)):
        has_key = call.endpoint.api_key is not None
        facts = replace(facts, status=status or 401)
        return errors.WrongKey(facts) if has_key else errors.NoKey(facts)
    if status in (402, 403):
        return errors.OutOfCredit(facts)
    if status in (404, 410) or (refused and _NO_MODEL.search(words)):
        return errors.ModelRetired(facts)
    if status == 407:
        return proxy_error(call, "the proxy asks for a name and a password (407)")
    if status == 408:
        return errors.TimedOut(facts, "did not get the whole request in time (408)", taken=False)
    if status == 504:
        return errors.TimedOut(facts, "gave up waiting for the model (504)")
    if status == 429 or (status is None and _RATE.search(words)):
        return errors.RateLimited(facts, wait)
    if status in (503, 529) or (status is None and _BUSY.search(words)):
        return errors.Overloaded(facts)
    # llama.cpp says with status 500 that an answer has filled the context.
    if status == 413 or ((refused or status == 500) and _TOO_LONG.search(words)):
        return errors.TooLong(facts)
    if status is not None and status >= 500:
        return errors.ServerFault(facts)
    if _OUT_OF_TOKENS.search(words):
        return errors.OutOfTokens(facts)
    parameter = _parameter(report)
    if status is None and parameter is None:
        return errors.ServerFault(facts)
    unsupported = _UNSUPPORTED.search(words) is not None
    return errors.BadRequest(facts, parameter, unsupported=unsupported)


def refuses_tools(status: int, body: bytes, *, turns: bool) -> bool:
    """Tell whether an answer may mean that the server takes no tools; nothing said may mean it.

    `turns` says that the request held calls that were made, and what they gave.
    """
    if status not in _REFUSING:
        return False
    text = body.decode("utf-8", "replace")
    said_nothing = status in (400, 422) and not re.search(r"\w", text)
    return bool(said_nothing or _TOOLS.search(text) or (turns and _TURNS.search(text)))


def _parameter(report: Report) -> str | None:
    if report.parameter in _WORDS:
        return report.parameter
    if report.parameter and (found := _PARAMETER.search(report.parameter)):
        return found[1]
    for said, name in UNNAMED.items():
        if said.search(report.words):
            return name
    found = _PARAMETER.search(report.message)
    return found[1] if found else None


def from_exception(call: Call, fault: Exception, reused: bool) -> tuple[ModelError, Situation]:
    """Return the error behind a fault before any byte of the answer, and what may be done.

    `reused` tells that the request went out on a kept connection.
    """
    facts, chain = call.facts, list(_chain(fault))
    # First, as a handshake that takes too long has other TLS errors behind it.
    if isinstance(fault, httpx.ConnectTimeout):
        return errors.TimedOut(facts, "took no connection", taken=False), Situation.NOTHING_SENT
    # Later on TLS is only the way in which a connection ends, and the request was sent.
    handshake = chain if isinstance(fault, httpx.ConnectError) else []
    for cause in handshake:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return errors.TlsFailed(facts, cause.verify_message), Situation.FINAL
    for cause in handshake:
        if isinstance(cause, ssl.SSLError):
            reason = (cause.reason or "it was closed").replace("_", " ").lower()
            return errors.TlsFailed(facts, reason, certificate=False), Situation.FINAL
    if isinstance(fault, httpx.ProxyError):
        status = re.match(r"\d{3}", str(fault))
        says = f"the proxy answered {status[0]}" if status else "the proxy does not work"
        return proxy_error(call, says), Situation.FINAL
    if isinstance(fault, httpx.PoolTimeout):
        what = "has no connection to spare"
        return errors.TimedOut(facts, what, taken=False), Situation.NOTHING_SENT
    if isinstance(fault, httpx.ConnectError):
        unknown = any(isinstance(cause, socket.gaierror) for cause in chain)
        if proxy_for(call.endpoint) is not None:
            says = "the proxy's name is unknown" if unknown else "the proxy takes no connection"
            return proxy_error(call, says), Situation.NOTHING_SENT
        if unknown:
            reason, advice = "its name is unknown", "Check the network and the base address."
        else:
            reason, advice = "it takes no connection", "Check the network, a proxy or firewall."
        return errors.Unreachable(facts, reason, advice), Situation.NOTHING_SENT
    if isinstance(fault, httpx.UnsupportedProtocol | httpx.InvalidURL | httpx.LocalProtocolError):
        what = f"{facts.host} cannot be asked in this way"
        return errors.BadAddress(facts, what), Situation.FINAL
    facts = replace(facts, request_id=call.request_id)
    if isinstance(fault, httpx.TimeoutException):
        return errors.TimedOut(facts, "did not take the request", taken=False), Situation.FINAL
    if isinstance(fault, httpx.RemoteProtocolError) and "disconnected" not in str(fault):
        return errors.ProtocolFault(facts, "it is not HTTP"), Situation.FINAL
    return errors.CutOff(facts), Situation.STALE_CONNECTION if reused else Situation.FINAL


def proxy_error(call: Call, says: str) -> ModelError:
    """Return the error of a proxy that lets nothing through."""
    advice = "Correct `proxy` in Dola's config.toml, or HTTPS_PROXY and NO_PROXY."
    return errors.Unreachable(call.facts, says, advice)


def _chain(fault: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [fault]
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__]
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions
