"""What people write and what they are trusted with stays out of the logs, and out of the database in the clear."""

import asyncio
import json
import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

import harness
import letters
import pytest
from harness import ProcessHouse

from bot.contracts.agents import Turn
from bot.contracts.tools import Call, Plan
from bot.workspace.model import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from tests.dovecot import PASSWORD, Dovecot

SUBJECT, BODY, SENDER = "Quokkamarmalade", "wombatlantern", "Zebulonquist"
ADDRESS, HOST = "zebulon@narwhaltrumpet.example", "narwhaltrumpet"
CAPTION = f"Aardvarkdisco {SUBJECT}"
SEEDED = (SUBJECT, BODY, SENDER, ADDRESS, HOST, PASSWORD, "Aardvarkdisco", "gnuteapot")
TOKENS = (BOT_TOKEN, APP_TOKEN)
LONG = os.environ.get("MESHCLAW_CHAOS") == "long"


def mails() -> list[bytes]:
    sender = f"{SENDER} <{ADDRESS}>"
    news = [letters.newsletter(number, f"{SENDER} News <list@{HOST}.example>", CAPTION) for number in range(5)]
    text = f"Dear Ada, could you look at the {BODY} by tomorrow? gnuteapot\n"
    return [*news, *(letters.written(number, sender, CAPTION, text) for number in range(5))]


async def whole_way(house: ProcessHouse) -> None:
    """Everything a person does in a day, and some of what goes wrong in it."""
    human = house.human
    await human.command("ada", "/meshclaw connect mail")
    view = await human.modal("ada")
    server = house.environment["TEST_PORT"]
    wrong = {"host": "localhost", "port": server, "security": "tls", "user": "alice", "password": f"no {PASSWORD}"}
    done = await human.submit("ada", view, {name: {"value": value} for name, value in wrong.items()})
    assert done["errors"]
    done = await human.submit(
        "ada", view, {name: {"value": value} for name, value in (wrong | {"password": PASSWORD}).items()}
    )
    assert done["errors"] is None, done
    await human.allow_changes("ada", await human.modal("ada"))
    await human.close("ada", await human.modal("ada"))

    await human.fault("chat.postMessage", "drop_after", count=1)
    summary, card = await human.triage("ada")
    row = next(block for block in summary["blocks"] if "triage.correct" in harness.action_ids(block))
    await human.click("ada", summary, "triage.correct", "fyi", block_id=row["block_id"])
    await human.press("ada", card, "Choose…")
    await human.submit("ada", await human.modal("ada"))
    await human.fault("chat.update", "error:invalid_blocks", count=1)
    await human.press("ada", card, "Approve")
    await house.idle()
    await human.say("ada", f"what about the {BODY} of {SENDER}?")
    await human.command("ada", f"/meshclaw {SUBJECT} {BODY}")
    await human.command("ada", f'/meshclaw triage --folder "{SUBJECT}"')
    await human.message("ada", harness.says("There is no folder"))
    await human.fault("views.publish", "error:internal_error", count=1)
    await human.home("ada")
    await house.idle()


@pytest.mark.parametrize("level", ["INFO", "DEBUG"] if LONG else ["DEBUG"])  # which logs all that INFO does
async def test_logs_and_database_tell_nothing(tmp_path: Path, mail_server: Dovecot, level: str) -> None:
    root = mail_server.home("alice")
    for path in root.glob("**/cur/*"):
        path.unlink()
    letters.put(root, mails())
    letters.put(root, [letters.answer(1, ADDRESS)], "Sent")
    mail_server.adopt(root.parent)
    environment = {
        "SSL_CERT_FILE": str(mail_server.ca),
        "TEST_PORT": str(mail_server.tls),
        "MESHCLAW_LOG_LEVEL": level,
    }
    async with harness.process_house(tmp_path, people=(), environment=environment) as house:
        await whole_way(house)
        await house.kill()
        await house.start()
        await house.idle()
        await house.stop()
        log = "\n".join(house.errors)
    assert log, "something was logged, so there was something to look at"
    for secret in (*SEEDED, *TOKENS, "Dear Ada", "could you look"):
        assert secret not in log
    assert all(line.startswith("{") for line in house.errors), "structured, every line"

    for file in sorted((tmp_path / "meshclaw").iterdir()):
        held = file.read_bytes()
        for secret in (*SEEDED, *TOKENS, SIGNING_SECRET * 2, "alice", "Message-ID", "U01ADA00001"):
            for form in (secret.encode(), secret.encode("utf-16-le")):
                assert form not in held, f"{secret!r} stands in the clear in {file.name}"
    key = tmp_path / "meshclaw" / "installation.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert not re.search(rb"pickle|\x80\x04\x95", (tmp_path / "meshclaw" / "meshclaw.db").read_bytes())


