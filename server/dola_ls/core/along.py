"""What goes along with the code at hand: pieces of other code, and what other tools say of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dola_ls.core.left_out import LeftOut


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of code that is shown to be read."""

    #: Relative to the workspace folder, with forward slashes; the bare name of the file at hand.
    path: str
    text: str
    #: A clause for the user: ``definition of Money, used in the region``.
    why: str
    #: Its first line in the file, from 0; pieces of a file are shown in its order.
    first: int = 0
    #: It is of the file at hand, of lines that are not shown otherwise.
    here: bool = False
    #: It calls the code at hand, and is not called by it.
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """The pieces for one action, and what there was no place for."""

    pieces: tuple[Piece, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def elsewhere(self) -> Related:
        """Return the pieces of other files, for where all of the file at hand is shown."""
        return replace(self, pieces=tuple(piece for piece in self.pieces if not piece.here))

    def ordered(self) -> list[Piece]:
        """Return the pieces as they are shown: definitions, then calls, each by their place.

        The order hangs on nothing but which they are, so that the prompts of two actions that need
        the same begin with the same, and a provider's cache can hit.
        """
        return sorted(self.pieces, key=lambda one: (one.calls, one.here, one.path, one.first))


NOTHING = Related()


@dataclass(frozen=True, slots=True)
class Noted:
    """What other tools say of the region, as the prompt holds it, and what is not told."""

    text: str = ""
    left_out: tuple[LeftOut, ...] = ()


SILENCE = Noted()
