"""A Bolt app in another language lives in the local workspace as it would in Slack."""

from typing import Any

import pytest
from outside_human import Human, Json, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("app")]
BOT = "U01MESHCLAW"


def has_text(text: str) -> Any:
    return lambda message: message["text"] == text


async def order(human: Human, person: str, channel: str, item: str) -> Json:
    answer = await human.do("command", **{"as": person, "channel": channel, "text": f"/order {item}"})
    assert answer["acked"], answer
    return await human.message(person, channel, has_text(f"Order {item}?"))


async def press(human: Human, person: str, message: Json, action_id: str) -> Json:
    where = {"as": person, "channel": message["channel"], "ts": message["ts"]}
    return await human.do("click", **where, action_id=action_id)


async def open_order(human: Human, person: str, item: str) -> Json:
    """The modal behind *Edit…* of a new order in that person's direct messages."""
    asked = await order(human, person, "@meshclaw", item)
    await press(human, person, asked, "edit")
    return await top_modal(human, person, "Your order")


async def top_modal(human: Human, person: str, title: str) -> Json:
    async def look() -> Json | None:
        views = await human.modals(person)
        return views[-1] if views and views[-1]["title"]["text"] == title else None

    return await eventually(look)


async def no_modal(human: Human, person: str) -> None:
    async def look() -> bool:
        return await human.modals(person) == []

    await eventually(look)


async def test_a_slash_command_is_answered_in_its_acknowledgement(human: Human) -> None:
    answer = await human.do("command", **{"as": "ada", "channel": "#general", "text": "/ping there"})
    assert (answer["acked"], answer["error"]) == (True, None)
    reply = await human.message("ada", "#general", has_text("pong there"))
    assert reply["ephemeral"]
    assert all(message["text"] != "pong there" for message in await human.messages("ben", "#general"))


async def test_a_command_that_is_not_acknowledged_times_out(human: Human) -> None:
    answer = await human.do("command", **{"as": "ada", "channel": "#general", "text": "/silent"})
    assert (answer["acked"], answer["error"]) == (False, "operation_timeout")


async def test_the_example_of_the_readme_runs_as_it_stands(human: Human) -> None:
    said = await human.do("message", **{"as": "ben", "channel": "#general", "text": "stressed desserts, ok?"})
    reply = await human.message("ben", "#general", has_text("?ko ,stressed desserts"))
    assert reply["user"] == BOT
    assert float(reply["ts"]) > float(said["ts"])


async def test_command_post_click_and_update(human: Human) -> None:
    asked = await order(human, "ada", "#general", "tea")
    assert asked["user"] == BOT
    assert asked["metadata"]["event_payload"] == {"item": "tea"}
    assert (await human.message("ada", "#general", has_text("Only you see this.")))["ephemeral"]
    assert all(message["text"] != "Only you see this." for message in await human.messages("chen", "#general"))

    async def watched() -> bool:
        found = next(one for one in await human.messages("ada", "#general") if one["ts"] == asked["ts"])
        return any(reaction["name"] == "eyes" for reaction in found["reactions"])

    await eventually(watched)
    click = await press(human, "ben", asked, "confirm")
    assert (click["acked"], click["error"]) == (True, None)
    done = await human.message("chen", "#general", has_text("Ordered tea."))
    assert done["ts"] == asked["ts"]
    assert done["edited"]
    assert "U01BEN00002" in done["blocks"][0]["text"]["text"]
    assert (await human.message("chen", "#general", has_text("On its way.")))["thread_ts"] == asked["ts"]


async def test_a_button_that_is_gone_cannot_be_pressed(human: Human) -> None:
    asked = await order(human, "ada", "@meshclaw", "milk")
    await press(human, "ada", asked, "confirm")
    await human.message("ada", "@meshclaw", has_text("Ordered milk."))
    with pytest.raises(AssertionError, match="no_such_element"):
        await press(human, "ada", asked, "confirm")


