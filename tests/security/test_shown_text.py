"""S19: text shown to the user can load, run and link to nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dola_ls.core.safe_markdown import parts, safe_markdown
from tests.security.viewer import VIEWER, live

PAYLOADS = [
    "![x](http://evil.example/a.png)",
    "![x](//evil.example/a.png)",
    "![x][r]\n\n[r]: http://evil.example/a.png",
    "![x](data:image/png;base64,AAAA)",
    "![\nx\n](http://evil.example)",
    "[![x](http://evil.example/a.png)](http://evil.example)",
    "[click](command:workbench.action.terminal.new)",
    "[click](COMMAND:x)",
    "[click](vscode://file/etc/passwd)",
    "[click](vscode-insiders://x)",
    "[click](javascript:alert(1))",
    "[click](file:///etc/passwd)",
    "[click](http://evil.example 'title')",
    "[click](<http://evil.example>)",
    "[click\n](http://evil.example)",
    "[click][r]\n\n [r]: http://evil.example",
    "[r]\n\n[r]:\nhttp://evil.example",
    "<img src=http://evil.example/a.png>",
    "<img src=//evil.example/a.png>",
    "<img src='//evil.example/a.png'>",
    "<script>alert(1)</script>",
    "<a href='command:x'>y</a>",
    "<iframe src=https://evil.example></iframe>",
    "<http://evil.example>",
    "<style>@import '//evil.example/x.css'</style>",
    "http://evil.example/?q=secret",
    "see www.evil.example for more",
    "ftp://evil.example",
    "mailto:a@evil.example",
    "https&#58;//evil.example",
    "https&colon;//evil.example",
    "- `\n- [x](http://evil.example)\n- `",
    "` [x](http://evil.example) `",
    "`\n![x](http://evil.example/a)\n`",
    "``` a\n![x](http://in.a.block)\n",
    "text\n    ```\n![x](http://evil.example)\n",
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "\x1b[2J\x1b[31mred",
    "a\u202eb\u2066c\u200b",
    "a\x00b\x07",
    "~~~ x\n<b>\n~~~y\n![x](http://evil.example)",
    "> ![x](http://evil.example/a.png)",
    "| a |\n|---|\n| ![x](http://evil.example) |",
    "- a\n  ```\n  code\n![x](http://evil.example)",
    "- a\n  ```\n     ```\n  ![x](http://evil.example)",
    "- a\n  ```\n```\n![x](http://evil.example)\n```",
    "- ```\n  code\n  ```\n![x](http://evil.example)",
    "1. a\n   ```\n   b\n2. <img src=x>",
    "> ```\n> code\n```\n> ![x](http://evil.example)\n```",
    "~~~ a`b\n~~~\n![x](http://evil.example)",
    "```\n````\n![x](http://evil.example)",
    "[click\n](elsewhere.md)",
    "[click\n](/etc/passwd)",
    "[click][r]\n\n> [r]: elsewhere.md",
    "[r]\n\n- [r]: elsewhere.md",
    "[`r`]\n\n[`r`]: elsewhere.md",
    "[`x`](elsewhere.md)",
]

PIECES = [
    *(
        "\n",
        "\n\n",
        "`",
        "```",
        "~~~\n",
        "\n```\n",
        "\n~~~~",
        "text ",
        "- ",
        "1. ",
        "> ",
        "  ",
        "\t",
    ),
    *("[", "](", "]: x", "][", "[x]", "\\", "|", "\n|---|\n", "!", "<", "  ", "\t"),
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_live_is_left(payload):
    assert live(safe_markdown(payload)) == []


def test_the_viewer_used_here_does_see_them():
    blind = [payload for payload in PAYLOADS if not live(payload)]
    assert len(blind) <= 12, blind


@settings(max_examples=1500)
@given(st.lists(st.sampled_from([*PAYLOADS, *PIECES])))
def test_nothing_live_is_left_in_any_mixture(parts):
    assert live(safe_markdown("".join(parts))) == []


def test_ordinary_explanations_read_as_before():
    text = (
        "Adds `a[0](b)` to *total*, see `std::vec`.\n\n- first: `x`\n\n"
        "```python\nif a < b:\n    print('http://x')\n```\n"
    )
    assert safe_markdown(text) == text


def test_words_in_brackets_stay():
    text = "- [ ] todo\n- `a[0](b)`, a[0] and [1, 2]\n"
    assert safe_markdown(text) == text
    assert safe_markdown("m[0][1] is [x](y), [0]: first\n") == "m[0]\\[1] is x, [0]\\: first\n"


def test_code_in_a_list_stays_code():
    text = "1. Run:\n   ```sh\n   if a <b; then\n     c\n   ```\n2. Then `x < y`.\n"
    assert safe_markdown(text) == ("1. Run:\n```sh\nif a <b; then\n  c\n```\n2. Then `x < y`.\n")
    assert safe_markdown("- ```\n  a\n  ```\nb") == "-\n```\na\n```\nb\n"
    assert safe_markdown("~~~py\n```\n~~~") == "````py\n```\n````\n"


@given(st.text(alphabet="ab `~\n-1.>[]()!<\\|:", max_size=60))
@settings(max_examples=1500)
def test_what_is_safe_is_read_in_the_same_parts_again(text):
    shown = safe_markdown(text)
    lines = [line for part in parts(shown) for line in part.lines]
    assert "\n".join(lines) == shown.strip("\n")
    code = [token.map for token in VIEWER.parse(shown) if token.type == "fence"]
    assert len([part for part in parts(shown) if part.code]) == len(code)


def test_it_is_cut_at_a_length_and_its_blocks_are_closed():
    shown = safe_markdown("```\n" + "x" * 100_000)
    assert len(shown) < 61_000
    assert shown.rstrip().endswith("```")
