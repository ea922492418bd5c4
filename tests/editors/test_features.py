"""Each cell of the table of features names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "editors" / "README.md"
#: The columns of the table, and where the tests of each stand.
FILES = ("vscode", "neovim", "helix", "emacs")


def names_of(editor: str) -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in HERE.glob(f"test_{editor}*.py")]
    names = {
        name for text in texts for name in re.findall(r"^def test_(\w+)\(", text, re.MULTILINE)
    }
    if editor == "vscode":
        scenarios = (HERE / "vscode" / "in_host.js").read_text(encoding="utf-8")
        names |= set(re.findall(r"^  async (\w+)\(\) \{", scenarios, re.MULTILINE))
    return names


def test_each_cell_names_a_test() -> None:
    rows = [line for line in TABLE.read_text(encoding="utf-8").split("\n") if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")][1:] for row in rows[2:]]
    assert len(cells) > 15
    for column, editor in enumerate(FILES):
        column_cells = [row[column] for row in cells]
        named = [cell.strip("`") for cell in column_cells if cell.startswith("`")]
        assert len(named) > 20
        assert set(named) <= names_of(editor), editor
        # What an editor cannot do is said in words.
        for cell in column_cells:
            assert cell.startswith("`") or re.match(r"(no|needs) \w+", cell), cell
