"""Nodes by their place, against a look at all of them."""

from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.document import Document
from dola_ls.core.nodes import children_at, children_between
from dola_ls.core.parsing import parse

_LINES = st.lists(
    st.sampled_from(
        ["x = 1\n", "\n", "# é𝄞\n", "def f():\n    return 'ü'\n", "class A:\n    b = 2\n", "((\n"]
    ),
    max_size=12,
)


@given(_LINES, st.data())
def test_finds_the_children_that_hold_some_of_the_bytes(
    lines: list[str], data: st.DataObject
) -> None:
    tree = parse(Document("file:///a.py", "python", 1, "".join(lines)))
    assert tree is not None
    size = len(tree.data)
    low = data.draw(st.integers(0, size))
    high = data.draw(st.integers(low, size))
    root = tree.tree.root_node
    wanted = [n.id for n in root.named_children if n.end_byte > low and n.start_byte < high]
    assert [node.id for node in children_between(root, low, high)] == wanted


@given(_LINES, st.lists(st.integers(0, 300), max_size=20).map(sorted))
def test_finds_the_children_that_hold_places(lines: list[str], places: list[int]) -> None:
    tree = parse(Document("file:///a.py", "python", 1, "".join(lines)))
    assert tree is not None
    root = tree.tree.root_node
    wanted = [
        node.id
        for node in root.named_children
        if any(node.start_byte <= place < node.end_byte for place in places)
    ]
    assert [node.id for node in children_at(root, places)] == wanted


@given(st.text(st.characters(codec="utf-8"), max_size=3000).map(lambda text: text * 3), st.data())
def test_bytes_and_offsets_lead_to_each_other(text: str, data: st.DataObject) -> None:
    tree = parse(Document("file:///a.py", "python", 1, text))
    assert tree is not None
    offset = data.draw(st.integers(0, len(text)))
    assert tree.byte(offset) == len(text[:offset].encode())
    assert tree.offset(tree.byte(offset)) == offset
