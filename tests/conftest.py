"""What holds for all tests."""

from __future__ import annotations

from tests.interrupts import heed_interrupts

heed_interrupts()

# Small projects that the tests read and copy; their own tests are not ours.
collect_ignore = ["fixtures"]
