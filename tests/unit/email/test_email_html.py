"""HTML to text: what a reader sees, and nothing else; in linear time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.html import html_to_text


def text(html: str) -> str:
    return " ".join(html_to_text(html)[0].split())


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hello</p><p>World</p>", "Hello World"),
        ("a &amp; b &lt;c&gt; &#8364; &nbsp;d", "a & b <c> € d"),
        ("<title>no</title><style>p{}</style><script>no</script>yes", "yes"),
        ("<SCRIPT>no</SCRIPT>yes", "yes"),
        ("a<br>b<br/>c", "a b c"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<a href=\"x>y\" title='a>b'>link</a>", "link"),
        ("<!-- no -->yes<!--[if mso]>no<![endif]-->", "yes"),
        ("yes<!-- never closed", "yes"),
        ("yes<div class='unclosed", "yes"),
        ("<td>a</td><td>b</td>", "a b"),
        ("<p>one<p style='display:none'>two<p>three", "one three"),
        ("&#99999999999999999999999;x", "\ufffdx"),
        ("&#" + "9" * 5_000 + ";x", "9" * 5_000 + ";x"),
    ],
)
def test_what_is_seen(html: str, expected: str) -> None:
    assert text(html) == expected


HIDING = {
    "display none": '<div style="display:none">X</div>',
    "important, spaces, capitals": '<DIV STYLE=" Display : NONE !important ">X</DIV>',
    "unquoted": "<div style=display:none>X</div>",
    "hidden attribute": "<div hidden>X</div>",
    "visibility": '<p style="visibility:hidden">X</p>',
    "font size": '<span style="font-size:0">X</span>',
    "one pixel": '<span style="font-size:1px">X</span>',
    "opacity": '<span style="opacity:0.01">X</span>',
    "height": '<div style="max-height:0px;overflow:hidden">X</div>',
    "off screen": '<div style="position:absolute;left:-9999px">X</div>',
    "indent": '<div style="text-indent:-5000px">X</div>',
    "white on white": '<span style="color:#fff">X</span>',
    "nearly white": '<span style="color:#fefefe">X</span>',
    "white by name": '<font color="white">X</font>',
    "rgb": '<span style="color:rgb(255, 255, 255)">X</span>',
    "black on black": '<div style="background:#000"><span style="color:#000">X</span></div>',
    "same as the cell": '<td bgcolor="#336699"><font color="#336699">X</font></td>',
    "transparent": '<span style="color:transparent">X</span>',
    "by class": "<style>.pre{display:none}</style><div class='pre x'>X</div>",
    "by id": "<style>/* c */ div#pre , p { font-size:0px }</style><div id=pre>X</div>",
    "nested": '<div style="display:none"><div><b>X</b></div></div>',
    "clip": '<div style="clip: rect(0, 0, 0, 0)">X</div>',
}


@pytest.mark.parametrize("html", HIDING.values(), ids=HIDING)
def test_hidden_text_is_left_out_and_told(html: str) -> None:
    assert html_to_text(f"<p>seen</p>{html}<p>also</p>")[1]
    assert text(f"<p>seen</p>{html}<p>also</p>") == "seen also"


@pytest.mark.parametrize(
    "html",
    [
        '<td style="background:#003366"><a style="color:#fff">X</a></td>',
        '<table bgcolor="black"><td><font color="white">X</font></td></table>',
        "<style>.btn{background-color:#c00;color:#fff}</style><a class=btn>X</a>",
        '<td background="photo.jpg" style="color:#fff">X</td>',
        '<div style="background-image:url(x.png);color:white">X</div>',
        '<td style="font-size:0"><span style="font-size:14px">X</span></td>',
        '<div style="visibility:hidden"><b style="visibility:visible">X</b></div>',
        "<style>@media (max-width:600px){.wide{display:none}}</style><div class=wide>X</div>",
        '<div style="height:0">X</div>',
        '<p style="opacity:1">X</p>',
    ],
)
def test_honest_design_is_not_called_hidden(html: str) -> None:
    assert html_to_text(html) == (html_to_text(html)[0], False)
    assert text(html) == "X"


def test_an_empty_hidden_element_hides_nothing() -> None:
    assert not html_to_text('<div style="display:none">&nbsp;&zwnj;</div>x')[1]
    assert not html_to_text('<img style="display:none">x')[1]


@pytest.mark.parametrize(
    "html",
    [
        '<div>Answer</div><div class="gmail_quote">On Monday Ann wrote:<blockquote>old</blockquote></div>',
        '<p>Answer</p><blockquote type="cite">old</blockquote>',
        '<p>Answer</p><div id="divRplyFwdMsg">From: Ann</div><p>old</p>',
        '<p>Answer</p><hr><div id="appendonsend"></div><p>old</p>',
        '<p>Answer</p><div class="moz-cite-prefix">Ann:</div><blockquote type=cite>old</blockquote>',
        '<p>Answer</p><div class="yahoo_quoted">old</div>',
        '<p>Answer</p><div class="gmail_signature">Ann Lee, Director</div>',
    ],
)
def test_quoted_mails_are_left_out(html: str) -> None:
    assert text(html) == "Answer"


def test_a_mail_that_only_quotes_is_shown() -> None:
    assert text('<div class="gmail_quote">Forwarded: old</div>') == "Forwarded: old"


BOMBS = {
    "nested divs": "<div>" * 200_000,
    "unclosed comments": "<!--" * 250_000,
    "quotes": "<a '\"" * 200_000,
    "open tags": "<" * 1_000_000,
    "wrong ends": "<b>" * 600 + "</i>" * 250_000,
    "attributes": "<p " + "a=b " * 250_000 + ">",
    "styles": "<style>" + ".a{" * 300_000,
    "style comments": "<style>" + "/*" * 400_000 + "</style>x",
    "declarations": '<p style="' + "a:b;" * 250_000 + '">',
    "entities": "&" * 1_000_000,
    "raw elements": "<script>" * 120_000,
    "half tags": "<a b=" * 200_000,
}


@pytest.mark.parametrize("html", BOMBS.values(), ids=BOMBS)
def test_a_megabyte_made_to_be_slow_is_not(html: str) -> None:
    began = time.process_time()
    html_to_text(html)
    assert time.process_time() - began < 6.0  # quadratic time would be minutes


@given(st.text(alphabet=st.sampled_from("<>/!-=\"'& abdivspnstyle{};:#.0f"), max_size=300))
def test_nothing_is_ever_raised(html: str) -> None:
    seen, _ = html_to_text(html)
    assert len(seen) <= len(html) + html.count("<") + html.count("&") * 10
