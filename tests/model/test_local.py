"""The embedded engine: started when needed, one at a time, and never left behind."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from dola_ls.core.prompt import Fill, Prompt
from dola_ls.model import engine
from dola_ls.model import weights as files
from dola_ls.model.errors import ModelError, TooLong
from dola_ls.model.local import ENGINE, EngineFailed, LocalModel, NotInstalled
from dola_ls.model.repeat import Repeat
from dola_ls.model.stream import Completion, Delta
from dola_ls.model.weights import Weights

FAKE = Path(__file__).with_name("fake_engine.py")
ASK = Prompt(system="Repeat.", user="Please say one two three four five")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Fake:
    """A model file and the log of a fake engine for it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "own.gguf"
        self.file.write_bytes(b"weights")
        self.log = folder / "starts"

    def command(self, mode: str = "") -> tuple[str, ...]:
        return (sys.executable, str(FAKE), str(self.log), mode)

    @asynccontextmanager
    async def model(
        self, mode: str = "", *, idle_seconds: float = 60.0
    ) -> AsyncIterator[LocalModel]:
        model = LocalModel(self.file, idle_seconds=idle_seconds, command=self.command(mode))
        try:
            yield model
        finally:
            await model.aclose()

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in self.log.read_text().split()] if self.log.exists() else []


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    return Fake(tmp_path)


async def answer(model: LocalModel, prompt: Prompt = ASK) -> tuple[str, list[str], Completion]:
    text, notices = "", []
    completion: Completion | None = None
    async with aclosing(model.stream(prompt)) as deltas:
        async for delta in deltas:
            text += delta.text
            notices += [delta.notice] if delta.notice else []
            completion = delta.completion or completion
    assert completion is not None
    return text, notices, completion


