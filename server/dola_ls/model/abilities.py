"""What a model can take besides text, as far as that is known."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dola_ls.core.media.media import MediaKind
from dola_ls.model.endpoint import Endpoint
from dola_ls.model.known_models import find

if TYPE_CHECKING:
    from dola_ls.model.stream import ChatModel

IMAGES, VIDEO = "images", "video"
#: The ability that each kind of media needs.
NEEDED: MappingProxyType[MediaKind, str] = MappingProxyType({"image": IMAGES, "video": VIDEO})


def abilities(endpoint: Endpoint) -> frozenset[str]:
    """Return what a model takes besides text: what the user says of it, else what is documented.

    A model that nobody knows takes text only.
    """
    if endpoint.abilities is not None:
        return endpoint.abilities
    known = find(endpoint.model) if endpoint.provider in ("aimlapi", "ark") else None
    if known is None:
        return frozenset()
    return frozenset(name for name, has in ((IMAGES, known.image), (VIDEO, known.video)) if has)


def stated_abilities(model: ChatModel) -> frozenset[str]:
    """Return what a model says that it takes besides text; one that says nothing takes none."""
    stated: object = getattr(model, "abilities", None)
    return stated if isinstance(stated, frozenset) else frozenset()
