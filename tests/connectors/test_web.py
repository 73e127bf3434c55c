"""Fetching pages as a tool: what the card says, what rules see, and what the receipt tells."""

import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends, TimeMends
from bot.contracts.people import Person
from bot.contracts.tools import Call, Effect, Noun, Outcome, ToolContext, Unfinished
from bot.network.client import Fetched, GuardedClient
from bot.network.resolve import GuardedResolver
from connectors import web
from connectors.web import EXCERPT, MOST_BYTES, FetchTool, WebSettings
from connectors.web.text import page_text
from tests.unit.network.internet import Internet, answer, internet, onward

CONTEXT = ToolContext(Person("T1", "U1"), "act-1")


@pytest.fixture
async def net(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Internet]:
    async with internet(monkeypatch) as running:
        yield running


@pytest.fixture
def tool(net: Internet) -> FetchTool:
    return FetchTool(GuardedClient(GuardedResolver(("127.0.0.1",), net.look_up)))


def page(net: Internet, path: str = "/") -> dict[str, str]:
    return {"url": f"http://127.0.0.1:{net.port}{path}"}


async def noted(tool: FetchTool, net: Internet, body: bytes, kind: str = "text/html") -> str:
    net.pages["/"] = answer(body, kind=kind)
    outcome = await tool.perform(CONTEXT, page(net))
    assert outcome == Outcome("done", count=1, note=outcome.note, reading=outcome.reading)
    return outcome.note


def test_the_card_says_which_page(tool: FetchTool) -> None:
    assert tool.effect is Effect.FETCH
    view = tool.describe({"url": "https://Docs.Example/a?token=1#b"})
    assert (view.verb, view.subject, view.items) == ("Fetch", "docs.example", ("https://Docs.Example/a?token=1#b",))
    assert view.things == Noun("page", "pages")
    assert view.own
    assert not view.reversible
    assert tool.describe({"url": "https://аpple.example/"}).subject == "xn--pple-43d.example"


def test_rules_see_what_is_asked_for_and_not_how_it_was_written(tool: FetchTool) -> None:
    for url in (
        "https://Docs.Example/public/../a",
        "https://docs。example/public/%2e%2e/a",
        "https://docs.example:443/a",
    ):
        assert tool.facets({"url": url}) == {"url": ("https://docs.example/a",), "host": ("docs.example",)}


@pytest.mark.parametrize(
    "args",
    [
        {}, {"url": None}, {"url": 1}, {"url": ["https://docs.example"]}, {"url": "https://docs.example", "more": 1},
        {"url": "http://docs.example"}, {"url": "https://docs.example:8443"}, {"url": "https://ada:pw@docs.example"},
        {"url": "file:///etc/passwd"}, {"url": ""}, {"URL": "https://docs.example"},
    ],
)  # fmt: skip
def test_nothing_else_can_be_asked(args: dict[str, object], tool: FetchTool) -> None:
    with pytest.raises(PersonMends):
        tool.check(args)  # type: ignore[arg-type]


def test_the_address_can_be_corrected(tool: FetchTool) -> None:
    args = {"url": "https://docs.example/a"}
    assert [(field.name, field.initial) for field in tool.fields(args)] == [("url", "https://docs.example/a")]
    assert tool.edited(args, {"url": " https://docs.example/b "}) == {"url": "https://docs.example/b"}
    assert tool.edited(args, {}) == args
    with pytest.raises(PersonMends) as caught:
        tool.edited(args, {"url": "http://docs.example/b"})
    assert caught.value.field == "url"
    assert tool.without(args, {0}) is None
    assert tool.without(args, ()) == args


