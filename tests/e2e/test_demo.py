"""`dola-ls demo` as a user runs it: the command, the server and a project, all of them real."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dola_ls.demo.connection import Connection, ServerDied
from dola_ls.demo.editor import Editor
from dola_ls.demo.screen import Screen
from dola_ls.demo.trial import run_python
from tests.fakes.api import Reply, Request, ThreadedFakeApi, answer, status, usage_of

EXPLANATION = """\
`total_price` works out what a customer pays for several pieces of one article.

- **Result**: the price in cents, after the discount.
- **Errors**: a `ValueError` for a quantity below 1 or an unknown coupon.
"""

REFACTORED = '''\
def total_price(price: int, quantity: int, customer: str, coupon: str = "") -> int:
    """Return what a customer pays for some pieces of one article."""
    if quantity <= 0:
        raise ValueError("quantity must be at least 1")
    discount = {"staff": 30, "gold": 15, "silver": 10}.get(customer, 0)
    if coupon == "WELCOME":
        discount += 5
    elif coupon:
        raise ValueError("unknown coupon")
    total = price * quantity
    return total - total * discount // 100
'''

TESTS = """\
import pytest

from shop.pricing import shipping_cost


def test_light_parcel():
    assert shipping_cost(1000) == 390


def test_express():
    assert shipping_cost(1000, express=True) == 1500


def test_no_weight():
    with pytest.raises(ValueError):
        shipping_cost(0)
