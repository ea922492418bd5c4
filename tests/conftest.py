"""What holds for all tests."""

from __future__ import annotations

import signal

# A shell that starts a command in the background has it ignore SIGINT, and so would every program
# that a test starts and means to interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Small projects that the tests read and copy; their own tests are not ours.
collect_ignore = ["fixtures"]
