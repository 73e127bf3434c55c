"""The audit chain: whoever changes it is found, and nobody reads in it what is another person's own."""

import asyncio
import dataclasses
import itertools
import json
import os
import random
import sqlite3
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from bot.contracts.json import canonical
from bot.contracts.people import Person
from bot.gate.audit import BODY, Audit, Breach, Entry, Head, _content
from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.models import AuditRow
from bot.store.sealing import KEY_BYTES, Vault

ADA, BEN, EVE = Person("T1", "UADA"), Person("T1", "UBEN"), Person("T1", "UEVE")
COLUMNS = tuple(column.name for column in AuditRow.__table__.columns)
LENGTH = 12

Row = dict[str, Any]


def entries(chance: random.Random, length: int) -> list[Entry]:
    return [
        Entry(
            event=chance.choice(["proposed", "approved", "intent", "outcome", "undo"]),
            person=chance.choice([ADA, BEN, EVE]),
            own=chance.random() < 0.7,
            actor=chance.choice(["", "UADA"]),
            plan=f"{chance.getrandbits(128):032x}",
            tool=chance.choice(["mail.move", "deploy.run"]),
            preview="Archive " + "x" * chance.randint(0, 300),
        )
        for _ in range(length)
    ]


async def append(database: Database, audit: Audit, *added: Entry) -> None:
    async with database.write() as session:
        await audit.append(session, *added)


async def chain(database: Database, vault: Vault, length: int = LENGTH, seed: int = 1) -> Audit:
    audit = Audit(database, vault)
    await append(database, audit, *entries(random.Random(seed), length))
    return audit


async def rows(database: Database) -> list[Row]:
    async with database.read() as session:
        found = await session.execute(select(AuditRow.__table__).order_by(AuditRow.seq))
        return [dict(row) for row in found.mappings()]


async def put(database: Database, kept: Sequence[Row]) -> None:
    """Replace the whole table, as somebody with the database in their hands could."""
    async with database.write() as session:
        await session.execute(delete(AuditRow))
        if kept:
            await session.execute(insert(AuditRow), list(kept))


