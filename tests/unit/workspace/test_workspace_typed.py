"""Typed text on its way to the wire: mentions become tokens, nothing else can."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.typed import escape, rich_text, to_wire, unescape

USERS = {"ada": "U1ADA", "meshclaw": "U1BOT"}
CHANNELS = {"general": "C1GEN"}
GROUPS = {"sre-team": "S1SRE"}


@pytest.mark.parametrize(
    ("typed", "wire"),
    [
        ("hi @meshclaw", "hi <@U1BOT>"),
        ("@Ada, @ada. (@ada)", "<@U1ADA>, <@U1ADA>. (<@U1ADA>)"),
        ("ada@meshclaw and @nobody", "ada@meshclaw and @nobody"),
        ("see #general, not #nowhere", "see <#C1GEN|general>, not #nowhere"),
        ("<@U1BOT> <#C1GEN|x> <!here>", "<@U1BOT> <#C1GEN|general> <!here>"),
        ("<@U9EVIL> <!subteam^S1> <b>", "&lt;@U9EVIL&gt; &lt;!subteam^S1&gt; &lt;b&gt;"),
        ("@here", "<!here>"),
        ("@sre-team, please", "<!subteam^S1SRE>, please"),
        (
            "<!subteam^S1SRE|x> not <@S1SRE> <!subteam^U1ADA>",
            "<!subteam^S1SRE> not &lt;@S1SRE&gt; &lt;!subteam^U1ADA&gt;",
        ),
        ("go to https://a.example/x?a=1&b=2.", "go to <https://a.example/x?a=1&amp;b=2>."),
        ("a & b < c", "a &amp; b &lt; c"),
        ("&lt;@U1BOT&gt;", "&amp;lt;@U1BOT&amp;gt;"),
    ],
)
def test_typed_text_goes_over_the_wire_as_slack_sends_it(typed: str, wire: str) -> None:
    assert to_wire(typed, USERS, CHANNELS, GROUPS) == wire


@given(st.text(alphabet=st.sampled_from("@#<>&!|adU1BOTmeshclwgnr. :/htps;"), max_size=40))
def test_only_known_tokens_come_out(typed: str) -> None:
    wire = to_wire(typed, USERS, CHANNELS)
    for token in re.findall(r"<[^>]*>?", wire):
        assert re.fullmatch(r"<(@U1ADA|@U1BOT|#C1GEN\|general|!(here|channel|everyone)|https?://[^<>]+)>", token)
    assert ">" not in re.sub(r"<[^>]*>", "", wire)


@given(st.text())
def test_escaping_is_undone_by_unescaping(text: str) -> None:
    assert unescape(escape(text)) == text


def test_the_composer_sends_the_same_as_rich_text() -> None:
    wire = to_wire("hi @meshclaw in #general: https://a.example/?a&b <3 @here", USERS, CHANNELS)
    (section,) = rich_text(wire)["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "hi "},
        {"type": "user", "user_id": "U1BOT"},
        {"type": "text", "text": " in "},
        {"type": "channel", "channel_id": "C1GEN"},
        {"type": "text", "text": ": "},
        {"type": "link", "url": "https://a.example/?a&b"},
        {"type": "text", "text": " <3 "},
        {"type": "broadcast", "range": "here"},
    ]


@given(st.text(max_size=40))
def test_rich_text_says_all_that_was_typed(typed: str) -> None:
    (section,) = rich_text(to_wire(typed, {}, {}))["elements"]
    said = "".join(one.get("text") or one.get("url") or f"@{one['range']}" for one in section["elements"])
    assert said == typed
