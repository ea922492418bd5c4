"""What goes along out of an index: policy, open buffers, files that change meanwhile."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from dola_ls.core.along import Related
from dola_ls.core.document import Document
from dola_ls.core.languages import language_of_file
from dola_ls.core.left_out import LeftOut
from dola_ls.gathering import Buffer, OpenFiles, gather
from dola_ls.indexing import Index
from tests.context.test_indexing import index_of, project
from tests.core.shelves import wanted_at

USER = """\
from shop.money import rounded
from shop.rates import STANDARD


def total(items):
    return rounded(sum(items)) * STANDARD + net_price(items)
"""
FILES = {
    "shop/__init__.py": "",
    "shop/a.py": USER,
    "shop/money.py": "def rounded(value):\n    return round(value, 2)\n",
    "shop/rates.py": "STANDARD = 1.2\n",
    "shop/prices.py": "def net_price(items):\n    return 1\n",
}


def buffer(folder: Path, name: str, text: str, language: str = "python") -> Buffer:
    path = folder / name
    return Buffer(path, Document(path.as_uri(), language, 1, text))


def gathered(
    index: Index | None,
    *buffers: Buffer,
    text: str = USER,
    needle: str = "return",
    seconds: float = 20,
    **more,
) -> Related:
    wanted = wanted_at("shop/a.py", text, needle, **more)
    return gather(wanted, index, buffers, OpenFiles(), time.monotonic() + seconds)


def texts(related: Related) -> dict[str, str]:
    return {piece.path: piece.text for piece in related.pieces}


def test_what_is_used_of_other_files(tmp_path: Path) -> None:
    found = gathered(index_of(project(tmp_path, FILES)))
    assert texts(found) == {
        "shop/money.py": FILES["shop/money.py"].rstrip(),
        "shop/rates.py": "STANDARD = 1.2",
        "shop/prices.py": FILES["shop/prices.py"].rstrip(),
    }
    assert found.left_out == ()
    assert str(tmp_path) not in repr(found)


def test_the_same_state_gives_the_same(tmp_path: Path) -> None:
    index = index_of(project(tmp_path, FILES))
    assert gathered(index) == gathered(index) == gathered(index_of(tmp_path))


@pytest.mark.parametrize("later", [False, True])
def test_a_file_that_is_kept_back_does_not_go_along_and_is_told(
    tmp_path: Path, later: bool
) -> None:
    folder = project(tmp_path, FILES)
    rule = {"shop/.aiignore": "money.py\n"}
    if not later:
        project(folder, rule)
    index = index_of(folder)
    project(folder, rule)
    found = gathered(index)
    assert "shop/money.py" not in texts(found)
    why = "line 1 of shop/.aiignore names it (“money.py”)"
    assert LeftOut("shop/money.py", why) in found.left_out
    assert "shop/prices.py" in texts(found)


@pytest.mark.parametrize("name", ["shop/money.py", "shop/prices.py"])
def test_an_open_buffer_wins_over_the_disk(tmp_path: Path, name: str) -> None:
    folder = project(tmp_path, FILES)
    index = index_of(folder)
    new = FILES[name].replace("(value", "(fresh, value").replace("(items", "(fresh, items")
    assert "(fresh, " in texts(gathered(index, buffer(folder, name, new)))[name]
    assert texts(gathered(index))[name] == FILES[name].rstrip()


def test_a_new_buffer_that_is_on_no_disk_yet_counts(tmp_path: Path) -> None:
    folder = project(tmp_path, {name: text for name, text in FILES.items() if "prices" not in name})
    index = index_of(folder)
    new = buffer(folder, "shop/new.py", "def net_price(items):\n    return 7\n")
    assert texts(gathered(index, new))["shop/new.py"].endswith("return 7")


@pytest.mark.parametrize(
    "name", ["../outside.py", ".env.py", "secrets.py", "out/b.py", ".vscode/b.py", "venv/b.py"]
)
def test_an_open_buffer_is_judged_as_its_file(tmp_path: Path, name: str) -> None:
    files = {name: text for name, text in FILES.items() if "prices" not in name}
    folder = project(tmp_path / "work", {**files, ".gitignore": "out/\n"})
    text = "def net_price(items):\n    return 7\n"
    project(folder, {name: text})
    found = gathered(index_of(folder), buffer(folder, name, text))
    assert sorted(texts(found)) == ["shop/money.py", "shop/rates.py"]


def test_a_buffer_in_another_language_than_its_file_says(tmp_path: Path) -> None:
    folder = project(tmp_path, FILES)
    plain = buffer(folder, "shop/prices.py", FILES["shop/prices.py"], "plaintext")
    assert "shop/prices.py" in texts(gathered(index_of(folder), plain))


def test_a_file_that_changed_or_went_meanwhile(tmp_path: Path) -> None:
    folder = project(tmp_path, FILES)
    index = index_of(folder)
    project(folder, {"shop/money.py": "def rounded(value, digits):\n    return 1\n"})
    (folder / "shop" / "rates.py").unlink()
    (folder / "shop" / "prices.py").rename(folder / "shop" / "other.py")
    found = texts(gathered(index))
    assert found == {"shop/money.py": "def rounded(value, digits):\n    return 1"}
    index.walk()
    index.work(10)
    assert sorted(texts(gathered(index))) == ["shop/money.py", "shop/other.py"]


def test_a_name_that_stopped_being_unique_is_left_out(tmp_path: Path) -> None:
    folder = project(tmp_path, FILES)
    index = index_of(folder)
    other = buffer(folder, "shop/b.py", "def net_price(items):\n    return 7\n")
    found = gathered(index, other)
    assert "shop/prices.py" not in texts(found)
    [left] = found.left_out
    assert left.what == "the definition of net_price"


def test_after_its_time_nothing_is_read_and_what_is_known_is_used(tmp_path: Path) -> None:
    folder = project(tmp_path, FILES)
    assert "shop/money.py" in texts(gathered(index_of(folder), seconds=-1))
    index = Index(folder, index_of(folder).wishes)
    index.walk("shop/a.py")
    index.work(0)
    found = gathered(index, seconds=-1)
    assert len(found.pieces) <= 1
    assert any("still being looked through" in left.why for left in found.left_out)


def test_without_a_workspace_the_file_itself_is_all_there_is() -> None:
    text = "RATE = 2\n" + "\n" * 50 + "def total(x):\n    return x * RATE + net_price(x)\n"
    found = gathered(None, text=text, hidden=((0, 40),))
    assert texts(found) == {"a.py": "RATE = 2"}


def test_calls_have_their_share_of_the_room(tmp_path: Path) -> None:
    many = {
        f"shop/use{n}.py": "from shop.a import total\n\n\ndef f(x):\n    return total(x)\n"
        for n in range(9)
    }
    index = index_of(project(tmp_path, {**FILES, **many}))
    alone = gathered(index)
    both = gathered(index, callers=True, room=300)
    assert not any(piece.calls for piece in alone.pieces)
    calls = [piece for piece in both.pieces if piece.calls]
    assert 1 <= len(calls) <= 3
    assert set(texts(alone)) <= set(texts(both))
    assert LeftOut("6 more calls", "3 are shown at the most") in both.left_out


def test_imports_of_typescript_out_of_the_index(tmp_path: Path) -> None:
    files: Mapping[str, str] = {
        "src/a.ts": 'import { tax } from "./lib";\n\nexport const total = (v: number) => tax(v);\n',
        "src/lib/index.ts": 'export { tax } from "./tax";\n',
        "src/lib/tax.ts": "export function tax(v: number): number {\n  return v * 2;\n}\n",
    }
    folder = project(tmp_path, files)
    wanted = wanted_at("src/a.ts", files["src/a.ts"], "tax(v)")
    assert language_of_file(Path("src/a.ts")) == "typescript"
    found = gather(wanted, index_of(folder), (), OpenFiles(), time.monotonic() + 20)
    assert list(texts(found)) == ["src/lib/tax.ts"]
