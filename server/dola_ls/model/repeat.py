"""An answer that is given a second time, after the first one broke off."""

from __future__ import annotations

from dataclasses import replace

from dola_ls.model.stream import Delta


class Differs(Exception):
    """The second answer is not the first one again."""


class Repeat:
    """Lets through of a repeated answer only what the first one had not said yet.

    The engine always takes the likeliest token, so that it nearly always says the same again.
    """

    def __init__(self) -> None:
        self._said = ""
        self._again = ""

    def begin(self) -> None:
        """Begin a new answer."""
        self._again = ""

    def fresh(self, delta: Delta) -> Delta | None:
        """Return what is new in `delta`. Raises Differs where the answers part."""
        self._again += delta.text
        known = min(len(self._said), len(self._again))
        if self._again[:known] != self._said[:known]:
            raise Differs
        if len(self._again) < len(self._said):
            if delta.completion is not None:
                raise Differs
            return None if delta.text else delta
        text = self._again[len(self._said) :]
        self._said = self._again
        return replace(delta, text=text) if text or not delta.text else None
