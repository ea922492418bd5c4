"""Lines of TOML, with `tomllib` as the judge of what the text means."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.toml_lines import Where, lines_of

#: Stands for an integer that is the number of its own line.
_HERE = "@"
_STRINGS = (
    '""',
    "''",
    '"a # b"',
    "'[[actions]]'",
    r'"\"[[actions]]\\"',
    "'C:\\'",
    '"""\n[[actions]]\nid = "x"\n"""',
    '"""a\\"""b""c"""""',
    "'''\n# no\n[x]\n'''",
    "''''two'' and '''''",
    '"""line \\\n   # joined\n"""',
    '"""\n\n\\\\"""',
    '"ünïcødé ]}"',
)
_SCALARS = ("1979-05-27 07:32:00", "-1.5e3", "true", "inf", "0x1F")
_COMMENT = ("", "", " # '''", ' # """ [[actions]]', "\t# ]", "\n\n# [[actions]]\n#")
_KEYS = ("{}", '"{}"', "'{}'", '"{}.#"', "'{} = ['", '"\\u006b{}"', "{} . x", '"{}" .y')


class _Writer:
    """Writes TOML that is valid, and as hard to read as the choices of `data` make it."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self._names = 0

    def _one_of(self, choices: tuple[str, ...]) -> str:
        return self._data.draw(st.sampled_from(choices))

    def _count(self, most: int) -> int:
        return self._data.draw(st.integers(0, most))

    def key(self) -> str:
        self._names += 1
        return self._one_of(_KEYS).format(f"k{self._names}")

    def value(self, depth: int = 3, lines: bool = True) -> str:
        kind = self._count(5 if depth else 2)
        if kind == 0:
            return _HERE
        if kind <= 2:
            strings = _STRINGS if lines else tuple(s for s in _STRINGS if "\n" not in s)
            return self._one_of(strings + _SCALARS)
        count = self._count(3)
        if kind == 3:
            pairs = [f"{self.key()} = {self.value(depth - 1, lines=False)}" for _ in range(count)]
            return "{ " + ",".join(pairs) + "}"
        gap = (lambda: self._one_of(_COMMENT) + "\n  ") if lines else (lambda: " ")
        items = [f"{gap()}{self.value(depth - 1, lines)}{gap()}" for _ in range(count)]
        return f"[{','.join(items)}{',' if items and kind == 4 else ''}{gap()}]"

    def body(self) -> str:
        pairs = [f"{self.key()} = {self.value()}{self._one_of(_COMMENT)}\n" for _ in range(2)]
        return "".join(pairs[: self._count(2)])

    def text(self) -> str:
        headers = (
            "[[actions]]",
            "[[ 'actions' ]] # [[actions]]",
            '  [["\\u0061ctions"]]',
            "[[dola.actions]]",
            '[[dola . "actions"]]',
        )
        out = self.body()
        for _ in range(self._count(5)):
            header = self._one_of(headers)
            out += f"{header}\nhere = {_HERE}\n" + self.body()
            if self._count(1) and "dola" not in header:
                out += f"[actions.{self.key()}]\n{self.body()}[[actions.inner]]\n{self.body()}"
        return out + f"[other.{self.key()}]\n" + self.body()


def numbered(text: str) -> str:
    return "".join(
        line.replace(_HERE, str(number))
        for number, line in enumerate(text.splitlines(keepends=True), 1)
    )


def nodes(value: object, where: Where = ()) -> Iterator[tuple[Where, object]]:
    yield where, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from nodes(inner, (*where, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from nodes(inner, (*where, at))


@given(st.data(), st.booleans())
def test_everything_tomllib_finds_has_its_line(data: st.DataObject, dos: bool) -> None:
    text = numbered(_Writer(data).text())
    text = text.replace("\n", "\r\n") if dos else text
    lines = lines_of(text)
    found = dict(nodes(tomllib.loads(text)))
    del found[()]
    assert set(lines) == set(found)
    for where, value in found.items():
        if isinstance(value, int) and not isinstance(value, bool) and value != 0x1F:
            assert lines[where] == value
        if isinstance(value, dict) and "here" in value:
            assert lines[where] == value["here"] - 1


def test_the_writer_of_these_tests_is_not_idle() -> None:
    """The strings that look like headers are there, and a search for text would be misled."""
    text = 'a = """\n[[actions]]\nid = 1\n"""\n[[actions]] # [[actions]]\nid = 2\n'
    assert lines_of(text) == {
        ("a",): 1,
        ("actions",): 5,
        ("actions", 0): 5,
        ("actions", 0, "id"): 6,
    }


def test_inline_tables_over_many_lines() -> None:
    text = "actions = [\n  # one\n  {id = 'a'}, {id = 'b'},\n\n  { id = 'c' }\n]\nx = 1\n"
    lines = lines_of(text)
    assert [lines["actions", at] for at in range(3)] == [3, 3, 5]
    assert lines[("x",)] == 7


def test_nothing_and_the_last_line_without_an_end() -> None:
    assert lines_of("") == {}
    assert lines_of("# only\n\n") == {}
    assert lines_of("\n[a]\nb=1")["a", "b"] == 3


def test_lists_in_lists_as_deep_as_tomllib_reads_them() -> None:
    text = f"a = {'[' * 200}{']' * 200}\nb = 1\n"
    tomllib.loads(text)
    assert lines_of(text)[("b",)] == 2


@pytest.mark.parametrize("text", ["a", "a =", "a = [1", "a = {b = 1", "[a", "= 1", 'a = """x', "]"])
def test_what_is_no_toml_ends_in_an_error_and_never_hangs(text: str) -> None:
    with pytest.raises(ValueError):
        lines_of(text)
