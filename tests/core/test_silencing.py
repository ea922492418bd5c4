"""Marks that make a tool silent are no fix, unless they were there or were asked for."""

import pytest

from dola_ls.core.silencing import silences

SILENT = [
    "x = y  # noqa: F821",
    "x = y  # NOQA",
    "# ruff: noqa",
    "x = y  # type: ignore[name-defined]",
    "x = y  # pyright: ignore",
    "x = y  # pylint: disable=undefined-variable",
    "x = y  # nosec B101",
    "// eslint-disable-next-line no-unused-vars",
    "/* eslint-disable */",
    "// @ts-ignore",
    "// @ts-expect-error",
    "// biome-ignore lint: no",
    "// deno-lint-ignore no-explicit-any",
    "x := 1 //nolint:errcheck",
    "//lint:ignore U1000 kept",
    "#[allow(dead_code)]",
    "#![allow(unused)]",
    "#[expect(unused_variables)]",
    '@SuppressWarnings("unchecked")',
    "#pragma warning disable CS0168",
    '#pragma GCC diagnostic ignored "-Wunused"',
    "int x; // NOLINT(misc)",
    "x = y # rubocop:disable Lint/UselessAssignment",
    "// phpcs:ignore",
    "/** @phpstan-ignore-next-line */",
    "// noinspection JSUnusedLocalSymbols",
]


@pytest.mark.parametrize("line", SILENT)
def test_a_new_mark_is_found(line: str) -> None:
    assert silences(f"a\n{line}\nb\n", "a\nb\n")
    assert silences(f"{line}\n{line}\n", f"{line}\n")


@pytest.mark.parametrize("line", SILENT)
def test_what_was_there_may_stay_and_what_is_asked_for_may_come(line: str) -> None:
    assert silences(f"{line}\nnew\n", f"old\n{line}\n") is None
    assert silences("new\n", f"{line}\n") is None
    assert silences(f"{line}\n", "x\n", "Ignore this rule here.") is None
    assert silences(f"{line}\n", "x\n", "Use a shorter name.")


@pytest.mark.parametrize(
    "line",
    [
        "ignore = True",
        "# the type: ignored by some",
        "#[derive(Debug)]",
        "#pragma once",
        "# ignore what is disabled",
        "allow(user)",
        "log.disable()",
        "// disable the button",
    ],
)
def test_ordinary_code_is_no_mark(line: str) -> None:
    assert silences(f"{line}\n", "") is None
