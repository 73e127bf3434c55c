"""What closes an answer: what it rests on, what it could not do, how to go on, and what the person thinks of it.

The answer itself is Markdown that went through `bot.views.markdown`. All texts here are given raw.
"""

from collections.abc import Sequence

from bot.contracts.answers import Task, TaskStatus
from bot.views.blocks import Block, actions, button, plain_text
from bot.views.inline import literal

FEEDBACK = "ask.feedback"
CONTINUE = "ask.go_on"
GOOD, BAD = "good", "bad"

_LINE = 300
_READ = 6
_NOTES = 3
_TASK_TEXT = 250  # Slack takes 256


def closing(answer: str, *, model: str = "", read: Sequence[str] = ()) -> list[Block]:
    """The blocks below an answer. `answer` names it to whoever hears its buttons, as `<conversation>:<number>` does;
    `model`: the one that answered; `read`: what it rests on ("your mail", "#deploys")."""
    return [*_noted([_rests_on(model, read)]), _feedback(answer)]


def paused(message: str, mend: str = "", *, go_on: bool = True, answer: str = "") -> list[Block]:
    """The work has come to a limit: why, what can be done, and, with `go_on`, a button to go on all the same."""
    return [*_noted([message, mend]), *([_continue(answer)] if go_on else [])]


def waiting() -> list[Block]:
    """What the model wants lies on a card."""
    return _noted(["This goes on once the card is decided."])


def released_by_you(place: str) -> list[Block]:
    """Nothing is shown in a place where not everybody may see what the answer is made from."""
    asked = "Whoever asked was sent the answer, and decides whether it is shown here."
    return _noted([f"Not everybody in {place} may see what this answer is made from. {asked}"])


def chosen(value: str) -> tuple[str, bool] | None:
    """What a press on the feedback buttons says: which answer, and whether it was good. None for what no button of
    ours carries."""
    answer, _, verdict = value.rpartition(":")
    return (answer, verdict == GOOD) if answer and verdict in (GOOD, BAD) else None


def task(id: str, title: str, status: TaskStatus, details: str = "", output: str = "", *, subject: str = "") -> Task:
    """A step of the work, on its card. `title`: in words of ours ("Searching your mail"); all others may come from
    outside. `subject`: what it is about, behind the title."""
    named = f"{title}: {' '.join(subject.split())}" if subject.strip() else title
    return Task(
        id,
        literal(named, _TASK_TEXT) or "…",
        status,
        details=literal(details, _TASK_TEXT),
        output=literal(output, _TASK_TEXT),
    )


def _rests_on(model: str, read: Sequence[str]) -> str:
    shown = [*read[:_READ], *([f"{len(read) - _READ} more"] if len(read) > _READ else [])]
    return " · ".join(part for part in (model, f"read: {', '.join(shown)}" if shown else "") if part)


def _noted(texts: Sequence[str]) -> list[Block]:
    """Small lines below the answer."""
    elements = [plain_text(text, _LINE) for text in texts if text.strip()][:_NOTES]
    return [{"type": "context", "elements": [element]} for element in elements]


def _continue(answer: str) -> Block:
    return actions([button("Continue", CONTINUE, answer or "continue", style="primary")], "talk")


def _feedback(answer: str) -> Block:
    def half(label: str, verdict: str) -> Block:
        return {
            "text": plain_text(label, 75),
            "value": f"{answer}:{verdict}",
            "accessibility_label": f"This was a {label.lower()}",
        }

    buttons = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": half("Good answer", GOOD),
        "negative_button": half("Bad answer", BAD),
    }
    return {"type": "context_actions", "elements": [buttons]}
