"""Asking before a request that may cost more than the user lets pass unasked."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcMethodNotFound

from dola_ls.lsp.consent import ANSWER_SECONDS, KEEP, SEND
from dola_ls.model.prices import dollars

if TYPE_CHECKING:
    from dola_ls.lsp.server import DolaServer
    from dola_ls.model.prices import Estimate

log = logging.getLogger(__name__)


async def approve(server: DolaServer, most: Estimate) -> bool:
    """Ask whether a request may cost so much; closing the question, or no answer, is a no.

    Where the client cannot show a question, it is sent: the progress has told what it may cost, and
    the limits hold all the same.
    """
    params = types.ShowMessageRequestParams(
        type=types.MessageType.Info,
        message=f"Dola: This request may cost up to {dollars(most.micros)}. Send it?",
        actions=[types.MessageActionItem(title) for title in (SEND, KEEP)],
    )
    question = server.window_show_message_request_async(params)
    try:
        answer = await asyncio.wait_for(question, ANSWER_SECONDS)
    except JsonRpcMethodNotFound:
        # Helix up to 25.07.
        return True
    except Exception as error:
        log.info("no answer about the cost: %s", type(error).__name__)
        return False
    return answer is not None and answer.title == SEND
