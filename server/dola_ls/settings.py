"""The settings and what each may be; `dola_ls.resolve` finds out what they are.

Imported only after ``initialize`` is answered, because pydantic takes its time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)

from dola_ls.model.provider import checked_url
from dola_ls.model.sampling import ACTION_FIELDS, ActionSampling, Plan, Sampling
from dola_ls.setting_values import (
    Limit,
    Name,
    absolute,
    command,
    globs,
    listed,
    lower,
    proxy_address,
    run_command,
    switch,
)

#: Never taken from client settings: editors merge the workspace's own settings into those, and
#: whoever sends a pull request could then choose where code and keys go, what is run, or what is
#: asked about the code (S1). ``prompts`` is a setting of no version yet, and refused already now.
RESTRICTED = frozenset(
    [
        *("provider", "base_url", "api_key", "key_command", "proxy", "ca_bundle"),
        *("actions", "prompts", "tests.run"),
        # Code that leaves unasked.
        "completion.automatic",
        # What goes along besides text: whoever could say that would have pictures sent.
        "abilities",
        *("privacy.exclude", "privacy.gitignored", "privacy.secrets", "privacy.consent"),
        # Money: whoever could lift a limit could have it spent.
        *("limits.action_usd", "limits.session_usd", "limits.day_usd", "limits.ask_above_usd"),
        *("limits.action_input_tokens", "limits.actions_per_minute", "limits.in_flight"),
        # `stop` could end an explanation before what it warns of, and without the usage what was
        # spent is a guess.
        *("sampling.stop", "sampling.stream_options"),
    ]
)
#: Log levels that write code to disk; the same rule.
RESTRICTED_VALUES = {"log": frozenset({"trace"})}
#: What the user has switched off in their own file stays off, whatever a workspace may say; for the
#: others a client may set it either way.
STAYS_OFF = frozenset({"context.related", "tools"})
#: Settings whose values are never shown, not even to say what is wrong with them.
SECRET = frozenset({"api_key", "key_command", "proxy"})
ENVIRONMENT = {
    "DOLA_PROVIDER": "provider",
    "DOLA_BASE_URL": "base_url",
    "DOLA_MODEL": "model",
    "DOLA_FAST_MODEL": "fast_model",
    "DOLA_APPLY": "apply",
    "DOLA_LOG": "log",
    "DOLA_CONSENT": "privacy.consent",
    "DOLA_COMPLETION_AUTOMATIC": "completion.automatic",
    "DOLA_ACTION_USD": "limits.action_usd",
    "DOLA_SESSION_USD": "limits.session_usd",
    "DOLA_DAY_USD": "limits.day_usd",
    "DOLA_ASK_ABOVE_USD": "limits.ask_above_usd",
}


class LocalSettings(BaseModel):
    """The embedded engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[Literal["1.5b", "0.5b"], BeforeValidator(lower)] = "1.5b"
    #: The engine's process is stopped after so long without a request.
    idle_minutes: float = Field(default=15, strict=True, ge=1, le=1440)


class TestSettings(BaseModel):
    """Generated tests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Frameworks the user chose, by id; the first that fits the language counts, whatever the
    #: project says.
    framework: Annotated[tuple[Name, ...], BeforeValidator(listed)] = ()
    #: Whether new tests are run: not at all, by their framework's usual command, or by this one,
    #: in which ``{file}``, ``{folder}`` and ``{root}`` stand for absolute paths.
    run: Annotated[bool | tuple[str, ...], BeforeValidator(run_command)] = False


class CompletionSettings(BaseModel):
    """Completions at the cursor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(default=True, strict=True)
    #: Whether a completion is asked for while the user types; else only where they ask for one.
    automatic: Annotated[bool, BeforeValidator(switch)] = False
    #: How long the user has to pause for that.
    debounce_ms: int = Field(default=400, strict=True, ge=0, le=10_000)
    max_lines: int = Field(default=16, strict=True, ge=1, le=100)


class PrivacySettings(BaseModel):
    """What may leave the machine; from the user alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Files that no action works on and none is shown: patterns as in ``.gitignore``, of the
    #: project's top; those that begin with ``/`` or ``~/`` are absolute paths.
    exclude: Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(globs)] = ()
    #: Whether actions work on a file although ``.gitignore`` names it.
    gitignored: bool = Field(default=False, strict=True)
    #: Whether a request that holds a secret is refused, or sent with the secret masked.
    secrets: Annotated[Literal["refuse", "mask"], BeforeValidator(lower)] = "refuse"
    #: Whether the user is asked before code of a folder goes to an address for the first time.
    consent: Annotated[Literal["ask", "always"], BeforeValidator(lower)] = "ask"


class LimitSettings(BaseModel):
    """How much may be spent, for models that cost something; infinity is no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Dollars for all requests of one action, of one life of the server, and of one day of all
    #: servers of this user.
    action_usd: Limit = 0.50
    session_usd: Limit = 5.0
    day_usd: Limit = 10.0
    #: A request that may cost more is told, or asked about, before it is sent.
    ask_above_usd: Limit = 0.10
    #: Tokens that all requests of one action may send, by a generous estimate.
    action_input_tokens: Limit = 100_000
    #: Actions that may begin within one minute.
    actions_per_minute: Limit = 30
    #: Actions, of free models too, that may be under way at a time; the others wait.
    in_flight: int = Field(default=4, strict=True, ge=1, le=32)


