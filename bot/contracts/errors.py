"""Errors, named by who can mend them.

MeshClawError
├── PersonMends      the person who asked: a wrong word, a wrong password, nothing connected
├── NeedsCard        the person who asked: a rule wants this reading approved on a card
├── BudgetReached    the person who asked, or an admin: a ceiling on what models may cost
├── OperatorMends    whoever installed MeshClaw: settings, database, scopes
├── TimeMends        nobody: the other side is away for now; trying later may do
├── Stopped          nobody: a person said stop, and meant it
└── OutcomeUnknown   nobody may guess: an effect was begun and its end was not seen

Every message is shown to a person: it says what happened, `mend` says what to do. Neither ever holds a secret,
a mail's body or a message's text.
"""

from typing import Literal


class MeshClawError(Exception):
    """Base of all expected errors. `message`: what happened, one sentence; `mend`: what to do about it."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


class PersonMends(MeshClawError):
    """The person can put it right. `field` names the form field it belongs to, when it came from a form."""

    def __init__(self, message: str, mend: str = "", *, field: str | None = None) -> None:
        super().__init__(message, mend)
        self.field = field


class NeedsCard(MeshClawError):
    """A rule wants this approved, though it only reads."""


class BudgetReached(MeshClawError):
    """A ceiling on what models may cost. `past`: what the person may go on past: their own for the `month`, an agent's
    for one `message`; empty where it is not theirs to pass."""

    def __init__(self, message: str, mend: str = "", *, past: Literal["month", "message", ""]) -> None:
        super().__init__(message, mend)
        self.past = past


class OperatorMends(MeshClawError):
    """The installation needs a hand: a setting, the database, a missing scope."""


class TimeMends(MeshClawError):
    """A service does not answer for now."""


class OutcomeUnknown(MeshClawError):
    """An effect was begun, and nobody can tell whether it happened."""


class Stopped(MeshClawError):
    """Somebody stopped this work: the person it is for, or an admin for all."""
