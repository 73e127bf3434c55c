"""Mail written to many, or by a machine: newsletter or notification?"""

import re

from bot.agents.triage.signals import Signals
from bot.agents.triage.verdict import Bucket
from bot.contracts.mail import Mail

_NEWS = re.compile(
    r"\b(?:newsletters?|digest|weekly|monthly|roundup|round-up|edition|issue (?:no\.? ?)?#?\d+|vol(?:ume)?\.? ?\d+|"
    r"this week|this month|week in|highlights|what's new|new in|sale|% off|\d+% |offers?|deals?|discount|webinar|"
    r"early bird|last chance|introducing|announcing|save|free|tips|trends|stories|briefing|bulletin|picks|top \d+|"
    r"how to|\d+ (?:ways|things|tips|reasons)|black friday|cyber monday|collection|rundbrief|angebote?|lettre|"
    r"promotions?|soldes)\b"
    "|电子报|電子報|周刊|週刊|月刊|周报|週報|快讯|快訊|精选|精選|优惠|優惠|折扣|特卖|特賣|订阅|訂閱|双11|雙11|双十一|限时|限時|新品"
)
_NOTICE = re.compile(
    r"\b(?:receipt|invoice|order|shipped|delivered|delivery|dispatched|out for delivery|alert|warning|critical|"
    r"resolved|firing|incident|failed|failure|passed|succeeded|build|deploy(?:ed|ment)?|pipeline|security|sign[- ]?in|"
    r"login|log-in|password|verification|code|reminder|statement|backup|commented|mentioned|assigned|merged|opened|"
    r"closed|ticket|pull request|pr|issue|renew(?:s|al|ed)?|subscription|payment|paid|charged|refund|booking|"
    r"reservation|check-in|itinerary|confirmed|confirmation|expir\w+|usage|storage|quota|report|scheduled|maintenance|"
    r"outage|downtime|uptime|completed|finished|new device|shared|invited you|joined|wants to connect|connections?|"
    r"profile|followers?|liked|reacted|congratulate|viewed|replied|posted|message from|signed|approved|submitted|"
    r"received|status|tracking|parcel|package|account|rechnung|bestellung|lieferung|zahlung|buchung|commande|facture|"
    r"livraison|paiement)\b"
    "|订单|訂單|发货|發貨|出貨|快递|快遞|账单|帳單|对账单|對帳單|验证码|驗證碼|提醒|通知|告警|警报|警報|成功|失败|失敗"
    "|已送达|已送達|物流|发票|發票|入账|入帳|扣款|续费|續費"
)
_FOOTER = re.compile(
    r"\b(?:unsubscribe|view (?:this (?:email|message) )?(?:in|online|it in)|you(?:'re| are) receiving this|"
    r"manage (?:your )?(?:preferences|subscription)|email preferences|opt[- ]out|no longer wish|abmelden|abbestellen|"
    r"désabonner|désinscrire)\b"
    "|退订|退訂|取消订阅|取消訂閱"
)
_IN_FOOTERS = (
    "subscri", "view ", "receiving this", "preferences", "opt-out", "opt out", "no longer wish", "abmelden",
    "abbestellen",
)  # fmt: skip
_AUTOMATIC = re.compile(
    r"\b(?:automatically generated|automated (?:message|email|notification)|auto-generated|do not reply|"
    r"don't reply to this|this is an automat\w+|please do not respond)\b"
    "|自动发送|自動發送|系统邮件|系統郵件|请勿回复|請勿回覆|請勿直接回"
)
_IN_AUTOMATIC = ("automat", "auto-generated", "not re", "don't reply")
_TAGGED = re.compile(r"^\s*(?:re:\s*)?\[[^\]]{1,60}\]|#\d{2,}|\b[A-Z]{2,6}-\d{1,6}\b")


def points(mail: Mail, seen: Signals) -> tuple[float, float]:
    """How much speaks for a newsletter, and how much for a notification."""
    headers, subject = mail.headers, mail.subject[:300].lower()
    news = 0.9 * ("list-unsubscribe" in headers) + 0.5 * seen.one_click + 0.8 * (seen.precedence == "bulk")
    news += 0.6 * ("feedback-id" in headers) + 1.8 * seen.editorial + 0.4 * mail.html_only
    notice = (
        2.5 * seen.automatic + 1.8 * seen.machine + 0.7 * seen.no_reply + 0.8 * bool(_TAGGED.search(mail.subject[:300]))
    )
    if "list-id" in headers and not seen.automatic and not seen.machine:
        news += 0.8
    end = mail.text[-500:].lower()
    news += 0.8 * _holds(_FOOTER, _IN_FOOTERS, end)
    if news or notice:
        news += 1.2 * min(2, len(_NEWS.findall(subject)))
        notice += 1.2 * min(2, len(_NOTICE.findall(subject))) + 1.2 * _holds(_AUTOMATIC, _IN_AUTOMATIC, end)
    return news, notice


