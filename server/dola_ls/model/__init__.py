"""The network: the wire format, the client, its errors, and the embedded engine."""

import sys

# httpx imports its command line too, and with it click, pygments and rich where they are installed.
# None makes that import fail, and httpx goes on without:
# https://docs.python.org/3/reference/import.html#the-module-cache
if "httpx" not in sys.modules:
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
