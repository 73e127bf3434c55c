"""The grammar of `rich_text`: a block of sections, lists, quotes and preformatted text, made of inline elements.

Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. Slack takes empty lists of elements.
"""

from bot.workspace.blocks.composition import IDENTIFIER
from bot.workspace.blocks.rules import (
    Rule,
    Variant,
    array,
    boolean,
    enum,
    integer,
    matching,
    one_of,
    record,
    string,
    url,
    variant,
)

# Slack documents the flags per element inconsistently and takes all of them on each.
_FLAGS = ("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink")
_STYLE = record({}, {flag: boolean for flag in _FLAGS})
_BORDER = enum(0, 1)
_WHOLE = integer(0, 1 << 53)


def _inline(name: str, required: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Variant:
    return variant(name, required, {"style": _STYLE, **(optional or {})})


_INLINE = one_of(
    _inline("text", {"text": string()}),
    _inline("link", {"url": url()}, {"text": string(least=0), "unsafe": boolean}),
    _inline("user", {"user_id": string()}),
    _inline("usergroup", {"usergroup_id": string()}),
    _inline("team", {"team_id": string()}),
    _inline("channel", {"channel_id": string()}),
    _inline("emoji", {"name": string()}, {"unicode": string(), "url": url(), "skin_tone": integer(1, 6)}),
    _inline("broadcast", {"range": enum("here", "channel", "everyone")}),
    _inline("color", {"value": matching(r"#?[0-9A-Fa-f]{3,8}", "must be a valid color")}),
    _inline("date", {"timestamp": _WHOLE, "format": string()}, {"url": url(), "fallback": string(least=0)}),
)

_SECTION = variant("rich_text_section", {"elements": array(_INLINE)})
_QUOTE = variant("rich_text_quote", {"elements": array(_INLINE)}, {"border": _BORDER})
_PREFORMATTED = variant(
    "rich_text_preformatted", {"elements": array(_INLINE)}, {"border": _BORDER, "language": string()}
)
_LIST = variant(
    "rich_text_list",
    {"style": enum("bullet", "ordered"), "elements": array(one_of(_SECTION))},
    {"indent": _WHOLE, "offset": _WHOLE, "border": _BORDER},
)

RICH_TEXT = variant(
    "rich_text", {"elements": array(one_of(_SECTION, _LIST, _QUOTE, _PREFORMATTED))}, {"block_id": IDENTIFIER}
)
