"""Header reading: addresses that lie, encodings that are broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.headers import addresses, clean, decode_base64, decode_bytes, decode_header, split_head


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ann Lee <ann@x.example>", [("Ann Lee", "ann@x.example")]),
        ("ann@x.example", [("", "ann@x.example")]),
        ("ANN@X.Example", [("", "ann@x.example")]),
        ("<ann@x.example>", [("", "ann@x.example")]),
        ('"Lee, Ann" <ann@x.example>, bob@x.example', [("Lee, Ann", "ann@x.example"), ("", "bob@x.example")]),
        ("a@x]<b@y>", [("a@x]", "b@y")]),
        ('"boss@bank.example" <thief@x.example>', [("boss@bank.example", "thief@x.example")]),
        ("boss@bank.example <thief@x.example>", [("boss@bank.example", "thief@x.example")]),
        ('"<boss@bank.example>" <thief@x.example>', [("<boss@bank.example>", "thief@x.example")]),
        ("<boss@bank.example> <thief@x.example>", [("<boss@bank.example>", "thief@x.example")]),
        ("ann@x.example (Ann Lee)", [("", "ann@x.example")]),
        ("Ann (the, boss) <ann@x.example>", [("Ann", "ann@x.example")]),
        ("Team: ann@x.example, Bob <bob@x.example>;", [("", "ann@x.example"), ("Bob", "bob@x.example")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?Evil=2C_b=40y=2Eexample?= <a@x.example>", [("Evil, b@y.example", "a@x.example")]),
        ("=?utf-8?b?5p2O?= <li@x.example>", [("李", "li@x.example")]),
        ("Zo\u00eb <z@x.example>", [("Zoë", "z@x.example")]),
        ("A\u202ennA <a@x.example>", [("AnnA", "a@x.example")]),
        ("a@x.example\u200b", [("", "a@x.example")]),
        ('"unclosed <a@x.example>', [("unclosed", "a@x.example")]),
        ("Ann <a@x.example", [("Ann", "a@x.example")]),
        ("Ann <>", []),
        ("", []),
        ("Mailer Daemon", []),
    ],
)
def test_addresses(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(found.name, found.address) for found in addresses([value.encode()])] == expected


def test_all_from_headers_count_and_repeats_once() -> None:
    found = addresses([b"a@x", b"A <a@x>, b@x", b"a@x"])
    assert [address.address for address in found] == ["a@x", "a@x", "b@x"]


def test_no_more_than_two_hundred_addresses() -> None:
    assert len(addresses([b", ".join(b"a%d@x" % number for number in range(1_500))])) == 200


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"=?iso-8859-1?Q?Fr=F6sche_und?= Hasen", "Frösche und Hasen"),
        (b"=?utf-8?B?5pel?= =?utf-8?B?5pys?=", "日本"),
        (b"=?utf-8?B?5pc=?=  =?utf-8?B?pQ==?=", "日"),
        (b"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        (b"=?iso-8859-1?Q?Fr\xf6sche?=", "Frösche"),
        (b"Fr\xf6sche", "Frösche"),
        ("Frösche".encode(), "Frösche"),
        (b"=?x-unknown?Q?hello?=", "hello"),
        (b"=?utf-8*de?Q?hallo?=", "hallo"),
        (b"=?utf-8?Q?broken", "=?utf-8?Q?broken"),
        (b"=?utf-8?B?!!!?= x", " x".strip()),
        (b"=?gb2312?B?1tC5+g==?=", "中国"),
        (b"=?idna?Q?abc?=", "abc"),
        (b"a\tb   c", "a b c"),
    ],
)
def test_decode_header(value: bytes, expected: str) -> None:
    assert decode_header(value) == expected


def test_text_cut_inside_a_character_is_no_reason_to_misread_the_rest() -> None:
    assert decode_bytes("日本".encode()[:-1], "utf-8") == "日"
    assert decode_bytes("日本".encode()[:-1], "us-ascii") == "日"
    assert decode_bytes("中国".encode("gb18030")[:-1], "gb2312") == "中"


def test_unfinished_base64_gives_what_it_holds() -> None:
    assert decode_base64(b"aGVsbG8gd29ybGQ"[:10]) == b"hello w"
    assert decode_base64(b"a") == b""


def test_split_head_takes_what_there_is() -> None:
    headers, body = split_head(b"From me Mon Nov  2\nA: 1\r\nno colon\nB: 2\n more\n: empty\n\nbody")
    assert headers == [("a", b"1"), ("b", b"2 more")]
    assert body == b"body"
    assert split_head(b"just text") == ([], b"just text")
    assert split_head(b"\n\njust text") == ([], b"just text")
    assert split_head(b"") == ([], b"")


def test_clean_tells_honest_marks_from_tricks() -> None:
    assert clean("👨\u200d👩 a\u00adb") == ("👨👩 ab", False, False)
    assert clean("in\u200bvoice") == ("invoice", True, False)
    assert clean("exe.\u202egpj") == ("exe.gpj", True, True)
    assert clean("a\x00b\x1bc\ud800") == ("abc", False, False)
    assert clean("tag\U000e0041") == ("tag", True, False)


@given(st.binary(max_size=400))
def test_nothing_is_ever_raised(data: bytes) -> None:
    assert len(decode_header(data)) <= 1_000
    for address in addresses([data, b"From: " + data]):
        assert address.address == address.address.lower()
        assert not set(address.address) & set("<>\n\r\x00 ")
        (address.name + address.address).encode("utf-8")
    split_head(data)


@given(
    st.text(max_size=60),
    st.sampled_from(["utf-8", "utf-16", "gb2312", "iso-2022-jp", "koi8-r", "utf-7", "hex", "rot13"]),
)
def test_any_charset_name_is_survived(text: str, charset: str) -> None:
    decode_bytes(text.encode("utf-8", "replace"), charset)
