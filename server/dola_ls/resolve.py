"""What the settings are, where each came from, and what was wrong with those left out.

Defaults < user file < client settings < environment < command line. Imported only after
``initialize`` is answered, because pydantic takes its time.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dola_ls.core.actions import BY_COMMAND, COMPLETE
from dola_ls.core.own_actions import OwnAction
from dola_ls.log import redact
from dola_ls.model.provider import home_origin
from dola_ls.model.sampling import ACTION_FIELDS, AT_THE_TOP, FIELDS, NOT_SETTABLE
from dola_ls.settings import (
    DEFAULTS,
    ENVIRONMENT,
    RESTRICTED,
    RESTRICTED_VALUES,
    SECRET,
    STAYS_OFF,
    Settings,
    general_name,
    is_setting,
    settings_from,
    value_of,
)
from dola_ls.user_file import UserFile, chosen_file, default_user_file, read_user_file

#: Read elsewhere: the key by `dola_ls.model.keys`, the path by `dola_ls.user_file`.
_OTHER_VARIABLES = ("DOLA_API_KEY", "DOLA_CONFIG")
_GROUPS = {name.split(".")[0] for name in [*DEFAULTS, *RESTRICTED] if "." in name}
_UNKNOWN_TOLD = 5
_ACTIONS = tuple(action.id for action in (*BY_COMMAND.values(), COMPLETE))


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings ready for use, where each came from, and sentences about what was ignored."""

    settings: Settings
    #: Dotted name -> "default", "initializationOptions", "DOLA_MODEL", the user file's path, …
    sources: dict[str, str]
    problems: list[str]
    #: The user file that was looked for, whether it exists or not.
    user_file: Path | None
    #: The user's own actions, which come from the user file alone.
    actions: tuple[OwnAction, ...] = ()
    #: Why nothing may be sent, as a sentence: the user may want files kept back, and it is not
    #: clear which.
    blocked: str | None = None
    #: How the user file looked from outside when it was read; see `file_stamp`.
    stamp: tuple[int, ...] = ()

    @property
    def outdated(self) -> bool:
        """Whether the user file has changed since. One look at the disk."""
        return self.stamp != file_stamp(self.user_file)


@dataclass(frozen=True, slots=True)
class _Layer:
    source: str
    data: object
    trusted: bool = True


def file_stamp(file: Path | None) -> tuple[int, ...]:
    """Return what differs when a file is written or its mode is changed; nothing for none."""
    try:
        found = os.stat(file) if file is not None else None
    except (OSError, ValueError):
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_mode) if found is not None else ()


def load(
    client: object = None,
    *,
    configuration: object = None,
    env: Mapping[str, str] = os.environ,
    command_line: Mapping[str, object] | None = None,
) -> Resolved:
    """Resolve the settings of this user on this machine; see `resolve`."""
    return resolve(
        client, env, command_line or {}, default_user_file(), configuration=configuration
    )


