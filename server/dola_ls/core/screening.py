"""The last look at a request: what holds a secret is not sent, or only with the secret masked.

Where the user wants secrets masked, the model sees ``«secret:github-token»``. In an answer that is
to become an edit each mask turns back into its secret, so that lines which stay as they are stay;
an edit that touches such a line, or brings a secret or a mask to another one, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dola_ls.core.along import Piece, Related
from dola_ls.core.candidate import Verdict
from dola_ls.core.context import file_name, plain_newlines
from dola_ls.core.document import Document, apply_edits
from dola_ls.core.left_out import LeftOut
from dola_ls.core.policy import misleading_characters
from dola_ls.core.prompt import Prompt
from dola_ls.core.rewrite import Rewrite
from dola_ls.core.secret_rules import looks_random
from dola_ls.core.secrets import Secret, find_secrets

#: How every mask begins.
MASK = "«secret:"
#: A text of more characters is looked through in a thread; this takes about 10 ms.
LONG = 20_000
#: Characters of a secret that no name in code is taken for, if they look drawn by lot.
_LONG_SECRET = 16
#: Characters of a line on either side of a secret in which quotes are looked for.
_LONGEST_LINE = 1000


@dataclass(frozen=True, slots=True)
class Screen:
    """How the requests of an action are looked through."""

    #: The user's own keys for models, which are never sent in a text, nor masked.
    own_keys: tuple[str, ...] = field(default=(), repr=False)
    #: Send a request with its secrets masked, and not refuse it.
    masks: bool = False
    #: Nothing is looked for, because the engine that is asked is a part of this program.
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """The request must not be sent; `reason` says why and what to do, but not what was sent."""

    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """A request that may be sent, and the secret that each mask in it stands for."""

    prompt: Prompt
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)

    def restored(self, text: str) -> str:
        """Return an answer with the secrets in the place of their masks."""
        for mask, secret in self.hidden.items():
            text = text.replace(mask, secret)
        return text


def screened(prompt: Prompt, screen: Screen, documents: Iterable[Document]) -> Cleared | Stopped:
    """Look through the exact texts of a request; `documents` are where its code stands."""
    if screen.stays:
        return Cleared(prompt)
    texts = [prompt.system, prompt.user, prompt.prediction or "", *prompt.turn_texts]
    found = [find_secrets(text, screen.own_keys) for text in texts]
    secrets = [one for those in found for one in those]
    if not secrets:
        return Cleared(prompt)
    documents = list(documents)
    firm = [one for one in secrets if not one.maskable]
    if firm or not screen.masks:
        # The prediction repeats what the request holds already.
        shown = firm or found[0] + found[1] or secrets
        return _stopped(shown, prompt, documents)
    hidden = _masks(secrets, "\n".join(texts))
    by_text = {secret: mask for mask, secret in hidden.items()}
    masked = [_masked(text, those, by_text) for text, those in zip(texts, found, strict=True)]
    # Where two stood in each other, a piece of one may be left.
    left = [one for text in masked for one in find_secrets(text)]
    if left:
        return _stopped(left, prompt, documents)
    left_out = [
        LeftOut(f"{one.name} in {_place(one, prompt, documents)}", f"it is masked as {mask}")
        for mask, one in zip(hidden, _distinct(secrets), strict=True)
    ]
    system, user, prediction, *others = masked
    turns = []
    for turn in prompt.turns:
        turns.append(turn.with_texts(others[: len(turn.texts)]))
        del others[: len(turn.texts)]
    prompt = replace(
        prompt,
        system=system,
        user=user,
        prediction=None if prompt.prediction is None else prediction,
        turns=tuple(turns),
        left_out=(*prompt.left_out, *left_out),
    )
    return Cleared(prompt, hidden)


def harmless(related: Related, screen: Screen) -> Related:
    """Return the related code without the pieces that hold what must not be sent, or be hidden.

    The action goes on without them, and its request is looked through as a whole all the same.
    """
    pieces: list[Piece] = []
    left_out = list(related.left_out)
    for piece in related.pieces:
        text = f"{piece.path}\n{piece.text}"
        secrets = [] if screen.stays else find_secrets(text, screen.own_keys)
        what = piece.why if piece.here else f"{piece.why}, in {piece.path}"
        if secrets:
            left_out.append(LeftOut(what, f"it holds what looks like {secrets[0].name}"))
        elif misleading_characters(piece.text):
            left_out.append(LeftOut(what, "it holds invisible characters"))
        else:
            pieces.append(piece)
    return Related(tuple(pieces), tuple(left_out))


def _distinct(secrets: Iterable[Secret]) -> list[Secret]:
    """Return each secret once, where it stands first."""
    first: dict[str, Secret] = {}
    for one in secrets:
        first.setdefault(one.text, one)
    return list(first.values())


def _masks(secrets: Iterable[Secret], everything: str) -> dict[str, str]:
    """Return a mask for each secret, none of which stands in the texts already."""
    masks: dict[str, str] = {}
    for one in _distinct(secrets):
        number, mask = 1, f"{MASK}{one.rule}»"
        while mask in masks or mask in everything:
            number += 1
            mask = f"{MASK}{one.rule}:{number}»"
        masks[mask] = one.text
    return masks


def _masked(text: str, secrets: Iterable[Secret], masks: Mapping[str, str]) -> str:
    parts, at = [], 0
    for one in secrets:
        parts += [text[at : one.start], masks[one.text]]
        at = one.end
    masked = "".join([*parts, text[at:]])
    # What a rule saw by the code round it may stand elsewhere without that.
    for secret in sorted(masks, key=len, reverse=True):
        parts, at = [], 0
        for start in _elsewhere(masked, secret):
            parts += [masked[at:start], masks[secret]]
            at = start + len(secret)
        masked = "".join([*parts, masked[at:]])
    return masked


def _elsewhere(text: str, secret: str) -> Iterator[int]:
    """Yield where a secret stands in a text, but for places where it may be a name in the code.

    One that is a word, and neither long nor drawn by lot, counts within quotes alone.
    """
    word = re.fullmatch(r"\w+", secret) is not None
    anywhere = not word or (len(secret) >= _LONG_SECRET and looks_random(secret))
    at = text.find(secret)
    while at >= 0:
        end = at + len(secret)
        if anywhere or _quoted(text, at, end):
            yield at
        at = text.find(secret, end)


def _quoted(text: str, start: int, end: int) -> bool:
    """Tell whether a piece of a line stands between two quotes of the same kind."""
    before = text[max(start - _LONGEST_LINE, 0) : start].rpartition("\n")[2]
    after = text[end : end + _LONGEST_LINE].partition("\n")[0]
    return any(before.count(mark) % 2 and mark in after for mark in "\"'`")


def _place(secret: Secret, prompt: Prompt, documents: Iterable[Document]) -> str:
    """Return where a secret stands: in a line of the code, else of the request."""
    first = secret.text.partition("\n")[0]
    for document in documents:
        at = document.text.find(first)
        if at >= 0:
            return f"line {document.line_of(at) + 1} of {file_name(document.uri)}"
    texts = (prompt.user, prompt.system, *prompt.turn_texts)
    text = next((text for text in texts if first in text), "")
    return f"line {text.count(chr(10), 0, max(text.find(first), 0)) + 1} of the request"


def _stopped(secrets: list[Secret], prompt: Prompt, documents: Iterable[Document]) -> Stopped:
    first = secrets[0]
    place = _place(first, prompt, documents)
    others = len(_distinct(secrets)) - 1
    more = f", and there {'is 1' if others == 1 else f'are {others}'} more" if others else ""
    if first.rule == "own-key":
        return Stopped(
            f"{place} holds your own API key (rule {first.rule}){more}.",
            "Take it out of the code: whoever can read the file can use it.",
        )
    advice = "Move it out of the code, and run the action again."
    if all(one.maskable for one in secrets):
        advice = (
            "Move it out of the code and run the action again, or set `secrets = \"mask\"` under "
            "[privacy] in Dola's config.toml to have it masked."
        )  # fmt: skip
    return Stopped(f"{place} holds what looks like {first.name} (rule {first.rule}){more}.", advice)


def touches_masked(document: Document, rewrite: Rewrite, secrets: Iterable[str]) -> Verdict | None:
    """Refuse an edit of a line whose secret the model did not see, or that moves one."""
    secrets = tuple(secrets)
    if not secrets:
        return None
    for number in range(document.line_count):
        line = document.line_text(number)
        span = document.line_span(number)
        if _holds(line, secrets) and any(
            edit.start < span.start + len(line) and edit.end > span.start for edit in rewrite.edits
        ):
            return Verdict("masked", f"it changes line {number + 1}, whose secret was masked")
    after = apply_edits(document.text, rewrite.edits)
    if _holding(document.text, secrets) != _holding(after, secrets):
        return Verdict("masked", "it changes a line whose secret was masked, or repeats the secret")
    if after.count(MASK) > document.text.count(MASK):
        return Verdict("masked", "it holds the mask of a secret")
    return None


def _holding(text: str, secrets: tuple[str, ...]) -> list[str]:
    return [line for line in plain_newlines(text).split("\n") if _holds(line, secrets)]


def _holds(line: str, secrets: tuple[str, ...]) -> bool:
    """Tell whether a line holds a secret in such a way that it was masked."""
    held = [secret for secret in secrets if secret in line]
    if not held:
        return False
    found = {one.text for one in find_secrets(line)}
    return any(
        secret in found or next(_elsewhere(line, secret), None) is not None for secret in held
    )
