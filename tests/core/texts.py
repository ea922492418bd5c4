"""Texts that break editors: all line ends and their look-alikes, wide and broken characters."""

from __future__ import annotations

from hypothesis import strategies as st

#: Line ends, the characters that only `str.splitlines` takes for line ends, characters of one to
#: four bytes, lone surrogates, and what is drawn as one character but is several.
PIECES = [
    "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029",
    "a", "b", "_", "x1", "foo", "return", " ", "    ", "\t", "(", ")", ", ", " = ",
    "é", "ß", "漢", "😀", "\ud83d", "\ude00", "\ufeff",
    "\u0301", "\u200d", "\ufe0f", "👩\u200d💻", "👍\U0001f3fd", "🇩🇪", "🇫",
]  # fmt: skip

texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@st.composite
def revisions(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a text and another made from it by a few replacements, as a person would make them."""
    old = new = draw(texts)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(new)))
        end = min(len(new), start + draw(st.integers(0, 6)))
        put = draw(st.lists(st.sampled_from(PIECES), max_size=4).map("".join))
        new = new[:start] + put + new[end:]
    return old, new
