"""Stop means stop: in the middle of an answer, too."""

import time
from pathlib import Path

from harness import DM, words
from model_script import Script, says
from talks import talking


def _begun(shown: dict[str, object]) -> bool:
    return bool(shown["streaming"])


async def test_the_stop_button_ends_an_answer_in_the_middle_of_a_word(tmp_path: Path) -> None:
    long = says("It ", *(part for _ in range(200) for part in ("goes on ", 0.1)))
    async with talking(tmp_path, Script([long, says("Again.")])) as talk:
        thread = await talk.ask("ada", "Tell me all.")
        begun = await talk.home.human.message("ada", _begun)
        at = time.monotonic()
        await talk.home.human.post("stop", **{"as": "ada", "channel": DM, "thread_ts": thread})
        await talk.home.human.becomes("ada", begun, lambda shown: not shown["streaming"])
        await talk.home.human.message("ada", lambda shown: "has ended" in words(shown))
        assert time.monotonic() - at < 3  # under load; the bench measures it
        await talk.home.idle()
        await talk.ask("ada", "And now?", thread=thread)
        await talk.answer("ada", "Again.")
        assert "The person stopped this." in talk.server.paid[-1].said or "stopped this" in talk.server.paid[-1].body


async def test_a_word_in_the_thread_stops_it_as_well(tmp_path: Path) -> None:
    long = says("It ", *(part for _ in range(200) for part in ("goes on ", 0.1)))
    async with talking(tmp_path, Script([long])) as talk:
        thread = await talk.ask("ada", "<@U01MESHCLAW> Tell me all.", "#general")
        begun = await talk.home.human.message("ada", _begun, "#general")
        await talk.ask("ada", "!stop", "#general", thread)
        await talk.home.human.becomes("ada", begun, lambda shown: "Stopped." in words(shown))
