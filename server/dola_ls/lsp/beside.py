"""What other tools say of the lines that an action is about, where it is not there to fix that.

It goes along with the command, as the client tells it with the menu and at no other time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from dola_ls.core.noted import MOST
from dola_ls.lsp.arguments import write_diagnostic
from dola_ls.lsp.marks import SOURCE
from dola_ls.lsp.problems import distinct, in_document, worth_it

if TYPE_CHECKING:
    from dola_ls.core.diagnostics import Diagnostic
    from dola_ls.core.document import Document, Encoding, Span
    from dola_ls.lsp.server import DolaServer


def written(
    document: Document, region: Span, given: Sequence[types.Diagnostic], encoding: Encoding
) -> dict[str, Any]:
    """Return as arguments of a command what is said of a region; nothing where nothing is."""
    if not given:
        return {}
    found = distinct(document, given, encoding)
    inside = worth_it([one for one in found if region.start <= one.span.start < region.end])
    said = [write_diagnostic(one) for problem in inside for one in problem.given][:MOST]
    return {"others": said} if said else {}


def beside(
    server: DolaServer, document: Document, given: Sequence[types.Diagnostic]
) -> tuple[Diagnostic, ...]:
    """Return what goes along of what came with a call; none if the user wants none."""
    if not given or not server.configuration.settings().settings.context.related:
        return ()
    return in_document(server, document, [one for one in given if one.source != SOURCE])