def resolve(
    client: object,
    env: Mapping[str, str],
    command_line: Mapping[str, object],
    user_file: Path | None,
    *,
    configuration: object = None,
) -> Resolved:
    """Merge every source, and never fail: what is wrong is left out and told in `problems`.

    `client` is ``initializationOptions`` and `configuration` the answer to
    ``workspace/configuration`` or the settings of ``didChangeConfiguration``, as they arrived.
    ``DOLA_CONFIG`` names another file than `user_file`. None means not given.
    """
    problems: list[str] = []
    user_file = chosen_file(env, user_file, problems)
    # Taken first: what is written from now on is another file.
    stamp = file_stamp(user_file)
    from_file = read_user_file(user_file, problems) if user_file else UserFile()
    layers = [
        _Layer(str(user_file), from_file.settings),
        _Layer("initializationOptions", client, trusted=False),
        _Layer("workspace/configuration", configuration, trusted=False),
        *(_Layer(v, {ENVIRONMENT[v]: env[v]}) for v in ENVIRONMENT if env.get(v, "").strip()),
        _Layer("command line", command_line),
    ]
    own: dict[str, Any] = {}
    values: dict[str, Any] = {}
    sources = dict.fromkeys(DEFAULTS, "default")
    wrong: dict[str, list[str]] = {}
    distrusted: dict[str, None] = {}
    unknown: list[str] = []
    known_actions = [*_ACTIONS, *(own_action.id for own_action in from_file.actions)]
    for layer in layers:
        for name, value in _flat(layer, problems):
            if not layer.trusted and name == "workspaceTrusted":
                continue  # no setting, but a word on the workspace: `Configuration.trusted`
            if not layer.trusted and (
                _is_restricted(name, value)
                or (name in STAYS_OFF and value is True and name in own and own[name] is False)
            ):
                distrusted[name] = None
            elif layer.source == "command line" and name == "api_key":
                problems.append(
                    "`api_key` on the command line was ignored, because every user of this machine "
                    "can read it there. Set DOLA_API_KEY instead."
                )
            elif why := _misplaced(name, known_actions):
                unknown.append(f"`{_printable(name)}` ({layer.source}) was ignored: {why}")
            elif not is_setting(name):
                unknown.append(_unknown(name, layer) if len(unknown) < _UNKNOWN_TOLD else "")
            elif complaint := _complaint(name, value):
                wrong.setdefault(name, []).append(f"`{name}` ({layer.source}) {complaint}")
            else:
                values[name], sources[name] = value, layer.source
        if layer is layers[0]:
            own = dict(values)
    settings = settings_from(values)
    # S2: what the file says about keys holds for the address the file itself leads to, and not
    # for one that came from elsewhere.
    settings = settings.model_copy(update={"key_origin": home_origin(settings_from(own))})
    if distrusted:
        problems.append(_distrusted(list(distrusted), user_file))
    problems += unknown[:_UNKNOWN_TOLD]
    if len(unknown) > _UNKNOWN_TOLD:
        problems.append(f"{len(unknown) - _UNKNOWN_TOLD} more unknown settings were ignored.")
    for name, texts in wrong.items():
        problems += [f"{text} {_instead(settings, name)}" for text in texts]
    problems += _near_misses(env)
    problems += _idle_address(settings, [layer.source for layer in layers], sources)
    problems += settings.sampling.plan.doubts()
    blocked = from_file.unread or next(iter(wrong.get("privacy.exclude", ())), None)
    # initializationOptions and workspace/configuration often hold the same mistake.
    problems = list(dict.fromkeys(problems))
    return Resolved(settings, sources, problems, user_file, from_file.actions, blocked, stamp)


def _flat(layer: _Layer, problems: list[str]) -> Iterator[tuple[str, object]]:
    """Yield dotted names and values of a layer, whichever of the usual shapes it has."""
    data = layer.data
    if isinstance(data, Mapping) and "dola" in data:
        data = data["dola"]
    # Lua and PHP know no difference between an empty list and an empty object.
    if data is None or data == []:
        return
    if not isinstance(data, Mapping):
        problems.append(
            f"The settings from {layer.source} were ignored: they should be an object such as "
            f'{{"apply": "review"}}, not {_shown(data)}.'
        )
        return
    for key, value in data.items():
        name = str(key).removeprefix("dola.")
        if value is None:
            continue
        if name not in _GROUPS:
            yield from _of_actions(name, value)
        elif isinstance(value, Mapping):
            for inner, item in value.items():
                yield from _of_actions(f"{name}.{inner}", item)
        elif value != []:
            problems.append(
                f"`{name}` ({layer.source}) was ignored: it should be an object, "
                f"not {_shown(value)}."
            )


