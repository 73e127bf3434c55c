"""The command line as a person types it: what it prints, what it leaves alone, and one clear line when it cannot."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import harness
import letters
import pytest
from hostile_mail import COUNT, hostile_mails

from bot.demo import sample_mail
from bot.workspace.model import APP_TOKEN, BOT_TOKEN
from bot.workspace.server import Workspace
from tests.dovecot import Dovecot

BUCKETS = {"needs_reply", "needs_action", "fyi", "newsletter", "notification", "junk", "to_check"}


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MESHCLAW_", "SLACK_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


@asynccontextmanager
async def meshclaw(
    *arguments: str, folder: Path, variables: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, started in an empty folder; ended when the context ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", *arguments),
        cwd=folder,
        env=environment(MESHCLAW_DATA=str(folder / "data")) | dict(variables),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def typed(*arguments: str, folder: Path, **variables: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command that ends by itself."""
    async with meshclaw(*arguments, folder=folder, variables=variables) as process, asyncio.timeout(60):
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a folder: content and time of change."""
    return {
        str(file.relative_to(root)): (file.read_bytes(), file.stat().st_mtime_ns)
        for file in root.rglob("*")
        if file.is_file()
    }


async def test_triage_prints_one_line_a_mail_and_changes_nothing(tmp_path: Path) -> None:
    box = tmp_path / "box"
    letters.put(box, [*hostile_mails(), *map(letters.newsletter, range(20)), *map(letters.question, range(20))])
    before = snapshot(box)
    code, out, err = await typed("triage", "--mail", f"maildir:{box}", "--me", letters.OWNER, "--json", folder=tmp_path)
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == COUNT + 40
    assert {line["bucket"] for line in lines} <= BUCKETS
    for line in lines:
        assert line.keys() == {"message_id", "bucket", "confidence", "reasons"}
        assert 0 <= line["confidence"] <= 1
        assert line["reasons"]
        assert all(isinstance(reason, str) and reason for reason in line["reasons"])
    assert snapshot(box) == before
    assert not (tmp_path / "data").exists(), "needs no database"


async def test_triage_of_the_sample_mail_as_text(tmp_path: Path) -> None:
    box = tmp_path / "box"
    sample_mail.fill(box, "ada", datetime.now(UTC))
    code, out, err = await typed("triage", "--mail", f"maildir:{box}", folder=tmp_path)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 2 * harness.mails(box).total()
    assert "Needs your reply" in out


async def test_triage_over_imap(tmp_path: Path, mail_server: Dovecot) -> None:
    root = mail_server.home("cli")
    letters.put(root, map(letters.newsletter, range(30)), flags="")
    mail_server.adopt(root.parent)
    before = harness.mails(root)
    url = f"imaps://cli:secret@localhost:{mail_server.tls}"
    code, out, err = await typed("triage", "--mail", url, "--json", folder=tmp_path, SSL_CERT_FILE=str(mail_server.ca))
    assert (code, err, len(out.splitlines())) == (0, "", 30)
    assert harness.mails(root) == before


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("maildir:/no/such/folder", "There is no Maildir that can be read at /no/such/folder."),
        ("http://example.org", "This is not the address of a mailbox."),
        ("imaps://", "names no host"),
        ("imaps://me:hunter2@mail.nowhere.invalid", "There is no server named mail.nowhere.invalid."),
        ("imap://me:hunter2@localhost:notaport", "cannot be read"),
        ("imaps://me:hunter2%ZZ%FF@localhost:1", ""),
        ("", "This is not the address of a mailbox."),
    ],
)
async def test_triage_of_a_mailbox_that_is_not_there(tmp_path: Path, url: str, says: str) -> None:
    code, out, err = await typed("triage", "--mail", url, folder=tmp_path)
    assert (code, out) == (1, "")
    assert_one_clear_line(err, says)
    assert "hunter2" not in err


async def test_triage_with_a_wrong_password_or_certificate(tmp_path: Path, mail_server: Dovecot) -> None:
    url = f"imaps://alice:hunter2@localhost:{mail_server.tls}"
    code, _, err = await typed("triage", "--mail", url, folder=tmp_path, SSL_CERT_FILE=str(mail_server.ca))
    assert code == 1
    assert_one_clear_line(err, "does not accept this user and password")
    code, _, err = await typed("triage", "--mail", url, folder=tmp_path)
    assert code == 1
    assert_one_clear_line(err, "certificate of localhost is not trusted")


def assert_one_clear_line(err: str, says: str) -> None:
    """What happened on one line, and at most what to do about it on a second."""
    lines = err.splitlines()
    assert 1 <= len(lines) <= 2, err
    assert lines[0].startswith("meshclaw: ")
    assert says in lines[0]
    assert len(lines) == 1 or lines[1].startswith("  ")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_three_migrations_at_once(tmp_path: Path, database: str, request: pytest.FixtureRequest) -> None:
    variables = {}
    if database == "postgresql":
        variables["MESHCLAW_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    done = await asyncio.gather(*(typed("migrate", folder=tmp_path, **variables) for _ in range(3)))
    assert done == [(0, "The database is up to date.\n", "")] * 3
    assert await typed("migrate", folder=tmp_path, **variables) == (0, "The database is up to date.\n", "")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def test_demo_is_ready_works_and_keeps_what_it_did(tmp_path: Path) -> None:
    port = free_port()
    arguments = ("demo", "--port", str(port), "--data", str(tmp_path / "demo"), "--no-browser")
    async with meshclaw(*arguments, folder=tmp_path, variables={}) as process, asyncio.timeout(60):
        assert process.stdout
        assert await process.stdout.readline() == f"MeshClaw is ready: http://127.0.0.1:{port}\n".encode()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            human = harness.Human(session)
            _, card = await human.triage("ada")
            await human.press("ada", card, "Approve")
            await human.becomes("ada", card, harness.is_undoable)
            async with session.get("/") as page:
                assert (page.status, page.content_type) == (200, "text/html")
        process.terminate()
        _, err = await process.communicate()
        assert (process.returncode, err.decode()) == (0, "")

    async with meshclaw(*arguments, folder=tmp_path, variables={}) as process, asyncio.timeout(60):
        assert process.stdout
        await process.stdout.readline()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            human = harness.Human(session)
            receipt = await human.becomes("ada", card, harness.is_undoable)
            await human.press("ada", receipt, "Undo")
            await human.becomes("ada", card, harness.says("Taken back."))
        code, _, err = await typed(*arguments, folder=tmp_path)
        assert code == 1
        assert_one_clear_line(err, f"Port {port} cannot be used")


async def test_demo_on_ones_own_mail(tmp_path: Path) -> None:
    letters.put(tmp_path / "own", map(letters.newsletter, range(7)))
    port = free_port()
    arguments = ("demo", "--port", str(port), "--no-browser", "--mail", f"maildir:{tmp_path / 'own'}")
    async with meshclaw(*arguments, folder=tmp_path, variables={}) as process, asyncio.timeout(60):
        assert process.stdout
        await process.stdout.readline()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            _, card = await harness.Human(session).triage("ada")
            assert harness.label_number(card, "Approve") == 7


async def test_workspace_alone(tmp_path: Path) -> None:
    port = free_port()
    async with (
        meshclaw("workspace", "--port", str(port), folder=tmp_path, variables={}) as process,
        asyncio.timeout(60),
    ):
        assert process.stdout
        assert await process.stdout.readline() == f"Workspace is ready: http://127.0.0.1:{port}\n".encode()
        process.terminate()
        assert await process.wait() == 0


TOKENS = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is not set."),
        ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is not set."),
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "Slack refused: invalid_auth."),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "Slack refused: invalid_auth."),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "Slack does not answer."),
        ({"PORT": "hunter2"}, "Wrong setting: PORT."),
        ({"PORT": "70000"}, "Wrong setting: PORT."),
        ({"MESHCLAW_LOG_LEVEL": "LOUD"}, "Wrong setting: MESHCLAW_LOG_LEVEL."),
        ({"MESHCLAW_KEY": "hunter2"}, "The key in MESHCLAW_KEY is not 32 bytes of base64."),
        ({"MESHCLAW_DATABASE_URL": "mysql://me:hunter2@localhost/x"}, "names mysql, which is not supported."),
        ({"MESHCLAW_DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9/x"}, "The database cannot be opened."),
        ({"MESHCLAW_DATABASE_URL": "hunter2"}, "MESHCLAW_DATABASE_URL"),
        ({"MESHCLAW_DATA": "/dev/null/data"}, "The folder /dev/null/data cannot be made: Not a directory."),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_wrong_setting_is_one_clear_line(tmp_path: Path, variables: dict[str, str], says: str) -> None:
    workspace = await Workspace.start(port=0, data=tmp_path / "workspace")
    try:
        given = {**TOKENS, "SLACK_API_URL": workspace.api_url, **variables}
        code, out, err = await typed("run", folder=tmp_path, **given)
    finally:
        await workspace.stop()
    assert (code, out) == (1, "")
    logged = [line for line in err.splitlines() if line.startswith("{")]
    assert all('"event": "library"' in line for line in logged)
    assert_one_clear_line("\n".join(line for line in err.splitlines() if line not in logged), says)
    assert "hunter2" not in err


@pytest.mark.parametrize("command", ["demo", "workspace"])
async def test_folder_that_cannot_be_made(tmp_path: Path, command: str) -> None:
    code, out, err = await typed(command, "--port", "0", "--data", "/dev/null/data", folder=tmp_path)
    assert (code, out) == (1, "")
    assert_one_clear_line(err, "The folder /dev/null/data cannot be made: Not a directory.")


async def test_second_process_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with harness.process_house(tmp_path, people=()) as house:
        variables = {
            name: value for name, value in house.environment.items() if name.startswith(("MESHCLAW_", "SLACK_"))
        }
        code, out, err = await typed("run", folder=tmp_path, **variables)
        assert (code, out) == (1, "")
        assert "meshclaw: Another MeshClaw is running on this data folder." in err


@pytest.mark.parametrize("arguments", [[], ["dance"], ["triage"], ["demo", "--port", "x"]])
async def test_usage(tmp_path: Path, arguments: list[str]) -> None:
    code, out, err = await typed(*arguments, folder=tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("usage: meshclaw")
