"""What a client or a key binding sends along, as far as it can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from lsprotocol.validators import UINTEGER_MAX_VALUE

if TYPE_CHECKING:
    from cattrs import Converter

#: So many problems are worked on at one time; their messages are cut before that.
MAX_DIAGNOSTICS = 50
_LONGEST_MESSAGE, _LONGEST_NAME = 4000, 200


class WrongArguments(ValueError):
    """A command's arguments cannot be used; the text says what is wrong with them."""


def read_range(value: Any, name: str) -> types.Range:
    """Return a range that was given as `name`."""
    if not isinstance(value, dict):
        raise WrongArguments(f"`{name}` has to be an object with `start` and `end`")
    return types.Range(
        _position(value.get("start"), f"{name}.start"), _position(value.get("end"), f"{name}.end")
    )


def _position(value: Any, name: str) -> types.Position:
    given: Any = value if isinstance(value, dict) else {}
    line, character = given.get("line"), given.get("character")
    if not all(type(one) is int and 0 <= one <= UINTEGER_MAX_VALUE for one in (line, character)):
        raise WrongArguments(
            f"`{name}` needs a `line` and a `character`, both from 0 to {UINTEGER_MAX_VALUE}"
        )
    return types.Position(line, character)


def read_diagnostics(value: Any, name: str) -> tuple[types.Diagnostic, ...]:
    """Return diagnostics that were given as `name`, in the shape of the LSP; none for null.

    What is of no use here (`data`, `relatedInformation` and the like) is left out unread.
    """
    # Lua writes an empty table as an empty object.
    if value is None or value == {}:
        return ()
    if not isinstance(value, list):
        raise WrongArguments(f"`{name}` has to be a list of diagnostics, as the editor has them")
    if len(value) > MAX_DIAGNOSTICS:
        raise WrongArguments(f"`{name}` may hold at most {MAX_DIAGNOSTICS}, not {len(value)}")
    return tuple(_diagnostic(one, f"{name}[{at}]") for at, one in enumerate(value))


def _diagnostic(value: Any, name: str) -> types.Diagnostic:
    if not isinstance(value, dict):
        raise WrongArguments(f"`{name}` has to be an object with `range` and `message`")
    message, source, code = value.get("message"), value.get("source"), value.get("code")
    if not isinstance(message, str) or not message.strip():
        raise WrongArguments(f"`{name}.message` has to say what is wrong, as text")
    if source is not None and not isinstance(source, str):
        raise WrongArguments(f"`{name}.source` has to be text")
    if code is not None and type(code) not in (str, int):
        raise WrongArguments(f"`{name}.code` has to be text or a whole number")
    severity = value.get("severity")
    if severity is not None and (type(severity) is not int or not 1 <= severity <= 4):
        raise WrongArguments(f"`{name}.severity` has to be a number from 1 to 4")
    tags = value.get("tags")
    unnecessary = types.DiagnosticTag.Unnecessary
    return types.Diagnostic(
        range=read_range(value.get("range"), f"{name}.range"),
        message=message[:_LONGEST_MESSAGE],
        severity=types.DiagnosticSeverity(severity) if severity else None,
        code=code[:_LONGEST_NAME] if isinstance(code, str) else code,
        source=source[:_LONGEST_NAME] if source else None,
        tags=[unnecessary] if isinstance(tags, list) and unnecessary in tags else None,
    )


def write_range(range_: types.Range) -> dict[str, Any]:
    """Return a range as it goes into a command's arguments."""
    return {
        "start": {"line": range_.start.line, "character": range_.start.character},
        "end": {"line": range_.end.line, "character": range_.end.character},
    }


def write_diagnostic(given: types.Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as it goes into a command's arguments; `read_diagnostics` takes it."""
    written: dict[str, Any] = {
        "range": write_range(given.range),
        "message": given.message[:_LONGEST_MESSAGE],
    }
    if given.severity in tuple(types.DiagnosticSeverity):
        written["severity"] = int(given.severity)
    if given.source:
        written["source"] = given.source
    if given.code is not None:
        written["code"] = given.code
    if types.DiagnosticTag.Unnecessary in (given.tags or ()):
        written["tags"] = [int(types.DiagnosticTag.Unnecessary)]
    return written


def leave_out(message: dict[str, Any], converter: Converter) -> bool:
    """Take out of a request for code actions what cannot be read of its diagnostics.

    They are of other servers, and the client only passes them on: a severity or a tag that is not
    known here must not cost the user the whole menu. Tell whether anything went.
    """
    params = message.get("params")
    context = params.get("context") if isinstance(params, dict) else None
    given = context.get("diagnostics") if isinstance(context, dict) else None
    if not isinstance(context, dict) or not isinstance(given, list):
        return False
    context["diagnostics"] = [
        part for one in given if (part := _readable(one, converter)) is not None
    ]
    return bool(context["diagnostics"] != given)


def _readable(diagnostic: Any, converter: Converter) -> Any:
    """Return a diagnostic, or what it needs to be one; None where it lacks that."""
    if not isinstance(diagnostic, dict):
        return None
    bare = {name: diagnostic.get(name) for name in ("range", "message")}
    for part in (diagnostic, bare):
        try:
            converter.structure(part, types.Diagnostic)
        except Exception:
            continue
        return part
    return None