class ContextSettings(BaseModel):
    """What the model is shown round the region."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Tokens of it; None means a part of the model's window (`known_models.CONTEXT_SHARE`).
    tokens: Annotated[int, Field(strict=True, ge=200, le=200_000)] | None = None
    #: Whether definitions of what the code uses go along, from all files of the workspace.
    related: bool = Field(default=True, strict=True)


class SamplingSettings(Sampling):
    """How answers are drawn, for all actions and for each by its id."""

    actions: dict[str, ActionSampling] = Field(default_factory=dict, exclude=True)

    @property
    def plan(self) -> Plan:
        """The same for the model layer."""
        every = Sampling.model_validate(self.model_dump(exclude_none=True))
        return Plan(every, self.actions)


class Settings(BaseModel):
    """What the user wants; see `dola_ls.resolve` for where it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Annotated[
        Literal["auto", "aimlapi", "ark", "local", "custom"], BeforeValidator(lower)
    ] = "auto"
    #: The address before ``/chat/completions``; None means the provider's own.
    base_url: Annotated[str, AfterValidator(checked_url)] | None = None
    model: Name | None = None
    #: The model for cheap work.
    fast_model: Name | None = None
    #: Whether an edit goes into the buffer at once or is shown first.
    apply: Annotated[Literal["direct", "review"], BeforeValidator(lower)] = "direct"
    log: Annotated[
        Literal["error", "warning", "info", "debug", "trace"], BeforeValidator(lower)
    ] = "info"
    api_key: SecretStr | None = None
    #: A program and its arguments, run without a shell, whose first line of output is the key.
    key_command: Annotated[tuple[str, ...], AfterValidator(command)] | None = Field(
        default=None, repr=False
    )
    proxy: Annotated[SecretStr, AfterValidator(proxy_address)] | None = None
    ca_bundle: Annotated[str, AfterValidator(absolute)] | None = None
    #: None means low where the provider's models reason, and no such field elsewhere.
    reasoning_effort: Annotated[Literal["low", "medium", "high"], BeforeValidator(lower)] | None = (
        None
    )
    #: What the model takes besides text; None means what is known of it.
    abilities: tuple[Annotated[Literal["images", "video"], BeforeValidator(lower)], ...] | None = (
        None
    )
    #: Whether the model may look up more of the project, by the rules for all that is sent.
    tools: bool = Field(default=True, strict=True)
    #: Whether each action's figures are sent to the client as a `telemetry/event`.
    receipts: bool = Field(default=False, strict=True)
    local: LocalSettings = LocalSettings()
    tests: TestSettings = TestSettings()
    completion: CompletionSettings = CompletionSettings()
    privacy: PrivacySettings = PrivacySettings()
    limits: LimitSettings = LimitSettings()
    context: ContextSettings = ContextSettings()
    sampling: SamplingSettings = SamplingSettings()
    #: The origin that `api_key` and `key_command` were written for: the one the user file itself
    #: leads to. Set by `resolve` alone (S2).
    key_origin: str | None = Field(default=None, exclude=True)


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, field.default


#: Every setting by its dotted name, with its default.
DEFAULTS: dict[str, Any] = dict(_leaves(Settings))


def general_name(name: str) -> str:
    """Return the name of the same setting for all actions, where it is one for a single action."""
    group, _, rest = name.partition(".")
    if group != "sampling" or "." not in rest:
        return name
    return f"sampling.{rest.rpartition('.')[2]}"


def is_setting(name: str) -> bool:
    """Tell whether there is a setting of this dotted name, whatever the action in it is called."""
    field = name.rpartition(".")[2]
    return name in DEFAULTS or (general_name(name) != name and field in ACTION_FIELDS)


def value_of(settings: Settings, name: str) -> Any:
    """Return a setting by its dotted name, fit to be shown: secrets are masked."""
    value: Any = settings
    if general_name(name) != name:
        action, field = name.removeprefix("sampling.").rsplit(".", 1)
        value, name = settings.sampling.actions.get(action), field
    for part in name.split("."):
        value = getattr(value, part, None)
    if isinstance(value, SecretStr):
        return "(hidden)"
    if name == "key_command" and value:
        return f"{value[0]} …"
    if isinstance(value, float):
        return "none" if math.isinf(value) else int(value) if value.is_integer() else value
    if isinstance(value, BaseModel):
        return str(value)
    return ", ".join(value) or None if isinstance(value, tuple) else value


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Return the settings with these dotted names set; raises pydantic's ValidationError."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *groups, leaf = name.split(".")
        if general_name(name) != name:
            action, leaf = name.removeprefix("sampling.").rsplit(".", 1)
            groups = ["sampling", "actions", action]
        table = nested
        for group in groups:
            table = table.setdefault(group, {})
        table[leaf] = value
    return Settings.model_validate(nested)
