"""`/meshclaw connect mail`: the login is proved before anything is kept, and every refusal stands at its field."""

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import harness
import letters
import pytest
from harness import House, Json

from tests.dovecot import Dovecot


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Nobody has a mailbox."""
    async with harness.house(tmp_path, people=()) as house:
        yield house


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


async def form(house: House) -> Json:
    await house.human.command("ada", "/meshclaw connect mail")
    return await house.human.modal("ada", harness.says("Mail server", "Password"))


def typed(host: str, port: int, user: str = "ada", password: str = "secret", **more: str) -> Json:
    values = {"host": host, "port": str(port), "user": user, "password": password, "security": "tls", **more}
    return {name: {"value": value} for name, value in values.items()}


async def saved(house: House) -> bool:
    return bool(await house.app.storage.connections.names(harness.person("ada")))


async def test_connecting_then_sorting(house: House, trusted: Dovecot) -> None:
    human = house.human
    root = trusted.home("ada")
    letters.put(root, [letters.newsletter(number) for number in range(5)])
    trusted.adopt(root.parent)
    view = await form(house)
    done = await human.submit("ada", view, typed("localhost", trusted.tls))
    assert (done["errors"], done["error"]) == (None, None)
    notice = await human.modal("ada", harness.says("Mail is connected: ada at localhost.", "It is read-only"))
    assert "secret" not in str(notice)
    await human.command("ada", "/meshclaw triage")
    await human.message("ada", harness.says("could be tidied, but your mail is connected read-only"))
    assert not [each for each in await human.messages("ada") if harness.is_card(each)]
    await human.press("ada", notice, "Allow changes…")
    told = await human.modal("ada", harness.says("card is in your direct messages"))
    await human.close("ada", told)
    widening = await human.message("ada", harness.is_card)
    assert "Allow changes to Mail: ada at localhost" in harness.words(widening)
    await human.press("ada", widening, "Approve")
    await human.becomes("ada", widening, harness.is_undoable)
    _, card = await human.triage("ada")
    assert harness.label_number(card, "Approve") == 5

    async def connected() -> Json | None:
        view = await human.home("ada")
        return view if view and "ada at localhost" in harness.words(view) else None

    assert "secret" not in str(await human.until(connected))


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"password": "wrong"}, "password", "does not accept this user and password"),
        ({"host": "mail.nowhere.invalid"}, "host", "no server named mail.nowhere.invalid"),
        ({"host": "*<!channel>*"}, "host", "not the name of a server"),
        ({"port": "99999"}, "port", "not a port"),
        ({"port": "９９３"}, "port", "not a port"),
        ({"addresses": "ada at home"}, "addresses", "no mail address"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_is_wrong_stands_at_its_field(
    house: House, trusted: Dovecot, change: dict[str, str], field: str, says: str
) -> None:
    view = await form(house)
    done = await house.human.submit("ada", view, typed("localhost", trusted.tls) | typed_only(change))
    assert done["response_action"] == "errors"
    assert list(done["errors"]) == [field]
    assert says in done["errors"][field]
    assert not await saved(house)
    assert len(await house.human.modals("ada")) == 1, "the form stays, to be corrected"


def typed_only(change: dict[str, str]) -> Json:
    return {name: {"value": value} for name, value in change.items()}


async def test_certificate_is_refused(house: House, mail_server: Dovecot) -> None:
    view = await form(house)
    done = await house.human.submit("ada", view, typed("localhost", mail_server.tls))
    assert "certificate of localhost is not trusted" in done["errors"]["host"]
    assert not await saved(house)


async def test_certificate_of_another_name_is_refused(house: House, trusted: Dovecot) -> None:
    view = await form(house)
    done = await house.human.submit("ada", view, typed("127.0.0.1", trusted.tls))
    assert "certificate of 127.0.0.1 is not trusted" in done["errors"]["host"]
    assert not await saved(house)


async def test_nothing_answers_there(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    view = await form(house)
    done = await house.human.submit("ada", view, typed("localhost", port))
    assert f"Nothing answers at localhost on port {port}" in done["errors"]["host"]


async def test_plain_port_does_not_speak_tls(house: House, trusted: Dovecot) -> None:
    view = await form(house)
    done = await house.human.submit("ada", view, typed("localhost", trusted.plain))
    assert "does not speak TLS" in done["errors"]["port"]


async def test_starttls(house: House, trusted: Dovecot) -> None:
    view = await form(house)
    values = typed("localhost", trusted.plain, security="starttls")
    done = await house.human.submit("ada", view, values)
    assert done["errors"] is None
    assert await saved(house)


async def test_slow_server_answers_later_in_the_direct_messages(
    house: House, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    human = house.human
    monkeypatch.setattr("connectors.email.login.CONNECT_SECONDS", 2.5)
    view = await form(house)
    done = await human.submit("ada", view, typed("localhost", silent))
    assert (done["acked"], done["errors"]) == (True, None)
    assert done["ack_ms"] < 3_000
    notice = await human.modal("ada", harness.says("The answer comes in your direct messages."))
    await human.close("ada", notice)
    await human.message("ada", harness.says(f"does not answer on port {silent}"))
    assert not await saved(house)


async def test_unknown_word_to_connect(house: House) -> None:
    done = await house.human.command("ada", "/meshclaw connect gopher")
    assert "cannot connect “gopher”" in harness.words(done["response"])


async def test_triage_without_a_mailbox_offers_to_connect_one(house: House) -> None:
    human = house.human
    before = await human.last("ada")
    await human.command("ada", "/meshclaw triage", "#general")
    answer = await human.message("ada", lambda each: harness.reads(each, "Connect mail"), after=before)
    await human.press("ada", answer, "Connect mail")
    assert await human.modal("ada", harness.says("Mail server"))


async def test_another_account_takes_the_place_of_the_first(house: House, trusted: Dovecot) -> None:
    human = house.human
    for user in ("first", "second"):
        done = await human.submit("ada", await form(house), typed("localhost", trusted.tls, user=user))
        assert done["errors"] is None
        await human.close("ada", await human.modal("ada", harness.says(f"{user} at localhost")))
    kept = await house.app.storage.connections.get(harness.person("ada"), "mail")
    assert kept
    assert kept.label == "second at localhost"
