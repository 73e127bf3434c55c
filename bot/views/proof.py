"""Step-up: the code asked for before something critical is approved, and setting up the app that makes such codes."""

from collections.abc import Mapping
from typing import Any

from bot.contracts.slack import View
from bot.views.blocks import Block, batches, compact, line, modal, points, rich, run, shown, text_input
from bot.views.calls import amount_of
from bot.views.denial import read_plan
from bot.views.listing import first_page
from bot.views.text import split
from bot.views.values import EnrolValue, ProofValue

_BLOCK, _ACTION = "code", "value"
_CODE = "Six-digit code"
_WHY = "Critical approvals take a code as well as the button, because a press proves only that somebody has your Slack."
_HINT = "From your authenticator app. Each code counts once."


def proof(value: ProofValue) -> View:
    """Asks for a code, with exactly what will run above it."""
    where = f" in {value.environment}" if value.environment else ""
    lead = [
        run("This is critical", bold=True),
        run(where, limit=100, bold=True),
        run(": approving takes a code. It counts for exactly what stands here, and for nothing else."),
    ]
    shown_calls, whole = first_page(value.calls, 90)
    more = (
        [] if whole else [rich(line(run("The rest of it is in "), run("Show all", italic=True), run(" on the card.")))]
    )
    blocks = [rich(line(*lead)), _input(), *_title(value), *shown_calls, *more]
    metadata = compact({"card_id": value.card_id})
    return modal("Approve with a code", "gate.prove", blocks, metadata, submit="Approve", close="Cancel")


def read(state: Mapping[str, Mapping[str, Any]], metadata: str) -> tuple[str, str]:
    """Plan id and the digits typed. Raises ValueError for metadata that are not ours."""
    return read_plan(metadata), read_code(state)


def read_code(state: Mapping[str, Mapping[str, Any]]) -> str:
    """The digits typed, without the spaces apps show between them; empty when nothing was."""
    entered = state.get(_BLOCK, {}).get(_ACTION)
    code = entered.get("value") if isinstance(entered, Mapping) else None
    return "".join(code.split()) if isinstance(code, str) else ""


def enrol(value: EnrolValue) -> View:
    """The secret for the authenticator app, shown once, and a first code to prove that it arrived there."""
    # The key and the address are ours, made of letters and digits; `run` would take them for a leaked secret.
    steps = [
        line(run("Open your authenticator app on another device and add an account by hand.")),
        line(run("Name: "), run(value.account, limit=100, bold=True)),
        line(run("Key: "), shown(" ".join(value.secret_groups), code=True), run(" (time-based, 6 digits)")),
        line(run("Type the code it shows below.")),
    ]
    address = [rich(line(shown(part, code=True))) for part in split(value.uri, 2_000)]
    blocks = [
        rich(line(run(_WHY))),
        *batches(steps),
        rich(line(run("Or the same as an address:"))),
        *address,
        rich(line(run("The key is not shown again. If you lose the device, ask an admin.", bold=True))),
        _input(),
    ]
    return modal("Authenticator app", "gate.enrol", blocks, "", submit="Set up", close="Cancel")


def remove() -> View:
    """Takes the app off again; that takes a code too."""
    blocks = [
        rich(
            line(
                run("Take your authenticator app off MeshClaw?", bold=True),
                run(" You cannot approve critical actions afterwards, until you set one up again."),
            )
        ),
        _input(),
    ]
    return modal("Authenticator app", "gate.unenrol", blocks, "", submit="Remove", close="Cancel")


def not_enrolled() -> View:
    """Somebody wants to approve what is critical and has no authenticator app."""
    steps = [
        line(run("Open MeshClaw in Slack and choose the "), run("Home", italic=True), run(" tab.")),
        line(
            run("Under "), run("Authenticator app", italic=True), run(", press "), run("Set up…", italic=True), run(".")
        ),
        line(run("Come back to the card: it waits.")),
    ]
    lead = line(
        run("This takes a code from your authenticator app, and you have not set one up.", bold=True),
        run(" It takes a minute:"),
    )
    return modal("Code needed", "notice", [rich(lead, points(steps))], "")


def _title(value: ProofValue) -> list[Block]:
    amount = [run(value.title, limit=150, bold=True), run(" — "), run(amount_of(value.calls), limit=400)]
    return [rich(line(*amount))]


def _input() -> Block:
    return text_input(_CODE, _BLOCK, _ACTION, hint=_HINT, placeholder="123 456", most=12)
