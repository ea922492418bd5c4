"""Files that cannot be sent, for what their bytes are."""

from __future__ import annotations


class Unfit(ValueError):
    """The bytes are no image or video that can be sent; the text says why, as a clause."""


def damaged(format: str) -> Unfit:
    """Return the fault of a file that ends too early or does not hold together."""
    return Unfit(f"it is a damaged {format} file, or not whole")
