"""S7: nothing is sent of a file that a rule keeps back, the one in the editor included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dola_ls.keeping_back import KeptBack, Wishes, is_kept_back, why_kept_back
from dola_ls.lsp.configuration import Configuration
from dola_ls.lsp.leaving import stays_here
from dola_ls.model import provider
from tests.fakes.editor import Editor
from tests.fakes.model import FakeModel, fenced
from tests.lsp.shop import AFTER, NEW, TEXT, chosen, server_with


def project(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Make a repository with files; return its source, ``work/shop/a.py``."""
    work = folder / "work"
    (work / ".git").mkdir(parents=True)
    for name, text in {"shop/a.py": TEXT, **files}.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return work / "shop" / "a.py"


#: Files of the project -> what the sentence says.
NAMED: dict[str, tuple[dict[str, str | bytes], str]] = {
    "aiexclude": ({".aiexclude": "# ours\nshop/\n"}, "line 2 of .aiexclude names it (“shop/”)"),
    "an exception in aiexclude": ({".aiexclude": "*.py\n!a.py\n"}, "line 1 of .aiexclude"),
    "an empty aiexclude": ({".aiexclude": " \n"}, ".aiexclude is empty"),
    "an empty one beside it": ({"shop/.aiexclude": ""}, "shop/.aiexclude is empty"),
    "aiignore": ({".aiignore": "a.py"}, "line 1 of .aiignore"),
    "cursorignore": ({".cursorignore": "**/a.*\r\n"}, "line 1 of .cursorignore"),
    "codeiumignore": ({"shop/.codeiumignore": "/a.py\n"}, "line 1 of shop/.codeiumignore"),
    "geminiignore": ({".geminiignore": "shop/*\n!shop/b.py\n"}, "line 1 of .geminiignore"),
    "gitignore": ({".gitignore": "*.log\n\n/shop/\n"}, "line 3 of .gitignore"),
    "one that denies is enough": (
        {"shop/.aiignore": "!a.py\n", ".cursorignore": "a.py\n"},
        "line 1 of .cursorignore",
    ),
    "not text": ({"shop/.aiignore": b"\xff\xfe"}, "shop/.aiignore cannot be read"),
    "not understood": ({".aiignore": "b.py\n!\n"}, ".aiignore cannot be understood"),
    "a folder of that name": ({".aiignore/x": ""}, ".aiignore cannot be read"),
    "too large": ({".aiignore": "#" * ((1 << 20) + 1)}, ".aiignore cannot be read"),
}
LET_PASS: dict[str, dict[str, str | bytes]] = {
    "other names": {".aiignore": "b.py\n", ".gitignore": "*.log\n"},
    "an exception": {".aiignore": "*.py\n!a.py\n", ".gitignore": "*.py\n!/shop/a.py\n"},
    "only comments": {".aiexclude": "# nothing\n"},
    "an empty aiignore": {".aiignore": "", ".gitignore": ""},
    "another folder": {"other/.aiignore": "*\n", "other/.aiexclude": ""},
    "an ignore file above the repository": {"../.gitignore": "*\n"},
}


@pytest.mark.parametrize(("files", "words"), NAMED.values(), ids=NAMED)
def test_what_a_rule_names_is_kept_back(
    files: dict[str, str | bytes], words: str, tmp_path: Path
) -> None:
    source = project(tmp_path, files)
    kept = why_kept_back(source, [tmp_path / "work"])
    assert isinstance(kept, KeptBack)
    assert words in kept.why
    assert is_kept_back(source, tmp_path / "work")


@pytest.mark.parametrize("files", LET_PASS.values(), ids=LET_PASS)
def test_what_no_rule_names_is_let_pass(files: dict[str, str | bytes], tmp_path: Path) -> None:
    assert why_kept_back(project(tmp_path, files), [tmp_path / "work"]) is None


@pytest.mark.parametrize(
    "name",
    [".env", ".env.local", "server.pem", "deploy.key", "id_rsa", "id_ed25519.pub", ".npmrc",
     ".pypirc", ".netrc", ".git-credentials", "kubeconfig", "prod.tfstate.backup", "store.jks",
     ".aws/config", ".ssh/config", ".gnupg/x.py", "credentials.json", "Secrets.yaml"],
)  # fmt: skip
def test_names_that_are_usual_for_secrets_are_kept_back(name: str, tmp_path: Path) -> None:
    kept = why_kept_back(tmp_path / name, [tmp_path])
    assert kept is not None
    assert "may hold secrets" in kept.why


