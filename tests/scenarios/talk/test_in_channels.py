"""Conversations where others read along."""

from pathlib import Path

from harness import DM, is_card, person, words
from model_script import Answer, Asked, Script, calls, says
from talks import Talk, answered, talking

ASKED = "<@U01MESHCLAW> "


async def in_general(talk: Talk, who: str, text: str, thread: str | None = None) -> str:
    return await talk.ask(who, f"{ASKED}{text}", "#general", thread)


async def test_a_mention_is_answered_in_its_thread_and_goes_on_without_mentions(tmp_path: Path) -> None:
    async with talking(tmp_path, Script([says("Blue."), says("Because.")])) as talk:
        thread = await in_general(talk, "ada", "What colour?")
        first = await talk.answer("ben", "Blue.", channel="#general")
        assert first["thread_ts"] == thread
        await talk.ask("ada", "Why?", "#general", thread)
        await talk.answer("ada", "Because.", channel="#general", after=first["ts"])
        await talk.ask("ben", "Not to you, MeshClaw.", "#general", thread)
        await talk.ask("ada", "Nor this", "#general")
        await talk.home.idle()
        assert len(talk.server.paid) == 2


async def test_each_person_has_a_conversation_of_their_own_and_reads_what_stands_in_the_thread(tmp_path: Path) -> None:
    for_ada = Script([calls(("lab_read", {"what": "secret"})), says("Noted, Ada.")])

    async def script(asked: Asked) -> Answer:
        return says("Hello Ben.") if "And you?" in asked.said else await for_ada(asked)

    async with talking(tmp_path, script) as talk:
        talk.home.lab.connector.texts["secret"] = "Ada's own: pumpernickel"
        thread = await in_general(talk, "ada", "Look at it, say nothing.")
        first = await talk.answer("ada", "Noted, Ada.", channel="#general")
        await talk.ask("chen", "I think it is green.", "#general", thread)
        await in_general(talk, "ben", "And you?", thread)
        await talk.answer("ben", "Hello Ben.", channel="#general", after=first["ts"])
        told = talk.server.asked[-1].body
        assert "pumpernickel" not in told
        assert "I think it is green." in told
        assert "this thread, before" in told


async def test_what_not_all_may_see_is_kept_for_the_person_to_release(tmp_path: Path) -> None:
    script = Script([calls(("lab_read", {"what": "pay"})), says("Ann earns ", "300.")])
    async with talking(tmp_path, script) as talk:
        talk.home.lab.connector.texts["pay"] = "Ann: 300"
        talk.home.lab.connector.seen_by = frozenset({person("ben").user})
        await in_general(talk, "ada", "What does Ann earn?")
        await talk.home.human.message("dana", lambda shown: "Not everybody in #general" in words(shown), "#general")
        card = await talk.home.human.message("ada", is_card)
        assert "Ann earns 300." in words(card)
        for message in await talk.home.human.messages("dana", "#general"):
            assert "300" not in str(message)
        await talk.home.human.press("ada", card, "Approve")
        await talk.home.human.message(
            "ada", lambda shown: "Goes out at" in words(shown), DM
        )  # after the outbox it stands there; the gate's own scenarios see to that


async def test_a_guest_is_refused(tmp_path: Path) -> None:
    async with talking(tmp_path, Script([says("no")])) as talk:
        await in_general(talk, "eve", "Hello?")
        await talk.home.human.message("eve", lambda shown: "members of this workspace only" in words(shown), "#general")
        assert talk.server.asked == []


async def test_answers_to_ada_are_not_shown_twice_for_a_mention_in_a_thread(tmp_path: Path) -> None:
    async with talking(tmp_path, Script([says("One."), says("Two.")])) as talk:
        thread = await in_general(talk, "ada", "First")
        first = await talk.answer("ada", "One.", channel="#general")
        await in_general(talk, "ada", "Second", thread)
        await talk.answer("ada", "Two.", channel="#general", after=first["ts"])
        await talk.home.idle()
        assert len(talk.server.paid) == 2
        assert sum(answered(each) for each in await talk.thread("ada", thread, "#general")) == 2


async def test_what_was_read_by_a_card_is_as_private_as_what_was_read_at_once(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "Reading is asked"\nthen = "ask"\ntool = ["lab.read"]\n')
    script = Script([calls(("lab_read", {"what": "pay"})), says("Ann earns ", "300.")])
    async with talking(tmp_path, script, policy=rules) as talk:
        talk.home.lab.connector.texts["pay"] = "Ann: 300"
        talk.home.lab.connector.seen_by = frozenset({person("ben").user})
        await in_general(talk, "ada", "What does Ann earn?")
        reading = await talk.home.human.message("ada", is_card)
        await talk.home.human.press("ada", reading, "Approve")
        await talk.home.human.message("dana", lambda shown: "Not everybody in #general" in words(shown), "#general")
        answer = await talk.home.human.message("ada", is_card, after=reading["ts"])
        assert "Ann earns 300." in words(answer)
        for message in await talk.home.human.messages("dana", "#general"):
            assert "300" not in str(message)


async def test_an_answer_that_cannot_be_asked_for_comes_to_the_person_alone(tmp_path: Path) -> None:
    script = Script([calls(("lab_read", {"what": "pay"})), says("Ann earns ", "300.")])
    async with talking(tmp_path, script) as talk:
        talk.home.lab.connector.texts["pay"] = "Ann: 300"
        talk.home.lab.connector.seen_by = frozenset()
        await talk.home.human.command("ada", "/meshclaw mode read-only")
        await in_general(talk, "ada", "What does Ann earn?")
        await talk.home.human.message("ada", lambda shown: "Ann earns 300." in words(shown))
        for message in await talk.home.human.messages("dana", "#general"):
            assert "300" not in str(message)
