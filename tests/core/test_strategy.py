"""Which form an answer is asked for in, and what comes next where that fails."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dola_ls.core.actions import ACTIONS, EXPLAIN, GENERATE_TESTS, REFACTOR
from dola_ls.core.limits import MAX_REGION_LINES
from dola_ls.core.strategy import TABLE, Form, Predictions, choose

REWRITE = (Form.REWRITE, Form.MENDED)
BLOCKS = (Form.BLOCKS, Form.AGAIN, Form.REWRITE)


@pytest.mark.parametrize(
    ("lines", "predictions", "forms"),
    [
        (1, Predictions.IGNORED, REWRITE),
        (50, Predictions.UNKNOWN, REWRITE),
        (51, Predictions.UNKNOWN, BLOCKS),
        (51, Predictions.IGNORED, BLOCKS),
        (51, Predictions.WORKS, REWRITE),
        (200, Predictions.WORKS, REWRITE),
        (200, Predictions.LOCAL, REWRITE),
        (201, Predictions.LOCAL, BLOCKS),
        (201, Predictions.WORKS, BLOCKS),
        (MAX_REGION_LINES, Predictions.WORKS, BLOCKS),
        (MAX_REGION_LINES + 1, Predictions.WORKS, (Form.BLOCKS, Form.AGAIN)),
    ],
)
def test_the_form_by_size_and_predictions(lines, predictions, forms):
    assert choose(REFACTOR, lines, predictions).forms == forms


def test_actions_that_change_no_region_have_one_form():
    for predictions in Predictions:
        assert choose(EXPLAIN, 900, predictions).forms == (Form.PROSE,)
        assert choose(GENERATE_TESTS, 900, predictions).forms == (Form.NEW_FILE,)


def test_changes_elsewhere_in_the_file_need_blocks_whatever_the_size():
    strategy = choose(REFACTOR, 3, Predictions.WORKS, elsewhere=True)
    assert strategy.forms == (Form.FILE_BLOCKS, Form.AGAIN, Form.REWRITE)


def test_text_that_holds_markers_is_never_asked_for_in_blocks():
    for elsewhere in (False, True):
        strategy = choose(REFACTOR, 300, Predictions.IGNORED, elsewhere=elsewhere, marked=True)
        assert strategy.forms == REWRITE
    assert choose(REFACTOR, 5000, Predictions.IGNORED, marked=True).forms == ()


def test_a_short_file_is_written_anew_where_that_costs_no_prediction():
    def forms(predictions: Predictions, lines: int) -> tuple[Form, ...]:
        return choose(REFACTOR, 9, predictions, elsewhere=True, file_lines=lines).forms

    assert forms(Predictions.LOCAL, 120) == (Form.FILE, Form.MENDED, Form.REWRITE)
    assert forms(Predictions.LOCAL, 121)[0] is Form.FILE_BLOCKS
    assert forms(Predictions.WORKS, 9)[0] is Form.FILE_BLOCKS
    assert choose(REFACTOR, 9, Predictions.LOCAL, file_lines=9).forms == REWRITE


def test_blocks_are_looked_for_in_the_whole_file_only_where_the_task_reaches_there():
    assert choose(REFACTOR, 3, Predictions.WORKS, elsewhere=True).in_file
    assert not choose(REFACTOR, 300, Predictions.WORKS).in_file


def test_only_a_rewrite_carries_a_prediction_and_only_where_one_may_be_used():
    for predictions in Predictions:
        strategy = choose(REFACTOR, 100, predictions)
        sent = {form for form in Form if strategy.predicts(form)}
        useful = predictions in (Predictions.WORKS, Predictions.UNKNOWN)
        assert sent == ({*REWRITE, Form.FILE} if useful else set())


@given(
    st.sampled_from(ACTIONS),
    st.integers(0, 10_000),
    st.sampled_from(list(Predictions)),
    st.booleans(),
    st.booleans(),
)
def test_every_strategy_is_a_way_to_an_end(action, lines, predictions, elsewhere, marked):
    forms = choose(action, lines, predictions, elsewhere=elsewhere, marked=marked).forms
    assert len(set(forms)) == len(forms) <= 3
    assert forms or (marked and lines > MAX_REGION_LINES)
    if Form.AGAIN in forms:
        assert forms[0] in (Form.BLOCKS, Form.FILE_BLOCKS)
        assert forms[1] is Form.AGAIN
    if Form.REWRITE in forms:
        assert forms[-1] in REWRITE
        assert lines <= MAX_REGION_LINES


def test_the_table_has_a_row_for_everything():
    assert TABLE[-1].lines == float("inf")
    assert TABLE[-1].predictions == frozenset(Predictions)
    assert choose(replace(REFACTOR, id="other"), 60, Predictions.UNKNOWN).forms == BLOCKS
