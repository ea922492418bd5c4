"""How servers say that an answer is over: words for a good end, for a bad one, and for none."""

from __future__ import annotations

import pytest

from dola_ls.model import errors
from dola_ls.model.client import HttpModel
from tests.fakes.api import FakeApi, Reply, chunk, events_reply, sse, status
from tests.model.conftest import MakeModel, listen

PARTS = ("def add(a, b):\n", "    return a + b\n", "\n")
TEXT = "".join(PARTS)


def ending(*last: dict[str, object] | str, each: str | None = None, delay: float = 0.0) -> Reply:
    """Return an answer whose every chunk says `each` of its end, and that goes on with `last`."""
    chunks = [chunk({"content": part}, each) for part in PARTS]
    return events_reply(sse([*chunks, *last]), delay=delay)


@pytest.mark.parametrize("word", ["", " ", "null", "None", None])
async def test_no_word_for_an_end_is_none(word: str | None, api: FakeApi, model: HttpModel) -> None:
    # Slower than what an answer that is over is given for its figures.
    api.enqueue(ending(chunk({}, "stop"), "[DONE]", each=word, delay=0.25), ending(each=word))
    heard = await listen(model)
    assert heard.text == TEXT
    assert (heard.completion.finish_reason, heard.completion.done) == ("stop", True)
    assert isinstance((await listen(model)).error, errors.CutOff)


@pytest.mark.parametrize("word", ["eos", "end_turn", "STOP", "stop_sequence"])
async def test_an_unknown_word_is_a_good_end(word: str, api: FakeApi, model: HttpModel) -> None:
    api.enqueue(ending(chunk({}, word)))
    heard = await listen(model)
    assert (heard.text, heard.completion.finish_reason) == (TEXT, word)


BAD = {
    **dict.fromkeys(("length", "max_tokens", "MAX_TOKENS", "model_length"), errors.OutOfTokens),
    **dict.fromkeys(("content_filter", "SAFETY", "sensitive"), errors.Filtered),
}


@pytest.mark.parametrize(("word", "kind"), BAD.items())
async def test_other_words_for_a_known_end_are_understood(
    word: str, kind: type[errors.ModelError], api: FakeApi, model: HttpModel
) -> None:
    api.enqueue(ending(chunk({}, word), "[DONE]"))
    assert type((await listen(model)).error) is kind


@pytest.mark.parametrize(
    "word",
    ["error", "abort", "aborted", "cancelled", "insufficient_system_resource", "network_error"],
)
@pytest.mark.parametrize("before", [(), (chunk({}, "stop"),)], ids=["alone", "after another"])
async def test_an_answer_that_the_server_gave_up_is_half_an_answer(
    word: str, before: tuple[dict[str, object], ...], api: FakeApi, make_model: MakeModel
) -> None:
    whole = {"choices": [{"message": {"content": TEXT}, "finish_reason": word}]}
    api.enqueue(ending(*before, chunk({}, word), "[DONE]"), status(200, whole))
    for _ in range(2):
        error = (await listen(make_model())).error
        assert isinstance(error, errors.CutOff)
        assert f"broke its answer off ({word})" in str(error)
