"""The two ways a request is refused: as Slack refuses an app, or as a client refuses a person."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """A Web API call is refused: `{"ok": false, "error": code, **extra}`."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    @classmethod
    def because(cls, code: str, *reasons: str) -> SlackError:
        """A refusal with its reasons where Slack puts them, in `response_metadata.messages`."""
        return cls(code, response_metadata={"messages": [f"[ERROR] {reason}" for reason in reasons]})


class HumanError(Exception):
    """A person cannot do that: there is nothing to press, no such channel, or it is not theirs to see."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(message or code)
        self.code = code
        self.status = status