async def change(database: Database, seq: int, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(update(AuditRow).where(AuditRow.seq == seq).values(values))


async def test_an_empty_chain_and_a_whole_one_hold(database: Database, vault: Vault) -> None:
    audit = Audit(database, vault)
    assert (await audit.verify(), await audit.head()) == (None, None)
    await chain(database, vault)
    last = (await rows(database))[-1]
    assert await audit.head() == Head(LENGTH, last["seal"], last["at"])
    assert await audit.verify([Head(row["seq"], row["seal"]) for row in await rows(database)]) is None


# --- five attacks


def _another(column: str, row: Row, chance: random.Random) -> Any:
    """Something else of the same kind."""
    match row[column]:
        case bool(old):
            return not old
        case bytes(old):
            at = chance.randrange(len(old))
            return old[:at] + bytes([old[at] ^ (1 << chance.randrange(8))]) + old[at + 1 :]
        case str(old):
            return chance.choice(["", old[:-1], old + "0", "0" * 64 if old != "0" * 64 else "1" * 64])
        case moment:
            return moment + timedelta(microseconds=chance.choice([-1, 1, 10**9]))


def edited(kept: list[Row], chance: random.Random) -> tuple[list[Row], int]:
    at, column = chance.randrange(len(kept)), chance.choice([name for name in COLUMNS if name != "seq"])
    kept[at] = {**kept[at], column: _another(column, kept[at], chance)}
    return kept, at + 1


def deleted(kept: list[Row], chance: random.Random) -> tuple[list[Row], int]:
    at = chance.randrange(len(kept) - 1)
    many = chance.randint(1, len(kept) - 1 - at)
    rest = kept[at + many :]
    if chance.random() < 0.5:
        rest = [{**row, "seq": row["seq"] - many} for row in rest]
    return [*kept[:at], *rest], at + 1


def reordered(kept: list[Row], chance: random.Random) -> tuple[list[Row], int]:
    one, two = sorted(chance.sample(range(len(kept)), 2))
    first, second = {**kept[two], "seq": one + 1}, {**kept[one], "seq": two + 1}
    return [*kept[:one], first, *kept[one + 1 : two], second, *kept[two + 1 :]], one + 1


def truncated(kept: list[Row], chance: random.Random) -> tuple[list[Row], int]:
    length = chance.randrange(len(kept))
    return kept[:length], length + 1


LONG = os.environ.get("MESHCLAW_CHAOS") == "long"
ATTACKS = {"edited": edited, "missing": deleted, "reordered": reordered, "truncated": truncated}


async def test_five_ways_of_tampering_are_found_each_time_and_at_their_place(database: Database, vault: Vault) -> None:
    """The first three by the chain itself, the last two against a head kept outside."""
    chance = random.Random(7)
    for _ in range(200 if LONG else 24 if database.is_sqlite else 4):
        await put(database, [])
        audit = await chain(database, vault, chance.randint(2, 6), chance.getrandbits(32))
        whole = await rows(database)
        heads = [Head(row["seq"], row["seal"]) for row in whole]
        for what, attack in ATTACKS.items():
            changed, place = attack(list(whole), chance)
            await put(database, changed)
            by_itself = what != "truncated"
            assert await audit.verify() == (Breach(place, what) if by_itself else None)  # type: ignore[arg-type]
            if not by_itself:
                assert await audit.verify(heads[-1:]) == Breach(place, "truncated")
                assert not await audit.stands(heads[-1])
        await rewrite(database, audit, whole, chance, heads)


async def rewrite(database: Database, audit: Audit, whole: list[Row], chance: random.Random, heads: list[Head]) -> None:
    """Somebody with the key writes everything from some link on anew, as MeshClaw itself would, and goes on longer."""
    start = chance.randrange(len(whole))
    await put(database, whole[:start])
    await append(database, audit, *entries(chance, len(whole) - start + chance.randint(0, 3)))
    anchors = [head for head in heads if chance.random() < 0.5 or head is heads[-1]]
    first = min(anchor.seq for anchor in anchors if anchor.seq > start)
    assert await audit.verify(anchors) == Breach(first, "rewritten")
    assert await audit.verify() is None, "the chain alone cannot show it"


async def test_a_rewrite_without_the_key_is_found(database: Database, vault: Vault) -> None:
    forger = Audit(database, Vault(bytes(KEY_BYTES)))
    audit = await chain(database, vault)
    for start in (0, 5, LENGTH):
        whole = await rows(database)
        await put(database, whole[:start])
        await append(database, forger, *entries(random.Random(3), LENGTH - start + 1))
        assert await audit.verify() == Breach(start + 1, "edited")
        await put(database, whole)


async def test_two_bodies_do_not_change_places(database: Database, vault: Vault) -> None:
    audit = Audit(database, vault)
    await append(database, audit, *(Entry("approved", ADA, preview=f"mail {number}") for number in range(6)))
    whole = await rows(database)
    for columns in (("body",), ("body", "digest"), ("body", "digest", "at")):
        for one, two in ((0, 1), (2, 5)):
            changed = [dict(row) for row in whole]
            for name in columns:
                changed[one][name], changed[two][name] = whole[two][name], whole[one][name]
            await put(database, changed)
            assert await audit.verify() == Breach(one + 1, "edited")
            assert [told.entry is None for told in await audit.of(ADA, 6)][::-1][one]


async def test_a_body_sealed_anew_does_not_match_its_digest(database: Database, vault: Vault) -> None:
    audit = Audit(database, vault)
    await append(database, audit, Entry("denied", ADA), Entry("approved", ADA))
    owner = vault.pseudonym(ADA.owner)
    other = vault.seal(_content(Entry("approved", ADA)), table="audit", owner=owner, row="1")
    await change(database, 1, body=other)
    assert await audit.verify() == Breach(1, "edited")
    assert [told.entry and told.entry.event for told in await audit.of(ADA, 2)] == ["approved", None]


@pytest.mark.parametrize("seq", [-5, 0, LENGTH + 1, LENGTH + 9])
async def test_a_link_put_in_is_found(database: Database, vault: Vault, seq: int) -> None:
    audit = await chain(database, vault)
    last = (await rows(database))[-1]
    async with database.write() as session:
        await session.execute(insert(AuditRow), [{**last, "seq": seq, "previous": last["seal"]}])
    breach = await audit.verify()
    assert breach is not None
    assert breach.seq == (1 if seq < 1 else LENGTH + 1)


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "seq"])
async def test_what_is_no_value_of_its_kind_is_an_edit(tmp_path: Path, vault: Vault, column: str) -> None:
    """SQLite lets anything stand in a column."""
    database = await opened(tmp_path / "test.db")
    try:
        audit = Audit(database, vault)
        await append(database, audit, Entry("e", ADA, own=True), Entry("e", ADA, own=False), Entry("e", ADA))
        kept = await rows(database)
        for value, seq in itertools.product(("'nonsense'", "x'00ff'", "''"), (1, 2)):
            async with database.write() as session:
                await session.execute(text(f"update audit set {column} = {value} where seq = {seq}"))
            assert await audit.verify() == Breach(seq, "edited"), value
            await put(database, kept)
        assert await audit.verify() is None
    finally:
        await database.close()


async def opened(file: Path) -> Database:
    database = Database(address_of(f"sqlite:///{file}", file.parent))
    await database.migrate()
    return database


