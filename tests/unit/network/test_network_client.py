"""Fetching: what is refused is never connected to, and what answers badly does no harm."""

import asyncio
import gzip
import json
import re
import socket
import ssl
import subprocess
import sys
import time
import tracemalloc
import zlib
from ipaddress import ip_address
from pathlib import Path

import pytest

from bot.contracts.errors import PersonMends, TimeMends
from bot.network.client import REDIRECTS, Fetched, GuardedClient
from bot.network.resolve import GuardedResolver, Pinned
from tests.unit.network.internet import PUBLIC, Internet, answer, certificate, onward

MOST = 100_000
ROOT = Path(__file__).parents[3]


async def get(client: GuardedClient, url: str, seconds: float = 5.0) -> Fetched:
    return await client.get(url, most_bytes=MOST, seconds=seconds)


async def test_a_page_of_the_public_internet(client: GuardedClient, net: Internet) -> None:
    net.pages["/a?b=c"] = answer("Grüße".encode("latin-1"), kind="text/html; charset=ISO-8859-1")
    found = await get(client, "https://News.example/a?b=c#d")
    assert (found.url, found.status, found.content_type) == ("https://news.example/a?b=c", 200, "text/html")
    assert found.text == "Grüße"
    assert not found.truncated
    assert net.connected == [(PUBLIC, 443)]


