"""The embedded engine's own process: llama.cpp's HTTP server on a loopback port of its choosing.

Started as ``python -m dola_ls.model.engine``. Its order comes as one line of JSON on stdin, so that
the key stands in no command line and no environment; its answer is one line of JSON on stdout:
``{"url": …}`` or ``{"error": …, "missing": bool}``. It lives as long as its stdin: the end of that
pipe is the death of the parent, whatever killed it.

Only the standard library and xllamacpp are imported here, which keeps the start short.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any, BinaryIO


def main() -> None:
    """Take the order from stdin, serve until stdin ends, then leave at once."""
    orders = sys.stdin.buffer
    answers = _private_stdout()
    order = json.loads(orders.readline())
    # A thread, because loading takes seconds and the parent may be gone before it is over.
    watch = threading.Thread(target=_leave_at_the_end_of, args=(orders,), daemon=True)
    watch.start()
    try:
        server = serve(order)
    except ModuleNotFoundError as error:
        _answer(answers, {"error": str(error), "missing": True})
        os._exit(1)
    except Exception as error:
        _answer(answers, {"error": str(error) or type(error).__name__, "missing": False})
        os._exit(1)
    _answer(answers, {"url": server.listening_address})
    answers.close()
    watch.join()


def serve(order: dict[str, Any]) -> Any:
    """Load the model and start the server; it answers as long as the returned object lives.

    `order`: ``model`` (path), ``alias`` (the name clients see), ``key``, ``n_ctx``, ``threads``
    (0: as many as there are cores) and ``speculation`` (``size_n`` and ``size_m``, or null).
    """
    # A thread that waits by spinning takes a core from the one it waits for as soon as anything
    # else runs. Tokens a second of the 1.5B model on two cores, idle and beside one busy process:
    # 28 and 8 by default, 18 and 15 with OMP_WAIT_POLICY=PASSIVE, 26 and 12 with a short spin.
    # GNU's OpenMP reads this when it is loaded. A user's own choice stands.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    # Otherwise /v1/models, which asks for no key, tells everybody the path of the file.
    params.model_alias = {order["alias"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["key"]]
    # A page in the user's browser is not to read what this port answers.
    params.cors_origins = "http://127.0.0.1"
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = False
    params.endpoint_props = False
    params.n_ctx = order["n_ctx"]
    params.n_parallel = 1
    params.warmup = False
    # Of the host's memory, for prompts seen before; llama.cpp would take 8 GiB.
    params.cache_ram_mib = 256
    if order["threads"]:
        params.cpuparams.n_threads = order["threads"]
        params.cpuparams_batch.n_threads = order["threads"]
    if sizes := order["speculation"]:
        kinds = xllamacpp.common_speculative_type
        params.speculative.types = [kinds.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
        params.speculative.ngram_simple.size_n = sizes["size_n"]
        params.speculative.ngram_simple.size_m = sizes["size_m"]
    return xllamacpp.Server(params)


def _private_stdout() -> BinaryIO:
    """Return the stdout that the parent reads; what others print goes to stderr from now on."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


def _answer(answers: BinaryIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()


def _leave_at_the_end_of(orders: BinaryIO) -> None:
    while orders.read(1):
        pass
    # Nothing here is worth a tidy end, and llama.cpp's threads would not allow a quick one.
    os._exit(0)


if __name__ == "__main__":
    main()