async def test_a_breach_is_told_in_words(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault)
    await change(database, 7, own=True, owner="somebody else")
    assert str(await audit.verify()) == "link 7: it was changed, or MeshClaw never wrote it"


async def test_a_long_chain_is_verified_to_its_end(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault, 1_000)
    assert await audit.verify() is None
    await change(database, 999, digest="0" * 64)
    assert await audit.verify() == Breach(999, "edited")


# --- what may be read, and by whom

SECRETS = ("xoxb-2401-abcdefghijklmnop", f"ghp_{'a1' * 18}", "hunter2hunter2")


def telling(person: Person, own: bool, number: int = 0) -> Entry:
    """An entry whose every word would be found again."""
    return Entry(
        event="proposed-verbatim",
        person=person,
        own=own,
        actor="UACTOR0001",
        agent="agentname",
        plan=f"{number:032x}",
        tool="toolname.move",
        digest="ab" * 32,
        preview=f"previewwords of {SECRETS[0]}",
        provenance=f"provenancewords {SECRETS[1]}",
        policy="policyversion",
        decision=f"decisionwords password={SECRETS[2]}",
        key="keyname",
        result="resultword",
        result_digest="cd" * 32,
    )


WORDS = (
    *("proposed-verbatim", "UACTOR0001", "UADA", "UBEN", "agentname", "toolname", "ab" * 32, "previewwords"),
    *("provenancewords", "policyversion", "decisionwords", "keyname", "resultword", "cd" * 32),
)


async def exported(audit: Audit) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(line)) async for line in audit.export()]


async def test_the_database_in_the_clear_tells_nothing(tmp_path: Path, vault: Vault) -> None:
    file = tmp_path / "test.db"
    database = await opened(file)
    audit = Audit(database, vault)
    await append(database, audit, telling(ADA, own=True), telling(BEN, own=False))
    await database.close()
    dump = "\n".join(sqlite3.connect(file).iterdump()).encode()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir()) + dump
    assert b"audit" in raw
    assert [word for word in (*WORDS, *SECRETS) if word.encode() in raw or word.encode().hex().encode() in raw] == []


async def test_all_bodies_are_of_one_length(database: Database, vault: Vault) -> None:
    long = {name: '\x00é"' * 3_000 for name in ("preview", "provenance", "decision")}
    audit = Audit(database, vault)
    await append(database, audit, Entry("e", ADA), telling(BEN, own=False), Entry("e", ADA, **long))
    found = await rows(database)
    assert len({len(row["body"]) for row in found}) == 1
    assert len({len(row["digest"]) for row in found}) == 1


async def test_equal_entries_look_different(database: Database, vault: Vault) -> None:
    audit = Audit(database, vault)
    await append(database, audit, *[Entry("approved", ADA)] * 5)
    found = await rows(database)
    assert len({row["digest"] for row in found}) == len({row["body"] for row in found}) == 5


async def test_everyone_reads_what_was_done_in_their_name(database: Database, vault: Vault) -> None:
    audit = Audit(database, vault)
    mine = [dataclasses.replace(telling(ADA, own=number % 2 == 0, number=number), preview="p") for number in range(5)]
    for entry in mine:
        await append(database, audit, entry, telling(BEN, own=entry.own))
    found = await audit.of(ADA, 100)
    assert [told.seq for told in found] == [9, 7, 5, 3, 1]
    assert [told.entry and told.entry.plan for told in found] == [entry.plan for entry in reversed(mine)]
    assert {told.entry and told.entry.person for told in found} == {ADA}
    assert await audit.count_of(ADA) == 5
    assert await audit.of(ADA, 2, before_seq=7) == found[2:4]
    assert await audit.of(EVE, 100) == []
    first = found[-1].entry
    assert first is not None
    masked = {name: getattr(first, name) for name in ("provenance", "decision")}
    assert masked == {
        "provenance": "provenancewords ‹secret: 40 characters›",
        "decision": "decisionwords password=‹secret: 14 characters›",
    }
    assert dataclasses.replace(first, **{name: getattr(mine[0], name) for name in masked}) == mine[0]


async def test_admins_read_shared_things_and_nobody_s_own(database: Database, vault: Vault) -> None:
    audit = Audit(database, vault)
    await append(database, audit, *(telling(person, own) for person in (ADA, BEN) for own in (True, False)))
    found = await audit.shared(100)
    assert [(told.seq, told.entry and told.entry.person) for told in found] == [(4, BEN), (2, ADA)]
    assert await audit.shared(1, before_seq=4) == found[1:]
    assert await audit.count_shared() == 2