async def test_it_says_who_it_is_and_carries_nothing_else(
    client: GuardedClient, net: Internet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine news.example login ada password secret\n")
    for name, value in (
        ("NETRC", str(netrc)),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("ALL_PROXY", "http://127.0.0.1:1"),
    ):
        monkeypatch.setenv(name, value)
    net.pages["/"] = answer(b"", "Set-Cookie: sid=1; Path=/", "Location: /next", status="302 Found")
    net.pages["/next"] = answer(b"hello")
    for _ in range(2):
        assert (await get(client, "https://news.example")).text == "hello"
    for head in net.asked:
        names = {line.partition(":")[0].lower() for line in head.splitlines()[1:] if line}
        assert names == {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert "\r\nUser-Agent: MeshClaw\r\n" in head
    assert net.connected == [(PUBLIC, 443)] * 4


NUMERIC = ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "①②⑦.⓪.⓪.①"]
GLOBAL = ["[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "224.0.0.1"]
INSIDE = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "100.100.100.200", "0", "0.0.0.0"]


@pytest.mark.parametrize("host", [*NUMERIC, *GLOBAL, *INSIDE, "localhost"])
async def test_no_trap_is_connected_to(host: str, client: GuardedClient, net: Internet) -> None:
    net.names["localhost"] = [["127.0.0.1"]]
    with pytest.raises(PersonMends, match="its address"):
        await get(client, f"https://{host}/")
    assert net.connected == []
    assert net.accepted == 0


UNGUARDED = """
import asyncio, json, sys
from bot.contracts.errors import PersonMends
from bot.network.client import GuardedClient
from bot.network.resolve import GuardedResolver

async def said(host):
    try:
        return (await GuardedClient(GuardedResolver()).get(f"https://{host}/", most_bytes=1, seconds=20)).url
    except PersonMends as error:
        return error.message

reached = []
sys.addaudithook(lambda event, args: reached.append(str(args)) if event == "socket.connect" else None)
async def all_of_them():
    return [await said(host) for host in json.loads(sys.argv[1])]
json.dump([asyncio.run(all_of_them()), reached], sys.stdout)
"""


def test_no_trap_is_connected_to_with_the_systems_own_look_up() -> None:
    """In a process of its own: the guard of the tests lets no number but this machine's be looked up."""
    hosts = [*NUMERIC, "017700000001", *GLOBAL, *INSIDE, "localhost"]
    command = [sys.executable, "-c", UNGUARDED, json.dumps(hosts)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    said, reached = json.loads(run.stdout)
    expected = re.compile(r"Nothing is fetched from .+: its address .+|There is no server named .+")
    assert [host for host, words in zip(hosts, said, strict=True) if not expected.fullmatch(words)] == []
    assert all("this machine's own" in words for words in said[: len(NUMERIC) + 1])
    assert reached == []


@pytest.mark.parametrize("bad", ["10.0.0.7", "127.0.0.1", "169.254.169.254", "fe80::1", "::ffff:10.0.0.7"])
async def test_one_bad_address_among_good_ones_is_enough(bad: str, client: GuardedClient, net: Internet) -> None:
    for addresses in ([PUBLIC, bad], [bad, PUBLIC]):
        net.names["news.example"] = [addresses]
        with pytest.raises(PersonMends, match=r"Nothing is fetched from news\.example: its address"):
            await get(client, "https://news.example/")
    assert net.connected == []


async def test_a_name_that_changes_its_address_gains_nothing(client: GuardedClient, net: Internet) -> None:
    """Rebinding: public when it is checked, this machine when it is connected to."""
    net.pages["/"] = answer(b"the public one")
    net.names["news.example"] = [[PUBLIC], ["127.0.0.1"]]
    assert (await get(client, "https://news.example/")).text == "the public one"
    assert net.looked_up == ["news.example"]
    assert net.connected == [(PUBLIC, 443)]
    with pytest.raises(PersonMends, match="this machine's own"):
        await get(client, "https://news.example/")
    assert net.connected == [(PUBLIC, 443)]


async def test_a_redirect_is_looked_up_anew_and_checked(client: GuardedClient, net: Internet) -> None:
    net.pages["/"] = onward("/again")
    net.names["news.example"] = [[PUBLIC], ["127.0.0.1"]]
    with pytest.raises(PersonMends, match="this machine's own"):
        await get(client, "https://news.example/")
    assert net.connected == [(PUBLIC, 443)]


async def test_no_socket_is_made_for_a_number_that_was_not_checked() -> None:
    """The last word, should the client ever go to a number by itself."""
    pinned = Pinned([ip_address(PUBLIC)])
    assert [result["host"] for result in await pinned.resolve("anything.example", 443)] == [PUBLIC]
    with pinned.open((socket.AF_INET, socket.SOCK_STREAM, 0, "", (PUBLIC, 443))) as made:
        assert made.family == socket.AF_INET
    for number in ("127.0.0.1", "10.0.0.7"):
        with pytest.raises(PermissionError):
            pinned.open((socket.AF_INET, socket.SOCK_STREAM, 0, "", (number, 443)))


async def test_where_nobody_answers_the_next_address_is_tried(client: GuardedClient, net: Internet) -> None:
    net.pages["/"] = answer(b"hello")
    net.names["news.example"] = [["2606:4700::1", "93.184.215.15", PUBLIC]]
    assert (await get(client, "https://news.example/")).text == "hello"
    net.names["news.example"] = [["93.184.215.15"]]
    with pytest.raises(TimeMends, match=r"news\.example does not answer"):
        await get(client, "https://news.example/")


async def test_a_public_number_is_fetched_as_it_is(client: GuardedClient, net: Internet) -> None:
    with pytest.raises(PersonMends, match="certificate"):  # it names news.example, and not the number
        await get(client, f"https://{PUBLIC}/")
    assert net.connected == [(PUBLIC, 443)]
    legacy = int.from_bytes(socket.inet_aton(PUBLIC), "big")
    with pytest.raises(PersonMends, match="cannot be asked"):
        await get(client, f"https://{legacy}/")
    assert net.connected == [(PUBLIC, 443)]
    assert net.asked == []


async def test_the_certificate_has_to_be_for_the_name(net: Internet, tmp_path: Path) -> None:
    net.names["bank.example"] = [[PUBLIC]]
    trusting = ssl.create_default_context(cafile=str(certificate(tmp_path, "news.example")))
    for tls in (trusting, None):
        client = GuardedClient(GuardedResolver((), net.look_up), tls=tls)
        with pytest.raises(PersonMends, match=r"certificate of bank\.example is not trusted"):
            await get(client, "https://bank.example/")
    assert net.asked == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://news.example/", "does not begin with https"),
        ("https://news.example:8443/", "port of its own"),
        ("https://news.example:80/", "port of its own"),
        ("https://news.example:0/", "port of its own"),
        ("https://ada:secret@news.example/", "user or a password"),
        ("https://news.example\\@wiki.example/", "backslash"),
        ("https://news.example/\r\nX: y", "hidden character"),
        ("https://news.example./", "no proper name"),
        ("https://[fe80::1%25eth0]/", "no proper name"),
        ("ftp://news.example/", "not the address of a page"),
    ],
)
async def test_a_shape_is_refused_before_anything_is_looked_up(
    url: str, why: str, client: GuardedClient, net: Internet
) -> None:
    with pytest.raises(PersonMends, match=why):
        await get(client, url)
    with pytest.raises(PersonMends, match=why):
        client.target(url)
    assert net.looked_up == []
    assert net.connected == []


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://news.example/", "does not begin with https"),
        ("https://127.0.0.1/", "this machine's own"),
        ("https://2130706433/", "no server|this machine's own"),
        ("https://inside.example/", "private network"),
        ("https://[::ffff:169.254.169.254]/latest/meta-data", "hides one of IPv4"),
        ("//inside.example/", "private network"),
        ("https://news.example:8443/", "port of its own"),
        ("https://ada:secret@news.example/", "user or a password"),
        ("file:///etc/passwd", "not the address of a page"),
        ("https://news.example\\@inside.example/", "not the address|no address|backslash"),
        ("https://in\tside.example/", "hidden character|cannot be read"),
        ("https://[", "no address"),
        ("https://gone.example/", "no server named gone"),
        (f"/{'x' * 3_000}", "longer than"),
    ],
)
async def test_every_redirect_is_checked_like_the_first(
    location: str, why: str, client: GuardedClient, net: Internet
) -> None:
    net.names["inside.example"] = [["10.0.0.7"]]
    net.pages["/"] = onward(location)
    with pytest.raises((PersonMends, TimeMends), match=why) as caught:
        await get(client, "https://news.example/")
    assert "secret" not in caught.value.message
    assert net.connected == [(PUBLIC, 443)]
    assert net.accepted == 1


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
async def test_redirects_are_followed_three_times(status: str, client: GuardedClient, net: Internet) -> None:
    for number in range(REDIRECTS):
        net.pages[f"/{number}"] = onward(f"https://other.example/{number + 1}", status)
    net.pages[f"/{REDIRECTS}"] = answer(b"arrived")
    found = await get(client, "https://news.example/0")
    assert (found.text, found.url) == ("arrived", f"https://other.example/{REDIRECTS}")
    net.pages[f"/{REDIRECTS}"] = onward("/more", status)
    with pytest.raises(PersonMends, match="sends on from address to address"):
        await get(client, "https://news.example/0")
    assert net.accepted == 2 * (REDIRECTS + 1)


