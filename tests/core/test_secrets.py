"""Secrets: which shapes are found, which look-alikes are not, and that no text takes long."""

from __future__ import annotations

import random
import string

import pytest

from dola_ls.core.secrets import find_secrets
from tests.core.prompt_files import FOLDER
from tests.core.secret_samples import KEY_LINES, LOOK_ALIKES, SAMPLES, UUID, drawn


@pytest.mark.parametrize(("rule", "line", "secret"), SAMPLES)
def test_a_secret_is_found(rule: str, line: str, secret: str) -> None:
    text = f"import os\n\n    {line}\n\nprint(os.name)\n"
    [found] = find_secrets(text)
    assert found.rule == rule
    assert text[found.start : found.end] == found.text
    assert secret in found.text
    assert secret not in repr(found)


def test_more_than_twenty_kinds_are_known() -> None:
    assert len({rule for rule, _, _ in SAMPLES}) >= 21


@pytest.mark.parametrize("line", LOOK_ALIKES)
def test_what_only_looks_like_a_secret_is_let_pass(line: str) -> None:
    assert find_secrets(f"import os\n{line}\nprint(os.name)\n") == []


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("part", [slice(None), slice(0, 3), slice(-3, None)])
def test_a_private_key_is_found_by_either_end_and_cannot_be_masked(
    part: slice, numbered: bool
) -> None:
    lines = KEY_LINES[part]
    if numbered:
        lines = [f"{number:3} | {line}" for number, line in enumerate(lines, start=7)]
    found = find_secrets("\n".join(["before", *lines, "after"]))
    assert {one.rule for one in found} == {"private-key"}
    assert not any(one.maskable for one in found)


def test_a_private_key_in_one_literal_is_found() -> None:
    literal = "\\n".join(KEY_LINES)
    assert find_secrets(f'KEY = "{literal}"\n')[0].rule == "private-key"


def test_the_users_own_key_is_found_wherever_it_stands() -> None:
    key = "k3y/of mine"
    text = f"# {key} and {key}\n"
    [found] = find_secrets(text, [key])
    assert (found.rule, found.start, found.maskable) == ("own-key", 2, False)
    assert find_secrets("EMPTY is no key", ["EMPTY"]) == []


def test_the_own_key_counts_before_what_could_be_masked() -> None:
    key = "ghp_" + drawn(36)
    [found] = find_secrets(f"x = '{key}'", [key])
    assert found.rule == "own-key"


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    secret = drawn(32)
    [found] = find_secrets(f"# \u0130\u0130\u0130\nAPI_KEY = '{secret}'\n")
    assert found.text == secret


def test_every_secret_of_a_line_is_found() -> None:
    one, two = "ghp_" + drawn(36), "glpat-" + drawn(20)
    assert [one.rule for one in find_secrets(f"{one} {two}")] == ["github-token", "gitlab-token"]


def test_an_identifier_is_no_ark_key() -> None:
    assert find_secrets(f'request_id = "{UUID}"') == []


def test_our_own_prompts_hold_none() -> None:
    for prompt in FOLDER.glob("*.txt"):
        assert find_secrets(prompt.read_text("utf-8")) == []


def test_no_text_takes_time_out_of_proportion() -> None:
    """An exponential or quadratic pattern would not come to an end here."""
    dice = random.Random(7)
    pieces = ["ghp_", "eyJ", "sk-", "-----BEGIN PRIVATE KEY-----", "-----END ", "://a:", '="',
              "password", "token: ", "secret_key", "AccountKey=", "a" * 40, "1" * 40, "\n", "\\n",
              " ", "/" * 40, "A" * 64 + "\n", ":AA", "ark", ".", "api_key=", "api_key: a1B2",
              'token", ', "secret ", ";password=", ";pwd=a1!", "openai-key", "token || ",
              "a1" * 200, "password=a!"]  # fmt: skip
    for piece in pieces:
        find_secrets(piece * (100_000 // len(piece)))
    find_secrets("".join(dice.choices([*pieces, *string.printable], k=30_000)))
