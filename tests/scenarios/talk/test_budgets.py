"""Ceilings, as a person meets them: a warning, a pause, a button to go on."""

from pathlib import Path

from harness import person, words
from model_script import Script, calls, fails, says
from talks import talking

from bot.contracts.usage import Ceiling


async def test_a_ceiling_of_ones_own_pauses_and_the_button_goes_on(tmp_path: Path) -> None:
    script = Script([calls(("lab_read", {"what": "a"})).using(6_000, 500), says("There it is.")])
    async with talking(tmp_path, script) as talk:
        done = await talk.home.human.command("ada", "/meshclaw budget 8000 tokens")
        assert "8,000 tokens a month" in done["response"]["text"]
        await talk.ask("ada", "Look.")
        paused = await talk.home.human.message("ada", lambda shown: "you set yourself" in words(shown))
        assert len(talk.server.paid) == 1
        await talk.home.human.press("ada", paused, "Continue")
        await talk.answer("ada", "There it is.")
        said = (await talk.home.human.command("ada", "/meshclaw budget"))["response"]["text"]
        assert "2 requests" in said
        assert "2 requests whose price nobody knows" in said


async def test_the_ceiling_of_all_stops_models_and_nothing_else(tmp_path: Path) -> None:
    async with talking(tmp_path, Script([says("no")]), budget="0 tokens") as talk:
        await talk.ask("ada", "Look.")
        await talk.home.human.message("ada", lambda shown: "is used up" in words(shown))
        assert talk.server.asked == []
        assert (await talk.home.human.command("ada", "/meshclaw mode"))["error"] is None


async def test_an_endless_loop_ends_and_goes_on_when_told_to(tmp_path: Path) -> None:
    look = calls(("lab_read", {"what": "a"}))
    async with talking(tmp_path, Script([look] * 12 + [says("Enough.")])) as talk:
        await talk.ask("ada", "Look for ever.")
        await talk.home.human.command("ada", "/meshclaw budget 1m tokens")
        paused = await talk.home.human.message("ada", lambda shown: "12 steps" in words(shown))
        assert len(talk.server.paid) == 12
        await talk.home.human.press("ada", paused, "Continue")
        await talk.answer("ada", "Enough.")
        month = await talk.home.app.engine._parts.roster._meter.month(person("ada"))
        assert month.past == 0  # it was no ceiling of hers that held it up


async def test_a_model_that_fails_is_said_and_can_be_asked_again(tmp_path: Path) -> None:
    async with talking(tmp_path, Script([fails(500), says("Back.")])) as talk:
        await talk.ask("ada", "Hello?")
        paused = await talk.home.human.message("ada", lambda shown: "Continue" in words(shown))
        await talk.home.human.press("ada", paused, "Continue")
        await talk.answer("ada", "Back.")


async def test_no_other_person_sees_what_it_came_to(tmp_path: Path) -> None:
    async with talking(tmp_path, Script([says("Hi.")])) as talk:
        await talk.ask("ada", "Hi")
        await talk.answer("ada", "Hi.")
        said = (await talk.home.human.command("ben", "/meshclaw budget"))["response"]["text"]
        assert "No model has worked for you this month." in said
        meter = talk.home.app.engine._parts.roster._meter
        assert (await meter.month(person("ada"))).requests == 1
        assert (await meter.ceiling(person("ada"))) == Ceiling()
