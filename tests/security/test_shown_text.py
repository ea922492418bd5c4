"""S19: text shown to the user can load, run and link to nothing."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

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


#: A viewer's own parser, with tables and with addresses made into links.
VIEWER = MarkdownIt("gfm-like", {"html": True})
assert VIEWER.linkify is not None
# As GitHub and VS Code have it: `total.py` is no address.
VIEWER.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
#: Where a link can lead out: any scheme, another host, or what viewers take for one.
OUTWARD = re.compile(r"[a-z][a-z0-9+.-]*:|//|\\\\|www\.", re.IGNORECASE)
UNSEEN = re.compile(r"[\x1b\x00\x07\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def live(markdown: str) -> list[str]:
    """Return what a viewer would load, run or link to in `markdown`."""

    def walk(tokens):
        for token in tokens:
            yield token
            yield from walk(token.children or [])

    found = []
    for token in walk(VIEWER.parse(markdown)):
        if token.type in {"html_block", "html_inline", "image"}:
            found.append(f"{token.type}: {token.content}")
        elif token.type == "link_open" and OUTWARD.match(str(token.attrs["href"])):
            found.append(f"link: {token.attrs['href']}")
        elif token.type == "text":
            found += re.findall(r"\bwww\.\w+", token.content)
    return found + UNSEEN.findall(markdown)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_live_is_left(payload):
    assert live(safe_markdown(payload)) == []


def test_the_viewer_used_here_does_see_them():
    blind = [payload for payload in PAYLOADS if not live(payload)]
    assert len(blind) <= 12, blind


@settings(max_examples=1500)
@given(
    st.lists(
        st.sampled_from(
            [*PAYLOADS, "\n", "`", "```", "~~~\n", "text ", "[", "](", "\\", "|", "\n|---|\n", "> "]
        )
    )
)
def test_nothing_live_is_left_in_any_mixture(parts):
    assert live(safe_markdown("".join(parts))) == []


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
