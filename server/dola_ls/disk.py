"""Files that are not open in the editor."""

from __future__ import annotations

from pathlib import Path

from dola_ls.core.document import CLOSED, Document


def from_disk(path: Path, uri: str, language: str) -> Document | str:
    """Return a file that is not open as a document without a version, or why not."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return Document(uri, language, CLOSED, file.read())
    except UnicodeDecodeError:
        return "it is not written in UTF-8"
    except OSError as error:
        return error.strerror or "it cannot be read"


def write_new_file(path: Path, text: str) -> str | None:
    """Write a file that must not exist; for clients that cannot create files themselves."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        return "it exists already"
    except OSError as error:
        return error.strerror or "it cannot be written"
    return None