async def test_a_loop_ends(client: GuardedClient, net: Internet) -> None:
    net.pages["/"] = onward("/")
    with pytest.raises(PersonMends, match="sends on from address to address"):
        await get(client, "https://news.example/")
    assert net.accepted == REDIRECTS + 1


async def test_a_page_of_a_status_that_sends_nowhere_is_a_page(client: GuardedClient, net: Internet) -> None:
    net.pages["/"] = answer(b"choose", status="300 Multiple Choices")
    net.pages["/302"] = answer(b"where?", status="302 Found")
    assert (await get(client, "https://news.example/")).status == 300
    assert (await get(client, "https://news.example/302")).text == "where?"


# --- hosts the operator vouches for


async def test_what_the_operator_vouches_for_may_be_here_without_tls(vouching: GuardedClient, plain: Internet) -> None:
    plain.pages["/"] = answer(b"our wiki")
    for host in ("127.0.0.1", "wiki.example", "WIKI.example"):
        assert (await get(vouching, f"http://{host}:{plain.port}/")).text == "our wiki"
    for host in ("localhost", "127.1", "2130706433", "[::1]", "evil.wiki.example", "[::ffff:127.0.0.1]"):
        with pytest.raises(PersonMends):
            await get(vouching, f"http://{host}:{plain.port}/")
    assert plain.accepted == 3


async def test_nobody_can_vouch_for_the_metadata_of_a_cloud(vouching: GuardedClient, plain: Internet) -> None:
    plain.names["wiki.example"] = [["169.254.169.254"]]
    with pytest.raises(PersonMends, match="credentials"):
        await get(vouching, "http://wiki.example/")
    assert plain.connected == []


async def test_no_outsider_sends_on_to_what_is_vouched_for(net: Internet, pem: Path) -> None:
    client = GuardedClient(
        GuardedResolver(("wiki.example",), net.look_up), tls=ssl.create_default_context(cafile=str(pem))
    )
    net.names["wiki.example"] = [["127.0.0.1"]]
    for location in ("https://wiki.example/admin", f"https://wiki.example:{net.port}/", "http://wiki.example/"):
        net.pages["/"] = onward(location)
        with pytest.raises(PersonMends, match="sends on to"):
            await get(client, "https://news.example/")
    assert net.connected == [(PUBLIC, 443)] * 3


async def test_nothing_leads_from_https_to_http(net: Internet, pem: Path) -> None:
    client = GuardedClient(
        GuardedResolver(("news.example",), net.look_up), tls=ssl.create_default_context(cafile=str(pem))
    )
    net.pages["/"] = onward("http://news.example/")
    with pytest.raises(PersonMends, match="without https"):
        await get(client, "https://news.example/")
    assert net.accepted == 1


# --- answers that mean harm


