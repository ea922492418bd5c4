"""What stands above an explanation: what is explained, and where that is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dola_ls.core.actions import Target
from dola_ls.core.context import file_name
from dola_ls.core.document import Document
from dola_ls.core.languages import language_of
from dola_ls.core.notebook import Cells
from dola_ls.core.policy import show_hidden

#: The characters of a question.
_LONGEST = 400
_RUN = re.compile(r"`+")


def head(
    document: Document,
    target: Target,
    title: str = "",
    asked: Sequence[str] = (),
    *,
    cells: Cells | None = None,
) -> str:
    """Return the title and a line on the place, and what was asked, one line for each.

    Where no title is given, it is the name of what is explained. A cell is named by its notebook
    and its number.
    """
    first = document.line_of(target.region.start) + 1
    last = document.line_of(target.region.end - 1) + 1
    lines = f"line {first}" if first == last else f"lines {first}–{last}"
    file, language = as_code(file_name(document.uri)), language_of(document.language).name
    if cells is not None:
        file = f"cell {cells.number} of {as_code(cells.file)}"
    symbol, name = target.symbol, target.name[:1].upper() + target.name[1:]
    place = f"In {file}"
    if symbol is not None and target.whole_symbol:
        name, place = as_code(symbol.qualified_name), f"{symbol.kind.capitalize()} in {file}"
    elif symbol is not None:
        place = f"In the {symbol.kind} {as_code(symbol.qualified_name)} of {file}"
    parts = [f"# {title or name}", f"{place}, {lines} · {language}"]
    for question in asked:
        words = " ".join(question.split())
        parts.append(f"> {words if len(words) <= _LONGEST else words[:_LONGEST] + '…'}")
    return "\n\n".join(parts)


def as_code(text: str) -> str:
    """Return a name as inline code, whatever is in it."""
    text = show_hidden(" ".join(text.split()))
    longest = max((len(run) for run in _RUN.findall(text)), default=0)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    mark = "`" * (longest + 1)
    return f"{mark}{space}{text}{space}{mark}"
