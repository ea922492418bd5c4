"""What stands outside of the region survives an answer that is a whole file."""

import pytest

from dola_ls.core import gate
from dola_ls.core.actions import find_target
from dola_ls.core.candidate import candidate
from dola_ls.core.document import Document, Span
from dola_ls.core.edits import rewrite_region
from dola_ls.core.parsing import parse
from dola_ls.core.strays import without_strays

RUST = (
    "/// Returns the mean.\n"
    "pub fn mean(values: &[f64]) -> f64 {\n"
    "    values.iter().sum::<f64>() / values.len() as f64\n"
    "}\n\n"
    "pub fn median(values: &[f64]) -> f64 {\n"
    "    values[values.len() / 2]\n"
    "}\n"
)
MEAN, MEDIAN = RUST.split("\n\n")
SHOP = (
    "import math\n"
    "import os\n\n"
    "RATE = 0.2\n\n\n"
    "def tax(price):\n"
    "    # Rounded up, as the law has it.\n"
    "    return math.ceil(price * RATE)\n\n\n"
    "def folder():\n"
    '    return os.path.join("a", "b")\n\n\n'
    "def total(prices):\n"
    "    found = 0\n"
    "    for price in prices:\n"
    "        found += price + tax(price)\n"
    "    return found\n\n\n"
    "def show(prices):\n"
    '    label = "total"\n'
    '    return f"{label}: {total(prices)}"\n'
)
PAGE = (
    "# Install\n\n## Needs\n\nIt runs on Linux.\nWindows is not supported.\n\n"
    "## Steps\n\nRun `make` and wait.\n"
)


def asked(text: str, language: str, at: str, words: str, new: str) -> str:
    """Return a file after an answer with the whole of it, or the rule that refuses that."""
    document = Document(f"file:///a.{language}", language, 1, text)
    tree = parse(document)
    place = text.index(at)
    target = find_target(document, tree, Span(place, place))
    assert target is not None
    rewrite = rewrite_region(document, Span(0, len(text)), new)
    rewrite = without_strays(candidate(document, tree, target, rewrite, words))
    verdict = gate.judge(candidate(document, tree, target, rewrite, words))
    return verdict.rule if verdict else rewrite.text


def in_shop(at: str, words: str, new: str) -> str:
    return asked(SHOP, "python", at, words, new)


def test_a_function_that_moves_and_loses_its_comment_is_refused():
    new = "/// Returns the median.\n" + MEDIAN + "\n" + MEAN.split("\n", 1)[1] + "\n"
    words = "Add a doc comment that says that it returns the median."
    assert asked(RUST, "rust", "pub fn median", words, new) == "lost_elsewhere"


def test_a_section_that_is_dropped_with_the_change_is_refused():
    new = "# Install\n\n## Needs\n\nIt runs on Linux and Windows.\n"
    words = "Windows is supported now."
    assert asked(PAGE, "markdown", "Windows is", words, new) == "lost_elsewhere"
    kept = PAGE.replace("Windows is not", "Windows is")
    assert asked(PAGE, "markdown", "Windows is", words, kept) == kept


@pytest.mark.parametrize(
    "lost", ["    # Rounded up, as the law has it.\n", '    label = "total"\n']
)
def test_a_line_that_is_dropped_elsewhere_stays(lost):
    done = SHOP.replace("found = 0", "found = 0.0")
    new = done.replace(lost, "")
    assert in_shop("found = 0", "Make the total a float. Round nothing up.", new) == done


def test_a_line_that_is_put_elsewhere_stays_where_it_is():
    done = SHOP.replace("found = 0", "found = 0.0")
    new = done.replace("RATE = 0.2\n\n\n", "").replace("def folder", "RATE = 0.2\n\n\ndef folder")
    words = "Make the RATE and the total floats."
    assert in_shop("found = 0", words, new) == done
    assert in_shop("found = 0", words + " Move the RATE down.", new) == new


