"""What is set aside before a request, what is refused, and what is charged in the end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date, timedelta
from pathlib import Path

import pytest

from dola_ls.core.prompt import Prompt
from dola_ls.model import errors
from dola_ls.model.day_file import COPY, FILE, DayFile
from dola_ls.model.errors import Facts, ModelError
from dola_ls.model.known_models import FREE, Price
from dola_ls.model.ledger import Ledger, Metered
from dola_ls.model.prices import Estimate, Terms
from dola_ls.model.spending import ActionSum, CapReached, NotApproved, NotCounted, Purse
from dola_ls.model.stream import Completion, Delta, Usage
from dola_ls.settings import LimitSettings
from tests.fakes.model import FakeModel

PAID = Terms(Price(1.0, 1.0))
PROMPT = Prompt("system", "user", max_tokens=10_000, action="refactor")
#: Ten cents.
MOST = Estimate(1000, 99_000, 100_000)
FACTS = Facts(host="api.example")


class Paid(FakeModel):
    """A model that costs something."""

    terms = PAID


class Billed(Paid):
    """One that tells what its answer cost, and may fail after it."""

    def __init__(self, usage: Usage, fault: ModelError | None = None) -> None:
        super().__init__("")
        self._usage, self._fault = usage, fault

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        self.prompts.append(prompt)
        if self._fault is not None:
            raise self._fault
        yield Delta(text="x")
        yield Delta(completion=Completion("stop", True, self.name, self._usage))


def limits(**caps: object) -> LimitSettings:
    return LimitSettings.model_validate(caps)


async def heard(model: Metered, prompt: Prompt = PROMPT) -> list[Delta]:
    return [delta async for delta in model.stream(prompt)]


def metered(model: FakeModel, purse: Purse | None = None, **caps: object) -> Metered:
    return Metered(model, Ledger(purse or Purse()), limits=limits(**caps))


# --- The limits ---


@pytest.mark.parametrize(
    ("caps", "cap", "words"),
    [
        ({"action_usd": 0.05}, "action_usd", ("This request may cost up to $0.10", "$0.05")),
        ({"session_usd": 0.05}, "session_usd", ("This session has come to $0.00", "Restart")),
        ({"day_usd": 0.05}, "day_usd", ("Today has come to $0.00", "midnight", "$0.05")),
        ({"day_usd": 0}, "day_usd", ("$0.00",)),
        ({"action_input_tokens": 999}, "action_input_tokens", ("about 1000 tokens", "999")),
        ({"actions_per_minute": 0}, "actions_per_minute", ("Only 0 actions", "again in 60 s")),
    ],
)
async def test_what_would_pass_a_limit_is_refused_with_what_to_do(
    caps: dict[str, object], cap: str, words: tuple[str, ...]
) -> None:
    purse, action = Purse(clock=lambda: 0.0), ActionSum()
    before = purse.session, purse.day.spent()
    with pytest.raises(CapReached) as caught:
        await purse.reserve(action, MOST, limits(**caps))
    assert caught.value.cap == cap
    sentence = str(caught.value)
    for word in (*words, f"`{cap}` under [limits] in Dola's config.toml", "sent"):
        assert word in sentence
    assert (purse.session, purse.day.spent()) == before
    assert action == ActionSum()


async def test_a_limit_may_be_used_to_the_last_and_none_is_no_limit() -> None:
    tight = limits(action_usd=0.1, session_usd=0.1, day_usd="0.1", action_input_tokens=1000)
    purse = Purse()
    await purse.reserve(ActionSum(), MOST, tight)
    with pytest.raises(CapReached):
        await purse.reserve(ActionSum(), Estimate(1, 1, 1), tight)
    money = ("action_usd", "session_usd", "day_usd")
    none = limits(**dict.fromkeys((*money, "action_input_tokens", "actions_per_minute"), "none"))
    for _ in range(50):
        await purse.reserve(ActionSum(), MOST, none)
    assert purse.day.spent() == 51 * MOST.micros


async def test_the_requests_of_one_action_add_up_and_the_next_begins_anew() -> None:
    purse, action = Purse(), ActionSum()
    caps = limits(action_usd=0.25)
    for _ in range(2):
        purse.settle(await purse.reserve(action, MOST, caps), MOST.micros)
    with pytest.raises(CapReached, match=r"This action has come to \$0\.20, and this request"):
        await purse.reserve(action, MOST, caps)
    await purse.reserve(ActionSum(), MOST, caps)


async def test_only_so_many_actions_begin_within_a_minute() -> None:
    now = [0.0]
    purse = Purse(clock=lambda: now[0])
    caps = limits(actions_per_minute=2, session_usd="none")
    first = ActionSum()
    await purse.reserve(first, MOST, caps)
    now[0] = 20.0
    await purse.reserve(ActionSum(), MOST, caps)
    with pytest.raises(CapReached, match="again in 40 s"):
        await purse.reserve(ActionSum(), MOST, caps)
    # One that has begun may go on.
    await purse.reserve(first, MOST, caps)
    now[0] = 60.0
    await purse.reserve(ActionSum(), MOST, caps)


async def test_many_at_once_do_not_pass_a_limit_together() -> None:
    purse = Purse()
    caps = limits(session_usd=0.55, day_usd=0.35)
    tries = [purse.reserve(ActionSum(), MOST, caps) for _ in range(10)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(result, Exception) for result in results) == 3
    assert purse.session == purse.day.spent() == 3 * MOST.micros


async def test_two_servers_share_the_day_and_not_the_session(tmp_path: Path) -> None:
    one, two = Purse(DayFile(tmp_path)), Purse(DayFile(tmp_path))
    caps = limits(day_usd=0.15)
    reserved = await one.reserve(ActionSum(), MOST, caps)
    with pytest.raises(CapReached, match=r"\$0\.10 in all your editors"):
        await two.reserve(ActionSum(), MOST, caps)
    one.settle(reserved, 1000)
    await one.save()
    await two.reserve(ActionSum(), MOST, caps)
    assert (one.session, two.session) == (1000, MOST.micros)


async def test_the_next_day_may_spend_again(tmp_path: Path) -> None:
    day = [date.today()]
    purse = Purse(DayFile(tmp_path, lambda: day[0]))
    caps = limits(day_usd=0.15)
    await purse.reserve(ActionSum(), MOST, caps)
    day[0] += timedelta(days=1)
    await purse.reserve(ActionSum(), MOST, caps)


async def test_a_sum_that_cannot_be_read_is_no_leave_to_spend(tmp_path: Path) -> None:
    await Purse(DayFile(tmp_path)).reserve(ActionSum(), MOST, limits())
    for name in (FILE, COPY):
        (tmp_path / name).write_bytes(b"\0")
    purse = Purse(DayFile(tmp_path))
    with pytest.raises(NotCounted) as caught:
        await purse.reserve(ActionSum(), MOST, limits())
    for word in (str(tmp_path / FILE), "delete the file", "nothing was sent"):
        assert word in str(caught.value)
    assert purse.session == 0
    await purse.reserve(ActionSum(), MOST, limits(day_usd="none"))


async def test_what_is_set_aside_for_a_cancelled_action_is_given_back(tmp_path: Path) -> None:
    purse = Purse(DayFile(tmp_path))
    with purse.day._turn:  # as if the disk took its time
        task = asyncio.create_task(purse.reserve(ActionSum(), MOST, limits()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    # The thread that had been waiting for the disk sets aside, and then gives back.
    for _ in range(6000):
        if purse.day.changed and not purse.day.spent():
            break
        await asyncio.sleep(0.01)
    await purse.save()
    assert purse.session == purse.day.spent() == 0
    assert DayFile(tmp_path).take(1, 1)


# --- The model of an action ---


async def test_a_refused_request_never_reaches_the_model() -> None:
    model = Paid("answer")
    with pytest.raises(CapReached):
        await heard(metered(model, action_usd=0.001))
    assert model.prompts == []


@pytest.mark.parametrize(
    ("usage", "cost"),
    [(Usage(100, 50, cost_usd=0.002), 2000), (Usage(100, 50), 150), (Usage(), None)],
)
async def test_an_answer_is_charged_by_what_is_known_of_it(usage: Usage, cost: int | None) -> None:
    purse = Purse()
    model = metered(Billed(usage), purse)
    await heard(model)
    if cost is None:  # the estimate
        assert purse.session >= PROMPT.max_tokens
    else:
        assert purse.session == cost
    assert model.sum.micros == purse.day.spent() == purse.session


async def test_what_is_broken_off_is_charged_at_the_estimate() -> None:
    purse = Purse()
    model = metered(Paid("a long answer, of which nobody hears the end"), purse)
    async with aclosing(model.stream(PROMPT)) as deltas:
        async for delta in deltas:
            assert delta.text
            break
    assert purse.session >= PROMPT.max_tokens


@pytest.mark.parametrize(
    ("fault", "billed"),
    [
        (errors.RateLimited(FACTS, None), False),
        (errors.WrongKey(FACTS), False),
        (errors.Unreachable(FACTS, "no", "no"), False),
        (errors.TimedOut(FACTS, "took no connection"), False),
        (errors.TimedOut(Facts(request_id="r1"), "stopped"), True),
        (errors.TimedOut(Facts(status=504), "gave up waiting for the model"), True),
        (errors.ServerFault(FACTS), True),
        (errors.CutOff(FACTS), True),
        (errors.CutOff(Facts(completion=Completion(None, False, "m", Usage(10, 5)))), True),
    ],
)
async def test_faults_are_charged_where_a_server_may_have_begun(
    fault: ModelError, billed: bool
) -> None:
    purse = Purse()
    with pytest.raises(type(fault)):
        await heard(metered(Billed(Usage(), fault), purse))
    assert (purse.session > 0) is billed
    if fault.completion is not None:
        assert purse.session == 15


async def test_a_free_model_is_bound_by_no_limit() -> None:
    purse = Purse()
    model = FakeModel("answer")
    assert model.terms == Terms(FREE)
    for _ in range(3):
        await heard(metered(model, purse, day_usd=0, action_input_tokens=0, actions_per_minute=0))
    assert purse.session == 0
    assert not purse.day.changed


async def test_what_a_server_on_this_machine_says_it_cost_is_counted() -> None:
    model = Billed(Usage(cost_usd=0.25))
    model.terms = Terms(FREE)
    purse = Purse()
    await heard(metered(model, purse))
    assert purse.session == purse.day.spent() == 250_000


KILLED = """
import asyncio, sys
from pathlib import Path
from dola_ls.model.day_file import DayFile
from dola_ls.model.spending import Purse
from tests.model.test_spending import PROMPT, Paid, metered

