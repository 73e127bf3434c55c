"""Agents that people write: made in a modal, nobody else's until an admin has read them, and run as they were read."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness import buttons, person, words
from model_script import Answer, Asked
from model_script import says as answering
from shown import Json
from sqlalchemy import select, update
from talks import Talk, talking

from bot.store.models import AgentRow

FILE = "---\nname: {name}\ndescription: Gathers the day\ntools: [lab.read]\n{more}---\n\n{told}\n"


def a_file(told: str = "Write three lines.", name: str = "standup", more: str = "") -> str:
    return FILE.format(name=name, told=told, more=more)


def always(asked: Asked) -> Answer:
    return answering("Three lines.")


@asynccontextmanager
async def at_home(folder: Path, **more: Any) -> AsyncIterator[Talk]:
    async with talking(folder, always, **more) as talk:
        yield talk


def typed(**fields: str) -> Json:
    return {name: {"value": value} for name, value in fields.items()}


async def make(talk: Talk, who: str = "ben", told: str = "Write three lines.", **more: str) -> Json:
    """Make an agent called standup in the modal; the modal that says it is saved."""
    human = talk.home.human
    done = await human.command(who, "/meshclaw agents new")
    assert (done["error"], done["response"]) == (None, None)
    form = await human.modal(who)
    given = typed(**{"name": "standup", "description": "Gathers the day", "instructions": told, **more})
    tools = {"tools": {"value": ["lab.read"]}}
    done = await human.submit(who, form, {**given, **tools})
    assert not done["errors"], done
    return await human.modal(who, lambda shown: "is saved" in words(shown))


async def make_file(talk: Talk, text: str, who: str = "ben") -> Json:
    """Save a whole file over what is there of that name, or say what is wrong with it."""
    human = talk.home.human
    await human.command(who, "/meshclaw agents standup")
    shown = await human.modal(who)
    await human.press(who, shown, "Edit…")
    form = await human.modal(who, lambda each: each["callback_id"] == "agents.edit")
    return await human.submit(who, form, {"part:0": {"value": text}, "more": {"value": ""}})


async def closed(talk: Talk, who: str) -> None:
    for view in await talk.home.human.modals(who):
        await talk.home.human.close(who, view, every=True)


async def said_at_once(talk: Talk, who: str, command: str) -> str:
    done = await talk.home.human.command(who, command)
    assert done["error"] is None
    return words({"blocks": [], **done["response"]}) or str(done["response"]["text"])


async def shared(talk: Talk, after: str = "0") -> Json:
    """Let ben ask that it be shared, and ada accept; what her request becomes."""
    human = talk.home.human
    await human.command("ben", "/meshclaw agents standup")
    await human.press("ben", await human.modal("ben"), "Share…")
    return await accepted(talk, after)


async def accepted(talk: Talk, after: str = "0") -> Json:
    human = talk.home.human
    request = await human.message("ada", lambda shown: "An agent to be shared" in words(shown), after=after)
    await human.press("ada", request, "Share with everybody")
    return await human.becomes("ada", request, lambda shown: "is shared with everybody here" in words(shown))


async def test_an_agent_made_in_the_modal_runs_by_its_instructions_and_its_tools_alone(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        saved = await make(talk)
        assert "/meshclaw standup" in words(saved)
        await said_at_once(talk, "ben", "/meshclaw standup")
        await talk.answer("ben", "Three lines.")
        (asked,) = talk.server.paid
        assert "Write three lines." in asked.system
        assert list(asked.tools) == ["lab_read"]
        assert asked.said == "Do what you are for."
        await said_at_once(talk, "ben", "/meshclaw run standup for Monday")
        await talk.home.idle()
        assert talk.server.paid[-1].said == "for Monday"


async def test_a_private_agent_is_to_others_as_one_that_does_not_exist(tmp_path: Path) -> None:
    commands = ("run standup", "run standup now please", "agents standup", "standup", "agents", "run standap")
    async with at_home(tmp_path) as talk:
        before = [await said_at_once(talk, "dana", f"/meshclaw {command}") for command in commands]
        await make(talk)
        after = [await said_at_once(talk, "dana", f"/meshclaw {command}") for command in commands]
        assert before == after
        assert "There is no agent called standup." in after[0]
        assert "standup" in await said_at_once(talk, "ben", "/meshclaw agents")
        assert "Did you mean standup?" in await said_at_once(talk, "ben", "/meshclaw run standap")
        assert talk.server.paid == []


async def test_what_an_admin_has_read_is_what_others_run(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        human = talk.home.human
        await make(talk)
        await closed(talk, "ben")
        await shared(talk)
        await human.message("ben", lambda shown: "is shared with everybody here" in words(shown))
        await said_at_once(talk, "dana", "/meshclaw standup")
        await talk.answer("dana", "Three lines.")
        assert "Write three lines." in talk.server.paid[-1].system
        assert "Dana Vogel" in talk.server.paid[-1].system

        await closed(talk, "ben")
        before = await human.last("ada")
        done = await make_file(talk, a_file("Write a novel."))
        assert not done["errors"], done
        request = await human.message("ada", lambda shown: "An agent to be shared" in words(shown), after=before)
        assert "Write a novel." in words(request)
        await said_at_once(talk, "dana", "/meshclaw run standup")
        await talk.home.idle()
        assert "Write three lines." in talk.server.paid[-1].system
        await said_at_once(talk, "ben", "/meshclaw run standup")
        await talk.home.idle()
        assert "Write a novel." in talk.server.paid[-1].system
        await accepted(talk, before)
        await said_at_once(talk, "dana", "/meshclaw run standup")
        await talk.home.idle()
        assert "Write a novel." in talk.server.paid[-1].system


async def test_only_an_admin_decides_and_what_was_taken_back_is_over(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        human = talk.home.human
        await make(talk)
        await closed(talk, "ben")
        await human.command("ben", "/meshclaw agents standup")
        await human.press("ben", await human.modal("ben"), "Share…")
        request = await human.message("ada", lambda shown: "An agent to be shared" in words(shown))
        await human.member(person("ada").user, is_admin=False)
        await human.press("ada", request, "Share with everybody")
        await human.message("ada", lambda shown: "Only an admin" in words(shown))
        await human.member(person("ada").user, is_admin=True)
        await closed(talk, "ben")
        await human.command("ben", "/meshclaw agents standup")
        await human.press("ben", await human.modal("ben"), "Take proposal back")
        over = await human.becomes("ada", request, lambda shown: "taken back" in words(shown))
        assert not buttons(over)
        assert "There is no agent" in await said_at_once(talk, "dana", "/meshclaw run standup")


async def test_a_dry_run_reads_and_does_nothing_else(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        human = talk.home.human
        await make(talk)
        await closed(talk, "ben")
        assert not (await make_file(talk, a_file().replace("[lab.read]", '["lab.*"]')))["errors"]
        saved = await human.modal("ben", lambda shown: "is saved" in words(shown))
        await human.press("ben", saved, "Dry run")
        await human.modal("ben", lambda shown: "in your direct messages" in words(shown))
        await talk.home.idle()
        (asked,) = talk.server.paid
        assert "Write three lines." in asked.system
        assert talk.home.lab.world.effects() == []


async def test_a_file_with_mistakes_is_told_where_they_are_and_nothing_is_saved(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        await make(talk)
        await closed(talk, "ben")
        done = await make_file(talk, a_file().replace("tools: [lab.read]", "tools: [lab.raed]"))
        assert done["response_action"] == "errors"
        told = done["errors"]["part:0"]
        assert "Line 4, tools" in told
        assert "Did you mean lab.read?" in told
        await closed(talk, "ben")
        done = await make_file(talk, a_file(more="meshclaw: {schedul: every day at 9:00}\n"))
        assert "Did you mean schedule?" in done["errors"]["part:0"]
        await said_at_once(talk, "ben", "/meshclaw standup")
        await talk.home.idle()
        assert list(talk.server.paid[-1].tools) == ["lab_read"]


async def test_a_schedule_fires_once(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        await make(talk, schedule="every day at 09:00")
        await due(talk)
        await talk.home.sweep()
        await talk.home.sweep()
        await talk.home.idle()
        (asked,) = talk.server.paid
        assert "scheduled time" in asked.said
        await talk.answer("ben", "Three lines.")
        async with talk.home.app.storage.database.read() as session:
            assert all(at > datetime.now(UTC) for at in await session.scalars(select(AgentRow.next_at)))


async def due(talk: Talk) -> None:
    async with talk.home.app.storage.database.write() as session:
        await session.execute(update(AgentRow).values(next_at=datetime.now(UTC) - timedelta(minutes=1)))


async def test_an_agent_that_wants_to_know_something_says_so(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        await make(talk)
        await closed(talk, "ben")
        inputs = "meshclaw:\n  inputs:\n    repo: Which repository?\n"
        assert not (await make_file(talk, a_file(more=inputs)))["errors"]
        for command in ("/meshclaw standup", "/meshclaw run standup"):
            assert "Which repository?" in await said_at_once(talk, "ben", command)
        await talk.ask("ben", "run standup")
        await talk.home.human.message("ben", lambda shown: "Which repository?" in words(shown))
        assert talk.server.paid == []
        await said_at_once(talk, "ben", "/meshclaw standup the docs")
        await talk.home.idle()
        assert talk.server.paid[-1].said == "the docs"


async def test_a_skill_becomes_a_draft(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        human = talk.home.human
        skill = "---\nname: tidy\ndescription: Tidies up\nallowed-tools: Bash\n---\nTidy everything."
        done = await human.command("ben", f"/meshclaw agents new {skill}")
        assert done["response"] is None, done
        form = await human.modal("ben")
        assert "allowed-tools are ignored" in words(form)
        assert not (await human.submit("ben", form))["errors"]
        await said_at_once(talk, "ben", "/meshclaw tidy")
        await talk.home.idle()
        assert "Tidy everything." in talk.server.paid[-1].system
        assert not talk.server.paid[-1].tools
        assert "no agent called" not in await said_at_once(talk, "ben", "/meshclaw agents")


async def test_an_operators_files_are_there_for_all_and_a_wrong_one_keeps_none_of_them_away(tmp_path: Path) -> None:
    folder = tmp_path / "for-all"
    folder.mkdir()
    (folder / "standup.md").write_text(a_file())
    (folder / "wrong.md").write_text(a_file(name="wrong").replace("lab.read", "lab.raed"))
    async with at_home(tmp_path / "home", agents=folder) as talk:
        listed = await said_at_once(talk, "dana", "/meshclaw agents")
        assert "/meshclaw standup" in listed
        assert "/meshclaw ask" in listed
        assert not re.search("wrong", listed)
        await said_at_once(talk, "dana", "/meshclaw standup")
        await talk.home.idle()
        assert "Write three lines." in talk.server.paid[-1].system


async def test_removing_asks_and_forgets(tmp_path: Path) -> None:
    async with at_home(tmp_path) as talk:
        human = talk.home.human
        await make(talk)
        await closed(talk, "ben")
        await human.command("ben", "/meshclaw agents standup")
        await human.press("ben", await human.modal("ben"), "Remove")
        await human.modal("ben", lambda shown: "It is removed." in words(shown))
        assert "There is no agent" in await said_at_once(talk, "ben", "/meshclaw run standup")