async def test_the_receipt_tells_what_came_back(tool: FetchTool, net: Internet) -> None:
    body = (
        b"<!doctype html><html><head><title>Release &amp; notes</title><style>p{color:red}</style>"
        b"<script>steal()</script></head><body><p>Version\n 2.0 <b>is</b> out.</p><!-- no --><noscript>Pay!</noscript>"
    )
    note = await noted(tool, net, body)
    assert note == f"200, text/html, {len(body)} bytes: ‹Release & notes Version 2.0 is out.›"
    assert await noted(tool, net, b'{"a": 1}', "application/json") == '200, application/json, 8 bytes: ‹{"a": 1}›'
    assert await noted(tool, net, b"\x89PNG\r\n", "image/png") == "200, image/png, 6 bytes."
    assert await noted(tool, net, b"", "text/plain") == "200, text/plain, 0 bytes."
    assert (await noted(tool, net, b"x " * 500, "text/plain")).endswith("x…›")
    large = await noted(tool, net, b"x" * (MOST_BYTES + 1), "text/plain")
    assert large.startswith("200, text/plain, more than 1,000,000 bytes: ‹xxx")


async def test_a_page_that_is_not_there_is_no_page(tool: FetchTool, net: Internet) -> None:
    outcome = await tool.perform(CONTEXT, page(net, "/gone"))
    assert (outcome.state, outcome.count) == ("failed", 0)
    assert outcome.note == "404, text/plain, 8 bytes: ‹not here›"


async def test_what_is_refused_or_does_not_answer_certainly_did_not_happen(tool: FetchTool, net: Internet) -> None:
    net.names["intranet.example"] = [["10.0.0.7"]]
    for url in ("https://intranet.example/", "https://2130706433/", "https://nowhere.example/"):
        with pytest.raises(PersonMends):
            await tool.perform(CONTEXT, {"url": url})
    assert net.connected == []
    net.pages["/"] = onward("http://127.1/")
    with pytest.raises(PersonMends, match="sends on to what is not fetched"):
        await tool.perform(CONTEXT, page(net))
    net.pages["/"] = b"nonsense\r\n\r\n"
    with pytest.raises(TimeMends):
        await tool.perform(CONTEXT, page(net))


async def test_after_an_interruption_it_may_be_fetched_again(tool: FetchTool, net: Internet) -> None:
    args = page(net)
    assert await tool.look_back(CONTEXT, args) == Unfinished(Outcome("done"), Call("web.fetch", args))
    assert net.accepted == 0


awkward = st.text(st.sampled_from("<>!-[]/&#;\"'= abptscriptyle\n\x00\u202e\u200b‹›") | st.characters(), max_size=300)


@given(
    awkward,
    st.sampled_from(["text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/\u202e" + "x" * 900]),
)
def test_whatever_a_page_holds_the_note_is_one_short_line(body: str, kind: str) -> None:
    note = web._note(Fetched("https://x.example/", 200, kind, "utf-8", body.encode("utf-8", "replace"), False))
    assert note.isprintable()
    assert len(note) <= EXCERPT + 120


@pytest.mark.parametrize(
    "body",
    [
        "<![",
        "<![x[",
        "<!x",
        "<!",
        "<a b='",
        "</",
        "<?",
        "&#",
        "<![CDATA[",
        "<script>",
        "<",
        "<!--",
        "<style",
        "</script",
        "&amp",
    ],
)
def test_markup_that_parsers_stumble_over_does_no_harm(body: str) -> None:
    for markup in (body, f"Title {body}", body * 5_000):
        fetched = Fetched("https://x.example/", 200, "text/html", "", markup.encode(), False)
        started = time.process_time()
        assert web._note(fetched).startswith("200, text/html")
        assert time.process_time() - started < 0.2


async def test_the_connector_is_set_up_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        async def get(self, person: Person, connector: str) -> None: ...

    made = web.connector(Nobody())
    (tool,) = made.tools()
    with pytest.raises(PersonMends, match="https"):
        tool.check({"url": "http://wiki.example:8080/"})
    monkeypatch.setenv("MESHCLAW_WEB_HOSTS", "Wiki.example, 10.0.0.7")
    assert WebSettings().hosts == ("wiki.example", "10.0.0.7")
    made = web.connector(Nobody())
    (tool,) = made.tools()
    tool.check({"url": "http://wiki.example:8080/"})
    (check,) = await made.checks()
    assert "wiki.example, 10.0.0.7" in check.says
    assert made.form() == ()
    with pytest.raises(PersonMends, match="nothing to connect"):
        await made.prove({})


