"""What a web page says, as text: markup out, scripts out, links as text. Linear in its length, and never raises.

Sources: https://html.spec.whatwg.org/multipage/parsing.html, of which no more is followed than a reader of words needs.
"""

import re
from html import unescape
from urllib.parse import urljoin

MOST = 20_000
"""Characters of one page."""

_LOOKED_AT = 300_000
"""Characters of a page, scripts and styles not counted, from which its text is made."""
_LONGEST_LINK = 500

# What nothing closes is taken to the end of the page, so that hostile markup is read once, not again and again.
UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template|noscript|svg|iframe|object)\b.*?(?:</\1\b[^>]*>?|\Z)",
    re.DOTALL | re.IGNORECASE,
)
TAG = re.compile(r"<[A-Za-z/!?][^<>]*>?")
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)")
_HREF = re.compile(r"""\bhref\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_TAGS = re.compile("[\ud800-\udfff\U000e0000-\U000e0fff]")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n ?")
_BLANK = re.compile(r"\n{3,}")
_BREAKING = frozenset(
    "address article aside blockquote br center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr li main nav ol option p pre section select summary table tbody tfoot thead title tr ul".split()
)
_CELLS = frozenset(("td", "th"))


def unescaped(text: str) -> str:
    """With HTML's names of characters read; as it is where one of them has more digits than Python reads."""
    try:
        return unescape(text)
    except ValueError:
        return text


def page_text(html: str, base: str) -> str:
    """HTML → text, at most `MOST` characters. `base`: the page's own address, to which links are relative."""
    html = UNSEEN.sub(" ", html)[:_LOOKED_AT]
    pieces: list[str] = []
    at, room, link, begun = 0, MOST * 2, "", 0
    for tag in TAG.finditer(html):
        pieces.append(unescaped(_flowing(html[at : tag.start()])))
        at, room = tag.end(), room - len(pieces[-1])
        if room < 0:
            return _tidy("".join(pieces))
        named = _NAME.match(tag[0])
        name = named[1].lower() if named else ""
        if name in _BREAKING:
            pieces.append("\n")
        elif name in _CELLS:
            pieces.append(" ")
        elif name == "a" and tag[0].startswith("</"):
            if link and (label := "".join(pieces[begun:]).strip()) and label != link:
                pieces.append(f" ({link})")
            link = ""
        elif name == "a":
            link, begun = _link(tag[0], base), len(pieces)
    pieces.append(unescaped(_flowing(html[at : at + room])))
    return _tidy("".join(pieces))


def plain_text(text: str) -> str:
    """What is no HTML: without what nobody sees, at most `MOST` characters."""
    return _seen(text[: MOST * 2].replace("\r\n", "\n"))[:MOST].strip()


def _link(tag: str, base: str) -> str:
    """Where a link leads, if to another page of the web; empty otherwise."""
    found = _HREF.search(tag)
    href = unescaped(found[1] or found[2] or found[3] or "").strip() if found else ""
    if not href or href.startswith("#") or len(href) > _LONGEST_LINK:
        return ""
    try:
        whole = urljoin(base, href)
    except ValueError:
        return ""
    whole = "".join(_seen(whole).split())
    return whole if whole.startswith(("https://", "http://")) and len(whole) <= _LONGEST_LINK else ""


def _flowing(text: str) -> str:
    """Line breaks of the markup say nothing."""
    return text.replace("\n", " ")


def _seen(text: str) -> str:
    return _TAGS.sub("", _CONTROLS.sub("", text))


def _tidy(text: str) -> str:
    text = _BREAKS.sub("\n", _SPACES.sub(" ", _seen(text)))
    return _BLANK.sub("\n\n", text)[:MOST].strip()
