"""A project looked through for a name: what is near first, and within limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from dola_ls import searching
from dola_ls.core.document import Document
from dola_ls.core.parsing import parse
from dola_ls.keeping_back import Wishes
from dola_ls.searching import FileSearch, FileTests, Use

SOURCE = "from shop.money import rounded\n\n\ndef total(items):\n    return rounded(sum(items))\n"


def search(folder: Path, files: dict[str, str], **more: object) -> FileSearch:
    """Return the search for a document among some files; all are written first."""
    files = {"pyproject.toml": "", "shop/cart.py": SOURCE, **files}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    source = folder / "shop" / "cart.py"
    document = Document(source.as_uri(), "python", 1, files["shop/cart.py"])
    options = {"open_texts": {}, **more}
    return FileSearch(document, parse(document), source, [folder], Wishes(), **options)  # type: ignore[arg-type]


def names(found: object) -> list[str]:
    return [one.path for one in found]  # type: ignore[attr-defined]


ROUNDED = "def rounded(value):\n    return value\n"


def test_the_document_itself_is_enough(tmp_path: Path) -> None:
    it = search(tmp_path, {"shop/other.py": "def total(): pass\n"})
    [one] = it.definitions("total")
    assert (one.path, one.line, one.code) == (
        "shop/cart.py",
        4,
        "def total(items):\n    return rounded(sum(items))\n",
    )


def test_then_the_nearest_files_come_and_not_too_many(tmp_path: Path) -> None:
    files = {f"far/deep/m{number}.py": ROUNDED for number in range(9)}
    it = search(tmp_path, {**files, "shop/money.py": ROUNDED})
    found = names(it.definitions("rounded"))
    assert found[0] == "shop/money.py"
    assert len(found) == 4


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("b/money.py", ["b/money.py"]),
        ("./b/money.py", ["b/money.py"]),
        ("b\\money.py", ["b/money.py"]),
        ("money.py", ["a/money.py", "b/money.py"]),
        ("oney.py", ["a/money.py", "b/money.py"]),
        ("nowhere.py", ["a/money.py", "b/money.py"]),
        ("shop/cart.py", ["a/money.py", "b/money.py"]),
    ],
)
def test_a_path_chooses_among_files_that_are_there(
    path: str, found: list[str], tmp_path: Path
) -> None:
    it = search(tmp_path, {"a/money.py": ROUNDED, "b/money.py": ROUNDED})
    assert names(it.definitions("rounded", path)) == found


def test_a_path_that_is_meant_comes_before_the_document(tmp_path: Path) -> None:
    it = search(tmp_path, {"a/money.py": "def total():\n    return 1\n"})
    assert names(it.definitions("total", "money.py")) == ["a/money.py"]


def test_other_languages_and_what_is_brought_in_are_passed_over(tmp_path: Path) -> None:
    files = ["a.js", "node_modules/m/a.py", ".venv/a.py", "venv/pyvenv.cfg", "notes.md", "big.py"]
    it = search(tmp_path, dict.fromkeys(files, "def rounded(): pass\n" * 3))
    (tmp_path / "big.py").write_text(ROUNDED + "#" * 300_000)
    (tmp_path / "odd.py").write_bytes(b"def rounded(): pass\n\xff\xfe")
    assert it.definitions("rounded") == []


def test_scripts_of_all_kinds_belong_together(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("export const x = total(1);\n")
    (tmp_path / "b.jsx").write_text("export function total(n) { return n }\n")
    (tmp_path / "package.json").touch()
    document = Document((tmp_path / "a.ts").as_uri(), "typescript", 1, "total(1);\n")
    it = FileSearch(
        document, parse(document), tmp_path / "a.ts", [tmp_path], Wishes(), open_texts={}
    )
    [one] = it.definitions("total")
    assert (one.path, one.language) == ("b.jsx", "javascriptreact")


def test_uses_are_found_with_their_lines_and_not_too_many(tmp_path: Path) -> None:
    it = search(tmp_path, {"app.py": "from shop.cart import total\n" + "total([])\n" * 50})
    found = it.references("total", 5)
    assert found[:2] == [
        Use("app.py", 1, "from shop.cart import total"),
        Use("app.py", 2, "total([])"),
    ]
    assert len(found) == 5


def test_tests_are_those_of_the_file_with_their_groups(tmp_path: Path) -> None:
    text = (
        "import pytest\n\n\nclass TestTotal:\n    def test_one(self): assert 1\n\n\n"
        "def test_two(): assert 2\n\n\ndef helper(): pass\n"
    )
    it = search(tmp_path, {"tests/test_cart.py": text, "tests/test_other.py": text})
    assert it.tests() == [FileTests("tests/test_cart.py", ("TestTotal > test_one", "test_two"))]
    assert search(tmp_path / "b", {}).tests() == []


def test_an_unknown_language_has_no_tests(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("x = 1\n")
    document = Document((tmp_path / "a.lua").as_uri(), "lua", 1, "x = 1\n")
    it = FileSearch(document, None, tmp_path / "a.lua", [tmp_path], Wishes(), open_texts={})
    assert (it.tests(), it.definitions("x"), it.references("x", 9)) == ((), [], [])


def test_a_search_ends_by_its_time(tmp_path: Path) -> None:
    seconds = iter(range(100))
    it = search(
        tmp_path,
        {f"shop/m{number}.py": ROUNDED for number in range(9)},
        clock=lambda: float(next(seconds)),
    )
    # It begins at 0 and looks at a file a second; the first one is the document.
    assert len(it.definitions("rounded")) == 1


def test_a_search_ends_by_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_FILES", 3)
    it = search(tmp_path, {f"shop/m{number}.py": ROUNDED for number in range(9)})
    assert len(it.definitions("rounded")) == 2


def test_a_search_that_is_stopped_finds_nothing_more(tmp_path: Path) -> None:
    it = search(tmp_path, {"shop/money.py": ROUNDED, "tests/test_cart.py": "def test_a(): pass\n"})
    it.stop()
    assert it.definitions("rounded") == []
    assert it.tests() == []