@pytest.mark.parametrize("name", ["credentials.py", "secrets.ts", "keys.go", "env.rs"])
def test_code_that_deals_with_secrets_can_be_worked_on_but_does_not_go_along(
    name: str, tmp_path: Path
) -> None:
    assert why_kept_back(tmp_path / name, [tmp_path]) is None
    assert is_kept_back(tmp_path / name, tmp_path) is name.startswith(("credentials", "secrets"))


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [("*.py", True), ("shop/", True), ("/nowhere/**", False), ("~/x/", False), ("b.py", False),
     ("{work}/shop/**", True), ("{work}/", True), ("{work}/other/", False)],
)  # fmt: skip
def test_the_users_own_patterns(pattern: str, kept: bool, tmp_path: Path) -> None:
    source = project(tmp_path, {})
    wishes = Wishes((pattern.replace("{work}", str(tmp_path / "work")),))
    found = why_kept_back(source, [tmp_path / "work"], wishes)
    assert (found is not None) is kept
    if found is not None:
        assert "`privacy.exclude`" in found.why
    assert is_kept_back(source, tmp_path / "work", wishes) is kept


def test_the_users_patterns_may_begin_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    source = project(tmp_path, {})
    assert why_kept_back(source, [], Wishes(("~/work/**",))) is not None
    assert why_kept_back(source, [], Wishes(("~/else/**",))) is None


def test_the_user_may_let_actions_work_on_what_git_ignores(tmp_path: Path) -> None:
    source = project(tmp_path, {".gitignore": "shop/\n"})
    allowing = Wishes(gitignored=True)
    assert why_kept_back(source, [tmp_path / "work"]) is not None
    assert why_kept_back(source, [tmp_path / "work"], allowing) is None
    # Along with other code it does not go all the same.
    assert is_kept_back(source, tmp_path / "work", allowing)
    (tmp_path / "work" / ".aiignore").write_text("shop/\n")
    assert why_kept_back(source, [tmp_path / "work"], allowing) is not None


def test_ignore_files_count_from_the_top_of_the_repository_though_a_part_is_open(
    tmp_path: Path,
) -> None:
    source = project(tmp_path, {".aiignore": "shop/\n"})
    assert why_kept_back(source, [source.parent]) is not None
    assert why_kept_back(source, []) is not None


