"""The headers a mail of each kind carries on arrival.

Kinds: `person`, `list` (a person through a discussion list), `newsletter`, `service` (machines), `forge` (code review
notifications), `junk` (unauthenticated bulk) and `phish` (mail that failed authentication).
Sources: RFC 2369 and RFC 2919 (List-*), RFC 8058 (one-click), RFC 3834 (Auto-Submitted), RFC 8601
(Authentication-Results).
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

from bot.demo.sample_mail.script import DOMAIN, Sender

_VERDICTS = {
    "list": "dkim=pass header.d={0}; spf=pass smtp.mailfrom={0}; dmarc=none",
    "junk": "dkim=none; spf=softfail smtp.mailfrom={0}; dmarc=none header.from={0}",
    "phish": "dkim=fail header.d={0}; spf=fail smtp.mailfrom={0}; dmarc=fail (p=quarantine) header.from={0}",
}
_PASSED = "dkim=pass header.d={0}; spf=pass smtp.mailfrom={0}; dmarc=pass header.from={0}"


def arrival(sender: Sender, to: str, when: datetime, auth: str = "") -> Iterator[tuple[str, str]]:
    """What the receiving server puts on top; `auth` names another kind's verdict than the sender's own."""
    bulk = sender.kind in {"newsletter", "forge", "list"}
    token = hashlib.sha256(f"{sender.address}{when.isoformat()}".encode()).hexdigest()[:10]
    yield "Return-Path", f"<bounce+{token}@{sender.domain}>" if bulk else f"<{sender.address}>"
    yield "Delivered-To", to
    stamp = format_datetime(when)
    yield (
        "Received",
        f"from mail.{sender.domain} (mail.{sender.domain} [192.0.2.{int(token[:2], 16) % 250 + 1}])\n"
        f"\tby mx.{DOMAIN} with ESMTPS id {token} for <{to}>; {stamp}",
    )
    verdict = _VERDICTS.get(auth or sender.kind, _PASSED).format(sender.domain).replace("; ", ";\n\t")
    yield "Authentication-Results", f"mx.{DOMAIN};\n\t{verdict}"


def bulk(sender: Sender, token: str) -> Iterator[tuple[str, str]]:
    """List and machine headers of the sender's kind."""
    if sender.list_id:
        yield "List-Id", f"{sender.name} <{sender.list_id}>"
    if sender.kind == "forge":
        yield "Reply-To", f"{sender.name} <reply+{token}@{sender.domain}>"
    if sender.kind == "newsletter":
        yield "Precedence", "bulk"
        yield "Feedback-ID", f"{token[:6]}:weekly:{sender.domain}"
    if sender.kind in {"list", "forge"}:
        yield "Precedence", "list"
    if sender.kind == "list":
        yield "List-Post", f"<mailto:{sender.address}>"
        yield "Sender", sender.address.replace("@", "-bounces@")
    if sender.kind in {"service", "forge"}:
        yield "Auto-Submitted", "auto-generated"
        yield "X-Auto-Response-Suppress", "All"
    yield from _unsubscribe(sender, token)


def _unsubscribe(sender: Sender, token: str) -> Iterator[tuple[str, str]]:
    usual = {"newsletter": "one-click", "list": "mailto", "forge": "one-click"}
    way = sender.unsubscribe or usual.get(sender.kind, "none")
    address, link = f"<mailto:unsubscribe+{token}@{sender.domain}>", f"<https://{sender.domain}/u/{token}>"
    if way == "one-click":
        yield "List-Unsubscribe", f"{link}, {address}"
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    elif way == "link":
        yield "List-Unsubscribe", link
    elif way == "mailto":
        yield "List-Unsubscribe", address