async def main():
    model = Paid("an answer that is never over")
    model.go.clear()
    async for delta in metered(model, Purse(DayFile(Path(sys.argv[1])))).stream(PROMPT):
        print("answering", flush=True)

asyncio.run(main())
"""


def test_a_server_killed_in_the_middle_of_an_answer_has_spent_its_estimate(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "answering\n"
    process.kill()
    process.communicate()
    day = DayFile(tmp_path)
    day.look()
    assert PROMPT.max_tokens < day.spent() < PROMPT.max_tokens + 100


# --- The estimate before it ---


async def test_a_dear_request_says_what_it_may_cost_before_it_is_sent() -> None:
    model = Paid("answer")
    stream = metered(model, ask_above_usd=0.01).stream(PROMPT)
    first = await anext(stream)
    assert first.notice.startswith("this may cost up to $0.01")
    assert model.prompts == []
    await stream.aclose()
    assert all(not delta.notice for delta in await heard(metered(model, ask_above_usd=1)))


@pytest.mark.parametrize("agrees", [True, False])
async def test_the_user_may_be_asked(agrees: bool) -> None:
    asked: list[Estimate] = []

    async def approve(most: Estimate) -> bool:
        asked.append(most)
        return agrees

    model, purse = Paid("answer"), Purse()
    cautious = limits(ask_above_usd=0)
    asking = Metered(model, Ledger(purse), limits=cautious, approve=approve)
    if agrees:
        await heard(asking)
    else:
        with pytest.raises(NotApproved, match="was not sent"):
            await heard(asking)
        assert purse.session == purse.day.spent() == 0
    assert len(asked) == 1
    assert len(model.prompts) == agrees