async def test_a_modal_with_errors_and_then_without(human: Human) -> None:
    view = await open_order(human, "ada", "cake")
    small = {"text": {"type": "plain_text", "text": "Small"}, "value": "Small"}
    offered = await human.do("options", **{"as": "ada"}, view_id=view["id"], action_id="size", query="s")
    assert [option["value"] for option in offered["options"]] == ["Small"]
    refused = await human.do("submit", **{"as": "ada"}, view_id=view["id"], values={"item": {"name": "ab"}})
    assert refused["response_action"] == "errors"
    assert refused["errors"] == {"item": "At least three letters."}
    assert [one["id"] for one in await human.modals("ada")] == [view["id"]]
    values = {"item": {"name": "a large cake"}, "size": {"size": small}}
    taken = await human.do("submit", **{"as": "ada"}, view_id=view["id"], values=values)
    assert (taken["acked"], taken["response_action"], taken["errors"]) == (True, None, None)
    assert await human.modals("ada") == []
    await human.message("ada", "@meshclaw", has_text("Changed to a large cake, Small, by <@U01ADA00001>."))


async def test_a_modal_is_updated_pushed_and_closed(human: Human) -> None:
    view = await open_order(human, "chen", "rice")
    await human.do("click", **{"as": "chen"}, view_id=view["id"], action_id="add_row")

    async def grown() -> Json | None:
        (now,) = await human.modals("chen")
        return now if any(block["type"] == "section" for block in now["blocks"]) else None

    assert (await eventually(grown))["hash"] != view["hash"]
    await human.do("click", **{"as": "chen"}, view_id=view["id"], action_id="details")
    details = await top_modal(human, "chen", "Details")
    assert details["previous_view_id"] == view["id"]
    assert details["root_view_id"] == view["id"]
    await human.do("close", **{"as": "chen"}, view_id=details["id"])
    assert [one["id"] for one in await human.modals("chen")] == [view["id"]]
    closed = await human.do("close", **{"as": "chen"}, view_id=view["id"])
    assert closed["acked"]
    await no_modal(human, "chen")
    await human.message("chen", "@meshclaw", has_text("Nothing changed."))


async def test_the_home_tab_is_published_and_refreshed(human: Human) -> None:
    async def published() -> Json | None:
        found: Json | None = (await human.get("home", **{"as": "dana", "peek": "1"}))["view"]
        return found

    await human.get("home", **{"as": "dana"})
    view = await eventually(published)
    assert (view["type"], view["callback_id"], view["blocks"][0]["text"]["text"]) == ("home", "home_view", "Orders")
    click = await human.do("click", **{"as": "dana"}, view_id=view["id"], action_id="refresh")
    assert click["acked"]

    async def refreshed() -> bool:
        found = await published()
        return bool(found) and found["blocks"][0]["text"]["text"] == "Refreshed."

    await eventually(refreshed)


async def test_an_event_that_got_lost_is_sent_again(human: Human) -> None:
    await human.do("faults", method="socket", fault="drop_before", count=2)  # as a message and as a mention
    await human.do("message", **{"as": "ben", "channel": "#general", "text": f"<@{BOT}> hello"})
    heard = await human.message("ben", "#general", lambda message: message["text"].startswith("Heard "))
    assert heard["text"].endswith(", retry 1 after timeout")


async def test_an_event_whose_acknowledgement_got_lost_arrives_twice(human: Human) -> None:
    await human.do("faults", method="socket", fault="drop_after", count=1)  # cuts the connection: the app comes back
    await human.do("message", **{"as": "ada", "channel": "#deploys", "text": "twice"})

    async def both() -> bool:
        return [message["text"] for message in await human.messages("ada", "#deploys")].count("eciwt") == 2

    await eventually(both, seconds=20)


async def test_a_redelivered_event_is_the_same_event(human: Human) -> None:
    await human.do("message", **{"as": "dana", "channel": "#deploys", "text": f"<@{BOT}> once"})
    heard = await human.message("dana", "#deploys", lambda message: message["text"].startswith("Heard "))
    await human.do("redeliver")
    again = await human.message("dana", "#deploys", lambda message: ", retry " in message["text"])
    assert again["text"].startswith(heard["text"])