def test_imports_may_be_put_in_order_where_one_is_added():
    old = 'package a\n\nimport (\n\t"os"\n\t"fmt"\n)\n\nfunc f() {\n\tprintln(1)\n}\n'
    new = old.replace("println(1)", 'fmt.Println(os.Args, errors.New("no"))')
    new = new.replace('\t"os"\n\t"fmt"\n', '\t"errors"\n\t"fmt"\n\t"os"\n')
    assert asked(old, "go", "println", "Print os.Args and an error of errors.", new) == new
    # A line that only speaks of where something comes from is none.
    page = "# A\n\n- Apples from Spain\n- Pears from Italy\n\n## B\n\nAll of this is fresh.\n"
    swapped = page.replace(
        "- Apples from Spain\n- Pears from Italy", "- Pears from Italy\n- Apples from Spain"
    )
    words = "Say that Apples and Pears are ripe."
    ripe = swapped.replace("fresh", "ripe")
    assert asked(page, "markdown", "All of", words, ripe) == page.replace("fresh", "ripe")


def test_a_line_that_is_put_into_the_region_is_not_there_twice():
    new = SHOP.replace('    label = "total"\n', "").replace(
        "    found = 0\n", '    label = "total"\n    found = 0\n'
    )
    assert in_shop("found = 0", "Name the label.", new) == "lost_elsewhere"


def test_a_line_that_moves_along_with_a_new_one_is_not_there_twice():
    done = SHOP.replace("found = 0", "found = json.loads(prices)").replace("import os\n", "")
    far = done.replace("def show", "import json\nimport os\n\n\ndef show")
    label = done.replace('    label = "total"', "    import json\n    import os")
    words = "Read the prices as json."
    assert in_shop("found = 0", words, far) == "lost_elsewhere"
    assert in_shop("found = 0", words, label) == "lost_elsewhere"
    assert in_shop("found = 0", words + " Move os down.", far) == far


def test_one_of_several_alike_is_not_put_elsewhere():
    more = "\n\ndef most(prices):\n    found = 0\n    return max(prices, default=found)\n"
    done = (SHOP + more).replace('label = "total"', 'label = "found"')
    lines = done.splitlines(keepends=True)
    for at in (number for number, line in enumerate(lines) if line == "    found = 0\n"):
        left = lines[:at] + lines[at + 1 :]
        for to in set(range(len(lines))) - {at}:
            moved = "".join([*left[:to], lines[at], *left[to:]])
            words = "Call the label found."
            answer = asked(SHOP + more, "python", "label =", words, moved)
            assert answer in (done, "lost_elsewhere"), (at, to)


def test_what_the_region_needs_no_more_may_go():
    new = SHOP.replace("import os\n", "").replace('os.path.join("a", "b")', '"a/b"')
    assert in_shop("os.path", "Write the path as it is.", new) == new
    # Where the name is used elsewhere, its import stays.
    new = SHOP.replace("import math\n", "").replace("math.ceil(price * RATE)", "round(price)")
    used = SHOP.replace("def folder", "def half():\n    return math.pi / 2\n\n\ndef folder")
    changed = new.replace("def folder", "def half():\n    return math.pi / 2\n\n\ndef folder")
    answer = asked(used, "python", "math.ceil", "Round the tax.", changed)
    assert answer == changed.replace("import os", "import math\nimport os")


def test_what_is_to_be_done_to_all_functions_is():
    new = SHOP.replace("def ", "async def ")
    assert in_shop("found = 0", "Make all functions async.", new) == new
    only = SHOP.replace("def total", "async def total")
    assert in_shop("found = 0", "Make it async.", new) == only


def test_a_function_that_is_to_be_inlined_may_go():
    start, end = SHOP.index("def tax"), SHOP.index("def folder")
    new = (SHOP[:start] + SHOP[end:]).replace("tax(price)", "math.ceil(price * RATE)")
    assert in_shop("found = 0", "Inline tax and remove it.", new) == new


def test_a_caller_changes_with_what_it_calls():
    new = SHOP.replace("def total(prices)", "def total(prices, start)")
    new = new.replace("found = 0", "found = start").replace("total(prices)}", "total(prices, 0)}")
    words = "Add a parameter `start` and change the callers."
    assert in_shop("def total", words, new) == new
