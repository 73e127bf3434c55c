"""Web addresses, read so that everybody reads the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from bot.network.urls import LONGEST, parsed


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.com:443/a?b=c#d", "https://example.com/a?b=c"),
        ("https://example.com/a/../b/%2e%2e/c", "https://example.com/c"),
        ("https://münchen.example/ü", "https://xn--mnchen-3ya.example/%C3%BC"),
        ("https://faß.example", "https://xn--fa-hia.example/"),
        ("https://example。com/", "https://example.com/"),
        ("https://example.com/?q=a%20b&c=%0d%0a", "https://example.com/?q=a%20b&c=%0D%0A"),
        ("https://[2606:4700:0:0::1111]/", "https://[2606:4700::1111]/"),
        ("http://example.com:8080/", "http://example.com:8080/"),
        ("https://①②⑦.⓪.⓪.①/", "https://127.0.0.1/"),
    ],
)
def test_an_address_has_one_form(text: str, canonical: str) -> None:
    assert str(parsed(text)) == canonical
    assert parsed(canonical) == parsed(text)


HOSTILE = [
    "", "example.com", "/page", "//example.com", "https:", "https://", "https:///page", "https:example.com",
    "file:///etc/passwd", "ftp://example.com", "data:text/html,x", "javascript:alert(1)", "gopher://example.com",
    "https://ada@example.com", "https://ada:secret@example.com", "https://@example.com", "https://:@example.com",
    "https://example.com@evil.example", "https://example.com\\@evil.example", "https:\\\\example.com",
    "https://example.com\\.evil.example", " https://example.com", "https://example.com ", "https://exa mple.com",
    "https://exam\tple.com", "https://example.com/\r\nX-Evil: 1", "https://example.com/\n", "https://exam\u200bple.com",
    "https://exam\u202eple.com", "https://exam\u00adple.com", "https://example.com/\u3000", "https://example.com/\x00",
    "https://example.com/\ud800", "https://example.com.", "https://example.com../", "https://a..example", "https://.a",
    "https://exa%6dple.com", "https://example.com%2f.evil.example", "https://exa_mple.com", "https://-a.example",
    "https://xn--zz/", f"https://{'a' * 64}.example", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/",
    "https://[::1", "https://[v1.x]/", "https://[1.2.3.4]/", "https://[::1].evil.example", "https://example.com:99999",
    "https://example.com:x", "https://example.com:-1", "https://example.com:8 0", "https://a,b/", "https://☃.example",
    f"https://example.com/{'x' * LONGEST}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_two_readers_could_read_differently_is_refused_in_words(text: str) -> None:
    with pytest.raises(PersonMends) as caught:
        parsed(text)
    assert caught.value.message
    assert "secret" not in caught.value.message + caught.value.mend


awkward = st.text(st.sampled_from("/\\@:?#[]%.-_ ①。ü‮\t\r\n.0x7f127eE&;,+~'\"<>{}|^`") | st.characters(), max_size=40)


@given(st.sampled_from(["https://", "http://", "https://h", "https://[", ""]), awkward)
def test_whatever_is_written_is_refused_or_has_one_form(begin: str, rest: str) -> None:
    try:
        url = parsed(begin + rest)
    except PersonMends:
        return
    text = str(url)
    assert parsed(text) == url
    assert text.isascii()
    assert text.isprintable()
    assert " " not in text
    assert url.scheme in ("http", "https")
    assert url.user is None
    assert url.password is None
    assert url.raw_host == (url.raw_host or "").lower() != ""
