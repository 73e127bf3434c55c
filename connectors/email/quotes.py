"""The newest part of a mail's text: quoted older mails, signatures and list footers taken out.

Line by line and with plain string tests on cut lines: no pattern here can be made slow.
"""

LINE_CHARACTERS = 300
"""Only so much of a line is looked at when it is judged."""

# How mail programs end the line that introduces a quotation ("On Monday, Ann wrote:").
_WROTE = (
    " wrote:", " writes:", " schrieb:", " a écrit :", " a écrit:", " escribió:", " ha scritto:", " schreef:",
    " skrev:", " escreveu:", " napisał:", " napisała:", " pisze:", " пишет:", " написал:", " napsal:", " kirjoitti:",
    " yazdı:", "写道:", "写道：", "寫道:", "寫道：", "のメール:", "書きました:", "님이 작성:", " viết:", "wrote :",
)  # fmt: skip
_WROTE_STARTS = (
    "On ", "Am ", "Le ", "El ", "Il ", "Op ", "Den ", "Em ", "W dniu ", "Dne ", "在", "于", "於", "At ", "Il giorno ",
    "20", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
)  # fmt: skip
_SCHRIEB = ("Am ", " schrieb ")

# Lines that begin an older mail quoted whole, as Outlook and its kin do.
_ORIGINAL = (
    "original message", "ursprüngliche nachricht", "message d'origine", "message original", "mensaje original",
    "messaggio originale", "mensagem original", "oorspronkelijk bericht", "originalmeddelande", "reply message",
    "forwarded message", "weitergeleitete nachricht", "original appointment", "原始邮件", "原始郵件", "原邮件",
    "轉寄的郵件", "转发邮件", "元のメッセージ", "reply above this line",
)  # fmt: skip
_FROM = (
    "from:", "von:", "de:", "de :", "da:", "van:", "från:", "od:", "发件人:", "发件人：", "寄件者:", "寄件者：",
    "差出人:",
)  # fmt: skip
_SENT = (
    "sent:", "date:", "gesendet:", "datum:", "envoyé:", "envoyé :", "date :", "enviado:", "enviado el:", "fecha:",
    "inviato:", "data:", "verzonden:", "skickat:", "发送时间:", "发送时间：", "日期:", "日期：", "寄件日期:",
    "寄件日期：", "傳送時間:", "送信日時:", "to:", "an:", "à :", "para:", "subject:", "betreff:",
)  # fmt: skip
_SIGNED = (
    "sent from my ", "get outlook for ", "von meinem iphone", "gesendet mit ", "gesendet von meinem", "envoyé de mon",
    "envoyé depuis mon", "enviado desde mi", "inviato da ", "sent via ", "sent from mail for", "sent from yahoo",
    "发自我的", "從我的", "从我的", "傳送自", "iphoneから送信",
)  # fmt: skip
_LIST_FOOTER = (
    "mailing list",
    "to unsubscribe from this group",
    "you received this message because you are subscribed",
)


def newest(text: str) -> str:
    """The text without quoted mails and signature. When nothing would be left (a bare forward), the text with the
    quotation marks taken off."""
    lines = text.split("\n")
    answered = _last_answered(lines)
    kept = lines[: _quoted_mail(lines, answered)]
    if answered >= 0:
        kept = _without_attributions(kept)
    kept = [line for line in kept if not line.lstrip().startswith((">", "|>"))]
    kept = kept[: _signature(kept)]
    found = _tidy(kept)
    if any(character.isalnum() for character in found):
        return found
    return _tidy([line.lstrip("> ") for line in lines])


