"""S19: text shown to the user can load, run and link to nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.policy import safe_markdown

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
]


def outside_fences(markdown: str) -> str:
    kept, fence = [], ""
    for line in markdown.split("\n"):
        match = re.match(r"^ {0,3}(`{3,}|~{3,})", line)
        if fence:
            if match and match[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif match:
            fence = match[1]
        else:
            kept.append(line)
    return "\n".join(kept)


LIVE = re.compile(
    r"<[a-z/!?]|!\[|\b(?:https?|ftp|file|command|vscode[a-z-]*|javascript|data|mailto):[^\s:]"
    r"|\bwww\.\w|(?<![:\]\w/])//\w|\x1b|[\u200b-\u200f\u202a-\u202e\u2066-\u2069\x00\x07]",
    re.IGNORECASE,
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_live_is_left(payload):
    shown = safe_markdown(payload)
    assert not LIVE.search(outside_fences(shown)), shown


@given(st.lists(st.sampled_from([*PAYLOADS, "\n", "`", "```", "~~~\n", "text ", "[", "]("])))
def test_nothing_live_is_left_in_any_mixture(parts):
    shown = safe_markdown("".join(parts))
    assert not LIVE.search(outside_fences(shown)), shown


def test_ordinary_explanations_read_as_before():
    text = (
        "Adds `a[0](b)` to *total*, see `std::vec`.\n\n- first: `x`\n\n"
        "```python\nif a < b:\n    print('http://x')\n```\n"
    )
    assert safe_markdown(text) == text


def test_it_is_cut_at_a_length_and_its_blocks_are_closed():
    shown = safe_markdown("```\n" + "x" * 100_000)
    assert len(shown) < 61_000
    assert shown.rstrip().endswith("```")
