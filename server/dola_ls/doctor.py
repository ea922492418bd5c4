"""``dola-ls check``: what is set and by whom, whether a model answers, and what to do if not."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import dola_ls
from dola_ls import log
from dola_ls.report import as_text
from dola_ls.snippets import snippets

if TYPE_CHECKING:
    from dola_ls.core.own_actions import OwnAction
    from dola_ls.model.keys import Keys
    from dola_ls.model.prediction import PredictionBook
    from dola_ls.model.provider import Choice
    from dola_ls.model.stream import ChatModel
    from dola_ls.resolve import Resolved

logger = logging.getLogger(__name__)

#: A model on this machine is read from disk first.
_SECONDS, _LOCAL_SECONDS = 60.0, 180.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of the one request: an answer with its figures, or the reason for none."""

    answered: bool
    seconds: float
    model: str
    error: str | None = None
    first_seconds: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``check`` to the command line."""
    parser = subparsers.add_parser(
        "check",
        help="show the settings, ask the model for one word, and say what is wrong",
        description="Show the settings and where each comes from, send one tiny request to the "
        "model (no code of yours), and say what is wrong and what to do. Exits with 0 only if a "
        "model answered.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--offline", action="store_true", help="send nothing; exits with 1")


def run(args: argparse.Namespace, command_line: Mapping[str, object] | None = None) -> int:
    """Run ``check``; return 0 if a model answered, else 1."""
    # Imported here, because they take longer than `dola-ls --help` should.
    from dola_ls.resolve import load

    log.set_up(os.environ)
    resolved = load(command_line=command_line)
    try:
        report = asyncio.run(examine(resolved, os.environ, offline=args.offline))
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(report, indent=2, ensure_ascii=not _is_utf8(sys.stdout)))
    else:
        text = as_text(report, colour=_wants_colour(sys.stdout))
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding))
    return 0 if report["ok"] else 1


async def examine(
    resolved: Resolved,
    env: Mapping[str, str],
    *,
    offline: bool = False,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Return the whole report as plain data, without any secret."""
    from dola_ls.model.day_file import DayFile
    from dola_ls.model.endpoint import Endpoint
    from dola_ls.model.keys import Keys
    from dola_ls.model.ledger import Ledger, Metered
    from dola_ls.model.provider import Unavailable, choose, open_model
    from dola_ls.model.request import unsent_settings
    from dola_ls.model.spending import Purse
    from dola_ls.model.state_file import state_folder
    from dola_ls.settings import value_of

    problems = list(resolved.problems)
    keys = Keys(env)
    choice = await choose(resolved.settings, keys)
    day = DayFile(state_folder())
    ledger = Ledger(Purse(day))
    answer: Answer | None = None
    if isinstance(choice, Unavailable):
        problems.append(choice.reason)
    elif isinstance(choice, Endpoint):
        problems += unsent_settings(choice)
    if not isinstance(choice, Unavailable) and not offline:
        limit = seconds or (_SECONDS if isinstance(choice, Endpoint) else _LOCAL_SECONDS)
        model = Metered(open_model(choice), ledger, limits=resolved.settings.limits)
        if sys.stderr.isatty():
            print(f"Asking {model.name}, for {limit:g} s at most …", file=sys.stderr)
        answer = await ask(model, limit)
        if answer.error:
            problems.append(answer.error)
    # The request that was just made counts as well.
    await ledger.purse.save()
    await ledger.purse.look()
    settings = {
        name: {"value": value_of(resolved.settings, name), "source": source}
        for name, source in resolved.sources.items()
    }
    editors, trouble = _editors()
    report: dict[str, Any] = {
        "ok": answer is not None and answer.answered,
        "version": dola_ls.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "executable": sys.executable,
        "settings": settings,
        "user_file": {"path": _text(resolved.user_file), "exists": _exists(resolved.user_file)},
        "actions": [_own_action(own) for own in resolved.actions],
        "log_file": _text(log.file_in_use()),
        "key": await _key(resolved, choice, keys),
        "model": _model(choice, _predictions(), resolved),
        "spending": {
            "today_usd": day.spent() / 1_000_000,
            "day_usd": value_of(resolved.settings, "limits.day_usd"),
            "file": _text(day.path),
        },
        "local": _local(),
        "request": asdict(answer) if answer else None,
        "problems": problems + trouble,
        "editors": editors,
    }
    return {key: _redacted(value) for key, value in report.items()}