async def test_an_own_entry_declared_shared_opens_for_nobody(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who can write to the database would read what another did, as an admin."""
    audit = Audit(database, vault)
    await append(database, audit, telling(ADA, own=True))
    await change(database, 1, own=False)
    monkeypatch.setattr(Vault, "open", lambda *_, **__: pytest.fail("opened"))
    assert [told.entry for told in await audit.shared(10)] == [None]
    assert [line["told"] for line in await exported(audit)] == [{}]


async def test_an_own_entry_given_to_another_person_opens_for_nobody(database: Database, vault: Vault) -> None:
    audit = Audit(database, vault)
    await append(database, audit, telling(ADA, own=True))
    await change(database, 1, owner=vault.pseudonym(BEN.owner))
    assert [told.entry for told in await audit.of(BEN, 10)] == [None]


async def test_an_export_holds_every_link_and_tells_of_shared_things_only(database: Database, vault: Vault) -> None:
    audit = Audit(database, vault)
    await append(database, audit, telling(BEN, own=False), telling(ADA, own=True), *entries(random.Random(5), 500))
    lines = await exported(audit)
    found = await rows(database)
    assert [line["seal"] for line in lines] == [row["seal"] for row in found]
    assert all(line["previous"] == before["seal"] for before, line in itertools.pairwise(lines))
    assert lines[0]["told"]["person"] == ["T1", "UBEN"]
    own = [line for line in lines if line["own"]]
    assert {frozenset(line) for line in own} == {frozenset(("seq", "at", "own", "digest", "previous", "seal"))}
    assert len({len(json.dumps({**line, "seq": 0})) for line in own}) == 1
    said = json.dumps(lines[1:2])
    assert [word for word in WORDS if word in said] == []
    assert [secret for secret in SECRETS if secret in json.dumps(lines)] == []
    assert not any(vault.pseudonym(person.owner) in json.dumps(lines) for person in (ADA, BEN, EVE))


NAMES = ("event", "actor", "agent", "plan", "tool", "digest", "policy", "key", "result", "result_digest")
anything = st.text(max_size=400) | st.characters().map(lambda char: char * 3_000)


@given(
    st.fixed_dictionaries({name: st.text('ab1-"é\x00', max_size=110) for name in NAMES}), anything, anything, anything
)
def test_texts_are_cut_to_size_and_names_never(names: dict[str, str], preview: str, origin: str, reason: str) -> None:
    entry = Entry(person=Person("T" * 20, "U" * 20), preview=preview, provenance=origin, decision=reason, **names)
    content = _content(entry)
    assert len(canonical(content)) == BODY
    told: Any = content["told"]
    assert all(told[name] == names[name] for name in NAMES if len(canonical(names[name])) <= 100)
    for name, given_text in (("preview", preview), ("provenance", origin), ("decision", reason)):
        assert told[name] == given_text or (told[name][-1] == "…" and given_text.startswith(told[name][:-1])), name
        if told[name] != given_text:
            assert len(canonical(told[name])) > 100, "it could have been longer"


def test_a_name_that_is_none_is_told_by_its_digest() -> None:
    one, two = (_content(Entry("e", ADA, tool="t" * 5_000 + end))["told"] for end in "ab")
    assert isinstance(one, dict)
    assert isinstance(two, dict)
    assert one["tool"] != two["tool"]
    assert str(one["tool"]).startswith("sha256:")


# --- appending


async def test_links_stand_only_with_what_they_tell_of(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault, 3)

    async def fail() -> None:
        async with database.write() as session:
            await audit.append(session, Entry("approved", ADA))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.write() as session:
        await audit.append(session, Entry("one", EVE))
        await audit.append(session, Entry("two", EVE), Entry("three", EVE))
    found = await audit.of(EVE, 3)
    assert [(told.seq, told.entry and told.entry.event) for told in found] == [(6, "three"), (5, "two"), (4, "one")]
    assert await audit.verify() is None


async def test_many_appending_at_once_make_one_chain(database: Database, vault: Vault) -> None:
    audits = [Audit(database, vault) for _ in range(3)]

    async def add(number: int) -> None:
        await append(database, audits[number % 3], Entry("e", Person("T1", f"U{number}")), Entry("f", ADA))

    await asyncio.gather(*(add(number) for number in range(24)))
    assert [row["seq"] for row in await rows(database)] == list(range(1, 49))
    assert [told.seq % 2 for told in await audits[0].of(ADA, 100)] == [0] * 24
    assert await audits[0].verify() is None


def test_sealing_is_quick(vault: Vault) -> None:
    """The measured cost is about 0.1 ms; a slip by ten would be felt."""
    entry = telling(ADA, own=True)
    before = time.process_time()
    for _ in range(200):
        content = _content(entry)
        vault.mac(canonical(content))
        vault.seal(content, table="audit", owner="owner", row="1")
    assert time.process_time() - before < 200 * 0.002
