"""Everything else that is said: forms, help, errors, home."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import buttons, hostile, hostile_line, read, skeleton, sound_message, sound_view

from bot.contracts.forms import FormField
from bot.views.errors import person_error, unexpected
from bot.views.forms import connect_first, connect_form, connected, read_form
from bot.views.help import command_help, overview, unknown
from bot.views.paging import button_value, read_value
from bot.views.values import CommandHelp, FormValue
from bot.views.words import listed, sentence

FIELDS = (
    FormField("host", "Server", hint="The IMAP server", placeholder="imap.example.org"),
    FormField("password", "App password", kind="secret", initial="never shown"),
    FormField(
        "security", "Connection", kind="choice", options=(("tls", "TLS"), ("starttls", "STARTTLS")), initial="tls"
    ),
    FormField("note", "Note", optional=True, initial="mine"),
)
COMMANDS = (
    CommandHelp("triage", "Sorts your mail.", (("/meshclaw triage --since 7d", "the last 7 days"),)),
    CommandHelp("help", "Shows what you can ask."),
)


def test_the_form_has_one_input_for_each_field() -> None:
    view = sound_view(connect_form(FormValue("mail", "mail", "MeshClaw logs in as you.", FIELDS)))
    assert (view["callback_id"], view["private_metadata"]) == ("connect.submit", "mail")
    assert (view["title"]["text"], view["submit"]["text"]) == ("Connect mail", "Connect")
    inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    assert list(inputs) == ["host", "password", "security", "note"]
    assert {block["element"]["action_id"] for block in inputs.values()} == {"value"}
    assert inputs["host"]["hint"]["text"] == "The IMAP server."
    assert "Stored encrypted" in inputs["password"]["hint"]["text"]
    assert "app password" in inputs["password"]["hint"]["text"]
    assert "initial_value" not in inputs["password"]["element"]
    assert inputs["security"]["element"]["initial_option"]["value"] == "tls"
    assert inputs["note"]["optional"] is True


def test_what_was_typed_comes_back_by_name() -> None:
    values = {
        "host": {"value": {"type": "plain_text_input", "value": "imap.example.org"}},
        "password": {"value": {"type": "plain_text_input", "value": None}},
        "security": {"value": {"type": "static_select", "selected_option": {"value": "tls"}}},
        "menu": {"value": {"type": "static_select", "selected_option": None}},
        "other": {"elsewhere": {"value": "x"}},
    }
    assert read_form(values) == {"host": "imap.example.org", "password": "", "security": "tls", "menu": ""}


def test_connecting() -> None:
    first = sound_message(connect_first("mail", "mail"))
    assert buttons(first) == {"Connect mail": ("connect.view.form", "mail")}
    assert first.text.startswith("MeshClaw needs your mail account for this.")
    assert sound_message(connected("mail", "ada@example.org")).text == "Mail is connected: ada@example.org."
    read_only = sound_message(connected("mail", "ada@example.org", read_only="email"))
    assert read_only.text.startswith("Mail is connected: ada@example.org. It is read-only: MeshClaw can look")
    assert buttons(read_only) == {"Allow changes…": ("gate.widen", "email")}


def test_help() -> None:
    shown = read(sound_message(overview(COMMANDS)))
    assert "/meshclaw triage — Sorts your mail." in shown
    assert "More about one of them: /meshclaw triage help" in shown
    one = sound_message(command_help(COMMANDS[0]))
    assert "/meshclaw triage --since 7d — the last 7 days" in read(one)
    assert one.text == "/meshclaw triage: Sorts your mail. /meshclaw triage --since 7d: the last 7 days"
    sound_message(overview(()))
    sound_message(command_help(COMMANDS[1]))


def test_an_unknown_word() -> None:
    near = sound_message(unknown("traige", "triage", COMMANDS))
    assert "There is no command traige. Did you mean /meshclaw triage?" in read(near)
    far = sound_message(unknown("frobnicate", None, COMMANDS))
    assert "Did you mean" not in read(far)
    assert "/meshclaw triage — Sorts your mail." in read(far)


def test_errors() -> None:
    known = sound_message(person_error("the server refused the login", "Check the app password"))
    assert known.text == "The server refused the login. Check the app password."
    assert read(known) == "The server refused the login.\nCheck the app password."
    assert read(sound_message(person_error("Gone", ""))) == "Gone."
    assert "7f3a" in sound_message(unexpected("7f3a")).text


@given(hostile, hostile, hostile, st.lists(st.tuples(hostile, hostile_line), max_size=20))
def test_no_text_is_refused(one: str, two: str, three: str, pairs: list[tuple[str, str]]) -> None:
    commands = [CommandHelp(one, two, tuple(pairs)), *(CommandHelp(word, says) for word, says in pairs)]
    sound_message(overview(commands[:3]))
    sound_message(command_help(commands[0]))
    sound_message(unknown(one, two, commands[:3]))
    sound_message(person_error(one, two))
    sound_message(unexpected(three))
    sound_message(connected(one, two))
    sound_message(connect_first("mail", one))
    sound_message(connected(one, two, read_only="mail"))
    field = FormField("name", one or "x", hint=two, placeholder=three, kind="secret")
    sound_view(connect_form(FormValue("mail", one, two, (field,))))


@given(hostile.filter(str.strip), hostile.filter(str.strip))
def test_no_text_changes_the_structure(one: str, two: str) -> None:
    assert skeleton(person_error(one, two).blocks) == skeleton(person_error("x", "x").blocks)
    assert skeleton(connected(one, two).blocks) == skeleton(connected("x", "x").blocks)
    assert skeleton(unknown(one, two, COMMANDS).blocks) == skeleton(unknown("x", "x", COMMANDS).blocks)


@given(st.text(alphabet="0f-", min_size=1), st.lists(st.integers(0, 10**8), max_size=3))
def test_button_values_lead_back(identifier: str, numbers: list[int]) -> None:
    target = read_value(button_value(identifier, *numbers))
    assert (target.id, target.numbers) == (identifier, tuple(numbers))


@given(st.text())
def test_reading_a_button_value_never_fails(text: str) -> None:
    target = read_value(text)
    assert text.startswith(target.id)


@pytest.mark.parametrize(
    ("parts", "words"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_listed(parts: tuple[str, ...], words: str) -> None:
    assert listed(parts) == words


@pytest.mark.parametrize(("text", "words"), [("", ""), ("one", "One."), ("Two!", "Two!"), (" three ", "Three.")])
def test_sentence(text: str, words: str) -> None:
    assert sentence(text) == words
