"""Reads the user's own actions out of their ``config.toml``, and names what is wrong by line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dola_ls.core.actions import ACTIONS
from dola_ls.core.named_fields import Wrong, parts_of
from dola_ls.core.own_actions import PROMPT_FIELDS, OwnAction, language_id
from dola_ls.core.toml_lines import Where, lines_of

MAX_ACTIONS = 30
MAX_PROMPT = 20_000
MAX_TITLE = 100
#: One broken file is told in at most so many sentences.
MAX_TOLD = 10

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[\w+#.-]{1,40}")
#: Ids are compared without hyphens and capitals.
_TAKEN = frozenset(
    {action.id.lower() for action in ACTIONS}
    | {"fix", "document", "instruct", "cancel", "status", "review", "showprompt", "own"}
)


def read_actions(
    data: Mapping[str, object], text: str, file: str = "config.toml"
) -> tuple[list[OwnAction], list[str]]:
    """Return the actions of a user file that can be used, and a sentence for each other mistake.

    `data` is what `tomllib` made of `text`. The actions stand at the top of the file or in its
    table ``dola``.
    """
    found: list[tuple[Where, object]] = []
    for section, table in (((), data), (("dola",), data.get("dola"))):
        if isinstance(table, Mapping) and "actions" in table:
            found.append(((*section, "actions"), table["actions"]))
    if not found:
        return [], []
    try:
        lines = lines_of(text)
    # TOML newer than what is known here, or nested deeply: better no lines than no actions.
    except (ValueError, RecursionError):
        lines = {}
    reading = _Reading(lines, file)
    tables = [entry for where, value in found for entry in reading.tables(where, value)]
    for where, table in tables[:MAX_ACTIONS]:
        reading.read(where, table)
    if len(tables) > MAX_ACTIONS:
        reading.tell(
            tables[MAX_ACTIONS][0],
            f"there are {len(tables)} actions, and at most {MAX_ACTIONS} are used; those from "
            "here on are left out. Delete some.",
        )
    more = len(reading.problems) - MAX_TOLD
    told = reading.problems[:MAX_TOLD]
    if more > 0:
        told.append(f"{file}: {more} more mistake{'s' * (more > 1)} in actions.")
    return reading.actions, told


class _Reading:
    """The actions read so far, and what was wrong with the others."""

    def __init__(self, lines: Mapping[Where, int], file: str) -> None:
        self._lines = lines
        self._file = file
        self.actions: list[OwnAction] = []
        self.problems: list[str] = []
        self._seen: dict[str, Where] = {}

    def tables(self, where: Where, value: object) -> Iterator[tuple[Where, Mapping[str, object]]]:
        """Yield the tables of an array of tables; anything else in its place is told."""
        if not isinstance(value, list):
            self.tell(
                where,
                f"`actions` is {_type(value)}, so no action of yours is used. Begin each one "
                "with a line [[actions]], in two brackets.",
            )
            return
        for at, table in enumerate(value):
            if isinstance(table, Mapping):
                yield (*where, at), table
            else:
                self.tell((*where, at), f"`actions` holds {_type(table)}; it is left out.")

    def tell(self, where: Where, sentence: str) -> None:
        """Add a problem, with the line it is on."""
        line = self._line(where)
        place = f"{self._file}, line {line}" if line else self._file
        self.problems.append(f"{place}: {sentence}")

    def read(self, where: Where, table: Mapping[str, object]) -> None:
        """Read one table into an action, or tell everything that is wrong with it."""
        values: dict[str, Any] = {}
        wrong: list[tuple[Where, Wrong]] = []
        for key, value in table.items():
            reader = _READERS.get(key)
            read = reader(value) if reader is not None else _unknown_key(key)
            if isinstance(read, Wrong):
                wrong.append(((*where, key), read))
            else:
                values[key] = read
        for key, example in _NEEDED.items():
            # Where it is there under a wrong name, saying that once will do.
            if key not in table and key not in map(_meant, table):
                wrong.append((where, Wrong(f"it has no {key}", f"Add a line such as {example}.")))
        id = values.get("id")
        if id is not None and (first := self._seen.setdefault(id, where)) != where:
            clash = Wrong(f"the action on line {self._line(first)} has that id already")
            wrong.append(((*where, "id"), clash))
        name = f'"{id}"' if id is not None else f"number {int(where[-1]) + 1}"
        for place, mistake in sorted(wrong, key=lambda entry: self._line(entry[0])):
            hint = f" {mistake.hint}" if mistake.hint else ""
            self.tell(place, f"actions {name}: {mistake.what}; this action is left out.{hint}")
        if not wrong:
            self.actions.append(OwnAction(**values, line=self._line(where)))

    def _line(self, where: Where) -> int:
        while where and where not in self._lines:
            where = where[:-1]
        return self._lines.get(where, 0)


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, str | list):
        return "text" if isinstance(value, str) else "a list"
    return "a date or a time"


def _text(key: str, value: object, longest: int) -> str | Wrong:
    if not isinstance(value, str):
        return Wrong(f"{key} has to be text, not {_type(value)}")
    if not value.strip():
        return Wrong(f"{key} is empty")
    if len(value) > longest:
        return Wrong(f"{key} has {len(value)} characters, and at most {longest} are allowed")
    return value


def _line_of_text(key: str, value: object, longest: int) -> str | Wrong:
    text = _text(key, value, longest)
    if isinstance(text, str) and not text.strip().isprintable():
        return Wrong(f"{key} has to be one line without control characters")
    return text if isinstance(text, Wrong) else text.strip()


def _id(value: object) -> str | Wrong:
    text = _line_of_text("id", value, 40)
    if isinstance(text, Wrong):
        return text
    if not _SLUG.fullmatch(text):
        return Wrong(
            "id has to be of small letters, digits and single hyphens",
            "For example: translate-comments.",
        )
    if text.replace("-", "") in _TAKEN:
        return Wrong(f"id {text} is taken by dola-ls itself", "Choose another one.")
    return text


def _title(value: object) -> str | Wrong:
    text = _line_of_text("title", value, MAX_TITLE)
    parts = text if isinstance(text, Wrong) else parts_of(text, ("name",), "title")
    return parts if isinstance(parts, Wrong) else text


def _prompt(value: object) -> str | Wrong:
    text = _text("prompt", value, MAX_PROMPT)
    parts = text if isinstance(text, Wrong) else parts_of(text, PROMPT_FIELDS, "prompt")
    return parts if isinstance(parts, Wrong) else text


def _languages(value: object) -> frozenset[str] | Wrong:
    names = value if isinstance(value, list) else None
    if names is None or not all(isinstance(name, str) for name in names):
        return Wrong("languages has to be a list of names", 'For example: ["python", "go"].')
    if not all(_LANGUAGE.fullmatch(name.strip()) for name in names):
        return Wrong(
            "languages holds a name that no editor has for a language",
            "They are short and without spaces, such as python, typescriptreact or cpp.",
        )
    return frozenset(map(language_id, names))


def _choice(key: str, *choices: str) -> Callable[[object], str | Wrong]:
    listed = ", ".join(f'"{choice}"' for choice in choices[:-1]) + f' or "{choices[-1]}"'

    def read(value: object) -> str | Wrong:
        text = re.sub("[ _]", "-", value.strip().lower()) if isinstance(value, str) else ""
        return text if text in choices else Wrong(f"{key} has to be {listed}")

    return read


def _model(value: object) -> str | Wrong:
    return _line_of_text("model", value, 200)


_READERS: dict[str, Callable[[object], object]] = {
    "id": _id,
    "title": _title,
    "languages": _languages,
    "scope": _choice("scope", "selection", "symbol", "file"),
    "prompt": _prompt,
    "answer": _choice("answer", "edit", "explain", "new-file"),
    "model": _model,
    "effort": _choice("effort", "low", "medium", "high"),
}
_NEEDED = {
    "id": 'id = "translate-comments"',
    "title": 'title = "Translate the comments of {name}"',
    "prompt": 'prompt = "Translate all comments to English."',
}


def _meant(key: str) -> str:
    """Return the key that a name is most like, or nothing."""
    return next(iter(difflib.get_close_matches(key[:40].lower(), _READERS, n=1)), "")


def _unknown_key(key: str) -> Wrong:
    shown = "".join(char if char.isprintable() else "?" for char in key[:40])
    close = _meant(key)
    hint = f"Did you mean {close}? " if close else ""
    return Wrong(f"there is no key {shown}", f"{hint}Keys are: {', '.join(_READERS)}.")
