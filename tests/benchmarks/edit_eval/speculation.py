"""What drafting from the prompt gives on edits that keep most of their region.

    python -m tests.benchmarks.edit_eval.speculation [--limit N] [--json]

The same prompts go to an engine that drafts and to one that does not, by turns. Only the rate at
which answers are written is compared. The engine's own limit is the rate at which it reads prompts
over the rate at which it writes without drafts: an answer of which every token was drafted is read
like a prompt. What drafts of this length can come to at best is measured too, on answers that are
the region as it was: a draft costs more a token than a prompt, as the likeliest next token has to
be worked out for each, and it is read in smaller pieces.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import json
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack, aclosing
from dataclasses import asdict, dataclass
from typing import Any

from dola_ls.core.actions import REFACTOR
from dola_ls.core.context import collect
from dola_ls.core.document import Document
from dola_ls.core.prompt import Prompt, render
from dola_ls.model.errors import ModelError
from dola_ls.model.local import SPECULATION
from tests.benchmarks.__main__ import machine
from tests.benchmarks.edit_eval.sides import LIMIT
from tests.benchmarks.edit_eval.tasks import Task, lines_of, load_all
from tests.benchmarks.engine import NoEngine, default, engine
from tests.benchmarks.rates import answer_rate, read_rate
from tests.benchmarks.relay import Exchange, Relay
from tests.benchmarks.served import model_at

#: The share of the region's lines that the reference keeps, and the fewest lines it is a share of.
KEEPS = 0.8
_FEWEST_LINES = 8
#: The share of the engine's limit to reach.
_GOAL = 0.8
#: An answer to this is known beforehand, each token of it.
_COPY = "Change nothing. Write the code again exactly as it is, to the letter."
_COPIES = 4


@dataclass(frozen=True, slots=True)
class Pair:
    """One task on both engines."""

    task: str
    kept: float
    on: Exchange
    off: Exchange

    @property
    def same(self) -> bool:
        """Whether both said the same; a draft changes nothing but the order of additions."""
        return self.on.text == self.off.text


def kept_share(task: Task) -> float:
    """Return how much of the region the reference leaves as it is, in lines."""
    region = [task.lines[number] for number in task.region_lines]
    matcher = difflib.SequenceMatcher(None, region, lines_of(task.reference), autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(region)


def keeping(tasks: Sequence[Task], limit: int) -> list[Task]:
    """Return the tasks with the longest regions among those that keep most of them."""
    fit = [
        task
        for task in tasks
        if len(task.region_lines) >= _FEWEST_LINES
        and not task.elsewhere
        and kept_share(task) >= KEEPS
    ]
    return sorted(fit, key=lambda task: (-len(task.region_lines), task.id))[:limit]


def prompt_for(task: Task, instruction: str = "") -> Prompt:
    """Return what the product asks for a region that is to be written again."""
    document = Document(f"file:///{task.file}", task.language, 1, task.source)
    context = collect(document, task.target, default("context_tokens"))
    return render(REFACTOR, context, instruction or task.instruction)


def measure(tasks: Sequence[Task], model: str) -> tuple[list[Pair], list[Pair]]:
    """Ask both engines each task, and whichever was second goes first at the next.

    Return what came of the tasks, and of copying some of their regions.
    """
    pairs: list[Pair] = []
    copies: list[Pair] = []
    with ExitStack() as stack:
        relays = {}
        for name, sizes in (("on", SPECULATION), ("off", None)):
            address = stack.enter_context(engine(model, sizes))
            relays[name] = stack.enter_context(Relay(address).running())
            _ask(relays[name], Prompt("Be brief.", "Say hello.", max_tokens=8))
        asked = [(task, "", pairs) for task in tasks]
        asked += [(task, _COPY, copies) for task in tasks[:_COPIES]]
        for number, (task, instruction, found) in enumerate(asked):
            took = {}
            for name in ("on", "off") if number % 2 else ("off", "on"):
                took[name] = _ask(relays[name], prompt_for(task, instruction))
            kept = 1.0 if instruction else kept_share(task)
            found.append(Pair(task.id, kept, took["on"], took["off"]))
            print(_told(found[-1]), file=sys.stderr, flush=True)
    return pairs, copies


def _ask(relay: Relay, prompt: Prompt) -> Exchange:
    async def ask() -> None:
        model = model_at(relay.address)
        try:
            async with asyncio.timeout(LIMIT), aclosing(model.stream(prompt)) as stream:
                async for _ in stream:
                    pass
        except (TimeoutError, ModelError):
            # What was written until then counts all the same.
            pass
        finally:
            await model.aclose()

    asyncio.run(ask())
    exchanges = relay.take()
    return exchanges[-1] if exchanges else Exchange()


def _told(pair: Pair) -> str:
    on, off = answer_rate([pair.on]), answer_rate([pair.off])
    if on is None or off is None:
        return f"{pair.task}: no answer"
    return (
        f"{pair.task}: {off:.1f} tokens a second, {on:.1f} with drafts ({on / off:.2f} ×), "
        f"{pair.on.accepted} of {pair.on.drafted} drafted tokens kept in {pair.on.answer_tokens}"
        f"{'' if pair.same else ', another answer'}"
    )


def summary(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return the rates over all pairs that have both, and how near they come to the limit."""
    whole = [pair for pair in pairs if pair.on.answer_ms and pair.off.answer_ms]
    on, off = answer_rate([p.on for p in whole]), answer_rate([p.off for p in whole])
    read = read_rate([exchange for p in whole for exchange in (p.on, p.off)])
    if on is None or off is None or read is None:
        raise NoEngine("No task was answered by both engines.")
    each = [
        (p.on.answer_tokens / p.on.answer_ms) / (p.off.answer_tokens / p.off.answer_ms)
        for p in whole
    ]
    return {
        "tasks": len(whole),
        "same answers": sum(pair.same for pair in whole),
        "read": read,
        "off": off,
        "on": on,
        "ratio": on / off,
        "median ratio": statistics.median(each),
        "limit": read / off,
        "share": on / read,
        "drafted": sum(pair.on.drafted for pair in whole),
        "accepted": sum(pair.on.accepted for pair in whole),
        "answered": sum(pair.on.answer_tokens for pair in whole),
    }


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.edit_eval.speculation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--limit", type=int, default=10, metavar="N", help="so many tasks at most")
    parser.add_argument("--model", choices=["1.5b", "0.5b"], default="1.5b")
    parser.add_argument("--json", action="store_true", help="print JSON instead of sentences")
    options = parser.parse_args()
    before = machine()
    try:
        pairs, copies = measure(keeping(load_all(), options.limit), options.model)
        found, best = summary(pairs), summary(copies)
    except NoEngine as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        told = {
            "machine": before,
            **found,
            "copied": best,
            "pairs": [asdict(pair) for pair in (*pairs, *copies)],
        }
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return 0
    met = "met" if found["share"] >= _GOAL else "missed"
    print(
        f"{found['tasks']} edits that keep at least {KEEPS:.0%} of their region, "
        f"{found['same answers']} of them answered alike: {found['off']:.1f} tokens a second "
        f"without drafts, {found['on']:.1f} with ({found['ratio']:.2f} ×, median of the tasks "
        f"{found['median ratio']:.2f} ×); {found['accepted']} of {found['drafted']} drafted tokens "
        f"kept, of {found['answered']} in all.\n"
        f"The engine reads {found['read']:.1f} tokens a second, so that its limit is "
        f"{found['limit']:.2f} ×; reached: {found['share']:.0%} of it (to reach: {_GOAL:.0%}): "
        f"{met}.\n"
        f"Where the answer is the region as it was, {best['accepted']} of {best['answered']} "
        f"tokens are drafted ones and the ratio is {best['ratio']:.2f} ×; reached: "
        f"{found['ratio'] / best['ratio']:.0%} of that.\n{before} at the start."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