async def test_library_for_durable_workflows_has_no_console_of_its_own(tmp_path: Path) -> None:
    """Its errors quote what went through it; by way of the root logger only their place is told."""
    async with harness.house(tmp_path, people=()):
        library = logging.getLogger("dbos")
        assert library.propagate
        assert not any(isinstance(handler, logging.StreamHandler) for handler in library.handlers)


SAYING = """
import asyncio, logging, structlog
from bot import logs
logs.configure("DEBUG")
secret = "Quokka" + "marmalade"
log = structlog.get_logger("engine")
log.error("request failed", agent="triage", subject=secret, args={"text": secret})
try:
    raise ValueError(f"cannot parse {secret}")
except ValueError as error:
    log.error("request failed", error_id="1", exc_info=error)
    logging.getLogger("imaplib").error("server said %s", secret, exc_info=error)
    logging.getLogger("dbos").error(f"step failed: {secret}")

async def forgotten():
    async def fails():
        raise ValueError(secret)
    asyncio.get_running_loop().create_task(fails())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

asyncio.run(forgotten())
import gc; gc.collect()
"""


async def test_logs_say_where_and_never_what() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SAYING), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    lines = out.decode().splitlines()
    assert SUBJECT not in out.decode()
    told = [json.loads(line) for line in lines]
    assert [each["event"] for each in told] == ["request failed", "request failed", "library", "library", "library"]
    assert told[0]["withheld"] == ["args", "subject"]
    assert told[1]["exception"]["class"] == "ValueError"
    assert [(each["logger"], each.get("error")) for each in told[2:]] == [
        ("imaplib", "ValueError"),
        ("dbos", None),
        ("asyncio", "ValueError"),
    ]


TOKENS_IN_TEXT = {
    "github": "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "slack": "xoxb-123456789012-1234567890123-abcdefghijklmnopqrstuvwx",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "password": "correcthorse7battery",
}


async def test_secrets_are_masked_wherever_somebody_looks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In a mail's subject and in an agent's arguments: on cards, in modals, receipts, the App Home and the audit; and
    the card says that something is hidden."""
    captions = [f"Use {'password=' if name == 'password' else ''}{value}" for name, value in TOKENS_IN_TEXT.items()]
    letters.put(tmp_path / "mail" / "ada", [letters.newsletter(n, subject=text) for n, text in enumerate(captions)])
    async with harness.house(tmp_path, people=("ada",), lab=True) as house:
        human, agent = house.human, house.lab.agent

        async def script(turn: Turn) -> None:
            calls = [Call("lab.note", {"title": f"Note {n}", "text": text}) for n, text in enumerate(captions)]
            await turn.propose(Plan("Keep what came", tuple(calls), sources=captions[0], note=captions[1]))

        agent.scripts["secrets"] = script
        _, card = await human.triage("ada")
        await _look_through(house, card)
        before = await human.last("ada")
        await human.command("ada", "/meshclaw lab secrets")
        card = await human.message("ada", harness.says("Keep what came", "Decide by"), after=before)
        assert "characters" in harness.words(card), "it says that something is hidden, and how much"
        receipt = await _look_through(house, card)
        await human.press("ada", receipt, "Always allow…")
        await human.submit("ada", await human.modal("ada"))
        await human.home("ada")
        await house.idle()
        await human.home("ada")
        shown = [json.dumps(_without_inputs(call["args"]), ensure_ascii=False) for call in await human.calls()]
        for word in ("audit", "audit all"):
            shown.append(json.dumps((await human.command("ada", f"/meshclaw {word}"))["response"]))
        shown += [json.dumps(each) for each in await human.messages("ada")]
        done = [str(call.args["text"]) for call in house.lab.world.effects()]
    assert done == captions, "what is hidden from eyes is not changed"
    for name, value in TOKENS_IN_TEXT.items():
        seen = [each for each in shown if value in each]
        assert not seen, (name, seen[0][max(0, seen[0].index(value) - 300) :][:700])
        assert value not in caplog.text
        for file in sorted((tmp_path / "meshclaw").iterdir()):
            assert value.encode() not in file.read_bytes(), (name, file.name)


def _without_inputs(part: Any) -> Any:
    """All but what stands in inputs: there a person edits what is really theirs, letter by letter."""
    if isinstance(part, dict):
        return {key: _without_inputs(value) for key, value in part.items() if key != "initial_value"}
    return [_without_inputs(each) for each in part] if isinstance(part, list) else part


async def _look_through(house: harness.House, card: harness.Json) -> harness.Json:
    """Everything that shows the card's calls, up to its receipt."""
    human = house.human
    for label in ("Show all", "Choose…", "Deny…"):
        await human.press("ada", card, label)
        await human.close("ada", await human.modal("ada"), every=True)
    await human.press("ada", card, "Approve")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    await human.press("ada", receipt, "Show all")
    await human.close("ada", await human.modal("ada"), every=True)
    return receipt
