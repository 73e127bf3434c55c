"""The text of a sample mail as MIME parts: plain, HTML, both, in the charset and transfer encoding the script names.

Bodies are written plainly. In HTML a line `# …` is a heading, `* …` a list item, `**words**` bold and
`[words](address)` a link; the plain form keeps the words and shows the address.
"""

import base64
import html
import quopri
import re
from email.message import Message
from email.mime.multipart import MIMEMultipart

from bot.demo.sample_mail.script import Mail, Sender

_LINK = re.compile(r"\[([^\]]+)\]\((\S+?)\)")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_ITEM = re.compile(r"^\* ", re.MULTILINE)

_PAGE = """<!DOCTYPE html>
<html><head><meta charset="{charset}"><meta name="viewport" content="width=device-width">
<style>body{{font-family:Helvetica,Arial,sans-serif;color:#222}} a{{color:{colour}}}
.foot{{color:#888;font-size:12px}}</style>
</head><body style="margin:0;background:#f4f4f2">{preheader}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="600" style="background:#fff;padding:24px"><tr>
<td style="border-bottom:3px solid {colour};font-size:20px;font-weight:bold;padding-bottom:8px">{name}</td></tr>
<tr><td style="font-size:15px;line-height:1.5">
{content}
</td></tr></table>
</td></tr></table>{hidden}{pixel}
</body></html>
"""
_PREHEADER = (
    '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{}' + "&#847;&zwnj;&nbsp;" * 12 + "</div>"
)
_HIDDEN = '<div style="font-size:0;color:#ffffff;line-height:0">{}</div>'
_PIXEL = '<img src="https://track.{domain}/open/{number}.gif" width="1" height="1" alt="">'


def text_part(text: str, subtype: str, charset: str = "", encoding: str = "") -> Message:
    """A text part in the named charset and transfer encoding, or in what a usual mail client would choose."""
    charset = charset or ("us-ascii" if text.isascii() else "utf-8")
    raw = text.encode(charset)
    encoding = encoding or _usual_encoding(text, raw)
    part = Message()
    part["Content-Type"] = f'text/{subtype}; charset="{charset}"'
    part["Content-Transfer-Encoding"] = encoding
    if encoding == "base64":
        raw = base64.encodebytes(raw)
    elif encoding == "quoted-printable":
        raw = quopri.encodestring(raw)
    part.set_payload(raw.decode("ascii", "surrogateescape"))
    return part


def _usual_encoding(text: str, raw: bytes) -> str:
    if text.isascii() and all(len(line) < 900 for line in raw.splitlines()):
        return "7bit"
    return "base64" if sum(not letter.isascii() for letter in text) * 4 > len(text) else "quoted-printable"


def body_part(mail: Mail, sender: Sender, text: str) -> Message:
    """The readable part of a mail in the form its script asks for, else in the form usual for its sender's kind."""
    form = mail.directives.get("form") or ("both" if sender.kind in {"newsletter", "service"} else "text")
    charset, encoding = mail.directives.get("charset", ""), mail.directives.get("encoding", "")
    if form == "text":
        return text_part(plain(text), "plain", charset, encoding)
    page = text_part(page_of(mail, sender, text), "html", charset, encoding)
    if form == "html":
        return page
    both = MIMEMultipart("alternative", boundary=boundary(mail, "alt"))
    both.attach(text_part(plain(text), "plain", charset, encoding))
    both.attach(page)
    return both


def boundary(mail: Mail, part: str) -> str:
    """A boundary that is the same at every filling."""
    return f"=_{part}_{mail.number:04d}_{mail.day:03d}{mail.at:%H%M}"


def plain(text: str) -> str:
    """The plain form of a script's text."""
    return _ITEM.sub("- ", _BOLD.sub(r"\1", _LINK.sub(r"\1: \2", text)))


def page_of(mail: Mail, sender: Sender, text: str) -> str:
    """The HTML form of a script's text, with preheader, hidden text and tracking pixel where they belong."""
    preheader, hidden = mail.directives.get("preheader", ""), mail.directives.get("hidden", "")
    return _PAGE.format(
        charset=mail.directives.get("charset", "utf-8"),
        colour=sender.colour,
        name=html.escape(sender.name),
        content="\n".join(_block(block) for block in text.strip().split("\n\n")),
        preheader=_PREHEADER.format(html.escape(preheader)) if preheader else "",
        hidden=_HIDDEN.format(html.escape(hidden)) if hidden else "",
        pixel=_PIXEL.format(domain=sender.domain, number=mail.number) if sender.kind == "newsletter" else "",
    )


def _block(block: str) -> str:
    if block.startswith("# "):
        heading, _, rest = block.partition("\n")
        return f"<h2>{_inline(heading[2:])}</h2>" + (f"\n{_block(rest)}" if rest else "")
    if block.startswith("* "):
        items = "".join(f"<li>{_inline(item)}</li>" for item in _ITEM.split(block) if item)
        return f"<ul>{items}</ul>"
    if block.startswith("-- \n"):
        return f'<p class="foot">{_inline(block[4:])}</p>'
    return f"<p>{_inline(block)}</p>"


def _inline(text: str) -> str:
    linked = _LINK.sub(r'<a href="\2">\1</a>', html.escape(text, quote=False))
    return _BOLD.sub(r"<b>\1</b>", linked).replace("\n", "<br>\n")
