"""What the model is told of blocks that could not be used."""

from dola_ls.core.blocks import Malformed
from dola_ls.core.feedback import feedback
from dola_ls.core.matching import Unmatched
from tests.core.placing import TEXT, block, place


def test_the_closest_lines_are_quoted():
    found = place(TEXT, block("    for item in item_list:\n        result += item\n", "x\n"))
    assert isinstance(found, Unmatched)
    assert found.failures[0].closest == (
        "    for item in items:\n        result = result + item\n",
    )
    message = feedback(found)
    assert "do not stand in the text" in message
    assert "for item in item_list:" in message
    assert "        result = result + item\n" in message
    assert "these blocks" not in message


def test_nothing_close_is_said_to_be_close():
    found = place(TEXT, block("SELECT zebra FROM zoo\n", "x\n"))
    assert isinstance(found, Unmatched)
    assert found.failures[0].closest == ()
    assert "most like" not in feedback(found)


def test_both_places_of_an_ambiguous_block_are_quoted():
    found = place(TEXT, block("    result = 0\n", "    result = 1\n"))
    assert isinstance(found, Unmatched)
    message = feedback(found)
    assert "lines 5 and 12" in message
    assert "def total(items):\n    result = 0\n" in message
    assert "def tax(value):\n    result = 0\n" in message


def test_feedback_names_what_is_kept_and_what_is_to_be_sent():
    found = place(TEXT, block("import os\n", "import sys\n"), block("no\n", "yes\n"))
    assert isinstance(found, Unmatched)
    assert "others were found" in feedback(found)
    assert "import sys" not in feedback(found)
    message = feedback(Malformed("a block has no ======= line between SEARCH and REPLACE"))
    assert "no ======= line" in message
    assert "all blocks" in message


def test_feedback_stays_short_and_its_fences_hold():
    found = place("```\n" * 9, block("`````\n" + "x" * 100_000 + "\n" + "y\n" * 5000, "z\n"))
    assert isinstance(found, Unmatched)
    message = feedback(found)
    assert len(message) < 5000
    assert "``````" in message


def test_the_closest_of_2000_lines_are_found():
    lines = [
        f"    value_{at % 97} = compute(source, {at}, other_{at % 31})\n" for at in range(2000)
    ]
    wanted = "".join(lines[1500:1530]).replace("compute(source", "compute( source")
    found = place("".join(lines), block(wanted, "x\n"))
    assert isinstance(found, Unmatched)
    assert found.failures[0].closest == ("".join(lines[1500:1530]),)
