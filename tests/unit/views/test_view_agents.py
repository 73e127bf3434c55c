"""People's agents as they are shown, written and reviewed: whole, line for line, and never more than what they are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from views_checked import (
    CARD_ID,
    NOW,
    buttons,
    decoded,
    hostile,
    hostile_line,
    read,
    skeleton,
    sound_message,
    sound_view,
)

from bot.views.agent_edit import ToolChoice, edit_form, errors_at, new_form, read_typed
from bot.views.agent_review import read_review, review_decided, review_over, review_request, review_shown
from bot.views.agents import AgentValue, agent_shown, agents_list, agents_page, mistakes_list, saved
from bot.views.text import MIXED

DIGEST = "ab" * 16
FILE = "---\nname: standup\ndescription: Gathers what I did yesterday\n---\n\nWrite three lines.\n\tIndented.\n"
MINE = AgentValue(
    CARD_ID,
    "standup",
    "day",
    "Gathers what I did yesterday",
    "U01ADA00001",
    mine=True,
    reads=("mail.read", "github.list_pulls"),
    asks=("slack.post",),
    model=("small", "big"),
    schedule="every weekday at 09:00",
    next_at=NOW,
    cost="0.12 USD so far this month",
    budget=("20,000 tokens a run",),
    questions=("Which repository?",),
    approvers=("U02BEN00001", "S03LEADS0001"),
    max_turns=12,
)
THEIRS = replace(MINE, mine=False, state="shared", others_see="this", cost="", reviewed_by="U03ALICE001")
EVERYBODYS = replace(THEIRS, agent_id="", owner="", reviewed_by="")
TOOLS = (ToolChoice("mail.read", False), ToolChoice("mail.move", True), ToolChoice("slack.post", True))


@dataclass(frozen=True)
class Wrong:
    line: int
    field: str
    said: str
    mend: str = ""


def state(view: Mapping[str, Any], **typed: Any) -> dict[str, Any]:
    """`view.state.values` as Slack sends it, with what was typed by block."""
    found: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            entered = {"value": block["element"].get("initial_value")}
            found[block["block_id"]] = {block["element"]["action_id"]: typed.get(block["block_id"], entered)}
    return found


def shown_file(view: Mapping[str, Any]) -> str:
    """The letters of the file in a modal."""
    parts = [part for block in view["blocks"] if block["type"] == "rich_text" for part in block["elements"]]
    return "\n".join(part["elements"][0]["text"] for part in parts if part["type"] == "rich_text_preformatted")


def test_the_list_says_what_each_is_whose_it_is_and_what_it_may_do() -> None:
    message = sound_message(agents_list([MINE, THEIRS, EVERYBODYS], "UTC"))
    assert message.text == "3 agents for you: day, day and day."
    assert read(message).split("\n")[1:] == [
        "/meshclaw day — Gathers what I did yesterday",
        "Yours alone. Reads with mail.read and github.list_pulls, asks by card before slack.post. "
        "Runs every weekday at 09:00. 0.12 USD so far this month.",
        "Show…",
        "Edit…",
        "/meshclaw day — Gathers what I did yesterday",
        "Shared by @U01ADA00001. Reads with mail.read and github.list_pulls, asks by card before slack.post. "
        "Runs every weekday at 09:00.",
        "Show…",
        "/meshclaw day — Gathers what I did yesterday",
        "Of this installation. Reads with mail.read and github.list_pulls, asks by card before slack.post. "
        "Runs every weekday at 09:00.",
        "New agent…",
    ]
    assert buttons(message) == {
        "Show…": ("agents.view.show", CARD_ID),
        "Edit…": ("agents.view.edit", CARD_ID),
        "New agent…": ("agents.view.new", "new"),
    }


def test_no_agents_yet() -> None:
    message = sound_message(agents_list([], "UTC"))
    assert buttons(message) == {"New agent…": ("agents.view.new", "new")}
    assert "no agents of your own yet" in read(sound_view(agents_page([], 0, "UTC")))


def test_a_long_list_goes_on_in_pages() -> None:
    many = [replace(MINE, agent_id=f"{number:032x}", word=f"agent-{number}") for number in range(50)]
    message = sound_message(agents_list(many, "UTC"))
    assert buttons(message)["Show all 50…"] == ("agents.view.list", "all:0")
    told = "\n".join(read(sound_view(agents_page(many, page, "UTC"))) for page in range(3))
    assert all(f"/meshclaw agent-{number} " in told for number in range(50))
    assert agents_page(many, 9, "UTC") == agents_page(many, 2, "UTC")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (MINE, "Yours alone."),
        (replace(MINE, state="proposed"), "Yours alone; it waits for a review."),
        (replace(MINE, state="shared", others_see="this"), "Yours, shared with everybody here."),
        (
            replace(MINE, state="proposed", others_see="earlier"),
            "Yours; others see an earlier version, and this one waits for a review.",
        ),
        (
            replace(MINE, state="shared", others_see="earlier"),
            "Yours; others see an earlier version, and this one was not accepted.",
        ),
        (replace(MINE, reads=(), asks=()), "Uses no tool: it only answers."),
        (replace(MINE, reads=tuple(f"a.{n}" for n in range(9)), asks=()), "Reads with a.0, a.1, a.2 and 6 more."),
        (replace(MINE, mistakes=True), "Its file holds no more"),
    ],
)
def test_the_states_in_words(value: AgentValue, words: str) -> None:
    assert words in read(sound_message(agents_list([value], "UTC")))


def test_one_agent_in_full() -> None:
    view = sound_view(agent_shown(replace(MINE, gone=("wiki.find",), servers=("docs",)), FILE, "UTC"))
    assert read(view).split("\n")[:12] == [
        "standup — Gathers what I did yesterday",
        "Yours alone.",
        "Run it with /meshclaw day.",
        "Reads with: mail.read and github.list_pulls",
        "Asks by card before: slack.post",
        "Not there now: wiki.find",
        "Model: small, else big",
        "Runs: every weekday at 09:00, next Sat 21 Nov 2026, 09:12",
        "Asks you for: Which repository?",
        "Budget: 20,000 tokens a run",
        "MCP servers: docs",
        "Decide besides: @U02BEN00001, S03LEADS0001",
    ]
    assert shown_file(view) == FILE.replace("\t", "    ")
    assert {name: action for name, (action, _) in buttons(view).items()} == {
        "Edit…": "agents.view.edit",
        "Dry run": "agents.dryrun",
        "Share…": "agents.share",
        "Remove": "agents.remove",
    }
    assert {value for _, value in buttons(view).values()} == {CARD_ID}


@pytest.mark.parametrize(
    ("value", "offered"),
    [
        (replace(MINE, state="proposed"), {"Take proposal back"}),
        (replace(MINE, state="shared", others_see="this"), {"Stop sharing"}),
        (replace(MINE, state="shared", others_see="earlier"), {"Share…", "Stop sharing"}),
        (replace(MINE, state="proposed", others_see="earlier"), {"Stop sharing"}),
    ],
)
def test_what_its_owner_may_do(value: AgentValue, offered: set[str]) -> None:
    view = sound_view(agent_shown(value, FILE, "UTC"))
    assert set(buttons(view)) == {"Edit…", "Dry run", "Remove"} | offered


def test_somebody_elses_agent_is_only_run() -> None:
    assert set(buttons(sound_view(agent_shown(THEIRS, FILE, "UTC")))) == {"Dry run"}
    assert "Reviewed by @U03ALICE001." in read(agent_shown(THEIRS, FILE, "UTC"))
    assert buttons(sound_view(agent_shown(EVERYBODYS, FILE, "UTC"))) == {}


def test_mistakes_with_their_lines() -> None:
    wrong = [
        Wrong(4, "tools", "there is no tool “mial.move”", "Did you mean mail.move?"),
        Wrong(9, "", "there is a tab"),
    ]
    assert read({"blocks": mistakes_list(wrong)}).split("\n") == [
        "The file holds 2 mistakes.",
        "Line 4, tools: There is no tool “mial.move”. Did you mean mail.move?",
        "Line 9: There is a tab.",
    ]
    assert "and 60 more" in read({"blocks": mistakes_list(wrong * 50)})
    assert "Line 4" in read(sound_view(agent_shown(MINE, FILE, "UTC", mistakes=wrong)))
    assert "Line 4" in read(sound_view(edit_form(CARD_ID, 1, FILE, wrong)))


def test_saved() -> None:
    message = sound_message(saved(MINE, "UTC", ["it speaks of files"]))
    assert "Run it with /meshclaw day. Yours alone." in read(message)
    assert "It speaks of files." in read(message)
    assert set(buttons(message)) == {"Show…", "Dry run"}


def test_a_short_file_is_reviewed_in_the_message() -> None:
    message = sound_message(review_request(MINE, FILE, DIGEST, "UTC"))
    assert shown_file({"blocks": message.blocks}) == FILE.replace("\t", "    ")
    assert buttons(message) == {
        "Share with everybody": ("agents.review.accept", f"{CARD_ID}.{DIGEST}"),
        "Decline": ("agents.review.decline", f"{CARD_ID}.{DIGEST}"),
    }
    assert read_review(f"{CARD_ID}.{DIGEST}") == (CARD_ID, DIGEST, 0)


def test_a_long_file_is_decided_below_its_last_line() -> None:
    text = "\n".join(f"Line {number} of it." for number in range(2_500))
    message = sound_message(review_request(MINE, text, DIGEST, "UTC"))
    assert set(buttons(message)) == {"Read it all…"}
    seen, page = [], 0
    while True:
        view = sound_view(review_shown(MINE, text, DIGEST, "UTC", page))
        seen.append(shown_file(view))
        offered = buttons(view)
        if "Next page" not in offered:
            break
        assert "Share with everybody" not in offered
        agent, digest, page = read_review(offered["Next page"][1])
        assert (agent, digest) == (CARD_ID, DIGEST)
    assert "\n".join(seen) == text
    assert offered["Share with everybody"] == ("agents.review.accept", f"{CARD_ID}.{DIGEST}")
    assert page >= 1


def test_long_lines_fit_their_blocks() -> None:
    text = "\n".join(["x" * 2_300] * 6)
    assert shown_file(sound_view(agent_shown(MINE, text, "UTC"))) == text


def test_how_a_review_ended() -> None:
    assert "standup of @U01 is shared with everybody here. Decided by @U02." in read(
        sound_message(review_decided("standup", "U01", "U02", accepted=True))
    )
    assert "is not shared" in read(sound_message(review_decided("standup", "U01", "U02", accepted=False)))
    assert "meanwhile" in read(sound_message(review_over("standup")))


def test_a_new_agent_in_five_fields() -> None:
    view = sound_view(new_form(TOOLS))
    picker = next(block["element"] for block in view["blocks"] if block.get("block_id") == "tools")
    assert [
        (group["label"]["text"], [one["value"] for one in group["options"]]) for group in picker["option_groups"]
    ] == [
        ("mail", ["mail.*", "mail.move", "mail.read"]),
        ("slack", ["slack.post"]),
    ]
    typed = read_typed(
        state(
            view,
            name={"value": " mine "},
            description={"value": "Mine"},
            tools={"selected_options": [{"value": "mail.*"}, {"value": "slack.post"}]},
            schedule={"value": "every hour"},
            instructions={"value": "Do it.\n"},
        ),
        view["private_metadata"],
    )
    assert (typed.agent_id, typed.version, typed.file, typed.instructions) == ("", None, None, "Do it.\n")
    assert typed.head == {
        "name": "mine",
        "description": "Mine",
        "tools": ["mail.*", "slack.post"],
        "meshclaw": {"schedule": "every hour"},
    }
    assert read_typed(state(view), view["private_metadata"]).head == {}
    assert not [block for block in sound_view(new_form([]))["blocks"] if block.get("block_id") == "tools"]
    draft = new_form(TOOLS, draft={"name": "pdf", "instructions": "Do it."}, notes=["it may use no tool so far"])
    assert read_typed(state(sound_view(draft)), draft["private_metadata"]).instructions == "Do it."
    assert "It may use no tool so far." in read(draft)


def test_hundreds_of_tools_can_be_picked() -> None:
    tools = [ToolChoice(f"c{number % 3}.tool_{number}", True) for number in range(600)] + [
        ToolChoice("x." + "y" * 200, True)
    ]
    view = sound_view(new_form(tools))
    picker = next(block["element"] for block in view["blocks"] if block.get("block_id") == "tools")
    offered = [one["value"] for group in picker["option_groups"] for one in group["options"]]
    assert len(offered) == len(set(offered)) == 603


def test_mistakes_of_the_form_stand_at_its_fields() -> None:
    entered = state(new_form(TOOLS))
    wrong = [
        Wrong(2, "name", "it is missing", "Add it."),
        Wrong(5, "meshclaw.schedule", "this is no schedule"),
        Wrong(6, "tools", "there is no tool"),
        Wrong(9, "", "there are characters one cannot see"),
        Wrong(9, "instructions", "there are none"),
    ]
    assert errors_at(entered, wrong) == {
        "name": "It is missing. Add it.",
        "schedule": "This is no schedule.",
        "tools": "There is no tool.",
        "instructions": "There are characters one cannot see.\nThere are none.",
    }
    assert set(errors_at(state(new_form([])), wrong[2:3])) == {"instructions"}  # where there is no such field


@given(st.one_of(hostile, st.text(st.sampled_from("ab \n👩"), min_size=2_000, max_size=9_000)))
def test_a_file_comes_back_as_it_was(text: str) -> None:
    view = sound_view(edit_form(CARD_ID, 7, text))
    typed = read_typed(state(view), view["private_metadata"])
    assert (typed.agent_id, typed.version, typed.file) == (CARD_ID, 7, text)


def test_no_part_of_a_long_file_ends_in_space() -> None:
    view = sound_view(edit_form("", None, "word \n" * 4_000 + "end"))
    parts = [block["element"].get("initial_value", "") for block in view["blocks"] if block["type"] == "input"]
    assert len(parts) == 10
    assert all(part == part.strip() for part in parts)


def test_more_is_put_below() -> None:
    view = edit_form(CARD_ID, 1, FILE.strip())
    typed = read_typed(state(view, more={"value": "A last word."}), view["private_metadata"])
    assert typed.file == f"{FILE.strip()}\nA last word."


def test_mistakes_of_a_file_stand_at_the_part_they_are_in() -> None:
    text = "\n".join(f"Line {number}" for number in range(1, 801))
    entered = state(edit_form(CARD_ID, 1, text))
    assert set(errors_at(entered, [Wrong(1, "", "wrong")])) == {"part:0"}
    assert set(errors_at(entered, [Wrong(800, "", "wrong")])) == {"part:2"}
    assert set(errors_at(entered, [Wrong(9_999, "", "wrong")])) == {"part:2"}
    entered["more"] = {"value": {"value": "x"}}
    assert set(errors_at(entered, [Wrong(801, "", "wrong")])) == {"more"}
    for number in (1, 250, 290, 310, 500, 799):
        (block,) = errors_at(entered, [Wrong(number, "", "wrong")])
        before = sum(entered[f"part:{part}"]["value"]["value"].count("\n") for part in range(int(block[5:])))
        assert before < number
    told = errors_at(entered, [Wrong(1, "tools", "there is no tool", "Look.")] * 20)["part:0"]
    assert told.startswith("Line 1, tools: There is no tool. Look.\n")
    assert told.endswith("and 12 more")


@pytest.mark.parametrize("metadata", ["", "[]", "{}", '{"id":1,"version":1}', '{"id":"x","version":"1"}', "null", "7"])
def test_metadata_that_are_not_ours(metadata: str) -> None:
    with pytest.raises(ValueError, match="no metadata"):
        read_typed({}, metadata)


def test_a_state_that_is_not_ours_counts_for_nothing() -> None:
    odd: dict[str, Any] = {
        "part:0": {"value": None},
        "part:x": {},
        "part:1": {"value": {"value": 7}},
        "more": {"value": []},
    }
    assert read_typed(odd, json.dumps({"id": "x", "version": None})).file == ""


texts = st.lists(hostile_line, max_size=4).map(tuple)
hostile_agents = st.builds(
    replace,
    st.sampled_from([MINE, THEIRS, EVERYBODYS]),
    name=hostile_line,
    word=hostile_line,
    description=hostile_line,
    owner=hostile_line,
    reads=texts,
    asks=texts,
    gone=texts,
    model=texts,
    schedule=hostile_line,
    cost=hostile_line,
    budget=texts,
    channels=texts,
    servers=texts,
    questions=texts,
    approvers=texts,
    reviewed_by=hostile_line,
)


@settings(max_examples=max(10, settings.default.max_examples // 5))  # type: ignore[union-attr]
@given(hostile_agents, hostile)
def test_slack_takes_whatever_an_agent_is_called(value: AgentValue, text: str) -> None:
    wrong = [Wrong(1, value.name, value.word, text)]
    sound_message(agents_list([value] * 2, "UTC"))
    sound_view(agents_page([value] * 2, 0, "UTC"))
    sound_view(agent_shown(value, text, "UTC", mistakes=wrong))
    sound_message(saved(replace(value, agent_id=CARD_ID), "UTC", [text]))
    sound_message(review_request(value, text, DIGEST, "UTC"))
    sound_view(review_shown(value, text, DIGEST, "UTC"))
    sound_view(new_form([ToolChoice(text or "x", True)], notes=[text]))
    errors_at(state(edit_form(CARD_ID, 1, text)), wrong)


@given(hostile_line, hostile)
def test_no_text_becomes_a_button_or_a_mention(words: str, text: str) -> None:
    honest, other = (replace(MINE, name=name, description=name) for name in ("plain", words))
    assert skeleton(agents_list([other], "UTC").blocks) == skeleton(agents_list([honest], "UTC").blocks)
    view = agent_shown(honest, text, "UTC")
    assert set(buttons(view)) - {"Next page"} == {"Edit…", "Dry run", "Share…", "Remove"}


@given(st.text(max_size=300))
def test_a_file_is_shown_letter_by_letter(text: str) -> None:
    shown = shown_file(agent_shown(MINE, f"x\n{text}\nx", "UTC"))
    lines = f"x\n{text}\nx".split("\n")
    for line, original in zip(shown.split("\n"), lines, strict=True):
        assert decoded(line.removesuffix(MIXED)).split() == original.expandtabs(4).split() or "\r" in original
