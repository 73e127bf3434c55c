"""Trust: raised by the receiving server, the person's own Sent folder and their acts; never by what a sender writes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from triage_mails import ME, NOW, SERVER, checked_mind, failed, hostile, mail, passed

from bot.agents.triage.classify import classify
from bot.agents.triage.mind import Mind
from bot.agents.triage.signals import read
from bot.agents.triage.trust import authentication, judge, server_of
from bot.agents.triage.verdict import Bucket
from bot.contracts.mail import Address, Mail

FRIEND = "jon@harbour.example"
CHECKED = checked_mind(FRIEND)


@given(hostile)
def test_no_text_makes_a_sender_verified(odd: Mail) -> None:
    """Whatever a mail holds: without the word of the receiving server its sender stays unknown."""
    results = odd.headers.get("authentication-results", "")
    seen = read(odd, CHECKED)
    if not results.startswith(SERVER):
        assert not seen.verified
        assert not seen.known.seen
        assert not any(feature.startswith("f:") for feature in classify(odd, CHECKED, NOW).features if "@" in feature)


@pytest.mark.parametrize(
    "results",
    [
        "mx.attacker.example; dmarc=pass header.from=harbour.example",
        f'{SERVER}; spf=pass smtp.mailfrom="x; dmarc=pass header.from=harbour.example"@evil.example; dmarc=fail',
        f"{SERVER}; spf=pass smtp.mailfrom=dmarc=pass@evil.example",
        f"{SERVER}; spf=pass (dmarc=pass header.from=harbour.example) smtp.mailfrom=evil.example",
        f"{SERVER}; spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example",
        f"{SERVER}; dkim=none; spf=softfail smtp.mailfrom=harbour.example",
        f"{SERVER}; none",
        "",
    ],
)
def test_forged_or_foreign_results_do_not_count(results: str) -> None:
    headers = {"authentication-results": results} if results else {}
    assert authentication(mail(headers=headers), CHECKED) not in {"pass", "unknown"}


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ("dmarc=pass header.from=harbour.example", "pass"),
        ("dmarc=pass (p=none dis=none) header.from=harbour.example", "pass"),
        ("dkim=pass header.d=mail.harbour.example", "pass"),
        ("spf=pass smtp.mailfrom=bounce@harbour.example", "pass"),
        ("dkim=pass header.i=@harbour.example; dmarc=fail", "fail"),
        ("spf=pass smtp.mailfrom=lists.example; dkim=fail header.d=harbour.example", "fail"),
    ],
)
def test_what_the_receiving_server_says_counts(results: str, verdict: str) -> None:
    assert judge(f"{SERVER}; {results}", FRIEND) == verdict
    assert judge(f"{SERVER}; {results}".upper(), FRIEND) == verdict


def test_a_list_is_vouched_for_as_a_list() -> None:
    results = f"{SERVER}; dkim=pass header.d=lists.club.example"
    assert judge(results, FRIEND, "Club <talk.lists.club.example>") == "list"
    assert judge(results, FRIEND, "Club <talk.other.example>") == "weak"


def test_several_senders_are_nobody() -> None:
    two = mail("Could you come?", headers=passed("harbour.example"))
    two = replace(two, senders=(*two.senders, Address("", "x@evil.example")))
    assert not read(two, CHECKED).known.seen
    assert classify(two, CHECKED, NOW).bucket in {Bucket.TO_CHECK, Bucket.JUNK}


def test_a_mailbox_without_any_checks_goes_by_the_address() -> None:
    unchecked = Mind.empty([ME])
    unchecked.senders.of(FRIEND).seen = 3
    seen = read(mail(), unchecked)
    assert (seen.auth, seen.verified, seen.known.seen) == ("unknown", True, 3)
    forged = mail(headers=passed("harbour.example"))
    assert read(forged, unchecked).auth == "unknown"


@pytest.mark.parametrize(
    ("sender", "sign"),
    [
        ("Lantern IT Support <help@mail-desk.example>", "does not come from lantern.example"),
        ("bank@trust.example <x@evil.example>", "shows another address"),
        ("Jon Bell <jon.bell@elsewhere.example>", "uses the name of Jon Bell"),
        ("Jon Bell <jon@harb0ur.example>", "only looks like harbour.example"),
        ("Mira <mira@lantern-login.example>", "only looks like lantern.example"),
    ],
)
def test_impostors_are_pointed_out(sender: str, sign: str) -> None:
    address = sender.rpartition("<")[2].rstrip(">")
    impostor = mail("Please pay today.", "Payment", sender, headers=passed(address.rpartition("@")[2]))
    signs = " / ".join(says for _, says in read(impostor, CHECKED).signs)
    assert sign in signs
    assert classify(impostor, CHECKED, NOW).bucket in {Bucket.TO_CHECK, Bucket.JUNK}


def test_the_persons_own_address_is_not_believed_unchecked() -> None:
    forged = mail("Wire transfer today.", "Note to self", f"Mira Lane <{ME}>", headers=failed("lantern.example"))
    assert classify(forged, CHECKED, NOW).bucket in {Bucket.TO_CHECK, Bucket.JUNK}


@given(st.text(max_size=2_000))
def test_reading_results_never_raises(results: str) -> None:
    assert judge(results, FRIEND) in {"pass", "fail", "list", "weak"}
    assert server_of(results)
