"""Modals that only say something."""

from bot.contracts.slack import Message, View
from bot.views.blocks import modal, paragraph
from bot.views.errors import person_error


def notice(message: Message) -> View:
    """A message as a modal with nothing but a way out."""
    return modal("MeshClaw", "notice", [dict(block) for block in message.blocks], "")


def problem(message: str, mend: str) -> View:
    """An expected error where a modal was asked for."""
    return notice(person_error(message, mend))


def said(text: str) -> Message:
    """One plain sentence of ours."""
    return Message(text, paragraph(text))