"""


def fenced(code: str) -> str:
    return f"```python\n{code}```\n"


class Model:
    """Answers each action as a model does; a test may change one of the answers."""

    def __init__(self) -> None:
        self.explanation: str | Reply = EXPLANATION
        self.refactoring = [fenced(REFACTORED)]
        self.tests = fenced(TESTS)

    def __call__(self, request: Request) -> Reply:
        system = request.json["messages"][0]["content"]
        if system.startswith("You explain"):
            text = self.explanation
        elif system.startswith("You rewrite"):
            last = len(self.refactoring) == 1
            text = self.refactoring[0] if last else self.refactoring.pop(0)
        else:
            text = self.tests
        if isinstance(text, Reply):
            return text
        return answer(text, usage=usage_of(612, 187, accepted=143, rejected=12), usd=0.0021)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def api(model: Model) -> Iterator[ThreadedFakeApi]:
    with ThreadedFakeApi() as api:
        api.answer_with(model)
        yield api


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has set nothing and installed no model."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DOLA", "AIMLAPI", "ARK", "XDG")) and name != "NO_COLOR"
    }
    folder = tmp_path / "home"
    temporary = tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    at = {name: str(folder) for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")}
    return {**own, **at, "TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary)}


@pytest.fixture
def user(home: dict[str, str], api: ThreadedFakeApi) -> dict[str, str]:
    """The environment of a user whose provider is the fake one."""
    return {
        **home,
        "DOLA_PROVIDER": "custom",
        "DOLA_BASE_URL": api.base_url,
        "DOLA_API_KEY": "test-key",
        "DOLA_MODEL": "fake-coder",
    }


def demo(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dola_ls", "demo", *arguments],
        env={**env, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=110,
    )


def left_behind(env: dict[str, str]) -> list[str]:
    return sorted(path.name for path in Path(env["TMPDIR"]).iterdir())


def test_shows_what_each_action_gives(user: dict[str, str], api: ThreadedFakeApi) -> None:
    done = demo(user)
    assert done.returncode == 0, done.stdout + done.stderr
    out = done.stdout
    assert "fake-coder" in out
    assert "works out what a customer pays for several pieces" in out
    assert "+++ b/shop/pricing.py" in out
    assert '+    discount = {"staff": 30, "gold": 15, "silver": 10}.get(customer, 0)' in out
    assert re.search(r"\d+ calls give the same results as before", out)
    assert "tests/test_pricing.py" in out
    assert "def test_express():" in out
    assert "3 passed" in out
    table = out[out.rindex("Explain ") :]
    rows = [line for line in table.split("\n") if " 612 " in line]
    assert [row.split()[0] for row in rows] == ["Explain", "Refactor", "Generate"]
    assert all("187" in row and "$0.0021" in row for row in rows)
    assert "143 of 155" in rows[1]
    assert len(api.requests) == 3
    assert left_behind(user) == []


def test_what_is_no_terminal_gets_no_escape_sequences(user: dict[str, str], model: Model) -> None:
    model.explanation = "It \x1b[2Jclears the screen, says the model."
    done = demo(user)
    assert "clears the screen" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_refused_edit_fails_the_demo_by_name(user: dict[str, str], model: Model) -> None:
    model.refactoring = [
        fenced(REFACTORED.replace("    total = price", "    # ... existing code ..."))
    ]
    done = demo(user)
    assert done.returncode == 1
    assert "Refactor gave nothing of use: " in done.stdout
    assert "leaves code out" in " ".join(done.stdout.split())
    # The other two are shown all the same.
    assert "works out what a customer pays" in done.stdout
    assert "3 passed" in done.stdout


def test_changed_behaviour_is_taken_back_and_tried_once_more(
    user: dict[str, str], model: Model, api: ThreadedFakeApi
) -> None:
    model.refactoring = [fenced(REFACTORED.replace("15", "20")), fenced(REFACTORED)]
    done = demo(user)
    out = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout
    assert "it changes what the code does in" in out
    assert re.search(r"total_price\(\d+, \d+, 'gold', '\w*'\) was \d+ and is \d+", out)
    assert "Trying once more" in out
    assert "Refactor (2 tries)" in out
    again = [request for request in api.requests if "Region to rewrite" in request.prompt][1]
    assert "discount = 15" in again.prompt
    assert "keep each condition" in again.prompt


def test_behaviour_that_stays_changed_fails_the_demo(user: dict[str, str], model: Model) -> None:
    model.refactoring = [fenced(REFACTORED.replace("15", "20"))]
    done = demo(user)
    assert done.returncode == 1
    assert "Refactor gave nothing of use: it changes what the code does" in done.stdout


def test_tests_that_cannot_be_collected_fail_the_demo(user: dict[str, str], model: Model) -> None:
    model.tests = fenced(TESTS.replace("import pytest", "import pytest\nimport no_such_module"))
    done = demo(user)
    assert done.returncode == 1
    assert "Generate tests gave nothing of use: the tests did not run" in done.stdout


def test_failing_tests_are_shown_as_they_are(user: dict[str, str], model: Model) -> None:
    model.tests = fenced(TESTS.replace("== 390", "== 400"))
    done = demo(user)
    assert done.returncode == 0, done.stdout
    assert "1 failed, 2 passed" in done.stdout
    assert "2 of 3 tests pass" in done.stdout


def test_an_error_of_the_provider_is_told_and_not_tried_again(
    user: dict[str, str], model: Model, api: ThreadedFakeApi
) -> None:
    model.explanation = status(401, {"error": {"message": "Incorrect API key provided"}})
    done = demo(user)
    assert done.returncode == 1
    assert "Explain gave nothing of use: " in done.stdout
    assert "key" in done.stdout.partition("Explain gave nothing of use: ")[2]
    assert sum("Explain this" in request.prompt for request in api.requests) == 1


def test_keeps_the_project_if_asked(user: dict[str, str]) -> None:
    done = demo(user, "--keep")
    folder = Path(done.stdout.rstrip().rpartition("The sample project is in ")[2])
    assert "discount = {" in (folder / "shop" / "pricing.py").read_text("utf-8")
    assert (folder / "tests" / "test_pricing.py").is_file()


def test_says_how_to_get_a_missing_engine(home: dict[str, str]) -> None:
    # None in sys.modules makes an import fail: https://docs.python.org/3/reference/import.html
    script = (
        "import sys; sys.modules['xllamacpp'] = None\n"
        "from dola_ls.cli import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=home, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "python3 -m pip install 'dola-ls[local]'" in " ".join(done.stdout.split())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals to ask on")
@pytest.mark.parametrize(
    ("arguments", "size"), [((), "1.1 GB"), (("--model", "0.5b"), "491 MB")], ids=str
)
def test_downloads_nothing_when_told_not_to(
    home: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], size: str
) -> None:
    # The engine counts as there, though it is never begun.
    (tmp_path / "packages" / "xllamacpp").mkdir(parents=True)
    (tmp_path / "packages" / "xllamacpp" / "__init__.py").touch()
    master, slave = os.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "dola_ls", "demo", *arguments],
            env={**home, "PYTHONPATH": str(tmp_path / "packages")},
            stdin=slave,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            os.write(master, b"n\n")
            out, _ = process.communicate(timeout=60)
    finally:
        os.close(master)
        os.close(slave)
    words = " ".join(out.split())
    assert process.returncode == 1
    assert f"is a download of {size}" in words
    assert "Nothing was downloaded" in words
    assert "The demo did not run" in words
    assert left_behind(home) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_nothing_behind(user: dict[str, str], model: Model) -> None:
    model.explanation = answer(EXPLANATION * 50, delay=0.2)
    with subprocess.Popen(
        [sys.executable, "-m", "dola_ls", "demo"],
        env=user,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while "writing" not in (line := process.stdout.readline()):
            assert line, "the demo ended too early"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert left_behind(user) == []


def test_a_server_that_dies_is_quoted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no room left')"]
    connection = Connection(command, tmp_path, os.environ)
    try:
        with pytest.raises(ServerDied, match=r"exit code 1[^$]*no room left"):
            connection.receive(30)
    finally:
        connection.close()


class ScriptedServer(Connection):
    """Answers each request with nothing, and a command with `edit` and a receipt before that."""

    def __init__(self, edit: dict[str, object]) -> None:
        self._edit = edit
        self._coming: deque[dict[str, object]] = deque()
        self.answers: list[dict[str, object]] = []

    def send(self, message: Mapping[str, object]) -> None:
        if "method" not in message:
            self.answers.append(message["result"])
        elif "id" in message:
            if message["method"] == "workspace/executeCommand":
                params = {"edit": self._edit}
                self._coming.append({"id": 1, "method": "workspace/applyEdit", "params": params})
                receipt = {"type": "dola.receipt", "outcome": "edited"}
                self._coming.append({"method": "telemetry/event", "params": receipt})
            self._coming.append({"id": message["id"], "result": None})

    def receive(self, seconds: float) -> dict[str, object] | None:
        return self._coming.popleft() if self._coming else None


def edit_of(path: Path, version: int) -> dict[str, object]:
    at = {"line": 0, "character": 4}
    return {
        "documentChanges": [
            {
                "textDocument": {"uri": path.as_uri(), "version": version},
                "edits": [{"range": {"start": at, "end": at}, "newText": "2"}],
            }
        ]
    }


@pytest.mark.parametrize(("version", "text"), [(1, "x = 21\n"), (7, "x = 1\n")])
def test_the_editor_takes_edits_of_the_current_version_only(
    tmp_path: Path, version: int, text: str
) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n", encoding="utf-8")
    server = ScriptedServer(edit_of(file, version))
    editor = Editor(server, tmp_path)
    editor.open(file)
    happened = editor.run({"command": "dola.refactor"}, file, lambda message, percentage: None)
    assert editor.text(file) == text
    assert server.answers[0]["applied"] is (version == 1)
    assert bool(happened.declined) is (version != 1)


@pytest.mark.parametrize("name", ["../outside.py", "there.py"])
def test_the_editor_creates_no_file_outside_or_over_another(tmp_path: Path, name: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    file = project / "there.py"
    file.write_text("x = 1\n", encoding="utf-8")
    target = (project / name).resolve()
    create = {"kind": "create", "uri": target.as_uri()}
    server = ScriptedServer({"documentChanges": [create]})
    editor = Editor(server, project)
    editor.open(file)
    happened = editor.run({"command": "dola.generateTests"}, file, lambda m, p: None)
    assert happened.declined
    assert happened.created == []
    assert file.read_text(encoding="utf-8") == "x = 1\n"
    assert not (tmp_path / "outside.py").exists()


class Terminal(io.StringIO):
    """A terminal that remembers all that was written to it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


