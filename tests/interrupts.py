"""SIGINT for what tests start."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """Have this process, and all that it starts, end at SIGINT again.

    A shell that starts a command in the background has it ignore SIGINT, and so would every program
    that a test starts and means to interrupt.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