async def test_the_app_hears_only_where_it_is_and_finds_back_after_a_refresh(human: Human) -> None:
    await human.do("kick", channel="#secret", user=BOT)
    await human.do("message", **{"as": "ada", "channel": "#secret", "text": "unheard"})
    await human.do("invite", channel="#secret", user=BOT)
    await human.do("faults", method="socket", fault="disconnect", count=1)
    await human.do("message", **{"as": "ada", "channel": "#secret", "text": "and now"})
    await human.message("ada", "#secret", has_text("won dna"))
    assert all(message["text"] != "draehnu" for message in await human.messages("ada", "#secret"))


async def test_a_rate_limit_is_waited_for(human: Human) -> None:
    await human.do("faults", method="chat.postMessage", fault="ratelimited", count=1, seconds=1)
    await order(human, "eve", "@meshclaw", "soup")
    outcomes = [(call["ok"], call["error"]) for call in await human.calls("chat.postMessage")][-2:]
    assert outcomes == [(False, "ratelimited"), (True, None)]


async def test_a_reaction_and_a_message_shortcut(human: Human) -> None:
    said = await human.do("message", **{"as": "ada", "channel": "#deploys", "text": "radar"})
    await human.do("react", **{"as": "dana"}, channel="#deploys", ts=said["ts"], name="tada")
    await human.message("ada", "#deploys", has_text("Thanks for :tada:"))
    kept = await human.do("shortcut", **{"as": "dana"}, callback_id="remember", channel="#deploys", ts=said["ts"])
    assert (kept["acked"], kept["error"]) == (True, None)
    await human.message("dana", "@meshclaw", has_text("Remembered: radar"))


async def test_refusals_have_slacks_names(human: Human) -> None:
    await human.do("command", **{"as": "ben", "channel": "#general", "text": "/refused"})
    expected = "channel_not_found invalid_blocks invalid_trigger_id message_not_found unknown_method"
    assert (await human.message("ben", "#general", has_text(expected)))["ephemeral"]


async def test_an_answer_is_streamed(human: Human) -> None:
    await human.do("command", **{"as": "ada", "channel": "#general", "text": "/stream"})
    whole = await human.message(
        "ada", "#general", lambda message: message["text"] == "one two three" and not message["streaming"]
    )
    assert whole["thread_ts"]


async def test_a_file_is_shared(human: Human) -> None:
    await human.do("command", **{"as": "ada", "channel": "#general", "text": "/file"})
    shared = await human.message("ada", "#general", has_text("The orders"))
    assert [file["name"] for file in shared["files"]] == ["orders.txt"]


async def test_an_agent_shows_its_status_streams_and_takes_feedback(human: Human) -> None:
    await human.do("message", **{"as": "ben", "channel": "@meshclaw", "text": "please explain"})
    answer = await human.message(
        "ben", "@meshclaw", lambda message: message["text"] == "It is **so**." and not message["streaming"]
    )
    assert answer["thread_ts"]
    assert answer["blocks"][-1]["type"] == "context_actions"
    statuses = await human.calls("assistant.threads.setStatus")
    assert statuses[-1]["ok"]
    where = {"as": "ben", "channel": answer["channel"], "ts": answer["ts"]}
    await human.do("click", **where, action_id="feedback", value="down")
    noted = await human.message("ben", "@meshclaw", has_text("Noted: down"))
    assert (noted["ephemeral"], noted["thread_ts"]) == (True, answer["thread_ts"])


async def test_a_modal_answers_in_the_conversation_that_was_chosen(human: Human) -> None:
    opened = await human.do("shortcut", **{"as": "ada"}, callback_id="poll")
    assert opened["acked"]
    view = await top_modal(human, "ada", "A poll")
    values = {"place": {"where": "C01DEPLOYS2"}}
    sent = await human.do("submit", **{"as": "ada"}, view_id=view["id"], values=values)
    assert sent["response_action"] == "clear"
    asked = await human.message("dana", "#deploys", has_text("Tea or coffee?"))
    assert asked["user"] == BOT