def is_running(pid: int) -> bool:
    """Tell whether there is a process, a zombie included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("waited in vain")


# While all goes well.


async def test_the_engine_starts_with_the_first_question(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy is for other machines; this one would lead nowhere.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with fake.model() as model:
        assert fake.pids == []
        text, notices, completion = await answer(model)
        assert text == "one two three four five "
        assert notices == ["Loading the local model…", "reading"]
        assert completion.finish_reason == "stop"
        (pid,) = fake.pids
        assert is_running(pid)
        # The second question finds it there.
        _, notices, _ = await answer(model)
        assert notices == []
        assert fake.pids == [pid]
    assert not is_running(pid)


async def test_drafts_are_reported_as_predictions(fake: Fake) -> None:
    prompt = Prompt(system="", user="say x", prediction="x = 1\n" * 100)
    async with fake.model() as model:
        _, _, completion = await answer(model, prompt)
    assert completion.usage.accepted_prediction_tokens == 12
    assert completion.usage.rejected_prediction_tokens == 4
    # The engine drafts from the prompt; the field itself would only be sent in vain.
    assert completion.model == "False"


async def test_a_gap_is_filled_by_the_same_engine(fake: Fake) -> None:
    gap = Prompt(system="", user="ab", fill=Fill("a", "b"))
    async with fake.model() as model:
        await model.load()
        (pid,) = fake.pids
        text, notices, completion = await answer(model, gap)
        assert (text, notices, completion.finish_reason) == ("A", [], "stop")
        assert (await answer(model))[0] == "one two three four five "
        assert fake.pids == [pid]
    assert not is_running(pid)


async def test_an_engine_that_was_only_loaded_goes_away_when_idle(fake: Fake) -> None:
    async with fake.model(idle_seconds=0.1) as model:
        await model.load()
        (pid,) = fake.pids
        await until(lambda: not is_running(pid))


async def test_two_questions_at_once_start_one_engine(fake: Fake) -> None:
    async with fake.model() as model:
        first, second = await asyncio.gather(answer(model), answer(model))
        assert first[0] == second[0] == "one two three four five "
        assert len(fake.pids) == 1


async def test_it_goes_away_when_idle_and_comes_back(fake: Fake) -> None:
    async with fake.model(idle_seconds=0.2) as model:
        await answer(model)
        (first,) = fake.pids
        await until(lambda: not is_running(first))
        text, notices, _ = await answer(model)
        assert text == "one two three four five "
        assert notices == ["Loading the local model…", "reading"]
        assert len(fake.pids) == 2


async def test_it_does_not_go_away_in_the_middle_of_an_answer(fake: Fake) -> None:
    async with fake.model("slow", idle_seconds=0.1) as model:
        text, _, _ = await answer(model, Prompt(system="", user="say one two"))
        assert text == "one two "
        assert len(fake.pids) == 1


async def test_a_question_too_long_for_it(fake: Fake) -> None:
    async with fake.model() as model:
        with pytest.raises(TooLong, match="Select fewer lines"):
            await answer(model, Prompt(system="", user="word " * 9000))
        # Which is the question's fault, and leaves the engine as it is.
        await answer(model)
        assert len(fake.pids) == 1


# Nobody else's business.


@ON_LINUX
async def test_keys_are_in_no_command_line_and_no_environment(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOLA_API_KEY", "sk-canary-of-the-cloud")
    keys: list[str] = []
    monkeypatch.setattr("dola_ls.model.local.hide", keys.append)
    async with fake.model() as model:
        await answer(model)
        (key,), (pid,) = keys, fake.pids
        assert len(key) >= 32
        for name in ("cmdline", "environ"):
            held = Path(f"/proc/{pid}/{name}").read_bytes()
            assert b"PATH=" in held or name == "cmdline"
            assert key.encode() not in held
            assert b"canary" not in held


async def test_each_start_has_a_new_key(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    monkeypatch.setattr("dola_ls.model.local.hide", keys.append)
    async with fake.model("dies-once") as model:
        await answer(model)
    assert len(set(keys)) == 2


# When it dies.


@pytest.mark.parametrize("mode", ["dies-once", "dies-silent-once"])
async def test_it_is_started_again_once_and_nothing_is_said_twice(fake: Fake, mode: str) -> None:
    async with fake.model(mode) as model:
        text, notices, completion = await answer(model)
        assert text == "one two three four five "
        assert notices[-2:] == ["The local model ended; starting it again…", "reading"]
        assert completion.ended
        assert len(fake.pids) == 2


async def test_killed_by_somebody_in_the_middle_of_an_answer(fake: Fake) -> None:
    async with fake.model("slow") as model:
        text = ""
        async with aclosing(model.stream(Prompt(system="", user="say one two three"))) as deltas:
            async for delta in deltas:
                if not text and delta.text:
                    os.kill(fake.pids[0], signal.SIGTERM)
                text += delta.text
        assert text == "one two three "
        assert len(fake.pids) == 2


async def test_it_is_not_started_a_third_time(fake: Fake) -> None:
    async with fake.model("dies-always") as model:
        with pytest.raises(EngineFailed, match=r"nothing was changed.*Run the action again"):
            await answer(model)
        assert len(fake.pids) == 2
        assert not any(is_running(pid) for pid in fake.pids)


async def test_an_answer_that_goes_on_differently_is_not_put_together(fake: Fake) -> None:
    said, rest = "", [""]
    async with fake.model("changes-its-mind") as model:
        deltas = model.stream(ASK)
        while "two" not in said:
            said += (await anext(deltas)).text
        with pytest.raises(EngineFailed, match="no complete answer"):
            rest += [delta.text async for delta in deltas]
    assert said == "one two "
    assert rest == [""]


# When it does not even start.


async def test_it_says_why_it_cannot_be_loaded(fake: Fake) -> None:
    async with fake.model("fails") as model:
        with pytest.raises(EngineFailed, match="the file is too short"):
            await answer(model)
        assert not is_running(fake.pids[0])


async def test_a_command_that_is_not_there(fake: Fake) -> None:
    model = LocalModel(fake.file, command=[str(fake.file.with_name("absent"))])
    with pytest.raises(EngineFailed, match="could not be started"):
        await answer(model)
    await model.aclose()


async def test_the_engine_s_package_is_missing(fake: Fake) -> None:
    # The real child, in a Python that has nothing but its standard library.
    bare = [sys.executable, "-I", "-S", str(engine.__file__)]
    model = LocalModel(fake.file, command=bare)
    with pytest.raises(NotInstalled, match=r"python3 -m pip install 'dola-ls\[local\]'"):
        await answer(model)
    await model.aclose()


async def test_it_runs_nothing_that_lies_beside_the_model(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder one is in may be a stranger's; and a file that is no model gives a sentence."""
    folder = fake.file.parent
    for name in ("xllamacpp.py", "json.py"):
        (folder / name).write_text(f"open({str(folder / 'was-run')!r}, 'w')")
    monkeypatch.chdir(folder)
    model = LocalModel(fake.file)
    with pytest.raises((EngineFailed, NotInstalled), match="nothing was changed"):
        await answer(model)
    await model.aclose()
    assert not (folder / "was-run").exists()


