"""As much of CSS as it takes to tell whether a mail hides text from its reader."""

import re
from dataclasses import dataclass
from functools import lru_cache

Color = tuple[int, int, int]

WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)
INHERITED: Color = (-1, -1, -1)
"""Not a colour: that of the element around."""

_NAMED: dict[str, Color] = {"white": WHITE, "black": BLACK, "snow": (255, 250, 250), "ivory": (255, 255, 240)}
_NAMED |= {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 128, 0), "gray": (128, 128, 128)}
_KEEPS = frozenset(("inherit", "initial", "unset", "currentcolor", "transparent", "none", ""))

SHEET_CHARACTERS = 40_000
RULES = 500
RULE_CHARACTERS = 2_000
DECLARATIONS = 40

_COMMENT = re.compile(r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/")
_SELECTOR = re.compile(r"(?:[a-z0-9]{1,20})?([.#][a-z0-9_-]{1,80})")
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b")
_RGB = re.compile(r"rgba?\(\s{0,5}(\d{1,3})[\s,]{1,5}(\d{1,3})[\s,]{1,5}(\d{1,3})(?:[\s,/]{1,5}([\d.]{1,8}))?")
_LENGTH = re.compile(r"(-?[\d.]{1,8})\s{0,3}([a-z%]{0,4})")
_PIXELS = {"": 1.0, "px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "ex": 8.0, "%": 0.16, "vw": 10.0, "vh": 10.0}


@dataclass(frozen=True, slots=True)
class Look:
    """What a style does to the visibility of an element's text; None where it says nothing."""

    hides: bool = False
    unseen: bool | None = None
    tiny: bool | None = None
    color: Color | None = INHERITED
    background: Color | None = INHERITED


@lru_cache(maxsize=1_024)
def look(style: str) -> Look:
    """The look of declarations `a: b; c: d`, the last of a name winning. Mails repeat their styles: it is cached."""
    found = _declarations(style)
    unseen = found["visibility"] in ("hidden", "collapse") if "visibility" in found else None
    text_color = found.get("color", "")
    background = found.get("background-color") or found.get("background", "")
    if "background-image" in found or "url(" in background or "gradient" in background:
        background = "unknown"
    return Look(
        hides=_hides(found),
        unseen=True if _transparent(text_color) else unseen,
        tiny=_tiny(found["font-size"]) if "font-size" in found else None,
        color=color(text_color),
        background=color(background),
    )


def _declarations(style: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for declaration in style.lower().split(";")[:DECLARATIONS]:
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip()] = value.replace("!important", "").strip()
    return found


def sheet(css: str) -> dict[str, str]:
    """The rules of a style sheet for one class or id: `.name` or `#name` → its declarations. What stands in `@media`
    holds for some readers only and is passed over."""
    css = _COMMENT.sub("", css[:SHEET_CHARACTERS].lower())
    rules: dict[str, str] = {}
    at = 0
    for _ in range(RULES):
        opened = css.find("{", at)
        if opened < 0:
            break
        selectors = css[at:opened].replace("<!--", "").strip()
        if selectors.startswith("@"):
            at = _block_end(css, opened)
            continue
        closed = css.find("}", opened)
        if closed < 0:
            break
        for selector in selectors.split(",")[:DECLARATIONS]:
            name = _SELECTOR.fullmatch(selector.strip())
            if name:
                rules[name[1]] = f"{rules.get(name[1], '')};{css[opened + 1 : closed]}"[-RULE_CHARACTERS:]
        at = closed + 1
    return rules


def _block_end(css: str, at: int) -> int:
    depth = 0
    for brace in re.finditer(r"[{}]", css[at:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return at + brace.end()
    return len(css)


def _pixels(value: str) -> float | None:
    """A length in pixels, roughly; None when it is none."""
    match = _LENGTH.match(value)
    if not match or match[2] not in _PIXELS:
        return None
    try:
        return float(match[1]) * _PIXELS[match[2]]
    except ValueError:
        return None


def _tiny(size: str) -> bool:
    """Whether a font size is too small to be read."""
    length = _pixels(size)
    return length is not None and length < 2


def _hides(style: dict[str, str]) -> bool:
    """Whether an element so styled, and all in it, is not seen."""
    if style.get("display") == "none":
        return True
    opacity = _pixels(style.get("opacity", ""))
    if opacity is not None and opacity < 0.1:
        return True
    if style.get("overflow") == "hidden":
        for name in ("max-height", "height", "max-width", "width"):
            length = _pixels(style.get(name, ""))
            if length is not None and length < 2:
                return True
    if any((_pixels(style.get(name, "")) or 0) <= -500 for name in ("text-indent", "left", "top", "margin-left")):
        return True
    return style.get("clip", "").replace(" ", "").startswith(("rect(0,0,0", "rect(1px,1px,1px", "rect(0000"))


def color(value: str) -> Color | None:
    """A colour's red, green and blue; INHERITED when none is given; None when it cannot be told."""
    if value in _KEEPS:
        return INHERITED
    match = _HEX.search(value)
    if match:
        digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    match = _RGB.search(value)
    if match:
        return int(match[1]), int(match[2]), int(match[3])
    return next((_NAMED[word] for word in value.split()[:10] if word in _NAMED), None)


def _transparent(value: str) -> bool:
    """Whether text of that colour is not seen at all."""
    match = _RGB.search(value)
    return value == "transparent" or bool(match and match[4] and match[4].strip("0.") == "")


def same(one: Color | None, other: Color | None) -> bool:
    """Whether two known colours cannot be told apart by eye."""
    if one is None or other is None:
        return False
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 12
