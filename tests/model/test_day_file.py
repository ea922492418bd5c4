"""The day's sum: shared by servers, kept through crashes, and never less strict than before."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dola_ls.model import day_file
from dola_ls.model.day_book import Book, Unreadable
from dola_ls.model.day_file import COPY, FILE, LOCK, Damaged, DayFile, Occupied, Taken

TODAY = date.today()
CAP = 100


def spent(folder: Path) -> int:
    """Return the day's sum as a server sees it that has just started."""
    fresh = DayFile(folder)
    fresh.look()
    return fresh.spent()


@dataclass
class Clock:
    now: date = TODAY

    def __call__(self) -> date:
        return self.now

    def go(self, days: int) -> None:
        self.now += timedelta(days=days)


@dataclass
class World:
    """Two servers over one folder, and what they have really spent."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    spent: int = 0

    def __post_init__(self) -> None:
        self.servers = [DayFile(self.folder, self.clock) for _ in range(2)]
        self.open: list[list[Taken]] = [[], []]

    def take(self, which: int, amount: int) -> None:
        try:
            taken = self.servers[which].take(amount, CAP)
        except Damaged:
            return
        if taken is not None:
            self.open[which].append(taken)
            self.spent += amount

    def settle(self, which: int, share: int) -> None:
        if self.open[which]:
            taken = self.open[which].pop()
            cost = taken.micros * share // 100
            self.servers[which].settle(taken, cost)
            self.spent -= taken.micros - cost

    def crash(self, which: int, _: int) -> None:
        self.open[which] = []
        self.servers[which] = DayFile(self.folder, self.clock)

    def save(self, which: int, _: int) -> None:
        self.servers[which].save()

    def look(self, which: int, _: int) -> None:
        self.servers[which].look()

    def damage(self, _: int, how: int) -> None:
        path = self.folder / FILE
        if path.exists():
            data = path.read_bytes()
            path.write_bytes([b"", b"{}", data[: len(data) // 2], b"\0" * 99][how % 4])

    def jump(self, which: int, days: int) -> None:
        """Let the clock go ahead and come back, and somebody look meanwhile."""
        self.clock.go(days % 3)
        self.look(which, 0)
        self.save(which, 0)
        self.clock.go(-(days % 3))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take"] * 3 + ["settle", "settle", "crash", "save", "look", "damage"]
                        + ["jump"]),
        st.integers(0, 1),
        st.integers(0, 60),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_no_order_of_events_leads_over_the_cap(steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for name, which, number in steps:
            getattr(world, name)(which, number)
            assert world.spent <= CAP
        # Nor is anything charged that nobody spent, once everything is settled and told.
        if not any(name in ("crash", "damage") for name, _, _ in steps):
            for which in (0, 1):
                while world.open[which]:
                    world.settle(which, 100)
                world.save(which, 0)
            assert spent(world.folder) == world.spent


def test_a_cap_is_used_to_the_last(tmp_path: Path) -> None:
    one, two = DayFile(tmp_path), DayFile(tmp_path)
    assert one.take(60, CAP) is not None
    assert two.take(41, CAP) is None
    assert two.take(40, CAP) is not None
    assert one.take(1, CAP) is None
    assert one.take(1, math.inf) is not None


def test_what_was_not_needed_is_free_for_others_once_it_is_told(tmp_path: Path) -> None:
    one, two = DayFile(tmp_path), DayFile(tmp_path)
    taken = one.take(100, CAP)
    assert taken is not None
    one.settle(taken, 10)
    assert one.spent() == 10
    assert two.take(90, CAP) is None
    one.save()
    assert two.take(90, CAP) is not None


def test_what_cost_more_than_was_thought_counts_too(tmp_path: Path) -> None:
    one = DayFile(tmp_path)
    taken = one.take(10, CAP)
    assert taken is not None
    one.settle(taken, 95)
    assert DayFile(tmp_path).take(10, CAP) is not None  # not told yet
    one.save()
    assert spent(tmp_path) == 105
    assert one.take(1, CAP) is None


def test_the_files_are_the_users_alone_and_hold_numbers_only(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert DayFile(folder).take(5, CAP)
    assert {path.name for path in folder.iterdir()} == {FILE, COPY, LOCK}
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
        for path in folder.iterdir():
            assert path.stat().st_mode & 0o177 == 0


def test_looking_makes_no_file(tmp_path: Path) -> None:
    DayFile(tmp_path / "state").look()
    assert not (tmp_path / "state").exists()


# --- The clock ---


def test_a_new_day_begins_at_nothing_and_an_old_answer_does_not_count_for_it(
    tmp_path: Path,
) -> None:
    clock = Clock()
    one = DayFile(tmp_path, clock)
    taken = one.take(100, CAP)
    assert taken is not None
    assert one.take(1, CAP) is None
    clock.go(1)
    assert one.spent() == 0
    assert one.take(100, CAP) is not None
    one.settle(taken, 0)
    assert one.take(1, CAP) is None


@pytest.mark.parametrize("days", [1, 2, 400, -1, -400])
def test_a_clock_that_goes_astray_and_comes_back_frees_nothing(days: int, tmp_path: Path) -> None:
    clock = Clock()
    assert DayFile(tmp_path, clock).take(70, CAP)
    clock.go(days)
    assert DayFile(tmp_path, clock).take(20, CAP)
    clock.go(-days)
    again = DayFile(tmp_path, clock)
    again.look()
    # What was spent on a day that is still to come was spent today.
    assert again.spent() == (90 if days > 0 else 70)
    assert again.take(31, CAP) is None


def test_a_clock_that_was_ahead_does_not_close_the_days_to_come(tmp_path: Path) -> None:
    clock = Clock(TODAY + timedelta(days=400))
    assert DayFile(tmp_path, clock).take(100, CAP)
    clock.now = TODAY
    one = DayFile(tmp_path, clock)
    assert one.take(1, CAP) is None
    clock.go(1)
    assert one.take(100, CAP) is not None


# --- Files that are not as they should be ---

DAMAGE = [
    b"", b"{", b"[]", b"null", b"{}", b'{"version": 99, "days": {}}', b"\xff" * 40, b"[" * 100_000,
    b'{"version": 1, "days": {"738000": {"ahead": 0, "servers": {"a": [5, 6]}}}}',
    b'{"version": 1, "days": {"738000": {"ahead": 0, "servers": {"a": [-5, 0]}}}}',
    b'{"version": 1, "days": {"738000": {"ahead": 0, "servers": {"a": [1e999, 0]}}}}',
    b'{"version": 1, "days": {"738000": {"ahead": null, "servers": {}}}}',
    b'{"version": 1, "days": {"x": {"ahead": 0, "servers": {}}}}',
]  # fmt: skip


@pytest.mark.parametrize("data", DAMAGE)
def test_a_damaged_file_is_made_good_from_its_copy(data: bytes, tmp_path: Path) -> None:
    assert DayFile(tmp_path).take(70, CAP)
    (tmp_path / FILE).write_bytes(data)
    assert DayFile(tmp_path).take(31, CAP) is None
    assert DayFile(tmp_path).take(30, CAP) is not None
    (tmp_path / COPY).unlink()
    assert spent(tmp_path) == 100


@pytest.mark.parametrize("data", DAMAGE)
def test_where_both_are_damaged_nothing_is_spent_that_day(data: bytes, tmp_path: Path) -> None:
    one = DayFile(tmp_path)
    assert one.take(70, CAP)
    for name in (FILE, COPY):
        (tmp_path / name).write_bytes(data)
    for server in (one, DayFile(tmp_path)):
        with pytest.raises(Damaged):
            server.take(1, CAP)
        server.save()
        server.look()
    # A file that was written yesterday can tell of nothing that was spent today.
    yesterday = time.time() - 86400
    for name in (FILE, COPY):
        os.utime(tmp_path / name, (yesterday, yesterday))
    assert DayFile(tmp_path).take(100, CAP) is not None


def test_a_file_that_was_deleted_is_written_again_by_who_knows(tmp_path: Path) -> None:
    one = DayFile(tmp_path)
    assert one.take(70, CAP)
    (tmp_path / FILE).unlink()
    assert one.take(31, CAP) is None
    assert one.take(10, CAP) is not None
    assert spent(tmp_path) == 80


@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes in folders on Windows")
def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE)
    with pytest.raises(Damaged):
        DayFile(tmp_path).take(1, CAP)


def test_a_folder_that_cannot_be_written_leaves_each_server_its_own_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    one = DayFile(tmp_path / "state")
    assert one.take(70, CAP)
    assert one.take(31, CAP) is None
    one.save()
    assert one.take(30, CAP)
    assert one.spent() == 100
    assert one.trouble
    assert len(caplog.records) == 1


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="only some users can be kept from a folder"
)
def test_a_folder_that_may_only_be_read_still_tells_what_others_have_spent(tmp_path: Path) -> None:
    assert DayFile(tmp_path).take(70, CAP)
    (tmp_path / LOCK).unlink()
    tmp_path.chmod(0o500)
    try:
        one = DayFile(tmp_path)
        assert one.take(31, CAP) is None
        assert one.take(30, CAP) is not None
        assert one.take(1, CAP) is None
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_is_no_crash_and_no_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = DayFile(tmp_path)
    assert one.take(50, CAP)

    def full(path: Path, text: str, *, lasting: bool = True) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(day_file, "write_whole", full)
        assert one.take(40, CAP)
        assert one.take(11, CAP) is None
        assert one.trouble == "No space left on device"
    one.save()
    assert spent(tmp_path) == 90
    assert one.trouble == ""


def test_no_folder_at_all(tmp_path: Path) -> None:
    one = DayFile(None)
    assert one.take(100, CAP)
    one.save()
    one.look()
    assert one.take(1, CAP) is None
    assert not one.trouble


def test_a_server_that_does_not_let_go_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_file, "_PATIENCE", 0.05)
    lock = day_file._locked(tmp_path / LOCK)
    one = DayFile(tmp_path)
    with pytest.raises(Occupied):
        one.take(1, CAP)
    one.save()
    day_file._unlock(lock)
    assert one.take(1, CAP)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_book_or_unreadable(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        path.write_bytes(data)
        try:
            book = day_file._book(path)
        except (Unreadable, ValueError):
            return
        assert Book.from_json(book.to_json()) == book


# --- Processes ---

SPENDER = """
import sys, time
from pathlib import Path
from dola_ls.model.day_file import DayFile

day, spent = DayFile(Path(sys.argv[1])), 0
for _ in range(60):
    taken = day.take(7, 400)
    if taken is not None:
        day.settle(taken, 5)
        spent += 5
    time.sleep(0.002)
day.save()
print(spent)
"""
HOLDER = """
import sys, time
from pathlib import Path
from dola_ls.model.day_file import DayFile

print(DayFile(Path(sys.argv[1])).take(70, 100), flush=True)
time.sleep(60)
"""


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_do_not_overspend_together(tmp_path: Path) -> None:
    processes = [start(SPENDER, tmp_path) for _ in range(2)]
    sums = [int(process.communicate(timeout=60)[0]) for process in processes]
    # Each alone would have spent 300.
    assert 300 < sum(sums) <= 400
    assert spent(tmp_path) == sum(sums)


def test_what_a_killed_process_had_set_aside_stays_counted(tmp_path: Path) -> None:
    process = start(HOLDER, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Taken(")
    process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    process.communicate()
    assert spent(tmp_path) == 70
    assert DayFile(tmp_path).take(31, CAP) is None
    assert DayFile(tmp_path).take(30, CAP) is not None