def _quoted_mail(lines: list[str], answered: int) -> int:
    """The number of lines before an older mail that is quoted whole. What is quoted up to line `answered` has answers
    of the person's own below it."""
    for number, line in enumerate(lines):
        stripped = line[:LINE_CHARACTERS].strip().strip("*")
        if not stripped:
            continue
        lower = stripped.lower()
        if lower.startswith(("---", "-- ", "_____", "====", "####")):
            bare = lower.strip("-_=# ")
            if bare.startswith(_ORIGINAL):
                return number
            if not bare and len(lower) >= 10 and _header_block(lines, number + 1):
                return number
        if lower.startswith(_ORIGINAL) and lower.rstrip(" -_").endswith(_ORIGINAL) and _header_block(lines, number + 1):
            return number
        if lower.startswith(_FROM) and _header_block(lines, number):
            return number
        if number > answered and _introduces(lines, number):
            return number
    return len(lines)


def _header_block(lines: list[str], start: int) -> bool:
    """Whether the header lines of a quoted mail begin within the next lines: From and, soon after, Sent or To."""
    window = [line[:LINE_CHARACTERS].strip(" *>\t").lower() for line in lines[start : start + 8]]
    window = [line for line in window if line][:5]
    return any(line.startswith(_FROM) for line in window[:2]) and sum(line.startswith(_SENT) for line in window) >= 1


def _introduces(lines: list[str], number: int) -> bool:
    """Whether a quotation is introduced here, on one line or broken over two or three."""
    line = lines[number][:LINE_CHARACTERS].strip()
    if line.startswith(">"):
        return False
    ends = line[-1:] in (":", "：")
    if ends and line.endswith(_WROTE):
        return line.startswith(_WROTE_STARTS) or "@" in line or ">" in line or _next_quoted(lines, number + 1)
    if ends and line.startswith(_SCHRIEB[0]) and _SCHRIEB[1] in line:
        return True
    if len(line) < 8 or not (line.startswith(_WROTE_STARTS) or line[0].isdigit()):
        return False
    joined = line
    for more in lines[number + 1 : number + 3]:
        joined += " " + more[:LINE_CHARACTERS].strip("> ")
        if joined.endswith(_WROTE):
            return any(character.isdigit() for character in joined) or "@" in joined
    return False


def _next_quoted(lines: list[str], start: int) -> bool:
    following = next((line.lstrip() for line in lines[start : start + 4] if line.strip()), "")
    return following.startswith(">")


def _last_answered(lines: list[str]) -> int:
    """The last quoted line that has a line of the person's own after it; -1 when there is none."""
    own = False
    for number in range(len(lines) - 1, -1, -1):
        stripped = lines[number].strip()
        if stripped.startswith(">"):
            if own:
                return number
        elif stripped and not stripped.startswith(("--", "__")):
            own = True
    return -1


def _without_attributions(lines: list[str]) -> list[str]:
    """Lines without those that introduce a quotation answered in between."""
    kept: list[str] = []
    skip = 0
    for number, line in enumerate(lines):
        if skip:
            skip -= 1
        elif line.strip() and _introduces(lines, number):
            ends = (
                more for more in range(3) if lines[number + more : number + more + 1] and _wrote(lines[number + more])
            )
            skip = next(ends, 0)
        else:
            kept.append(line)
    return kept


def _wrote(line: str) -> bool:
    return (" " + line[:LINE_CHARACTERS].strip()).endswith(_WROTE)


def _signature(lines: list[str]) -> int:
    """The number of lines before a signature or a list's footer."""
    for number, line in enumerate(lines):
        if line in ("-- ", "--", "--\u00a0") or line.strip() == "—":
            return number
        lower = line[:LINE_CHARACTERS].strip().lower()
        if lower.startswith(_SIGNED) and len(lower) < 100:
            return number
        if lower.startswith("____") and any(
            words in following.lower() for following in lines[number + 1 : number + 3] for words in _LIST_FOOTER
        ):
            return number
    return len(lines)


def _tidy(lines: list[str]) -> str:
    """Lines without spaces at their ends, and at most one blank line in a row."""
    kept: list[str] = []
    for line in lines:
        stripped = line.strip()
        if stripped or (kept and kept[-1]):
            kept.append(stripped)
    return "\n".join(kept).strip()
