"""Actions on links to images and videos: when they are offered, and the task of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dola_ls.core.actions import DESCRIBE_IMAGE, MEDIA_ACTIONS, Action
from dola_ls.core.document import Document, Span
from dola_ls.core.media.links import MediaLink, link_at
from dola_ls.core.media.media import MediaKind

if TYPE_CHECKING:
    from dola_ls.core.parsing import Tree
    from dola_ls.lsp.configuration import Configuration
    from dola_ls.lsp.server import DolaServer
    from dola_ls.task import Task

#: Whether an action is listed: as usual, greyed out with a reason, or not at all.
Listed = Literal["offered", "unable", "hidden"]
UNABLE = (
    "The embedded model takes text only, so nothing was sent. Use a provider whose model takes "
    "images and video, such as `aimlapi`."
)


def fits(action: Action, link: MediaLink) -> bool:
    """Tell whether an action can be run on a link, by what its text says of it."""
    if action.media != link.kind or not link.may_be_taken:
        return False
    # A picture in a comment has no place for words about it.
    return action is not DESCRIBE_IMAGE or link.slot is not None


def actions_at(
    document: Document, tree: Tree | None, span: Span
) -> tuple[MediaLink, list[Action]] | None:
    """Return the link at a cursor and the actions that can be run on it; None for none."""
    link = link_at(document, tree, span)
    if link is None:
        return None
    found = [action for action in MEDIA_ACTIONS if fits(action, link)]
    return (link, found) if found else None


def listed(configuration: Configuration, kind: MediaKind) -> Listed:
    """Return whether actions for images or video are listed, by what is known of the model."""
    from dola_ls.model.abilities import NEEDED, abilities, stated_abilities
    from dola_ls.model.provider import LocalChoice, Unavailable, without_key

    needed = NEEDED[kind]
    if configuration.fixed_model is not None:
        known = stated_abilities(configuration.fixed_model)
        return "offered" if needed in known else "hidden"
    choice = configuration.choice
    if choice is None or isinstance(choice, Unavailable):
        if configuration.last_read is None:
            return "offered"
        # Before the first action it is not known whether there is a key.
        choice = without_key(configuration.last_read.settings)
    if isinstance(choice, LocalChoice):
        return "unable"
    return "offered" if choice is not None and needed in abilities(choice) else "hidden"


def task_of(
    server: DolaServer,
    action: Action,
    document: Document,
    tree: Tree | None,
    span: Span,
    instruction: str | None = None,
    *,
    retried: bool = False,
) -> Task | str:
    """Return the task of an action on the link at a cursor, or why there is none."""
    from dola_ls.core.media.writing import target_of
    from dola_ls.lsp.convert import relative_file
    from dola_ls.task import Task

    link = link_at(document, tree, span)
    what = "an image" if action.media == "image" else "a video"
    if link is not None and link.is_remote:
        return (
            f"{link.name} is on the web, and nothing is ever fetched from there. Nothing was "
            "sent. Save it in the project and link to that file."
        )
    if link is None or not fits(action, link):
        where = " that has a text" if action is DESCRIBE_IMAGE else ""
        return (
            f"there is no link to {what}{where} at the cursor that can be used. Nothing was sent. "
            "Put the cursor on one, such as `![](picture.png)`."
            if action.media == "image"
            else f"there is no link to {what} at the cursor that can be used. Nothing was sent. "
            "Put the cursor on one, such as `![](clip.mp4)`."
        )
    return Task(
        action=action,
        document=document,
        tree=tree,
        target=target_of(document, link),
        file=relative_file(server.notebooks.home_of(document.uri), server.folders),
        instruction=instruction,
        review=server.configuration.settings().settings.apply == "review",
        retried=retried,
        link=link,
    )
