"""Tests that only copy the sample are left out."""

from dola_ls.core.testing.copied import without_copies
from dola_ls.core.testing.frameworks import FRAMEWORKS

SAMPLE = (
    "def test_rate():\n    assert rate('CH') == 1\n\n\ndef test_none():\n    assert not rate('')\n"
)
OWN = "def test_total():\n    assert total([]) == 0\n"


def test_what_the_sample_has_is_left_out() -> None:
    code = "import a\n\n\n" + SAMPLE.replace("\n\n\n", "\n\n") + "\n\n" + OWN
    kept = without_copies(code, SAMPLE, "python", FRAMEWORKS["pytest"])
    assert "rate" not in kept
    assert kept.startswith("import a\n")
    assert kept.endswith(OWN)


def test_a_test_of_the_same_name_that_says_something_else_stays() -> None:
    code = OWN.replace("test_total", "test_rate")
    assert without_copies(code, SAMPLE, "python", FRAMEWORKS["pytest"]) == code


def test_where_all_are_copies_it_is_for_others_to_say() -> None:
    assert without_copies(SAMPLE, SAMPLE, "python", FRAMEWORKS["pytest"]) == SAMPLE
