"""What closes an answer is sound, small and tells no lies; a task's card holds words only."""

from hypothesis import given
from views_checked import hostile, read, skeleton, sound_message

from bot.contracts.slack import Message
from bot.views import answer
from bot.views.blocks import cost

A = "0f3a:7"
ROOM_LEFT = 2_000


def _shown(blocks: list[dict[str, object]]) -> Message:
    return sound_message(Message("an answer", blocks))


def test_below_an_answer_stand_what_it_rests_on_and_what_one_thinks_of_it() -> None:
    blocks = answer.closing(A, model="small-1", read=("3 mails", "#deploys"))
    shown = read(_shown(blocks))
    assert "small-1 · read: 3 mails, #deploys" in shown
    (buttons,) = blocks[-1]["elements"]
    assert (blocks[-1]["type"], buttons["type"], buttons["action_id"]) == (
        "context_actions",
        "feedback_buttons",
        "ask.feedback",
    )
    pressed = [buttons[half]["value"] for half in ("positive_button", "negative_button")]
    assert pressed == [f"{A}:good", f"{A}:bad"]
    assert [answer.chosen(value) for value in pressed] == [(A, True), (A, False)]


def test_nothing_of_ours_carries_other_values() -> None:
    assert [answer.chosen(value) for value in ("", "good", ":good", f"{A}:fine", A)] == [None] * 5


def test_many_sources_are_counted() -> None:
    shown = read(_shown(answer.closing(A, read=[f"source {number}" for number in range(9)])))
    assert "source 5, 3 more" in shown
    assert "source 6" not in shown


def test_where_nothing_was_read_nothing_is_said_of_it() -> None:
    assert [block["type"] for block in answer.closing(A)] == ["context_actions"]


def test_a_pause_says_why_and_how_to_go_on() -> None:
    blocks = answer.paused("This has cost 50,000 tokens.", "Go on if it is worth it.", answer=A)
    assert read(_shown(blocks)).splitlines()[:2] == ["This has cost 50,000 tokens.", "Go on if it is worth it."]
    (button,) = blocks[-1]["elements"]
    assert (button["action_id"], button["value"], button["text"]["text"]) == ("ask.go_on", A, "Continue")
    _shown(answer.paused("Enough for today.", go_on=False))
    assert not [block for block in answer.paused("Enough.", go_on=False) if block["type"] == "actions"]
    _shown(answer.paused("Enough."))


def test_what_an_answer_waits_for_is_said() -> None:
    assert "card" in read(_shown(answer.waiting()))
    assert "#deploys" in read(_shown(answer.released_by_you("#deploys")))


@given(model=hostile, one=hostile)
def test_no_outside_text_changes_what_stands_below(model: str, one: str) -> None:
    blocks = answer.closing(A, model=model, read=[one, "2 mails"])
    _shown(blocks)
    plain = [skeleton(block) for block in answer.closing(A, model="m", read=["x"])]
    assert [skeleton(block) for block in blocks if block["type"] != "context"] == plain[1:]
    for block in blocks:
        for element in block["elements"] if block["type"] == "context" else ():
            assert (element["type"], element["emoji"]) == ("plain_text", False)
    assert sum(map(cost, blocks)) <= ROOM_LEFT


@given(subject=hostile, details=hostile, output=hostile)
def test_a_task_is_words(subject: str, details: str, output: str) -> None:
    shown = answer.task("t1", "Searching your mail", "in_progress", details, output, subject=subject)
    assert shown.title.startswith("Searching your mail")
    for text in (shown.title, shown.details, shown.output):
        assert len(text) <= 256
        assert not set("*~`[]|\n") & set(text)
        assert "<@" not in text
        assert "<!" not in text
        assert "://" not in text