def test_ignore_files_count_from_the_workspace_folder_though_a_repository_lies_in_it(
    tmp_path: Path,
) -> None:
    source = project(tmp_path, {})
    (tmp_path / ".aiexclude").write_text("work/\n")
    assert why_kept_back(source, [tmp_path]) is not None
    assert why_kept_back(source, [tmp_path / "work"]) is None


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_links_are_judged_by_both_paths(tmp_path: Path) -> None:
    source = project(tmp_path, {".aiignore": "private/\n", "private/b.py": TEXT})
    work = tmp_path / "work"
    inwards, outwards = work / "shop" / "in.py", work / "private" / "out.py"
    inwards.symlink_to(work / "private" / "b.py")
    outwards.symlink_to(source)
    named = work / "shop" / "c.py"
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("x")
    named.symlink_to(tmp_path / ".ssh" / "config")
    for path in (inwards, outwards, named):
        assert why_kept_back(path, [work]) is not None
    assert why_kept_back(source, [work]) is None


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
@pytest.mark.parametrize(
    ("pattern", "kept"),
    [("~/work/", True), ("~/work/**/*.py", True), ("~/work/s*", True), ("~/w*/shop/", True),
     ("{linked}/work/shop", True), ("{linked}/work/shop/a.py", True), ("{named}", True),
     ("~/work/*.py", False), ("~/work/b*", False), ("~/other/", False), ("{linked}/a.py", False)],
)  # fmt: skip
def test_the_users_patterns_name_what_is_behind_a_link(
    pattern: str, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Glob characters in the real path stand for themselves.
    real = tmp_path / "disk [1]"
    source = project(real, {})
    linked = tmp_path / "linked"
    linked.symlink_to(real, target_is_directory=True)
    (tmp_path / "named").symlink_to(source)
    monkeypatch.setenv("HOME", str(linked))
    monkeypatch.setenv("USERPROFILE", str(linked))
    pattern = pattern.format(linked=linked, named=tmp_path / "named")
    wishes = Wishes((pattern,))
    assert (why_kept_back(source, [real / "work"], wishes) is not None) is kept
    assert is_kept_back(source, real / "work", wishes) is kept


def test_letters_count_as_the_file_system_has_them(tmp_path: Path) -> None:
    source = project(tmp_path, {".aiignore": "SHOP/A.py\n"})
    assert why_kept_back(source, [tmp_path / "work"], fold=True) is not None
    assert why_kept_back(source, [tmp_path / "work"], fold=False) is None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a file it may not read")
def test_an_ignore_file_that_may_not_be_read_keeps_back_all(tmp_path: Path) -> None:
    source = project(tmp_path, {".aiignore": "b.py\n"})
    (tmp_path / "work" / ".aiignore").chmod(0)
    kept = why_kept_back(source, [tmp_path / "work"])
    assert kept is not None
    assert "cannot be read" in kept.why


COMMANDS = ["dola.explain", "dola.refactor", "dola.instruct", "dola.document",
            "dola.generateTests"]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_action_on_a_file_that_is_kept_back_is_refused(
    command: str, tmp_path: Path
) -> None:
    source = project(tmp_path, {".aiignore": "# ours\nshop/\n"})
    model, uri = FakeModel(fenced(NEW)), source.as_uri()
    server = server_with(tmp_path, model)
    async with Editor.connect(server, "helix-25.01", folder=tmp_path / "work") as editor:
        await editor.open(uri, TEXT)
        call = {"uri": uri, "range": editor.cursor_at(uri, "return"), "instruction": "Use sum()."}
        await editor.run(command, call)
        await editor.idle()
        [message] = editor.take_messages()
        assert message.endswith(
            "a.py is kept back: line 2 of .aiignore names it (“shop/”). Nothing was sent. "
            "Change .aiignore if Dola may work here."
        )
        assert editor.text(uri) == TEXT
    assert model.prompts == []


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("", "line 1 of .gitignore"),
        ("[privacy]\ngitignored = true\n", None),
        ('[privacy]\ngitignored = true\nexclude = ["*.py"]\n', "`privacy.exclude`"),
        ('[privacy]\ngitignored = true\nexclude = ["!*.py"]\n', "Put it right, or remove it."),
        ('[privacy]\ngitignored = true\nexclude = ["*.sql"\n', "is not valid TOML"),
    ],
)
async def test_the_user_decides_in_the_own_file(
    config: str, words: str | None, tmp_path: Path
) -> None:
    source = project(tmp_path, {".gitignore": "a.py\n"})
    model, uri = FakeModel(fenced(NEW)), source.as_uri()
    server = server_with(tmp_path, model)
    (tmp_path / "config.toml").write_text(config)
    options = {"privacy": {"gitignored": True, "exclude": [], "secrets": "mask"}}
    async with Editor.connect(
        server, "helix-25.01", folder=tmp_path / "work", options=options
    ) as editor:
        await editor.open(uri, TEXT)
        await editor.execute(await chosen(editor, uri, "dola.refactor"))
        await editor.idle()
        editor.take_edits()
        messages = " ".join(editor.take_messages())
        assert "`privacy.gitignored`" in messages
        assert (editor.text(uri) == AFTER) is (words is None)
        assert (words or "") in messages
    assert (model.prompts == []) is (words is not None)


async def test_a_document_that_is_no_file_is_judged_by_its_name(tmp_path: Path) -> None:
    model = FakeModel(fenced(NEW))
    async with Editor.connect(server_with(tmp_path, model), "helix-25.01") as editor:
        for uri in ("git:/work/.env?ref=main", "untitled:Untitled-1"):
            await editor.open(uri, TEXT)
            await editor.run(
                "dola.refactor", {"uri": uri, "range": editor.cursor_at(uri, "result = 0")}
            )
            await editor.idle()
        [message] = editor.take_messages()
        assert ".env is kept back" in message
        editor.take_edits()
    assert len(model.prompts) == 1


async def test_a_relay_on_this_machine_is_no_exception_and_the_engine_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    env = {"DOLA_CONFIG": str(config), "DOLA_MODEL": "m"}
    relay = Configuration(env={**env, "DOLA_BASE_URL": "http://127.0.0.1:9/v1"})
    await relay.model()
    assert not stays_here(relay)
    monkeypatch.setattr(provider, "find", lambda name: tmp_path / "weights.gguf")
    monkeypatch.setattr(provider, "engine_installed", lambda: True)
    engine = Configuration(env={**env, "DOLA_PROVIDER": "local"})
    assert not stays_here(engine)
    await engine.model()
    assert stays_here(engine)
    for one in (relay, engine):
        await one.close()
