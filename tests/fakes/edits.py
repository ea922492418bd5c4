"""How each editor takes a workspace edit, as measured with the real ones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.fakes.buffer import Buffer, lines_of, units

_LANGUAGES = {".py": "python", ".js": "javascript", ".mjs": "javascript", ".md": "markdown"}


class EditRefused(Exception):
    """The editor answers `workspace/applyEdit` with an error."""


class Workspace:
    """The buffers of one editor, and the changes it has yet to tell the server of."""

    def __init__(self, editor: str, capabilities: dict[str, Any]) -> None:
        self.editor = editor
        self.encoding = "utf-16"
        self.buffers: dict[str, Buffer] = {}
        declared = capabilities.get("workspace", {}).get("workspaceEdit", {})
        self._operations = declared.get("resourceOperations", [])
        # Neovim takes documentChanges, but only says so by its resourceOperations.
        self._versioned = bool(declared.get("documentChanges") or self._operations)
        self._annotations = "changeAnnotationSupport" in declared
        self._violations: list[str] = []
        self._changes: list[tuple[Buffer, str | list[dict[str, Any]]]] = []

    def open(self, uri: str, text: str, language: str) -> Buffer:
        """Open a buffer under the version this editor begins with."""
        version = 1 if self.editor == "vscode" else 0
        buffer = Buffer(uri, language, text, self.encoding, version)
        self.buffers[uri] = buffer
        return buffer

    def next_version(self, buffer: Buffer) -> int:
        """Return the version after one more change."""
        # Neovim's versions are b:changedtick, which jumps at the first change.
        return 5 if self.editor == "neovim" and buffer.version == 0 else buffer.version + 1

    def take_changes(self) -> list[tuple[Buffer, str | list[dict[str, Any]]]]:
        """Return what the server has to be told: the text of a new buffer, or what changed."""
        changes, self._changes = self._changes, []
        return changes

    def take_changes_of(self, buffer: Buffer) -> list[dict[str, Any]]:
        """Return the changes of one buffer that the server has not been told of."""
        mine = [news for other, news in self._changes if other is buffer]
        self._changes = [pair for pair in self._changes if pair[0] is not buffer]
        return [change for news in mine if not isinstance(news, str) for change in news]

    def take_violations(self) -> list[str]:
        """Return what the server's edits did wrong since the last call."""
        violations, self._violations = self._violations, []
        return violations

    def apply(self, edit: dict[str, Any]) -> dict[str, Any]:
        """Apply a workspace edit; return the editor's answer, which may not be the truth."""
        if "changeAnnotations" in edit and not self._annotations:
            self._violations.append("change annotations were not declared")
        if "documentChanges" not in edit:
            for uri, edits in edit.get("changes", {}).items():
                self._edit(self._find(uri), edits)
            return {"applied": True}
        if not self._versioned:
            self._violations.append("documentChanges were not declared")
        for change in edit["documentChanges"]:
            answer = self._apply_one(change)
            if answer is not None:
                return answer
        return {"applied": True}

    def _apply_one(self, change: dict[str, Any]) -> dict[str, Any] | None:
        """Make one of the `documentChanges`; return an answer that ends the matter."""
        if "kind" in change:
            if change["kind"] not in self._operations:
                self._violations.append(f"{change['kind']} was not declared")
            if change["kind"] != "create":
                self._violations.append(f"{change['kind']} a file: this server never does")
                return {"applied": False}
            return self._create(change)
        identifier = change["textDocument"]
        buffer = self._find(identifier["uri"])
        version = identifier["version"]
        if version is not None and version != buffer.version:
            match self.editor:
                case "neovim" if version > 0 and buffer.version > version:
                    return {"applied": True}  # It drops the edit and says that it did it.
                case "neovim":
                    pass
                case "helix":
                    return {"applied": False, "failureReason": "document has changed"}
                case "emacs":
                    sentence = f"Edits on `{buffer.uri}` require version {version}"
                    raise EditRefused(f"{sentence}, you have {buffer.version}")
                case _:
                    return {"applied": False}
        self._edit(buffer, change["edits"])
        return None

    def _create(self, change: dict[str, Any]) -> dict[str, Any] | None:
        path = Path(unquote(urlsplit(change["uri"]).path))
        options = change.get("options") or {}
        if path.exists() and self.editor == "vscode" and not options.get("overwrite"):
            return {"applied": False}
        if self.editor == "neovim" and options.get("ignoreIfExists"):
            pass  # It makes neither the file nor its directory then.
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            # An existing file is truncated, measured with Neovim 0.11: the server has to look.
            path.write_bytes(b"")
        language = _LANGUAGES.get(path.suffix, "plaintext")
        self._changes.append((self.open(change["uri"], "", language), ""))
        return None

    def _find(self, uri: str) -> Buffer:
        if uri not in self.buffers:
            text = Path(unquote(urlsplit(uri).path)).read_text("utf-8")
            self._changes.append((self.open(uri, text, "plaintext"), text))
        return self.buffers[uri]

    def _edit(self, buffer: Buffer, edits: list[dict[str, Any]]) -> None:
        """Make text edits, which all refer to the text as it is, from the last to the first."""
        for edit in edits:
            if "snippet" in edit:
                self._violations.append("a snippet edit was sent")
            self._check_inside(buffer, edit["range"])
        spans = [(*buffer.span(edit["range"]), index) for index, edit in enumerate(edits)]
        spans.sort()
        if any(one[1] > next_[0] for one, next_ in pairwise(spans)):
            self._violations.append(f"edits overlap: {edits}")
        changes = [
            buffer.replace(start, end, edits[index]["newText"])
            for start, end, index in reversed(spans)
        ]
        self._changes.append((buffer, changes))

    def _check_inside(self, buffer: Buffer, range_: dict[str, Any]) -> None:
        lines = lines_of(buffer.text)
        for position in (range_["start"], range_["end"]):
            line, character = position["line"], position["character"]
            if not buffer.text and position == {"line": 0, "character": 1}:
                continue  # all of an empty file; clients clamp it, and Neovim needs it
            if line >= len(lines) or character > units(lines[line][0], self.encoding):
                self._violations.append(f"an edit outside of the text: {range_}")
