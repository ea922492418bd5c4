"""How long a model may take, by where it is and how hard it thinks."""

from __future__ import annotations

from dola_ls.model.endpoint import Endpoint, is_loopback
from dola_ls.model.exchange import Timeouts

#: A processor reads some tens of tokens a second, and the engine takes one question at a time; so
#: do Ollama, LM Studio and llama.cpp, which load the model first.
LOCAL = Timeouts(first_token=900.0, idle=180.0, total=1800.0)
#: Many services keep thoughts to themselves, so that nothing at all comes while these last.
THINKING = Timeouts(first_token=300.0, total=900.0)


def patience(endpoint: Endpoint) -> Timeouts:
    """Return the time limits of requests to an endpoint."""
    try:
        if is_loopback(endpoint.base_url):
            return LOCAL
    except ValueError:  # not an address: nothing will be sent
        pass
    return THINKING if endpoint.reasoning_effort in ("medium", "high") else Timeouts()