def _holds(pattern: re.Pattern[str], hints: tuple[str, ...], text: str) -> bool:
    """Whether the pattern is found. In ASCII it cannot be without one of the hints, which are looked for first: that
    takes a tenth of the time."""
    return (not text.isascii() or any(map(text.__contains__, hints))) and pattern.search(text) is not None


def is_bulk(mail: Mail, seen: Signals, news: float, notice: float) -> bool:
    """Whether nobody wrote this mail to the person alone."""
    if seen.discussion:
        return False
    if seen.bulk or seen.automatic or seen.no_reply:
        return True
    if seen.known.corresponds:
        return False
    return (seen.machine and notice >= 3.0) or (seen.editorial and news >= 3.0) or news >= 3.2


_ANSWERING = re.compile(
    r"^\s*(?:(?:automatic|auto)[- ]?(?:reply|response)|out of (?:the )?office|ooo\b|undeliver\w+|"
    r"delivery status notification|mail delivery (?:failed|failure|subsystem)|returned mail|abwesenheits\w*|"
    r"automatische antwort|réponse automatique|absence)|自动回复|自動回覆|自動回复|外出|休假"
)
_CALENDAR_ANSWER = re.compile(
    r"^\s*(?:(accepted|zugesagt|accepté|已接受)|(tentative(?:ly accepted)?|maybe|mit vorbehalt|暂定|暫定)|"
    r"(declined|abgelehnt|"
    r"refusé|已拒绝|已拒絕)|(cancell?ed|cancell?ation|abgesagt|annulé|已取消))\b"
)
CANCELLED = "event was cancelled"
_ANSWERED = ("accepted your invitation", "may come to your event", "declined your invitation", CANCELLED)
_HANDS_OVER = re.compile(
    r"\b(?:action (?:is )?(?:required|needed)|(?:needs?|requires?|awaiting|awaits|waiting for|"
    r"pending) (?:your )?(?:approval|signature|review|response|confirmation|action|acceptance)|"
    r"requested your (?:review|approval|signature)|(?:signature|approval|review|confirmation) (?:is )?requested|"
    r"requested (?:access|to (?:install|join|use))|review requested|(?:please|to) (?:sign|approve|countersign|"
    r"e-?sign)\b|your signature is|sign by|(?:has been|was|is) assigned to you|you have been assigned|assigned you|"
    r"mentioned you in an action item|please confirm|unacknowledged|not (?:yet )?acknowledged|for your approval|"
    r"payment (?:is )?(?:overdue|due)|overdue|your (?:card|payment) (?:was|has been) declined|payment failed)\b"
    "|待(?:您|你)?(?:审批|審批|签核|簽核|审核|審核|签署|簽署|处理|處理|确认|確認)|请(?:尽快)?(?:审批|签核|签署)|請(?:盡快)?(?:審批|簽核|簽署)|逾期"
)
_OWES = re.compile(
    r"\b(?:submit|complete|renew|pay|due|sign|approve|confirm|register|upload|enrol|enroll|fill|timesheet|expenses?|"
    r"training|deadline|update|rotate|return|respond|choose|select|book|file)\b|提交|填|缴|繳|续|續|报名|報名|更新|完成|截止"
)


def is_answering_machine(mail: Mail) -> bool:
    """Out of office, or mail that came back."""
    submitted = mail.headers.get("auto-submitted", "").strip().lower()
    return submitted.startswith("auto-replied") or _ANSWERING.search(mail.subject[:200].lower()) is not None


def calendar_answer(subject: str) -> str:
    """What somebody said to an invitation of the person's; empty for an invitation."""
    found = _CALENDAR_ANSWER.match(subject[:200].lower())
    return _ANSWERED[(found.lastindex or 1) - 1] if found else ""


def hands_over(mail: Mail) -> bool:
    """Whether a machine says that it waits for the person."""
    return _HANDS_OVER.search(_beginning(mail)) is not None


def owes(mail: Mail) -> bool:
    """Whether it is about something a person has to do or pay."""
    return _OWES.search(_beginning(mail)) is not None


def _beginning(mail: Mail) -> str:
    return f"{mail.subject[:200]}\n{mail.text[:600]}".lower()


def reasons(mail: Mail, seen: Signals, bucket: Bucket) -> list[str]:
    """Why it is a newsletter or a notification, in words."""
    said: list[str] = []
    if bucket is Bucket.NEWSLETTER:
        if seen.one_click:
            said.append("list mail with one-click unsubscribe")
        elif "list-unsubscribe" in mail.headers:
            said.append("list mail with an unsubscribe address")
        elif "list-id" in mail.headers or seen.precedence in {"bulk", "list"}:
            said.append("sent to a list")
        if _NEWS.search(mail.subject[:300].lower()):
            said.append("reads like a newsletter")
        return said or ["written to many people"]
    if seen.automatic:
        said.append("sent by a machine")
    if seen.no_reply:
        said.append("its sender takes no answers")
    if _NOTICE.search(mail.subject[:300].lower()):
        said.append("reports that something happened")
    return said or ["an automatic message"]