async def test_the_model_file_is_missing(tmp_path: Path, fake: Fake) -> None:
    weights = files.MODELS["0.5b"]
    model = LocalModel(weights, folder=tmp_path / "none", command=fake.command())
    with pytest.raises(NotInstalled) as caught:
        await answer(model)
    assert "`dola-ls local install --model 0.5b`, which downloads 491 MB." in str(caught.value)
    assert fake.pids == []
    assert not (tmp_path / "none").exists()


async def test_a_model_file_with_other_bytes_is_not_loaded(tmp_path: Path, fake: Fake) -> None:
    right = hashlib.sha256(b"right").hexdigest()
    weights = Weights("tiny", "Tiny", "tiny.gguf", 5, right, "https://127.0.0.1/tiny.gguf")
    (tmp_path / "tiny.gguf").write_bytes(b"wrong")
    model = LocalModel(weights, folder=tmp_path, command=fake.command())
    with pytest.raises(NotInstalled, match="not the Tiny its makers published"):
        await answer(model)
    assert fake.pids == []
    # Once it is the right one, it is hashed and then trusted.
    (tmp_path / "tiny.gguf").write_bytes(b"right")
    await answer(model)
    await model.aclose()
    assert files.status(weights, tmp_path).verified


# Nothing is left behind.


async def test_cancelled_while_it_loads(fake: Fake) -> None:
    async with fake.model("loads-slowly") as model:
        task = asyncio.create_task(answer(model))
        await until(lambda: bool(fake.pids))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not is_running(fake.pids[0])


async def test_closed_while_it_loads(fake: Fake) -> None:
    async with fake.model("loads-slowly") as model:
        task = asyncio.create_task(answer(model))
        await until(lambda: bool(fake.pids))
        await model.aclose()
        with pytest.raises(EngineFailed, match="shutting down"):
            await task
        assert not is_running(fake.pids[0])


async def test_closed_in_the_middle_of_an_answer(fake: Fake) -> None:
    async with fake.model("slow") as model:
        deltas = model.stream(ASK)
        while not (await anext(deltas)).text:
            pass
        await model.aclose()
        with pytest.raises(ModelError, match="nothing was changed"):
            await anext(delta async for delta in deltas if delta.completion)
        # Above all, it was not started again.
        assert len(fake.pids) == 1
        assert not is_running(fake.pids[0])


PARENT = """
import asyncio, sys
from pathlib import Path
from dola_ls.core.prompt import Fill, Prompt
from dola_ls.model.local import LocalModel

async def main():
    model = LocalModel(Path(sys.argv[1]), command=sys.argv[2:])
    async for delta in model.stream(Prompt(system="", user="say one two three")):
        print("text" if delta.text else "notice", flush=True)
    print("answered", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals of this kind")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGABRT"])
@pytest.mark.parametrize(
    ("mode", "moment"),
    [("", "answered"), ("slow", "text"), ("loads-slowly", "notice")],
    ids=["idle", "in the middle of an answer", "while it loads"],
)
def test_it_ends_with_a_parent_that_was_killed(
    fake: Fake, how: str, mode: str, moment: str
) -> None:
    command = [sys.executable, "-c", PARENT, str(fake.file), *fake.command(mode)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout is not None
        while parent.stdout.readline().decode().strip() != moment:
            assert parent.poll() is None
        wait_for(lambda: len(fake.pids) == 1)
        (child,) = fake.pids
        assert is_running(child)
        parent.send_signal(getattr(signal, how))
    wait_for(lambda: not is_running(child))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_the_child_ends_with_its_standard_input_even_before_the_order() -> None:
    child = subprocess.run([*ENGINE], input=b"", capture_output=True, timeout=30, check=False)
    assert child.stdout == b""


LOADING = """
import time
from dola_ls.model import engine

engine.serve = lambda order: time.sleep(60)
engine.main()
"""


def test_the_child_ends_with_its_standard_input_also_while_it_loads() -> None:
    child = subprocess.run(
        [sys.executable, "-c", LOADING], input=b"{}\n", capture_output=True, timeout=30, check=False
    )
    assert (child.returncode, child.stdout) == (0, b"")


# The real engine.


def real_model() -> Path:
    pytest.importorskip("xllamacpp", reason="needs `python3 -m pip install 'dola-ls[local]'`")
    path = files.find_any()
    if path is None:
        pytest.skip("no model is installed: run `dola-ls local install`")
    return path


CODE = """def mean(values, default=None):
    total = 0
    count = 0
    for value in values:
        if value is None:
            continue
        total = total + value
        count = count + 1
    if count == 0:
        return default
    return total / count


def spread(values, default=None):
    least = None
    most = None
    for value in values:
        if value is None:
            continue
        if least is None or value < least:
            least = value
        if most is None or value > most:
            most = value
    if least is None or most is None:
        return default
    return most - least
