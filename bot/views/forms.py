"""Connecting an account: the invitation, the modal, what was typed into it, and the confirmation."""

from collections.abc import Mapping
from typing import Any

from bot.contracts.forms import FormField
from bot.contracts.slack import Message, View
from bot.views.blocks import Block, actions, button, line, menu, modal, option, paragraph, plain_text, rich, run
from bot.views.text import inert
from bot.views.values import FormValue
from bot.views.words import sentence

_ACTION = "value"
_PRIVACY = (
    "Stored encrypted, and shown to nobody afterwards. Slack shows it while you type. "
    "An app password is best: you can revoke it at any time."
)


def connect_form(value: FormValue) -> View:
    """The connect modal of one connector, one input for each field; the connector's word is its `private_metadata`."""
    blocks = [*(paragraph(value.intro) if value.intro else []), *map(_input, value.fields)]
    return modal(f"Connect {value.title}", "connect.submit", blocks, value.connector, submit="Connect", close="Cancel")


def read_form(view_state_values: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What was typed or chosen, by field name; empty where nothing was."""
    values: dict[str, str] = {}
    for name, inputs in view_state_values.items():
        entered = inputs.get(_ACTION)
        if entered is None:
            continue
        selected = entered.get("selected_option")
        values[name] = (selected["value"] if selected else entered.get("value")) or ""
    return values


def connected(title: str, label: str, *, read_only: str = "") -> Message:
    """The account works and was saved. `read_only`: the connector's word when nothing there may be changed yet."""
    name = title[:1].upper() + title[1:]
    text = f"{inert(name, 100)} is connected: {inert(label, 200)}."
    lead = [run(name, limit=100, bold=True), run(" is connected: "), run(label, limit=200), run(".")]
    if not read_only:
        return Message(text, [rich(line(*lead))])
    promise = (
        " It is read-only: MeshClaw can look and cannot touch, whatever it is asked. "
        "You can allow changes; each of them still waits for your button."
    )
    press = button("Allow changes…", "gate.widen", read_only)
    return Message(text + promise, [rich(line(*lead, run(promise))), actions([press], "connected")])


def connect_first(connector: str, title: str) -> Message:
    """What was asked needs an account that is not connected yet."""
    before, after = "MeshClaw needs your ", " account for this. Connecting it takes a minute and changes nothing."
    words = f"{before}{inert(title, 60)}{after}"
    lead = [run(before), run(title, limit=60), run(after)]
    press = button(f"Connect {title}", "connect.view.form", connector, style="primary")
    return Message(words, [rich(line(*lead)), actions([press], "connect")])


def _input(field: FormField) -> Block:
    block: Block = {
        "type": "input",
        "block_id": field.name,
        "label": plain_text(field.label, 2_000),
        "optional": field.optional,
        "element": _choice(field) if field.kind == "choice" else _text(field),
    }
    hint = " ".join(part for part in (sentence(field.hint), _PRIVACY if field.kind == "secret" else "") if part)
    if hint:
        block["hint"] = plain_text(hint, 2_000)
    return block


def _text(field: FormField) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": _ACTION}
    if field.placeholder:
        element["placeholder"] = plain_text(field.placeholder, 150)
    if field.initial and field.kind != "secret":
        element["initial_value"] = field.initial
    if field.kind == "long":
        element["multiline"] = True
    return element


def _choice(field: FormField) -> Block:
    options = [option(label, value) for value, label in field.options]
    element = menu(field.placeholder or "Choose", _ACTION, options)
    initial = [entry for entry in options if entry["value"] == field.initial]
    if initial:
        element["initial_option"] = initial[0]
    return element