async def test_of_a_large_body_only_a_part_is_read(vouching: GuardedClient, plain: Internet) -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            sent += 10_000
            await writer.drain()

    plain.pages["/"] = endless
    found = await get(vouching, f"http://wiki.example:{plain.port}/")
    assert found.body == b"x" * MOST
    assert found.truncated
    before = sent
    await asyncio.sleep(0.05)
    assert sent - before < 10_000_000, "the rest is read on"
    plain.pages["/"] = answer(b"x" * MOST)
    assert not (await get(vouching, f"http://wiki.example:{plain.port}/")).truncated


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_bomb_is_cut_while_it_unpacks(encoding: str, vouching: GuardedClient, plain: Internet) -> None:
    bomb = (gzip.compress if encoding == "gzip" else zlib.compress)(bytes(30_000_000), 9)
    assert len(bomb) < MOST
    plain.pages["/"] = answer(bomb, f"Content-Encoding: {encoding}")
    tracemalloc.start()
    try:
        found = await get(vouching, f"http://wiki.example:{plain.port}/")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.body == bytes(MOST)
    assert found.truncated
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "begin", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx"], ids=len
)
async def test_who_is_slow_is_not_waited_for(begin: bytes, vouching: GuardedClient, plain: Internet) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        writer.write(begin)
        for _ in range(100):
            await asyncio.sleep(0.02)
            writer.write(b"x" if begin else b"")
            await writer.drain()

    plain.pages["/"] = slow
    started = time.monotonic()
    with pytest.raises(TimeMends, match=r"did not answer within 0\.3 seconds"):
        await get(vouching, f"http://wiki.example:{plain.port}/", seconds=0.3)
    assert time.monotonic() - started < 1.5


async def test_the_time_is_for_all_redirects_together(vouching: GuardedClient, plain: Internet) -> None:
    async def slowly_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        await asyncio.sleep(0.2)
        writer.write(onward("/"))

    plain.pages["/"] = slowly_on
    with pytest.raises(TimeMends):
        await get(vouching, f"http://wiki.example:{plain.port}/", seconds=0.3)
    assert plain.accepted == 2


async def test_a_slow_look_up_is_not_waited_for() -> None:
    def never(host: str, port: int) -> list[object]:
        time.sleep(0.5)
        return []

    client = GuardedClient(GuardedResolver((), never))  # type: ignore[arg-type]
    with pytest.raises(TimeMends, match="did not answer"):
        await get(client, "https://news.example/", seconds=0.1)


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X%d: y\r\n" % number for number in range(300)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nnotgz",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\x16\x03\x01\x00",
        b"",
    ],
    ids=range(9),
)
async def test_what_is_no_answer_is_said_to_be_none(sent: bytes, vouching: GuardedClient, plain: Internet) -> None:
    plain.pages["/"] = sent
    with pytest.raises(TimeMends, match=r"wiki\.example does not answer|The answer of wiki\.example cannot be read"):
        await get(vouching, f"http://wiki.example:{plain.port}/")


async def test_a_server_without_tls_is_no_server_of_https(vouching: GuardedClient, plain: Internet) -> None:
    with pytest.raises((PersonMends, TimeMends), match=r"wiki\.example"):
        await get(vouching, f"https://wiki.example:{plain.port}/", seconds=0.5)


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("utf-8", b"\xff ok", "\ufffd ok"), ("nonsense", "ü".encode(), "ü"), ("punycode", b"a-b", "a-b"),
        ("unicode_escape", b"\\x41", "\\x41"), ("zip", b"abc", "abc"), ("rot13", b"abc", "abc"), ("\0", b"abc", "abc"),
        ("utf-7", b"+AGE-", "+AGE-"), ("shift_jis", b"\x83\x65", "テ"), ("windows-1252", b"\x80", "€"), ("", b"a", "a"),
        ("undefined", b"abc", "abc"), ("idna", b"abc", "abc"), ("mbcs", b"abc", "abc"), ("x" * 9_000, b"abc", "abc"),
    ],
)  # fmt: skip
def test_a_body_is_read_in_its_letters_and_no_codec_runs_wild(charset: str, body: bytes, text: str) -> None:
    assert Fetched("https://news.example/", 200, "text/plain", charset, body, False).text == text


async def test_names_that_are_not_there(client: GuardedClient, net: Internet) -> None:
    with pytest.raises(PersonMends, match=r"no server named nowhere\.example"):
        await get(client, "https://nowhere.example/")

    def failing(error: Exception) -> GuardedClient:
        def look_up(host: str, port: int) -> list[object]:
            raise error

        return GuardedClient(GuardedResolver((), look_up))  # type: ignore[arg-type]

    with pytest.raises(TimeMends, match="cannot be looked up"):
        await get(failing(socket.gaierror(socket.EAI_AGAIN, "later")), "https://news.example/")
    with pytest.raises(TimeMends, match="cannot be looked up"):
        await get(failing(OSError("no file descriptors")), "https://news.example/")
    with pytest.raises(PersonMends, match="no server"):
        await get(failing(UnicodeError("label too long")), "https://news.example/")
    assert net.connected == []
