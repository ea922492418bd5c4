"""The doctor's report as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import indent, wrap
from typing import Any

_WIDTH = 96
_BOLD, _RED, _GREEN, _END = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def as_text(report: Mapping[str, Any], *, colour: bool = False) -> str:
    """Return the report, sections in the order in which one looks for a fault."""
    lines = [f"dola-ls {report['version']}, Python {report['python']}, {report['platform']}"]
    sections = (
        ("Settings", _settings(report)),
        ("Your own actions", _own_actions(report["actions"])),
        ("Key", _key(report["key"])),
        ("Model", _model(report)),
        ("Spending", _spending(report["spending"])),
        ("Embedded engine", _local(report["local"])),
        ("Request", _request(report)),
        ("Problems", _problems(report["problems"])),
        ("Editors", _editors(report["editors"])),
    )
    for title, body in sections:
        lines += ["", f"{_BOLD}{title}{_END}" if colour else title, *body]
    verdict = _verdict(report)
    mark = _GREEN if report["ok"] else _RED
    return "\n".join([*lines, "", f"{mark}{verdict}{_END}" if colour else verdict])


def _verdict(report: Mapping[str, Any]) -> str:
    if report["ok"]:
        return "Ready, with the problems above." if report["problems"] else "Ready."
    if report["model"] and report["request"] is None:
        return "Not tested: nothing was sent."
    return "Not ready: no model has answered. See Problems above."


def _settings(report: Mapping[str, Any]) -> Iterator[str]:
    for name, entry in report["settings"].items():
        value = "–" if entry["value"] is None else str(entry["value"])
        yield f"  {name:<26} {value:<28} {entry['source']}"
    file = report["user_file"]
    there = "" if file["exists"] else " (there is none)"
    yield f"  {'user file':<26} {file['path'] or 'no home folder'}{there}"
    yield f"  {'log file':<26} {report['log_file'] or 'none; the log goes to stderr'}"


def _own_actions(actions: list[Mapping[str, Any]]) -> Iterator[str]:
    if not actions:
        yield "  none; an [[actions]] table in the user file makes one"
    for own in actions:
        yield f"  {own['id']:<20} {own['title']:<34} {own['kind']}, line {own['line']}"


def _key(key: Mapping[str, Any]) -> Iterator[str]:
    if key["present"]:
        yield f"  present, from {key['source']}, for {key['for']} only"
        if "environment" in key["source"]:
            yield "  An editor started from a desktop menu may not see it; the user file it does."
    else:
        yield f"  none for {key['for']}" if key["for"] else "  none needed"


def _model(report: Mapping[str, Any]) -> Iterator[str]:
    model = report["model"]
    if model is None:
        yield "  none"
        return
    at = f" at {model['endpoint']}" if model["endpoint"] else ""
    yield f"  {model['model']}, {model['title']}{at}"
    for other, actions in model["others"].items():
        yield f"  {other} for {', '.join(actions)}"
    yield f"  predictions: {model['prediction']}"


def _spending(spending: Mapping[str, Any]) -> Iterator[str]:
    limit = spending["day_usd"]
    of = "without a limit" if limit == "none" else f"of ${limit:.2f}"
    yield f"  ${spending['today_usd']:.4f} today, {of}, by all your editors"
    yield f"  counted in {spending['file'] or 'no file, as there is no home folder'}"


def _local(local: Mapping[str, Any]) -> Iterator[str]:
    missing = "not installed: python3 -m pip install 'dola-ls[local]'"
    yield f"  {'engine':<20} {'installed' if local['engine_installed'] else missing}"
    for model in local["models"]:
        get = f"not installed: dola-ls local install --model {model['name']} ({model['size']})"
        yield f"  {'model ' + model['name']:<20} {model['path'] if model['installed'] else get}"


def _request(report: Mapping[str, Any]) -> Iterator[str]:
    request = report["request"]
    if request is None:
        yield "  not sent"
        return
    if not request["answered"]:
        yield f"  no answer from {request['model']} after {request['seconds']} s"
        return
    first = request["first_seconds"]
    yield f"  {request['model']} answered in {request['seconds']} s" + (
        f", first word after {first} s" if first is not None else ""
    )
    counts = [
        f"{request[field]} {words}"
        for field, words in (
            ("prompt_tokens", "tokens sent"),
            ("completion_tokens", "received"),
            ("reasoning_tokens", "of them thinking"),
        )
        if request[field] is not None
    ]
    if request["cost_usd"] is not None:
        counts.append(f"${request['cost_usd']:.6f}")
    yield f"  {', '.join(counts) or 'the server did not count tokens'}"


def _problems(problems: list[str]) -> Iterator[str]:
    if not problems:
        yield "  none"
    for problem in problems:
        yield from wrap(
            problem, _WIDTH, initial_indent="  - ", subsequent_indent="    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def _editors(editors: list[Mapping[str, str]]) -> Iterator[str]:
    for number, editor in enumerate(editors):
        if number:
            yield ""
        yield f"  {editor['title']}: {editor['how']}"
        yield ""
        yield indent(editor["text"].rstrip("\n"), "    ")