async def ask(model: ChatModel, seconds: float) -> Answer:
    """Send one request that asks for one word, and tell how it went."""
    from dola_ls.core.prompt import Prompt
    from dola_ls.model.errors import ModelError

    prompt = Prompt("You check whether a connection works.", "Reply with OK.", max_tokens=16)
    start = time.monotonic()
    first: float | None = None
    error: str | None = None
    completion = None
    try:
        async with asyncio.timeout(seconds):
            async for delta in model.stream(prompt):
                if first is None and (delta.text or delta.reasoning):
                    first = time.monotonic() - start
                completion = delta.completion or completion
    except ModelError as failure:
        error = str(failure)
    except TimeoutError:
        error = f"{model.name} gave no answer within {seconds:g} s. Try again a little later."
    except Exception as failure:
        logger.exception("check")
        error = (
            f"dola-ls itself failed with {type(failure).__name__} while it asked {model.name}. "
            "The log file has the details; please report it."
        )
    finally:
        await model.aclose()
    if error is None and (completion is None or not completion.ended):
        error = f"The answer of {model.name} broke off. Try again."
    usage = completion.usage if completion else None
    return Answer(
        answered=error is None,
        seconds=round(time.monotonic() - start, 2),
        model=completion.model if completion and completion.model else model.name,
        error=error,
        first_seconds=None if first is None else round(first, 2),
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        reasoning_tokens=usage.reasoning_tokens if usage else None,
        cost_usd=usage.cost_usd if usage else None,
    )


async def _key(resolved: Resolved, choice: Choice, keys: Keys) -> dict[str, Any]:
    """Describe the key in use, or the one that would be."""
    from dola_ls.model.endpoint import Endpoint
    from dola_ls.model.keys import Key, account_of
    from dola_ls.model.provider import home_origin

    origin = choice.origin if isinstance(choice, Endpoint) else home_origin(resolved.settings)
    key = await keys.find(resolved.settings, origin) if origin else None
    return {
        "present": isinstance(key, Key),
        "source": key.source if isinstance(key, Key) else None,
        "for": account_of(origin) if origin else None,
    }


def _predictions() -> PredictionBook:
    """Return what the language servers of this user have learnt."""
    from dola_ls.model.prediction import FILE, PredictionBook
    from dola_ls.model.state_file import state_folder

    folder = state_folder()
    return PredictionBook.load(folder / FILE) if folder is not None else PredictionBook()


def _model(choice: Choice, book: PredictionBook, resolved: Resolved) -> dict[str, Any] | None:
    """Describe the model that would be asked, and what is known of its use of predictions."""
    from dola_ls.model.endpoint import Endpoint
    from dola_ls.model.provider import PROVIDERS, LocalChoice, other_models
    from dola_ls.model.weights import MODELS

    if isinstance(choice, Endpoint):
        known = PROVIDERS.get(choice.provider)
        return {
            "provider": choice.provider,
            "title": known.title if known else choice.host,
            "endpoint": choice.base_url,
            "model": choice.model,
            "others": other_models(choice, resolved.settings),
            "prediction": book.describe(choice.origin, choice.model),
        }
    if isinstance(choice, LocalChoice):
        return {
            "provider": "local",
            "title": "the embedded engine",
            "endpoint": None,
            "model": MODELS[choice.model].title,
            "others": {},
            "prediction": "drafts are taken from the prompt itself",
        }
    return None


def _local() -> dict[str, Any]:
    """Describe the embedded engine."""
    from dola_ls.model.provider import engine_installed
    from dola_ls.model.weights import MODELS, status

    models = []
    for weights in MODELS.values():
        found = status(weights)
        models.append(
            {
                "name": weights.name,
                "title": weights.title,
                "installed": found.installed,
                "verified": found.verified,
                "size": weights.gigabytes,
                "path": str(found.path),
            }
        )
    return {"engine_installed": engine_installed(), "models": models}


def _own_action(own: OwnAction) -> dict[str, Any]:
    """Describe an action of the user's own, by what one looks for in the editor and the file."""
    return {"id": own.id, "title": own.title, "kind": own.action.kind, "line": own.line}


def _text(path: Path | None) -> str | None:
    return str(path) if path else None


def _exists(path: Path | None) -> bool:
    return path is not None and os.path.exists(path)


def _editors() -> tuple[list[dict[str, str]], list[str]]:
    try:
        return [asdict(snippet) for snippet in snippets()], []
    except OSError as error:
        name = Path(error.filename or "").name
        return [], [f"The set-up file {name} is missing: install dola-ls again."]


def _redacted(value: Any) -> Any:
    """Return plain data with every text redacted: what is shown gets pasted into bug reports."""
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(item) for item in value]
    return log.redact(value) if isinstance(value, str) else value


def _wants_colour(stream: TextIO) -> bool:
    """Tell whether to write colours (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"
