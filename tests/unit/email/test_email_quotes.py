"""Replies as mail programs write them: only the newest part is left."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.quotes import newest

ANSWER = "Yes, fine."

QUOTED = {
    "gmail": "On Mon, Nov 2, 2026 at 10:04 AM Ann Lee <ann@x.example> wrote:\n\n> Shall we?\n> Ann\n",
    "gmail, wrapped": "On Mon, Nov 2, 2026 at 10:04 AM Ann Lee\n<ann@x.example> wrote:\n> Shall we?\n",
    "gmail, French": "Le lun. 2 nov. 2026 à 10:04, Ann <ann@x.example> a écrit :\n\n> On y va ?\n",
    "gmail, Spanish": "El lun, 2 nov 2026 a las 10:04, Ann (<ann@x.example>) escribió:\n> ¿Vamos?\n",
    "gmail, Chinese": "Ann <ann@x.example> 於 2026年11月2日 週一 上午10:04寫道：\n\n> 好嗎？\n",
    "thunderbird": "On 02/11/2026 10:04, Ann Lee wrote:\n> Shall we?\n>> Old\n",
    "thunderbird, German": "Am 02.11.26 um 10:04 schrieb Ann Lee:\n> Sollen wir?\n",
    "apple": "> On 2 Nov 2026, at 10:04, Ann Lee <ann@x.example> wrote:\n> \n> Shall we?\n",
    "iphone": "Sent from my iPhone\n\n> On 2 Nov 2026, at 10:04, Ann <ann@x.example> wrote:\n> Shall we?\n",
    "outlook": "From: Ann Lee <ann@x.example>\nSent: Monday, 2 Nov 2026\nTo: Ada\nSubject: Plan\n\nShall we?",
    "outlook, ruled": "_" * 32 + "\nFrom: Ann Lee\nSent: Monday\nTo: Ada\nSubject: Plan\n\nShall we?\n",
    "outlook, German": "Von: Ann\nGesendet: Montag, 2. November\nAn: Ada\nBetreff: Plan\n\nSollen wir?\n",
    "outlook, French": "De : Ann\nEnvoyé : lundi 2 novembre\nÀ : Ada\nObjet : Plan\n\nOn y va ?\n",
    "outlook, Chinese": "寄件者: Ann\n寄件日期: 2026年11月2日\n收件者: Ada\n主旨: 計畫\n\n好嗎？\n",
    "outlook app": "Get Outlook for iOS<https://x.example>\n" + "_" * 32 + "\nFrom: Ann\nSent: x\n",
    "original message": "-----Original Message-----\nFrom: Ann\nSent: Monday\n\nShall we?\n",
    "QQ": "------------------ 原始邮件 ------------------\n发件人: Ann\n发送时间: 2026年11月2日\n\n好吗？\n",
    "signature": "-- \nAda Lovelace\nDirector of everything\n",
    "list footer": "_" * 47 + "\nPlans mailing list\nplans@x.example\nhttps://x.example\n",
    "not introduced": "> Shall we?\n> Ann\n",
}


@pytest.mark.parametrize("quoted", QUOTED.values(), ids=QUOTED)
def test_only_the_answer_is_left(quoted: str) -> None:
    assert newest(f"{ANSWER}\n\n{quoted}") == ANSWER


def test_answers_in_between_are_kept() -> None:
    text = (
        "Hi Ann,\n\nOn Mon, Nov 2, 2026 at 10:04, Ann <ann@x.example> wrote:\n> Monday?\n\nNo.\n\n> Tuesday?\n\nYes.\n"
    )
    assert newest(text) == "Hi Ann,\n\nNo.\n\nYes."


@pytest.mark.parametrize(
    "text",
    [
        "From: here to there\nis a long way.",
        "He wrote:\nDear all,\nthis is new.",
        "Sent from my heart to you, dear customers of this shop, who have been with us for so many years: thanks",
        "Totals\n------\n5 apples",
        "On Monday we meet.\nOn Tuesday we part.",
        "a -- b\n--help is an option",
    ],
)
def test_what_only_looks_like_a_quotation_stays(text: str) -> None:
    assert newest(text) == text


def test_a_bare_forward_keeps_what_is_forwarded() -> None:
    text = (
        "---------- Forwarded message ---------\nFrom: Ann <ann@x.example>\nDate: Monday\nSubject: Plan\n\nShall we?\n"
    )
    assert newest(text).endswith("Shall we?")
    assert newest("> all of it\n> is quoted\n") == "all of it\nis quoted"


def test_a_forward_with_a_word_before_it_is_that_word() -> None:
    assert (
        newest("Can you do this?\n\n---------- Forwarded message ---------\nFrom: Ann\nDate: x\n\nold\n")
        == "Can you do this?"
    )


def test_time_is_linear() -> None:
    lines = ["On 1 x wrote:", "> q", "answer", "-----", "From: a", "Am 1 schrieb b:", "____"]
    text = "\n".join(lines * 3_000)
    began = time.process_time()
    newest(text)
    assert time.process_time() - began < 2.0


LINES = ["On x wrote:", "> q", "hello", "--", "-----", "From: a", "Sent: b", "", "Am 1 schrieb b:", ">", "____"]


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_words_never_vanish_altogether(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert any(letter.isalnum() for letter in newest(text)) == any(letter.isalnum() for letter in text)
