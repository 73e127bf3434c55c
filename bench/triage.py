"""Sorting a mailbox on a Dovecot of its own over TLS: how fast beside reading it alone, and in how much memory.

The memory is that of the real `meshclaw run` whose owner asks for `/meshclaw triage`, at its peak: reading the history,
sorting, the plan, the card and the kept documents included.
"""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from dovecot import PASSWORD, USER, Dovecot, dovecot, missing
from harness import process_house

from bench.figures import Figure, at_least, at_least_of, at_most, unlimited
from bench.mailbox import OWNER, fill
from bench.process import COMPILED, peak
from bot.agents.triage import sorting
from bot.agents.triage.mind import Mind
from bot.contracts.mail import Folder, MailReader
from connectors.email import standalone

_SPEED, _MEMORY, _SENT = 6_000, 50_000, 2_000
_ROUNDS = 5
_PATIENCE = 600.0


async def measure(speed: int = _SPEED, memory: int = _MEMORY) -> list[Figure]:
    """Both, on mailboxes of so many mails; nothing where there is no Dovecot."""
    if why := missing():
        print(f"triage left out: {why}")
        return []
    return [*await _speed(speed), *await _memory(memory)]


async def _speed(mails: int) -> list[Figure]:
    with dovecot() as server:
        _fill(server, mails)
        async with standalone(_url(server), server.ca) as mailbox:
            folder = await sorting.find_folder(mailbox, "")
            mind = await sorting.read_history(mailbox, [OWNER], _quiet)
            await _read(mailbox, folder)  # the server's own caches are filled
            rounds = [(await _read(mailbox, folder), await _sort(mailbox, folder, mind)) for _ in range(_ROUNDS)]
    floor, taken = (min(times) for times in zip(*rounds, strict=True))
    return [
        at_least_of("triage, fetched to classified", mails / taken, mails / floor, 0.6, "mails/s"),
        at_least("triage, fetched to classified", mails / taken, 1_000, "mails/s"),
    ]


async def _read(mailbox: MailReader, folder: Folder) -> float:
    """Seconds to fetch and parse the folder."""
    begun = time.perf_counter()
    async for _ in mailbox.scan(folder.name):
        pass
    return time.perf_counter() - begun


async def _sort(mailbox: MailReader, folder: Folder, mind: Mind) -> float:
    """Seconds to fetch, parse and sort it as the agent does."""
    harvest = sorting.Harvest()
    begun = time.perf_counter()
    await sorting.sort_folder(mailbox, folder, mind, datetime.now(UTC), since=None, take=harvest.add, progress=_quiet)
    return time.perf_counter() - begun


async def _memory(mails: int) -> list[Figure]:
    with dovecot() as server, tempfile.TemporaryDirectory() as folder:
        _fill(server, mails)
        variables = {**COMPILED, "MESHCLAW_MAIL_CA": str(server.ca)}
        async with process_house(Path(folder), mail={"ada": _url(server)}, environment=variables) as house:
            begun = time.perf_counter()
            await house.human.triage("ada", seconds=_PATIENCE)
            taken, memory = time.perf_counter() - begun, peak(house.pid)
    return [
        at_most(f"triage of {mails:,} mails, memory at its peak", memory, 250, "MB"),
        unlimited(f"triage of {mails:,} mails, command to card", mails / taken, "mails/s"),
    ]


def _fill(server: Dovecot, mails: int) -> None:
    home = server.home(USER)
    fill(home, mails, min(_SENT, mails))
    server.adopt(home.parent)


def _url(server: Dovecot) -> str:
    return f"imaps://{USER}:{quote(PASSWORD, safe='')}@localhost:{server.tls}"


async def _quiet(_phase: str, _done: int, _whole: int | None) -> None:
    return None