def _of_actions(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield a setting, or those of one action where it is a table of `sampling`."""
    group, _, action = name.partition(".")
    # The one table among the fields of `sampling` itself is `stream_options`.
    if group == "sampling" and action not in FIELDS and (isinstance(value, Mapping) or value == []):
        table = value if isinstance(value, Mapping) else {}
        yield from ((f"{name}.{key}", item) for key, item in table.items() if item is not None)
    elif value is not None:
        yield name, value


def _misplaced(name: str, actions: Sequence[str]) -> str:
    """Return why a name of `sampling` is no setting, where there is more to say than that."""
    group, _, rest = name.partition(".")
    if group != "sampling":
        return ""
    action, _, field = rest.rpartition(".")
    if why := NOT_SETTABLE.get(field) or ("" if action else AT_THE_TOP.get(field)):
        return f"{why}."
    if action and action not in actions:
        return f"there is no such action. {_meant(action, actions)}"
    if action and field not in ACTION_FIELDS:
        return f"an action has no such field. {_meant(field, ACTION_FIELDS)}"
    return ""


def _meant(name: str, known: Sequence[str]) -> str:
    """Return which of the known names was meant, or all of them."""
    plain = {re.sub(r"[^a-z0-9]", "", one.lower()): one for one in known}
    close = difflib.get_close_matches(re.sub(r"[^a-z0-9]", "", name.lower()), plain, n=1)
    return f"Did you mean `{plain[close[0]]}`?" if close else f"There are: {', '.join(known)}."


def _is_restricted(name: str, value: object) -> bool:
    if general_name(name) in RESTRICTED or name.split(".")[0] in RESTRICTED:
        return True
    return isinstance(value, str) and value.strip().lower() in RESTRICTED_VALUES.get(name, ())


def _complaint(name: str, value: object) -> str:
    """Tell what is wrong with a value and what is allowed, or nothing."""
    try:
        settings_from({name: value})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        rule = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        rule = rule.replace("valid tuple", "list of words")
        given = "what was given" if name in SECRET else _shown(value)
        return f"was ignored: it {rule}, not {given}."
    return ""


def _shown(value: object) -> str:
    """Return what was given, short, on one line, and without what looks like a secret."""
    if isinstance(value, (Mapping, list)):
        return "an object" if isinstance(value, Mapping) else "a list"
    text = redact(repr(value))
    return text if len(text) <= 60 else text[:59] + "…"


def _instead(settings: Settings, name: str) -> str:
    value = value_of(settings, name)
    return "It stays unset." if value is None else f"`{value}` is used instead."


def _unknown(name: str, layer: _Layer) -> str:
    def plain(text: str) -> str:
        return re.sub(r"[^a-z0-9.]", "", text.lower())

    shown = _printable(name)
    known = {plain(leaf): leaf for leaf in DEFAULTS}
    if layer.trusted:
        known["actions"] = "[[actions]]"
    close = difflib.get_close_matches(plain(shown), known, n=1, cutoff=0.75)
    hint = f" Did you mean `{known[close[0]]}`?" if close else ""
    return f"`{shown}` ({layer.source}) is no setting of dola-ls and was ignored.{hint}"


def _printable(name: str) -> str:
    return re.sub(r"[^\w.\-]", "?", name)[:60]


def _distrusted(names: list[str], user_file: Path | None) -> str:
    """Say once for all restricted settings why they were ignored and where they belong."""
    listed = ", ".join(f"`{_printable(name)}`" for name in names)
    text = (
        f"{listed} from the editor's settings: ignored, because a workspace can change those and "
        "would then decide where your code and key go, what is sent and run, what is asked about "
        "your code, what may be spent or what is written to disk."
    )
    ours = [name for name in names if is_setting(name) or name == "actions"]
    if not ours:
        return text
    variables = [v for v, name in ENVIRONMENT.items() if name in ours]
    variables += ["DOLA_API_KEY"] if "api_key" in ours else []
    places = [str(user_file)] if user_file else []
    if variables:
        places.append(f"the environment ({', '.join(variables)})")
    if not places:
        return text
    them = "it" if len(ours) == 1 and ours != ["actions"] else "them"
    return f"{text} Set {them} in {' or in '.join(places)} instead."


def _near_misses(env: Mapping[str, str]) -> list[str]:
    """Name the variables that look like ours and are not."""
    known = [*ENVIRONMENT, *_OTHER_VARIABLES]
    return [
        f"The environment variable {variable} means nothing to dola-ls. Did you mean {match}?"
        for variable in env
        if variable.startswith("DOLA") and variable not in known
        for match in difflib.get_close_matches(variable, known, n=1, cutoff=0.9)
    ]


def _idle_address(settings: Settings, order: list[str], sources: Mapping[str, str]) -> list[str]:
    """Say that an address has no effect, unless a later source chose the provider on purpose."""
    if settings.base_url is None or settings.provider in ("auto", "custom"):
        return []
    if order.index(sources["base_url"]) < order.index(sources["provider"]):
        return []
    return [
        f"`base_url` ({sources['base_url']}) has no effect, because the provider is "
        f"`{settings.provider}` ({sources['provider']}). Set the provider to `custom` to use it."
    ]
