"""A Bolt app, written as its documentation has it, against the local workspace."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from workspace_parts import Clock, Connect, Human, Json

BUTTONS: list[Json] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Deploy *api*?"}},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {"type": "button", "action_id": "yes", "value": "42", "text": {"type": "plain_text", "text": "Yes"}},
            {
                "type": "static_select",
                "action_id": "when",
                "placeholder": {"type": "plain_text", "text": "When"},
                "options": [
                    {"text": {"type": "plain_text", "text": "Now"}, "value": "now"},
                    {"text": {"type": "plain_text", "text": "Tonight"}, "value": "tonight"},
                ],
            },
        ],
    },
]
MODAL: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Form"},
    "submit": {"type": "plain_text", "text": "Save"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": {"type": "plain_text", "text": "Name"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
        },
        {
            "type": "input",
            "block_id": "size",
            "optional": True,
            "label": {"type": "plain_text", "text": "Size"},
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "initial_option": {"text": {"type": "plain_text", "text": "Small"}, "value": "s"},
                "options": [
                    {"text": {"type": "plain_text", "text": "Small"}, "value": "s"},
                    {"text": {"type": "plain_text", "text": "Large"}, "value": "l"},
                ],
            },
        },
    ],
}


async def test_a_command_is_acknowledged_and_answered_five_times(app: AsyncApp, connect: Connect, human: Human) -> None:
    answers: list[int] = []

    async def take(ack: Any, command: Json, respond: Any) -> None:
        assert command["text"] == "triage --since 7d"
        assert command["user_name"] == "ada"
        for number in range(6):
            answers.append((await respond(f"answer {number}")).status_code)
        await ack("working")

    app.command("/meshclaw")(ack=take, lazy=[])
    await connect()
    result = await human.post("command", as_="ada", channel="#general", text="/meshclaw triage --since 7d")
    assert result["acked"]
    assert result["error"] is None
    assert result["response"] == {"text": "working"}
    assert result["ack_ms"] > 0
    assert answers == [200] * 5 + [404]
    seen = await human.messages("ada", "#general")
    assert [one["text"] for one in seen] == [*(f"answer {n}" for n in range(5)), "working"]
    assert all(one["ephemeral"] for one in seen)


async def test_ephemeral_messages_are_one_persons_and_in_no_history(
    app: AsyncApp, connect: Connect, human: Human, client: AsyncWebClient
) -> None:
    app.command("/meshclaw")(ack=_ack_with({"text": "only you"}), lazy=[])
    await connect()
    await human.post("command", as_="ada", channel="#general", text="/meshclaw")
    assert [one["text"] for one in await human.messages("ada", "#general")] == ["only you"]
    assert await human.messages("ben", "#general") == []
    history = await client.conversations_history(channel="C01GENERAL1")
    assert history["messages"] == []


def _ack_with(body: Json) -> Any:
    async def take(ack: Any) -> None:
        await ack(**body)

    return take


async def test_a_command_may_answer_for_everybody(app: AsyncApp, connect: Connect, human: Human) -> None:
    app.command("/meshclaw")(ack=_ack_with({"text": "look", "response_type": "in_channel"}), lazy=[])
    await connect()
    await human.post("command", as_="ada", channel="#general", text="/meshclaw show")
    (message,) = await human.messages("ben", "#general")
    assert (message["text"], message["ephemeral"]) == ("look", False)


async def test_without_an_app_or_an_answer_the_person_is_told(app: AsyncApp, connect: Connect, human: Human) -> None:
    result = await human.post("command", as_="ada", channel="#general", text="/meshclaw")
    assert result == {"acked": False, "ack_ms": None, "response": None, "error": "dispatch_failed"}

    async def silent() -> None:
        """Takes the command and never acknowledges it."""

    app.command("/meshclaw")(ack=silent, lazy=[])
    await connect()
    result = await human.post("command", as_="ada", channel="#general", text="/meshclaw")
    assert (result["acked"], result["error"]) == (False, "operation_timeout")


async def test_a_click_carries_what_slack_sends(
    app: AsyncApp, connect: Connect, human: Human, client: AsyncWebClient
) -> None:
    bodies: list[Json] = []

    async def pressed(ack: Any, body: Json, respond: Any) -> None:
        bodies.append(body)
        if body["actions"][0]["action_id"] == "yes":
            await respond(text="deployed", replace_original=True)
        await ack()

    app.action("yes")(ack=pressed, lazy=[])
    app.action("when")(ack=pressed, lazy=[])
    await connect()
    posted = await client.chat_postMessage(channel="C01GENERAL1", text="Deploy?", blocks=BUTTONS)
    here = {"channel": "#general", "ts": posted["ts"]}
    await human.post("click", as_="ben", action_id="when", value="tonight", **here)
    result = await human.post("click", as_="ben", action_id="yes", **here)
    assert result["acked"]
    assert result["error"] is None
    chosen, press = bodies
    assert chosen["actions"][0]["selected_option"]["value"] == "tonight"
    action = press["actions"][0]
    assert (action["type"], action["value"], action["block_id"]) == ("button", "42", "decide")
    assert press["user"]["id"] == "U01BEN00002"
    assert press["container"]["message_ts"] == posted["ts"]
    assert press["message"]["ts"] == posted["ts"]
    assert press["state"]["values"]["decide"]["when"]["selected_option"]["value"] == "tonight"
    (message,) = await human.messages("ada", "#general")
    assert (message["text"], message["blocks"]) == ("deployed", [])
    assert message["edited"]


async def test_what_is_not_there_cannot_be_pressed(human: Human, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="C01SECRET03", text="Deploy?", blocks=BUTTONS)
    here = {"channel": "#secret", "ts": posted["ts"]}
    for mistake in (
        {"as_": "ada", "action_id": "no"},
        {"as_": "ada", "action_id": "yes", "block_id": "elsewhere"},
        {"as_": "ada", "action_id": "yes", "value": "another"},
        {"as_": "ada", "action_id": "when", "value": "tomorrow"},
        {"as_": "chen", "action_id": "yes"},
    ):
        status, _ = await human.try_post("click", **here, **mistake)
        assert status == 400, mistake
    whisper = await client.chat_postEphemeral(channel="C01GENERAL1", user="U01ADA00001", text="x", blocks=BUTTONS)
    elsewhere = {"channel": "#general", "ts": whisper["message_ts"], "action_id": "yes"}
    assert (await human.try_post("click", as_="ben", **elsewhere))[0] == 400
    assert (await human.post("click", as_="ada", **elsewhere))["error"] == "dispatch_failed"


async def test_a_modal_refuses_then_takes_a_form(app: AsyncApp, connect: Connect, human: Human) -> None:
    taken: list[Json] = []

    async def open_form(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        await ack()

    async def save(ack: Any, view: Json) -> None:
        taken.append(view["state"]["values"])
        if view["state"]["values"]["name"]["text"]["value"] == "taken":
            await ack(response_action="errors", errors={"name": "That name is taken"})
        else:
            await ack()

    app.command("/meshclaw")(ack=open_form, lazy=[])
    app.view("form")(ack=save, lazy=[])
    await connect()
    await human.post("command", as_="ada", channel="#general", text="/meshclaw form")
    (view,) = (await human.get("modals", as_="ada"))["views"]
    assert (await human.get("modals", as_="ben"))["views"] == []
    assert (await human.try_post("submit", as_="ben", view_id=view["id"]))[0] == 400

    left_empty = await human.post("submit", as_="ada", view_id=view["id"], values={})
    assert left_empty["errors"] == {"name": "Please complete this required field."}
    assert not left_empty["acked"]
    too_long = await human.post("submit", as_="ada", view_id=view["id"], values={"name": {"text": "x" * 21}})
    assert "name" in too_long["errors"]
    assert taken == []

    refused = await human.post("submit", as_="ada", view_id=view["id"], values={"name": {"text": "taken"}})
    assert refused["acked"]
    assert (refused["response_action"], refused["errors"]) == ("errors", {"name": "That name is taken"})
    assert len((await human.get("modals", as_="ada"))["views"]) == 1
    saved = await human.post("submit", as_="ada", view_id=view["id"], values={"name": {"text": "fresh"}})
    assert (saved["acked"], saved["response_action"], saved["errors"]) == (True, None, None)
    assert (await human.get("modals", as_="ada"))["views"] == []
    assert taken[-1]["name"]["text"] == {"type": "plain_text_input", "value": "fresh"}
    assert taken[-1]["size"]["pick"]["selected_option"]["value"] == "s"


async def test_modals_update_push_stack_and_close(app: AsyncApp, connect: Connect, human: Human) -> None:
    closed: list[str] = []
    actions = iter(("update", "push", "push", "push", "clear"))

    async def open_form(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        await ack()

    async def step(ack: Any) -> None:
        action = next(actions)
        await ack(
            response_action=action, view={**MODAL, "private_metadata": action}
        ) if action != "clear" else await ack(response_action="clear")

    async def on_close(ack: Any, view: Json) -> None:
        closed.append(view["private_metadata"])
        await ack()

    app.command("/meshclaw")(ack=open_form, lazy=[])
    app.view("form")(ack=step, lazy=[])
    app.view_closed("form")(ack=on_close, lazy=[])
    await connect()
    await human.post("command", as_="ada", channel="#general", text="/meshclaw form")

    async def views() -> list[Json]:
        return list((await human.get("modals", as_="ada"))["views"])

    async def submit() -> Json:
        values = {"name": {"text": "x"}}
        return await human.post("submit", as_="ada", view_id=(await views())[-1]["id"], values=values)

    assert (await submit())["response_action"] == "update"
    assert [view["private_metadata"] for view in await views()] == ["update"]
    assert (await submit())["error"] is None
    assert (await submit())["error"] is None
    assert len(await views()) == 3
    assert (await submit())["error"] == "push_limit_reached"
    top = (await views())[-1]
    assert top["root_view_id"] == (await views())[0]["id"]
    assert await human.post("close", as_="ada", view_id=top["id"]) == {"acked": True}
    assert closed == ["push"]
    assert (await submit())["response_action"] == "clear"
    assert await views() == []


async def test_a_trigger_expires_after_three_seconds(
    app: AsyncApp, connect: Connect, human: Human, clock: Clock, client: AsyncWebClient
) -> None:
    triggers: list[str] = []

    async def take(ack: Any, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    app.command("/meshclaw")(ack=take, lazy=[])
    await connect()
    await human.post("command", as_="ada", channel="#general", text="/meshclaw")
    clock.ahead += 3.1
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await client.views_open(trigger_id=triggers[0], view=MODAL)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await client.views_open(trigger_id="1.2.3", view=MODAL)


async def test_a_response_url_expires_after_half_an_hour(
    app: AsyncApp, connect: Connect, human: Human, clock: Clock
) -> None:
    statuses: list[int] = []

    async def take(ack: Any, respond: Any) -> None:
        clock.ahead += 29 * 60
        statuses.append((await respond("in time")).status_code)
        clock.ahead += 2 * 60
        statuses.append((await respond("late")).status_code)
        await ack()

    app.command("/meshclaw")(ack=take, lazy=[])
    await connect()
    await human.post("command", as_="ada", channel="#general", text="/meshclaw")
    assert statuses == [200, 404]


async def test_the_app_home_is_published_when_it_is_opened(app: AsyncApp, connect: Connect, human: Human) -> None:
    opened: list[str] = []

    async def publish(ack: Any, event: Json, client: AsyncWebClient) -> None:
        opened.append(event["tab"])
        view = {"type": "home", "blocks": BUTTONS}
        answer = await client.views_publish(user_id=event["user"], view=view)
        with pytest.raises(SlackApiError, match="hash_conflict"):
            await client.views_publish(user_id=event["user"], view=view, hash="0.stale")
        await client.views_publish(user_id=event["user"], view=view, hash=answer["view"]["hash"])
        await ack()

    app.event("app_home_opened")(ack=publish, lazy=[])
    app.action("yes")(ack=_ack_with({}), lazy=[])
    assert (await human.get("home", as_="ada", peek=1))["view"] is None
    await connect()
    view = (await human.get("home", as_="ada"))["view"]
    assert view["type"] == "home"
    assert opened == ["home"]
    await human.get("home", as_="ada", peek=1)
    assert opened == ["home"]
    assert (await human.post("click", as_="ada", view_id=view["id"], action_id="yes"))["acked"]
    assert (await human.try_post("click", as_="ben", view_id=view["id"], action_id="yes"))[0] == 400


async def test_mentions_and_direct_messages_reach_the_app(app: AsyncApp, connect: Connect, human: Human) -> None:
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def hear(ack: Any, event: Json) -> None:
        await ack()
        heard.put_nowait((event["type"], event["text"]))

    app.event("message")(hear)
    app.event("app_mention")(hear)
    await connect()
    await human.post("message", as_="ada", channel="#general", text="@meshclaw see #deploys & <b>")
    text = "<@U01MESHCLAW> see <#C01DEPLOYS2|deploys> &amp; &lt;b&gt;"
    async with asyncio.timeout(5):
        assert sorted([await heard.get(), await heard.get()]) == [("app_mention", text), ("message", text)]
        await human.post("message", as_="ada", channel="@meshclaw", text="hello")
        assert await heard.get() == ("message", "hello")
    (seen,) = await human.messages("ben", "#general")
    assert seen["text"] == text


async def test_shortcuts_reach_the_app(app: AsyncApp, connect: Connect, human: Human, client: AsyncWebClient) -> None:
    seen: list[tuple[str, str | None]] = []

    async def run(ack: Any, body: Json) -> None:
        seen.append((body["type"], body.get("message_ts")))
        await ack()

    app.shortcut("go")(ack=run, lazy=[])
    await connect()
    posted = await client.chat_postMessage(channel="C01GENERAL1", text="hi")
    assert (await human.post("shortcut", as_="ada", callback_id="go"))["acked"]
    here = {"channel": "#general", "ts": posted["ts"]}
    assert (await human.post("shortcut", as_="ada", callback_id="go", **here))["acked"]
    assert seen == [("shortcut", None), ("message_action", posted["ts"])]


async def test_a_form_may_choose_where_it_is_answered(app: AsyncApp, connect: Connect, human: Human) -> None:
    where: Json = {
        "type": "input",
        "block_id": "where",
        "label": {"type": "plain_text", "text": "Where"},
        "element": {"type": "conversations_select", "action_id": "pick", "response_url_enabled": True},
    }

    async def open_form(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view={**MODAL, "blocks": [where]})
        await ack()

    async def save(ack: Any, respond: Any) -> None:
        await respond("saved", response_type="in_channel")
        await ack()

    app.command("/meshclaw")(ack=open_form, lazy=[])
    app.view("form")(ack=save, lazy=[])
    await connect()
    await human.post("command", as_="ada", channel="#general", text="/meshclaw")
    (view,) = (await human.get("modals", as_="ada"))["views"]
    hidden = {"where": {"pick": "#secret"}}
    assert (await human.try_post("submit", as_="chen", view_id=view["id"], values=hidden))[0] == 400
    await human.post("submit", as_="ada", view_id=view["id"], values={"where": {"pick": "#deploys"}})
    assert [one["text"] for one in await human.messages("ben", "#deploys")] == ["saved"]
