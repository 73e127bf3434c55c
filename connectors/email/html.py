"""What a reader sees of an HTML mail, as plain text: hidden text and quoted replies left out.

One pass over the text with a bounded look-ahead, so that hostile HTML costs linear time. The libraries at hand do
not: selectolax 1.0 needs 130 s for 1 MB of nested `<div>`, and `html.parser` of Python 3.11.7 is quadratic on
unfinished comments and tags (CVE-2025-6069).
"""

import re
from dataclasses import dataclass, replace
from html import unescape

from connectors.email.css import BLACK, INHERITED, WHITE, look, same, sheet

TAG_CHARACTERS = 4_000
OPEN_TAGS = 500
SEARCHED_TAGS = 40

_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})((?:[^>"']|"[^"]*+"|'[^']*+')*+)>""")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:_-]{0,40})")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]{1,40})\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_SPACE = re.compile(r"\s+")
_STYLED = re.compile(r"style|class|color|hidden|background|\bid\b|\btype\b", re.IGNORECASE)

_VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
))  # fmt: skip
_RAW = frozenset((
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "template",
))  # fmt: skip
_BLOCK = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
_CELL = frozenset(("td", "th"))
_CLOSES_ITSELF = frozenset(("p", "li", "td", "th", "tr", "dt", "dd", "option"))

# Where mail programs put the mail being answered, and the signature.
_QUOTE = frozenset((
    "gmail_quote", "gmail_quote_container", "gmail_signature", "gmail_extra", "yahoo_quoted", "yahoo-quoted",
    "moz-cite-prefix", "moz-signature", "protonmail_quote", "tutanota_quote", "zmail_extra", "outlookmessageheader",
    "ms-outlook-mobile-reference-message", "ms-outlook-mobile-signature", "applemailsignature", "signature",
    "mail-quote", "mailquote", "qt",
))  # fmt: skip
_QUOTE_FOLLOWS = frozenset(("divrplyfwdmsg", "appendonsend", "x_divrplyfwdmsg", "x_appendonsend"))


@dataclass(frozen=True, slots=True)
class _State:
    """What an open element hands down to what stands in it. A colour of None is unknown and hides nothing."""

    hidden: bool = False
    unseen: bool = False
    tiny: bool = False
    quoted: bool = False
    color: tuple[int, int, int] | None = BLACK
    background: tuple[int, int, int] | None = WHITE

    @property
    def invisible(self) -> bool:
        return self.hidden or self.unseen or self.tiny or same(self.color, self.background)


class _Reader:
    def __init__(self, room: int) -> None:
        self.seen: list[str] = []
        self.all: list[str] = []
        self.found_hidden = False
        self.rules: dict[str, str] = {}
        self.stack: list[tuple[str, _State]] = []
        self.state = _State()
        self.rest_is_quoted = False
        self.room = room

    def read(self, html: str) -> None:
        at, end = 0, len(html)
        while at < end and self.room > 0:
            opened = html.find("<", at)
            if opened < 0:
                self.text(html[at:])
                return
            if opened > at:
                self.text(html[at:opened])
            at = self.markup(html, opened)

    def markup(self, html: str, at: int) -> int:
        """Handle the markup that begins at `at`; where the text goes on."""
        if html.startswith("<!--", at):
            closed = html.find("-->", at + 2)
            return closed + 3 if closed >= 0 else len(html)
        if html.startswith(("<!", "<?"), at):
            closed = html.find(">", at)
            return closed + 1 if closed >= 0 else len(html)
        match = _TAG.match(html, at, at + TAG_CHARACTERS)
        if match:
            closing, name, attributes, after = bool(match[1]), match[2].lower(), match[3], match.end()
        else:
            named = _NAME.match(html, at)
            if not named and html[at + 1 : at + 2] != "/":
                self.text("<")
                return at + 1
            closed = html.find(">", at)
            if closed < 0 or not named:
                return closed + 1 if closed >= 0 else len(html)
            closing, name = html.startswith("</", at), named[1].lower()
            attributes, after = html[named.end() : min(closed, at + TAG_CHARACTERS)], closed + 1
        if closing:
            self.close(name)
            return after
        if name in _RAW:
            return self.raw(html, name, after)
        self.open(name, attributes)
        return after

    def raw(self, html: str, name: str, at: int) -> int:
        """Skip an element that holds no text for readers; learn from style sheets."""
        closed = html.find(f"</{name}", at)
        if closed < 0:
            closed = html.find(f"</{name.upper()}", at)
        if closed < 0:
            return len(html)
        if name == "style":
            self.rules |= sheet(html[at:closed])
        after = html.find(">", closed)
        return after + 1 if after >= 0 else len(html)

    def open(self, name: str, attributes: str) -> None:
        self.space(name)
        if name in _VOID:
            if name == "hr" or name == "br":
                return
            if "divrplyfwdmsg" in attributes.lower():
                self.rest_is_quoted = True
            return
        if name in _CLOSES_ITSELF and self.stack and self.stack[-1][0] == name:
            self.state = self.stack.pop()[1]
        if len(self.stack) >= OPEN_TAGS:
            return
        self.stack.append((name, self.state))
        if name == "a":
            self.state = replace(self.state, color=(0, 0, 238))
        if _STYLED.search(attributes):
            self.style(name, attributes)

    def style(self, name: str, attributes: str) -> None:
        """The state inside an element with these attributes."""
        given = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(attributes)}
        names = [*given.get("class", "").lower().split()[:20], given.get("id", "").lower()]
        styles = [self.rules.get("." + word) or self.rules.get("#" + word, "") for word in names] if self.rules else []
        if name == "font" and "color" in given:
            styles.append(f"color:{given['color']}")
        if "bgcolor" in given:
            styles.append(f"background-color:{given['bgcolor']}")
        if "background" in given:
            styles.append("background-image:url()")
        seen = look(";".join((*styles, given.get("style", ""))))
        if not _QUOTE_FOLLOWS.isdisjoint(names):
            self.rest_is_quoted = True
        cited = name == "blockquote" and given.get("type", "").lower() == "cite"
        state = self.state
        self.state = _State(
            hidden=state.hidden or seen.hides or "hidden" in given or "hidden" in attributes.lower().split(),
            unseen=state.unseen if seen.unseen is None else seen.unseen,
            tiny=state.tiny if seen.tiny is None else seen.tiny,
            quoted=state.quoted or cited or not _QUOTE.isdisjoint(names),
            color=state.color if seen.color == INHERITED else seen.color,
            background=state.background if seen.background == INHERITED else seen.background,
        )

    def close(self, name: str) -> None:
        if name in _BLOCK:
            self.space(name)
        for back in range(1, min(len(self.stack), SEARCHED_TAGS) + 1):
            if self.stack[-back][0] == name:
                self.state = self.stack[-back][1]
                del self.stack[-back:]
                return

    def space(self, name: str) -> None:
        if name in _BLOCK:
            self.seen.append("\n")
            self.all.append("\n")
        elif name in _CELL:
            self.seen.append(" ")
            self.all.append(" ")

    def text(self, raw: str) -> None:
        if "&" in raw:
            try:
                raw = unescape(raw)
            except ValueError:  # a character number of more digits than Python reads
                raw = raw.replace("&#", "")
        text = _SPACE.sub(" ", raw)
        if self.state.invisible:
            self.found_hidden = self.found_hidden or any(letter.isalnum() for letter in text)
            return
        self.all.append(text)
        self.room -= len(text)
        if not self.state.quoted and not self.rest_is_quoted:
            self.seen.append(text)


def html_to_text(html: str, room: int = 20_000) -> tuple[str, bool]:
    """HTML → text a reader sees, block elements on lines of their own; and whether hidden text was left out. Ends
    after about `room` characters of text.

    Replies quoted the way mail programs mark them are left out, unless nothing else is there.
    """
    reader = _Reader(room)
    reader.read(html)
    seen = "".join(reader.seen)
    return (seen if seen.strip() else "".join(reader.all)), reader.found_hidden
