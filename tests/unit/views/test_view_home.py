"""The Home tab: what waits, what is allowed, and how it ends."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from views_checked import NOW, buttons, hostile, read, sound_view

from bot.views.blocks import person, run
from bot.views.home import home
from bot.views.values import CommandHelp, ConnectionLine, GlassLine, GrantLine, HomeValue, PendingLine, StopLine

COMMANDS = (CommandHelp("triage", "Sorts your mail."), CommandHelp("help", "Shows what you can ask."))
MAIL = ConnectionLine("mail", "Mail", "ada@example.org", "read-only")


def test_an_ordinary_home() -> None:
    calendar = ConnectionLine("calendar", "Calendar")
    value = HomeValue(COMMANDS, (MAIL, calendar), (PendingLine("Tidy up"),), enrolled=False)
    view = sound_view(home(value))
    shown = read(view)
    assert "*Mail* — ada@example.org, read-only" in shown
    assert "*Calendar* — not connected" in shown
    assert "Waiting for your decision\nTidy up\n" in shown
    assert "*Mode: ask* — Whatever MeshClaw would change waits for your button." in shown
    assert "Standing permissions: none." in shown
    assert "/meshclaw triage — Sorts your mail." in shown
    assert buttons(view) == {
        "Stop": ("gate.stop", "person"),
        "Change": ("connect.view.form", "mail"),
        "Allow changes…": ("gate.widen", "mail"),
        "Connect": ("connect.view.form", "calendar"),
        "Switch to read-only": ("gate.mode", "read-only"),
        "Set up…": ("gate.view.enrol", "app"),
    }
    stop = next(block for block in view["blocks"] if block.get("block_id") == "stop")["elements"][0]
    assert stop["style"] == "danger"
    assert stop["confirm"]["confirm"]["text"] == "Stop"


def test_an_empty_home() -> None:
    shown = read(sound_view(home(HomeValue((), ()))))
    assert "Nothing waits for you." in shown
    assert "There is nothing to connect yet." in shown
    assert "Authenticator" not in shown


def test_who_a_card_waits_for_and_how_long() -> None:
    waiting = PendingLine("Release 2.4", (person("U02BEN00002"), run(" or an admin")), NOW)
    shown = read(sound_view(home(HomeValue(COMMANDS, (), (waiting,), tz="Europe/London"))))
    assert "Release 2.4 — waits for @U02BEN00002 or an admin, until Sat 21 Nov 2026, 09:12" in shown
    many = read(sound_view(home(HomeValue(COMMANDS, (), tuple(PendingLine(f"Plan {n}") for n in range(25))))))
    assert "and 5 more" in many


def test_read_only_and_widened() -> None:
    value = HomeValue(
        COMMANDS, (ConnectionLine("mail", "Mail", "ada@example.org", "ask"),), mode="read-only", enrolled=True
    )
    view = home(value)
    assert buttons(view)["Make read-only"] == ("gate.narrow_connection", "mail")
    assert buttons(view)["Switch to asking"] == ("gate.mode", "ask")
    assert buttons(view)["Remove…"] == ("gate.view.unenrol", "app")
    assert "looks and does not touch" in read(view)


def test_grants_and_break_glass() -> None:
    grants = tuple(GrantLine(f"{n:02}", f"Send to #c{n}", 5, NOW) for n in range(17))
    glass = (GlassLine("U02BEN00002", "production is down", NOW + timedelta(minutes=15)),)
    view = sound_view(home(HomeValue(COMMANDS, (), grants=grants, glass=glass, tz="Europe/London")))
    shown = read(view)
    assert shown.count(" left, until ") == 15
    assert "and 2 more" in shown
    assert "‼ BREAK-GLASS: @U02BEN00002 may decide what is not theirs to decide, until Sat 21 Nov 2026, 09:27" in shown
    assert buttons(view)["Revoke"][0] == "gate.revoke"


@pytest.mark.parametrize(
    ("stop", "pressed"),
    [
        (StopLine("U01ADA00001", NOW), {"Resume": ("gate.resume", "person")}),
        (
            StopLine("U02BEN00002", NOW, everyone=True),
            {"Resume": ("gate.resume", "all"), "Stop": ("gate.stop", "person")},
        ),
        (StopLine("U02BEN00002", NOW, everyone=True, liftable=False), {"Stop": ("gate.stop", "person")}),
    ],
)
def test_stopped(stop: StopLine, pressed: dict[str, tuple[str, str]]) -> None:
    view = sound_view(home(HomeValue((), (), stops=(stop,))))
    found = buttons(view)
    assert {label: found[label] for label in ("Resume", "Stop") if label in found} == pressed
    assert f"@{stop.by}" in read(view)


@settings(max_examples=8)
@given(hostile, hostile, hostile)
def test_at_most_a_hundred_blocks_whatever_the_texts(one: str, two: str, three: str) -> None:
    commands = tuple(CommandHelp(f"{n}{one}", two) for n in range(200))
    pending = tuple(PendingLine(one, (run(two),) * 50, NOW) for _ in range(40))
    grants = tuple(GrantLine(f"{n}", three, n, NOW) for n in range(60))
    connections = tuple(ConnectionLine("mail", two, three or "x", "ask") for _ in range(60))
    stops = (StopLine(one, NOW, why=two),) * 9
    glass = (GlassLine(one, two, NOW),) * 9
    value = HomeValue(commands, connections, pending, grants, "ask", True, stops, glass, one)
    assert len(sound_view(home(value))["blocks"]) <= 100