"""
REWRITE = Prompt(
    system="You are a careful programmer. Answer with code only.",
    user=f"```python\n{CODE}```\n\nRename `count` to `number` in `mean`. Answer with all of the "
    "code in one ```python block, the rest of it as it is.",
    max_tokens=500,
)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_real_answer_with_drafts_from_the_prompt() -> None:
    model = LocalModel(real_model())
    try:
        text, notices, completion = await answer(model, REWRITE)
        assert "Loading the local model…" in notices
        code = text.split("```")[1].removeprefix("python\n")
        assert compile_function(code, "mean")([1, None, 3]) == 2
        assert compile_function(code, "spread")([1, None, 4]) == 3
        assert completion.usage.accepted_prediction_tokens
        assert completion.usage.rejected_prediction_tokens is not None
        assert completion.usage.prompt_tokens
    finally:
        await model.aclose()


def compile_function(code: str, name: str) -> Callable[[list[int | None]], float]:
    namespace: dict[str, object] = {}
    exec(compile(code, "answer", "exec"), namespace)
    found = namespace[name]
    assert callable(found)
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_the_real_engine_fills_a_gap() -> None:
    model = LocalModel(real_model())
    gap = Fill("def mean(values):\n    return sum(values) / ", "\n\n\nprint(mean([1, 2]))\n", True)
    try:
        text, _, completion = await answer(model, Prompt("", "", max_tokens=24, fill=gap))
        namespace: dict[str, Callable[[list[int]], float]] = {}
        exec(f"{gap.prefix}{text.splitlines()[0]}", namespace)
        assert namespace["mean"]([1, 2]) == 1.5
        assert completion.usage.completion_tokens
    finally:
        await model.aclose()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_cancelled_answer_stops_the_real_engine_s_work() -> None:
    model = LocalModel(real_model())
    long = Prompt(system="", user="Count from 1 to 2000, one number per line.", max_tokens=4000)
    try:
        async with aclosing(model.stream(long)) as deltas:
            async for delta in deltas:
                if delta.text:
                    break
        # It takes one question at a time: were the long one still worked on, this would wait for
        # thousands of tokens.
        async with asyncio.timeout(120):
            text, notices, _ = await answer(model, Prompt(system="", user="Say hello."))
        assert text
        assert notices == []
    finally:
        await model.aclose()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_the_real_engine_refuses_what_is_too_long() -> None:
    model = LocalModel(real_model(), n_ctx=512)
    try:
        with pytest.raises(TooLong):
            await answer(model, Prompt(system="", user="x = 1\n" * 1000))
    finally:
        await model.aclose()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_real_engine_is_for_nobody_else() -> None:
    order = {"model": str(real_model()), "alias": "it", "key": "right", "n_ctx": 512}
    order |= {"threads": 0, "speculation": None}
    with subprocess.Popen(
        ENGINE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.flush()
        url = httpx.URL(json.loads(child.stdout.readline())["url"])
        # Nothing but the reply ever came on stdout, which is closed now.
        assert child.stdout.read() == b""
        assert url.host == "127.0.0.1"
        body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            chat = "/v1/chat/completions"
            for headers in ({}, {"Authorization": "Bearer wrong"}):
                assert client.post(chat, json=body, headers=headers).status_code == 401
            for path in ("/v1/models", "/slots", "/props", "/metrics", "/tools"):
                assert client.get(path).status_code == 401, path
            right = {"Authorization": "Bearer right", "Origin": "https://example.com"}
            allowed = client.post(chat, json=body, headers=right)
            assert allowed.status_code == 200
            assert allowed.headers["access-control-allow-origin"] != "*"
            assert "example.com" not in allowed.headers["access-control-allow-origin"]
            models = client.get("/v1/models", headers=right).text
            assert str(real_model().parent) not in models
        assert url.port is not None
        elsewhere = own_address()
        if elsewhere is not None:
            with pytest.raises(OSError), socket.create_connection((elsewhere, url.port), 2):
                pass
        child.stdin.close()
        assert child.wait(20) == 0


def own_address() -> str | None:
    """Return an address of this machine that is not loopback, if it has one; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # An address for documentation (RFC 5737); a datagram socket only looks up the route.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def test_nothing_of_a_delta_is_lost_without_a_crash() -> None:
    repeat = Repeat()
    deltas = [Delta(notice="n"), Delta(text="a"), Delta(reasoning="r"), Delta(text="b")]
    assert [repeat.fresh(delta) for delta in deltas] == deltas