async def test_what_a_model_gives_is_an_address_and_nothing_else(tool: FetchTool) -> None:
    someone = CONTEXT.person
    assert await tool.completed(someone, {"url": " https://docs.example/a "}) == {"url": "https://docs.example/a"}
    for said in ({"url": "http://docs.example"}, {"url": "https://docs.example", "note": "safe"}, {"url": None}, {}):
        with pytest.raises(PersonMends):
            await tool.completed(someone, said)


async def read(tool: FetchTool, net: Internet, body: str, kind: str = "text/html; charset=utf-8") -> str:
    net.pages["/"] = answer(body.encode(), kind=kind)
    reading = (await tool.perform(CONTEXT, page(net))).reading
    assert reading
    assert (reading.origin, reading.seen_by) == ("127.0.0.1", None)
    return reading.text


async def test_the_agent_that_asked_reads_the_page(tool: FetchTool, net: Internet) -> None:
    text = await read(
        tool,
        net,
        "<html><head><title>Release notes</title><style>p{}</style><script>var a = '<p>steal</p>'</script></head>"
        "<body><!-- not this --><h1>Version&nbsp;2</h1><p>It is\nout: "
        "<a class=x href='/dl?a=1&amp;b=2'>get <b>it</b></a>."
        "<p><a href='javascript:evil()'>run</a> <a href='#top'>up</a><table><tr><td>1<td>2</table>&lt;b&gt;"
        "\u202eab\u200bc</body></html>",
    )
    link = f"http://127.0.0.1:{net.port}/dl?a=1&b=2"
    assert text == f"Release notes\n\nVersion 2\n\nIt is out: get it ({link}).\nrun up\n\n1 2\n<b>abc"


async def test_other_texts_are_read_as_they_are_and_the_rest_not(tool: FetchTool, net: Internet) -> None:
    assert await read(tool, net, '{"a": "<b>"}', "application/json") == '{"a": "<b>"}'
    assert await read(tool, net, "\x89PNG", "image/png") == "(image/png that is no text)"
    assert await read(tool, net, "", "text/plain") == "(no text)"
    assert len(await read(tool, net, "word " * 50_000)) in (19_999, 20_000)
    assert len(await read(tool, net, "word " * 50_000, "text/plain")) in (19_999, 20_000)


async def test_of_a_page_that_is_not_there_nothing_is_read(tool: FetchTool, net: Internet) -> None:
    assert (await tool.perform(CONTEXT, page(net, "/gone"))).reading is None


@given(awkward)
def test_whatever_a_page_holds_it_becomes_text(body: str) -> None:
    text = page_text(body, "https://x.example/")
    assert all(letter == "\n" or letter >= " " for letter in text)
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    "body",
    [
        "<a href=x>", "</a>", "<a href=x>a</a>", "<a href='", "<a href=x" + " " * 50, "<script>", "<svg", "&#9", "&",
        "<", "<p>\n", "\n \n", "<!--", "-->", "href=", "<a\n", "<td>", "</script>",
    ],
)  # fmt: skip
def test_a_megabyte_made_to_be_slow_is_not(body: str) -> None:
    for markup in (body * (1_000_000 // len(body)), "<a href=x>" + body * (900_000 // len(body)) + "</a>" * 20_000):
        started = time.process_time()
        assert len(page_text(markup, "https://x.example/")) <= 20_000
        assert time.process_time() - started < 1


def test_a_character_number_without_end_is_no_trouble() -> None:
    markup = "before &#" + "9" * 5_000 + "; after"
    assert page_text(markup, "").startswith("before")
    fetched = Fetched("https://x.example/", 200, "text/html", "", markup.encode(), False)
    assert "before" in web._note(fetched)
