"""What the README says of settings: its examples can be used, and its table is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dola_ls.model.endpoint import Endpoint
from dola_ls.model.keys import Keys
from dola_ls.model.provider import choose
from dola_ls.resolve import resolve
from dola_ls.settings import DEFAULTS, ENVIRONMENT, RESTRICTED
from tests import readme
from tests.settings.test_resolve import user_file

EXAMPLES = readme.settings()
#: Left out of the table on purpose: the extension for VS Code alone has a use for it.
UNTOLD = {"receipts"}
HOSTS = {
    "api.aimlapi.com",
    "ark.ap-southeast.bytepluses.com",
    "api.openai.com",
    "127.0.0.1:8080",
    "127.0.0.1:11434",
    "gpu.example.com:8000",
}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_read_without_a_complaint(number: int, tmp_path: Path) -> None:
    resolved = resolve(None, {}, {}, user_file(tmp_path, EXAMPLES[number]))
    assert resolved.problems == []
    assert resolved.actions or set(resolved.sources.values()) != {"default"}


async def test_each_provider_has_an_example_that_leads_to_it(tmp_path: Path) -> None:
    found = set()
    for text in EXAMPLES:
        if not text.startswith("provider = ") or "auto" in text.split("\n")[0]:
            continue
        # What runs a program or reads a file of the reader's is not tried here.
        text = re.sub(r"^(key_command|ca_bundle) = .*$", "", text, flags=re.MULTILINE)
        env = {"DOLA_API_KEY": "canary-0123456789"}
        settings = resolve(None, env, {}, user_file(tmp_path, text)).settings
        choice = await choose(settings, Keys(env))
        assert isinstance(choice, Endpoint), choice
        assert choice.model == settings.model
        found.add(choice.host)
    assert found == HOSTS


def rows() -> dict[str, list[str]]:
    """Return the other cells of each setting's row."""
    return {
        name: cells[1:]
        for cells in readme.setting_rows()
        for name in re.findall(r"`(?:\[\[)?([a-z_.]+)(?:\]\])?`", cells[0])
    }


def test_the_table_names_every_setting_and_no_other() -> None:
    assert set(rows()) - {"actions"} == set(DEFAULTS) - UNTOLD


def test_the_table_says_what_the_editor_may_not_set_and_which_variable_does() -> None:
    for name, (environment, editor, _) in rows().items():
        assert (editor == "no") is (name in RESTRICTED), name
        for variable, of in ENVIRONMENT.items():
            if of == name:
                assert f"`{variable}`" in environment
