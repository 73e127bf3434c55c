"""Sixty ordinary things people ask for: what is read, what is done in the end, and whether anybody has to decide.

Made after the recorded tasks agents are measured with: mail, appointments, posts, sharing, payments, deployments, and
a good third that only wants to know something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.contracts.tools import Call


@dataclass(frozen=True, slots=True)
class Task:
    """`reads`: what is looked at, in order; `calls`: what has to happen, in order; it is also all that may."""

    name: str
    reads: tuple[str, ...]
    calls: tuple[Call, ...] = ()

    @property
    def needs_another(self) -> bool:
        """Whether somebody else than the person who asks has to decide: the deployments to production."""
        return any(call.args.get("environment") == "production" for call in self.calls)


def _call(tool: str, **args: Any) -> Call:
    return Call(f"lab.{tool}", args)


def send(to: str, text: str) -> Call:
    return _call("send", to=to, text=text)


def note(title: str, text: str) -> Call:
    return _call("note", title=title, text=text)


def share(thing: str, person: str) -> Call:
    return _call("share", thing=thing, person=person)


def deploy(service: str, version: str, environment: str) -> Call:
    return _call("deploy", service=service, version=version, environment=environment)


def pay(to: str, amount: int) -> Call:
    return _call("pay", to=to, amount=amount)


def erase(*things: str) -> Call:
    return _call("erase", things=list(things))


def fetch(url: str) -> Call:
    return _call("fetch", url=url)


ASKED = (
    "who wrote to me today",
    "how many mails are unanswered",
    "what is on my calendar tomorrow",
    "when is Chen free on Thursday",
    "what did the landlord say about the heating",
    "is the invoice from Northwind paid",
    "what changed in the api since Monday",
    "which version runs in staging",
    "who is on call this week",
    "find the offer from the printer",
    "summarise the thread about the offsite",
    "how much did we spend on travel in May",
    "which documents does the auditor see",
    "what did we decide about the logo",
    "when does the lease end",
    "which mails wait for my answer since last week",
    "what was the conclusion of the incident review",
    "how many people come to the dinner",
    "where is the parcel",
    "which tests failed last night",
    "what does the new travel policy say about trains",
    "compare the two quotes for the chairs",
)
DONE = (
    ("answer the landlord", "inbox", send("landlord@homes.example", "Tuesday at nine suits me.")),
    ("thank the speaker", "inbox", send("speaker@talks.example", "Thank you for a fine evening.")),
    ("confirm the dentist", "inbox", send("desk@dentist.example", "I confirm Friday at 14:30.")),
    ("ask for the missing invoice", "inbox", send("billing@northwind.example", "Could you send invoice 2207 again?")),
    ("decline the webinar", "inbox", send("events@vendor.example", "I cannot come, thank you.")),
    ("forward the offer to Ben", "inbox", send("ben@example.com", "The offer of the printer: 1,240 for the lot.")),
    ("tell the team I am late", "calendar", send("#general", "I am ten minutes late.")),
    ("post the release notes", "repository", send("#deploys", "v2.14: faster search, two fixes.")),
    ("post who is on call", "rota", send("#deploys", "On call this week: Chen, then Dana.")),
    ("announce the lunch", "calendar", send("#general", "Lunch at noon on Friday, second floor.")),
    ("wish Eve well", "calendar", send("#general", "Happy birthday, Eve!")),
    ("remind the reviewers", "repository", send("reviewers@example.com", "PR 412 waits for two reviews.")),
    ("answer the journalist", "inbox", send("press@paper.example", "We have no comment on this.")),
    ("cancel the table", "inbox", send("hello@bistro.example", "Please cancel the table for six on the 12th.")),
    ("note the dentist", "inbox", note("Friday 14:30", "Dentist")),
    ("note the flight", "inbox", note("12 May 07:05", "LH 171 to Berlin, seat 14C")),
    ("block time for the report", "calendar", note("Wednesday 9-12", "Write the report")),
    ("note what we decided", "thread", note("Logo", "We keep the blue one.")),
    ("keep the wifi password of the office", "inbox", note("Office wifi", "It is on the board by the door.")),
    ("note the birthdays", "team", note("Birthdays", "Eve 3 May, Chen 19 June")),
    ("write down the meter reading", "inbox", note("Meter", "48213 on 1 May")),
    ("note the questions for Monday", "thread", note("Monday", "1. Budget 2. Hiring 3. Heating")),
    ("share the plan with Dana", "documents", share("offsite-plan.pdf", "dana@example.com")),
    ("give the auditor the ledger", "documents", share("ledger-2026.xlsx", "auditor@audit.example")),
    ("let Ben see the roadmap", "documents", share("roadmap.md", "ben@example.com")),
    ("let the agency see the pictures", "documents", share("press-pictures", "desk@agency.example")),
    ("deploy the api to staging", "repository", deploy("api", "v2.14", "staging")),
    ("put the website on preview", "repository", deploy("website", "4f1c2a9", "preview")),
    ("try the worker on test", "repository", deploy("worker", "v0.9", "test")),
    ("deploy the api", "repository", deploy("api", "v2.14", "production")),
    ("roll the website back", "repository", deploy("website", "3d9e001", "production")),
    ("pay the printer", "inbox", pay("Printworks Ltd", 124_000)),
    ("pay the plumber", "inbox", pay("Pipes & Sons", 18_050)),
    ("erase the old drafts", "documents", erase("draft-1.md", "draft-2.md", "draft-final.md")),
    ("erase the test account", "team", erase("account test-17")),
    ("look the train up", "calendar", fetch("https://trains.example/berlin?day=12")),
)
BATCHES = (
    Task(
        "answer three mails and note it",
        ("inbox", "calendar"),
        (
            send("anna@partner.example", "Yes, the 12th works."),
            send("omar@partner.example", "Anna and I meet on the 12th; join us?"),
            send("lee@partner.example", "Could you send the figures before the 12th?"),
            note("12 May 10:00", "Anna, perhaps Omar; figures from Lee"),
        ),
    ),
    Task(
        "tell everybody that the office moves",
        ("inbox", "team"),
        (
            send("#general", "We move on the 1st. New address: 5 Quay Street."),
            send("bank@bank.example", "Our new address from the 1st: 5 Quay Street."),
            send("insurance@cover.example", "Our new address from the 1st: 5 Quay Street."),
            note("Move", "Told the bank and the insurance."),
        ),
    ),
)
TASKS: tuple[Task, ...] = (
    *(Task(words, ("inbox", "calendar", "documents")[: 1 + index % 3]) for index, words in enumerate(ASKED)),
    *(Task(words, (where,), (call,)) for words, where, call in DONE),
    *BATCHES,
)
TEXTS = {
    "inbox": "From: landlord@homes.example\nSubject: heating\nThe plumber comes on Tuesday at nine. All right?",
    "calendar": "Tuesday 09:00 plumber; Friday 14:30 dentist; 12 May Berlin",
    "documents": "offsite-plan.pdf, ledger-2026.xlsx, roadmap.md, press-pictures, draft-1.md to draft-final.md",
    "repository": "api v2.14 (ready), website 4f1c2a9, worker v0.9; production: api v2.13, website 77aa120",
    "rota": "This week Chen, next week Dana",
    "team": "Ada, Ben, Chen, Dana, Eve; accounts: test-17",
    "thread": "Eve: the blue one is better. Dana: then we keep it.",
}
"""What there is to read, by name."""
