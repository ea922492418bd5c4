"""Two edits after each other are one set of edits of the first text."""

from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.composed import composed
from dola_ls.core.document import Edit, apply_edits, check_edits

TEXTS = st.text("ab\n ", max_size=30)


@given(st.data(), TEXTS)
def test_they_come_to_the_same(data, text):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first = Edit(start, end, data.draw(st.sampled_from(["", "", "x", "\n"])))
    between = apply_edits(text, [first])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(between)), max_size=6)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    edits = [Edit(low, high, data.draw(st.sampled_from(["", "y", "y\n"]))) for low, high in pairs]
    check_edits(between, edits)
    whole = composed(between, first, edits)
    check_edits(text, whole)
    assert apply_edits(text, whole) == apply_edits(between, edits)