TERMINAL = {"TERM": "xterm-256color"}


def test_a_terminal_gets_colours_and_a_line_that_moves() -> None:
    terminal = Terminal()
    screen = Screen(terminal, TERMINAL)
    screen.diff("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n")
    meter = screen.meter()
    meter("writing, 3 lines", 50)
    meter.close()
    shown = terminal.getvalue()
    assert "\x1b[31m-old\x1b[0m" in shown
    assert "\x1b[32m+new\x1b[0m" in shown
    assert "\r\x1b[K" in shown
    assert " 50 %  writing, 3 lines" in shown


@pytest.mark.parametrize("env", [{**TERMINAL, "NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_no_colours_where_they_are_not_wanted(env: dict[str, str]) -> None:
    terminal = Terminal()
    screen = Screen(terminal, env)
    screen.diff("-old\n+new\n")
    screen.good("done")
    assert "\x1b" not in terminal.getvalue()


def test_code_that_runs_for_ever_is_stopped(tmp_path: Path) -> None:
    ran = run_python(["-c", "print('here', flush=True)\nwhile True: pass"], tmp_path, 1.0)
    assert ran.code is None
    assert "stopped after 1 seconds" in ran.stopped


def test_code_that_writes_for_ever_is_stopped(tmp_path: Path) -> None:
    ran = run_python(["-c", "while True: print('more')"], tmp_path, 60.0)
    assert ran.code is None
    assert "wrote too much" in ran.stopped
    assert len(ran.output) <= 200_000


def test_code_of_a_model_gets_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOLA_API_KEY", "sk-not-for-others")
    monkeypatch.setenv("SOME_TOKEN", "sk-not-for-others")
    ran = run_python(["-c", "import os; print(dict(os.environ))"], tmp_path, 60.0)
    assert ran.code == 0
    assert "sk-not-for-others" not in ran.output


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_embedded_model_gives_something_of_use(home: dict[str, str]) -> None:
    from dola_ls.model.provider import engine_installed
    from dola_ls.model.weights import find, models_dir

    if not engine_installed() or (file := find("1.5b")) is None:
        pytest.skip("the embedded model 1.5b is not installed: dola-ls local install")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "dola_ls", "demo", "--model", "1.5b"],
        # Everything is the new user's but the models.
        env={**home, "XDG_DATA_HOME": str(models_dir().parent.parent), "DOLA_PROVIDER": "local"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=1700,
    )
    print(done.stdout, f"{file.name}: {time.monotonic() - began:.0f} s")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "calls give the same results as before" in done.stdout
