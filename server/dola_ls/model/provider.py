"""From the settings to a model: which provider, which address, which key."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dola_ls.core.actions import BY_COMMAND
from dola_ls.core.own_actions import FAST, OwnAction
from dola_ls.model.endpoint import Endpoint, is_loopback, origin_of
from dola_ls.model.keys import Key, Keys, NoKey
from dola_ls.model.known_models import LOCAL_CONTEXT, context_tokens
from dola_ls.model.thinking import thinking_tokens
from dola_ls.model.weights import MODELS, Weights, find, find_any, models_dir, named

if TYPE_CHECKING:
    from dola_ls.core.actions import Action
    from dola_ls.model.prediction import PredictionBook
    from dola_ls.model.sampling import Plan
    from dola_ls.model.stream import ChatModel
    from dola_ls.settings import Settings


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that is known by name."""

    title: str
    base_url: str
    model: str
    #: The model for cheap work.
    fast_model: str


PROVIDERS = MappingProxyType(
    {
        "aimlapi": Provider(
            "AIML API",
            "https://api.aimlapi.com/v1",
            "bytedance/dola-seed-2-0-code",
            "bytedance/dola-seed-2-0-lite",
        ),
        "ark": Provider(
            "BytePlus ModelArk",
            "https://ark.ap-southeast.bytepluses.com/api/v3",
            "seed-2-0-code-preview-260328",
            "seed-2-0-lite-260228",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class LocalChoice:
    """The embedded engine with one of its models."""

    model: str
    weights: Path
    idle_minutes: float
    context_tokens: int = LOCAL_CONTEXT
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No model can be asked; `reason` says why and what to do, in sentences."""

    reason: str


Choice = Endpoint | LocalChoice | Unavailable


def checked_url(value: str) -> str:
    """Return a base address without its last slash; raises ValueError saying what it must be.

    Plain http is for this machine only (S3), and an address that carries a password is refused:
    addresses are shown, keys are not.
    """
    value = value.strip()
    try:
        parts = urlsplit(value)
        origin_of(value)
    except ValueError:
        raise ValueError("must be an address such as https://example.com/v1") from None
    host = parts.hostname or ""
    if not re.fullmatch(r"[A-Za-z0-9._\-]+|[0-9a-f:.]+", host) or not re.fullmatch(
        r"[!-\[\]-~]+", value
    ):
        raise ValueError("must be an address such as https://example.com/v1, in ASCII")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("must not hold a user name, a password or a #")
    if parts.scheme.lower() == "http" and not is_loopback(value):
        raise ValueError("must begin with https://, unless it names this machine")
    return value.rstrip("/")


def home_origin(settings: Settings) -> str | None:
    """Return the origin these settings lead to when taken alone; None where they lead to none."""
    name = _named(settings)
    if known := PROVIDERS.get("aimlapi" if name == "auto" else name):
        return origin_of(known.base_url)
    return origin_of(settings.base_url) if name == "custom" and settings.base_url else None


async def choose(settings: Settings, keys: Keys, *, fast: bool = False) -> Choice:
    """Decide which model to ask, or say why there is none; sends nothing.

    `fast` asks for the model for cheap work. May take seconds: the user's key command and keyring
    are asked here. A key that was given but is broken never leads to another model by itself.
    """
    name = _named(settings)
    if name == "local":
        return _local(settings)
    if name == "custom":
        return await _custom(settings, keys, fast)
    if name != "auto":
        endpoint = await _known(name, settings, keys, fast)
        return endpoint if isinstance(endpoint, Endpoint) else _without_key(endpoint)
    endpoint = await _known("aimlapi", settings, keys, fast)
    if isinstance(endpoint, NoKey) and not endpoint.broken and _has_ark_key(keys):
        endpoint = await _known("ark", settings, keys, fast)
    if isinstance(endpoint, Endpoint):
        return endpoint
    if endpoint.broken:
        return _without_key(endpoint)
    local = _local(settings)
    return local if isinstance(local, LocalChoice) else _without_key(endpoint)


async def choose_for(
    action: Action | None, own: OwnAction | None, settings: Settings, keys: Keys
) -> Choice:
    """Decide as `choose` does, with the model and the effort that are named for an action.

    Provider, address and key stay those of the settings. The embedded engine has one model, and
    that does not reason.
    """
    settings, fast = _named_for(action, own, settings)
    return await choose(settings, keys, fast=fast)


def without_key(
    settings: Settings, action: Action | None = None, own: OwnAction | None = None
) -> Endpoint | LocalChoice | None:
    """Return the model that would be asked if there were a key or, for `local`, its file.

    None where the settings name no address. For showing only: what needs a key refuses to send.
    """
    settings, fast = _named_for(action, own, settings)
    name = _named(settings)
    if name == "local":
        weights = MODELS[settings.local.model]
        return _embedded(weights, models_dir() / weights.file, settings)
    if name != "custom":
        return _service("aimlapi" if name == "auto" else name, settings, None, fast)
    if settings.base_url is None or settings.model is None:
        return None
    return _of_ones_own(settings.base_url, settings.model, settings, None, fast)


def other_models(choice: Endpoint, settings: Settings) -> dict[str, list[str]]:
    """Return the models beside the usual one, each with the ids of the actions it is for."""
    settings = settings.model_copy(update={"provider": choice.provider})
    found: dict[str, list[str]] = {}
    for action in BY_COMMAND.values():
        other = without_key(settings, action)
        if isinstance(other, Endpoint) and other.model != choice.model:
            found.setdefault(other.model, []).append(action.id)
    return found


def names_model(action: Action | None, own: OwnAction | None, settings: Settings) -> bool:
    """Tell whether an action may be for another model, or another effort, than the usual ones."""
    named, fast = _named_for(action, own, settings)
    return fast or named is not settings


def _named_for(
    action: Action | None, own: OwnAction | None, settings: Settings
) -> tuple[Settings, bool]:
    """Return the settings with what is named for an action, and whether it is cheap work.

    What an action of the user's own says itself goes before its table in the settings.
    """
    if action is None:
        return settings, False
    drawn = settings.sampling.actions.get(action.id)
    model = (own.model if own else None) or (drawn.model if drawn else None)
    effort = (own.effort if own else None) or (drawn.reasoning_effort if drawn else None)
    fast = model.lower() == FAST if model else action.cheap
    named: dict[str, object] = {}
    if model and not fast:
        named["model"] = model
    if effort is not None:
        named["reasoning_effort"] = effort
    return (settings.model_copy(update=named) if named else settings), fast


def open_model(
    choice: Endpoint | LocalChoice, *, predictions: PredictionBook | None = None
) -> ChatModel:
    """Return the model behind a choice; nothing is connected or started until it is asked.

    `predictions` is what is known about the `prediction` field, shared by all models.
    """
    if isinstance(choice, Endpoint):
        from dola_ls.model.client import HttpModel

        return HttpModel(choice, predictions=predictions)
    from dola_ls.model.local import LocalModel

    return LocalModel(
        choice.weights,
        context_tokens=choice.context_tokens,
        idle_seconds=choice.idle_minutes * 60,
        plan=choice.plan,
    )


def engine_installed() -> bool:
    """Tell whether the embedded engine can be imported, without importing it."""
    return importlib.util.find_spec("xllamacpp") is not None


def _named(settings: Settings) -> str:
    """Return the provider's name; an address alone means a server of the user's own."""
    return "custom" if settings.provider == "auto" and settings.base_url else settings.provider


def _has_ark_key(keys: Keys) -> bool:
    return bool(keys.env.get("ARK_API_KEY", "").strip())


async def _known(name: str, settings: Settings, keys: Keys, fast: bool) -> Endpoint | NoKey:
    key = await keys.find(settings, origin_of(PROVIDERS[name].base_url))
    return key if isinstance(key, NoKey) else _service(name, settings, key, fast)


def _service(name: str, settings: Settings, key: Key | None, fast: bool) -> Endpoint:
    provider = PROVIDERS[name]
    model = settings.model or provider.model
    if fast:
        # Someone who chose the model may not have the small one.
        model = settings.fast_model or settings.model or provider.fast_model
    effort = settings.reasoning_effort or "low"
    return Endpoint(
        provider=name,
        base_url=provider.base_url,
        model=model,
        api_key=key.value if key else None,
        key_origin=key.origin if key else None,
        proxy=_proxy(settings),
        ca_bundle=settings.ca_bundle,
        reasoning_effort=effort,
        reasoning_tokens=thinking_tokens(model, effort, here=False),
        context_tokens=context_tokens(model, settings.context.tokens),
        plan=_plan(settings),
        abilities=_abilities(settings),
    )


async def _custom(settings: Settings, keys: Keys, fast: bool) -> Endpoint | Unavailable:
    url, model = settings.base_url, settings.model
    if url is None or model is None:
        name = "base_url" if url is None else "model"
        return Unavailable(
            f"The provider `custom` needs `{name}`, so nothing was sent. Set DOLA_{name.upper()}, "
            f"or `{name}` in the user file."
        )
    key = await keys.find(settings, origin_of(url))
    if isinstance(key, NoKey) and (key.broken or (key.withheld and not is_loopback(url))):
        return _without_key(key)
    return _of_ones_own(url, model, settings, key if isinstance(key, Key) else None, fast)


def _of_ones_own(url: str, model: str, settings: Settings, key: Key | None, fast: bool) -> Endpoint:
    model = settings.fast_model or model if fast else model
    effort = settings.reasoning_effort
    return Endpoint(
        provider="custom",
        base_url=url,
        model=model,
        # Many servers of one's own want none; one that does will say so.
        api_key=key.value if key else None,
        key_origin=key.origin if key else None,
        proxy=_proxy(settings),
        ca_bundle=settings.ca_bundle,
        abilities=_abilities(settings),
        reasoning_effort=effort,
        reasoning_tokens=thinking_tokens(model, effort, here=is_loopback(url)),
        context_tokens=context_tokens(model, settings.context.tokens),
        plan=_plan(settings),
    )


def _embedded(weights: Weights, path: Path, settings: Settings) -> LocalChoice:
    tokens = context_tokens(weights.title, settings.context.tokens)
    return LocalChoice(weights.name, path, settings.local.idle_minutes, tokens, _plan(settings))


def _plan(settings: Settings) -> Plan | None:
    plan = settings.sampling.plan
    return None if plan.empty else plan


def _abilities(settings: Settings) -> frozenset[str] | None:
    return frozenset(settings.abilities) if settings.abilities is not None else None


def _proxy(settings: Settings) -> str | None:
    return settings.proxy.get_secret_value() if settings.proxy else None


def _without_key(key: NoKey) -> Unavailable:
    if key.broken:
        return Unavailable(key.reason)
    large, small = MODELS["1.5b"], MODELS["0.5b"]
    return Unavailable(
        f"{key.reason} Nothing was sent. Set DOLA_API_KEY, or `api_key` or `key_command` in the "
        "user file. To work without a key, run `dola-ls local install`: it downloads a model of "
        f"{large.gigabytes} (with `--model {small.name}`, {small.gigabytes}) that runs on this "
        "machine."
    )


def _local(settings: Settings) -> LocalChoice | Unavailable:
    wanted = MODELS[settings.local.model]
    # Someone who installed the other model only wants that one.
    path = find(wanted.name) or find_any()
    if path is None:
        return Unavailable(
            f"The embedded model {wanted.title} is not installed, so nothing was done. Run "
            f"`dola-ls local install --model {wanted.name}`, which downloads {wanted.gigabytes}."
        )
    if not engine_installed():
        return Unavailable(
            "The embedded engine is not installed, only its model, so nothing was done. Run "
            "`python3 -m pip install 'dola-ls[local]'` in the environment of dola-ls."
        )
    return _embedded(named(path) or wanted, path, settings)
