"""The benchmarks run, at their smallest."""

import email
import email.policy

import dovecot
import pytest

from bench import ack, figures, mailbox, start, triage


async def test_acknowledgements_are_measured() -> None:
    found = await ack.measure(seconds=0.2, alone=2)
    assert found[0].name == "acknowledgements at 64 concurrent"
    assert all(figure.measured > 0 and figure.floor for figure in found)


async def test_the_start_is_measured() -> None:
    taken, memory, processor = await start.measure(starts=1, idle=0.2)
    assert 0 < taken.measured < 60
    assert memory.measured > 10
    assert processor.measured >= 0


@pytest.mark.skipif(bool(dovecot.missing()), reason=dovecot.missing() or "-")
async def test_triage_is_measured() -> None:
    found = await triage.measure(speed=60, memory=60)
    assert all(figure.measured > 0 for figure in found)


def test_the_mails_are_well_formed_and_of_realistic_size() -> None:
    mails = list(mailbox.Writer().mails(100))
    parsed = [email.message_from_bytes(mail, policy=email.policy.default) for mail in mails]
    assert not [defect for mail in parsed for part in mail.walk() for defect in part.defects]
    assert len({mail["message-id"] for mail in parsed}) == 100
    newsletters = [mail for mail in mails if b"List-Id" in mail]
    assert 25 <= len(newsletters) <= 35
    assert all(20_000 < len(mail) < 60_000 for mail in newsletters)


def test_a_missed_limit_is_shown_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert figures.show([figures.at_most("memory", 1, 2, "MB")])
    assert not figures.show([figures.at_least_of("rate", 4, 10, 0.5, "a second")])
    ok, miss = capsys.readouterr().out.splitlines()
    assert ok.startswith("ok")
    assert miss.startswith("MISS")
    assert "0.40 of the floor's 10.0" in miss
