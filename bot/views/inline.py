"""Words and code of a model's Markdown, with everything that a client would follow, obey or hide made visible.

Slack's `markdown` block takes standard Markdown and links bare addresses by itself, and has no escape that all clients
agree on. So a character that means something is drawn by one that looks the same, as in `bot.views.text`: whatever a
client takes for a link, there is no address left in it.
"""

import re

from bot.views.text import plain

_STANDINS = {
    ":": "\ua789",
    ".": "\u2024",
    "`": "\u02cb",
    "<": "\uff1c",
    ">": "\uff1e",
    "&": "\uff06",
    "@": "\uff20",
    "#": "\uff03",
    "*": "\u2217",
    "_": "\u02cd",
    "~": "\u223c",
    "|": "\u2223",
    "[": "\uff3b",
    "]": "\uff3d",
    "\\": "\uff3c",
}
_CONTROL = r"<(?=@[A-Z0-9]|#[A-Z0-9]|!(?:here|channel|everyone|subteam|date)\b|\w+://|mailto:|tel:)"
"""Slack's own `<…>`, which some of its clients obey in code as well."""
_OBEYED = re.compile(
    r":(?=[^\s|-])(?!(?<=\d:)\d)|:(?=[_+'-]*[a-z0-9][a-z0-9_+'-]*:)"  # an address, an emoji; no hour, no table
    r"|(?:(?<=[^\W_])|^)\.(?=[^\W\d_])"  # the dots of a domain
    r"|<(?![\s\d=])|&(?=#?\w+;)"  # HTML and Slack's `<…>`, and entities that would become them
    r"|(?<![^\W_])@(?=\w)|#(?=[CDG][A-Z0-9]{6,})"  # mentions and channels
)
_JOINED = re.compile("[:.<&@#]")
_FORMATS = re.compile(r"[*~`|\[\]\\&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\A[#>]")
_IN_CODE = re.compile(rf":(?=//)|(?<=www)\.|(?:(?<=mailto)|(?<=tel)):(?=\S)|\](?=\([^()\s]*[/:])|{_CONTROL}|`")
_IN_CODE_BLOCK = re.compile(rf"`(?=``)|(?<=``)`|(?<=`)`(?=`)|{_CONTROL}")
_ADDRESS = re.compile(r"<?(https?://[^\s<>|`\\\[\]\"^{}]+)", re.IGNORECASE)
_FOLLOWABLE = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?([/?#][!#-;=?-Z_a-z~]*)?", re.IGNORECASE)
_TRAILING = ".,;:!?'*_~)"


def word(text: str, after: str, typed: frozenset[str]) -> str:
    """A run of characters without spaces, brackets, backticks and backslashes. `after`: the character behind it,
    empty at the end. An address that is exactly one of `typed` is a link; no other is."""
    for found in _ADDRESS.finditer(text) if typed else ():
        url = found[1]
        while url not in typed and url[-1:] and url[-1] in _TRAILING:
            url = url[:-1]
        if _may_follow(url, typed):
            end = found.start(1) + len(url)
            wrapped = found[0][0] == "<" and text[end : end + 1] == ">"
            before = text[: found.start() if wrapped else found.start(1)]
            return _shown(before, "<") + f"<{url}>" + word(text[end + wrapped :], after, typed)
    return _shown(text, after)


def target(text: str, typed: frozenset[str]) -> str:
    """What a link leads to, on one line: a link where the person typed exactly that, else no more than letters."""
    text = " ".join(text.split())
    bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    return f"<{bare}>" if _may_follow(bare, typed) else literal(text)


def literal(text: str, limit: int | None = None) -> str:
    """One line of outside text with no markup left in it, at most `limit` long."""
    return _FORMATS.sub(_standin, _OBEYED.sub(_standin, plain(text, limit)))


def code(text: str) -> str:
    """A code span. Some clients divide a table's row before they look for code: no address is left in it."""
    shown = plain(text)
    if "|" in shown:
        shown = _OBEYED.sub(_standin, shown)
    shown = _IN_CODE.sub(_standin, shown)
    return f"`{shown} `" if shown.endswith("\\") else f"`{shown}`"


def code_line(text: str) -> str:
    """A line of a code block, as it is: only what could end the block, and Slack's own `<…>`, is drawn by others."""
    return _IN_CODE_BLOCK.sub(_standin, "\t".join(map(plain, text.split("\t"))))


def escaped(char: str) -> str:
    """A character that stood behind a backslash: never what it would be without one."""
    return _STANDINS[char] if char in ":.`<&@[]" else f"\\{char}"


def backticks(run: str) -> str:
    """Backticks that begin no code."""
    return _STANDINS["`"] * len(run)


def bracket(after: str) -> str:
    """A closing bracket, which makes no link with what stands `after` it."""
    return "] " if after and after in "([!\\" else "]"


def colon() -> str:
    """The colon of a link's definition, which defines nothing."""
    return _STANDINS[":"]


def _may_follow(url: str, typed: frozenset[str]) -> bool:
    return url in typed and _FOLLOWABLE.fullmatch(url) is not None


def _shown(text: str, after: str) -> str:
    shown = plain(text)
    if after and after in "[!":  # whose words follow without a bracket between, if that is a link
        return _JOINED.sub(_standin, shown)
    return _OBEYED.sub(_standin, shown + after)[: len(shown)]  # each stands for one


def _standin(match: re.Match[str]) -> str:
    return _STANDINS[match[0]]
