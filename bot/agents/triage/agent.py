"""The triage agent: sort, show, propose; and learn from every answer."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.agents.triage import options, plan, rulebook, sorting
from bot.agents.triage.mind import Mind
from bot.agents.triage.run import Run, lessons, rows
from bot.agents.triage.teach import APPROVAL, CORRECTION, learn, unlearn
from bot.agents.triage.verdict import Bucket
from bot.contracts.agents import Description, Store, Turn
from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.mail import MailReader, MailSource
from bot.contracts.people import Person
from bot.contracts.slack import Message, SlackAway, View
from bot.contracts.tools import Plan
from bot.views import forms, help, standing
from bot.views import triage as views
from bot.views.paging import read_value
from bot.views.values import CommandHelp

_TOLD_AFTER = 1.0  # seconds between two signs of progress
_HISTORY_KEPT = timedelta(days=1)


class TriageAgent:
    """`/meshclaw triage`."""

    def __init__(self, description: Description) -> None:
        self.description = description

    @property
    def actions(self) -> Mapping[str, Callable[[Turn], Awaitable[None]]]:
        return {"run": self.run, "correct": self.correct, "decided": self.decided, "undone": self.undone}

    def parse(self, text: str) -> JsonObject:
        change = rulebook.parse(text)
        return change.as_args() if change else options.parse(text).as_args()

    def help(self) -> Message:
        one = self.description
        return help.command_help(CommandHelp(one.name, one.description, one.usage))

    async def view(self, name: str, person: Person, args: JsonObject, store: Store) -> View:
        """`rest`: every mail that needs the person."""
        target = read_value(str(args["value"]))
        run = await _load(store, target.id)
        return views.rest(run.summary(datetime.now(UTC), shown=None), target.page)

    async def run(self, turn: Turn) -> None:
        change = rulebook.Change.from_args(turn.request.args)
        await (self._rules(turn, change) if change else self._triage(turn))

    async def _rules(self, turn: Turn, change: rulebook.Change) -> None:
        async def write() -> str:
            mind = await _load_mind(turn)
            mind.rules, done = rulebook.changed(mind.rules, change)
            await _save_mind(turn, mind)
            return done

        done = await turn.step("rules", write)
        mind = await _load_mind(turn)
        await turn.say("answer", views.rules(done, [rule.words() for rule in mind.rules]))

    async def _triage(self, turn: Turn) -> None:
        run_id = hashlib.sha256(turn.request.key.encode()).hexdigest()[:32]
        source: MailSource = turn.source("mail")

        async def sort() -> bool:
            async with source.open(turn.person) as mailbox:
                run = await self._sort(turn, mailbox, run_id)
            await turn.store.save(f"run:{run_id}", run.to_json())
            return True

        try:
            await turn.step("sort", sort)
        except PersonMends as error:
            if error.field != "mail":
                raise
            await turn.say("answer", forms.connect_first("mail", "mail"))
            return
        await self._present(turn, await _load(turn.store, run_id))

    async def _sort(self, turn: Turn, mailbox: MailReader, run_id: str) -> Run:
        """Read and sort; everything that is shown and proposed later."""
        started, chosen = time.monotonic(), options.Options.from_args(turn.request.args)
        told = 0.0

        async def progress(phase: str, done: int, whole: int | None) -> None:
            nonlocal told
            if time.monotonic() - max(told, started) > _TOLD_AFTER:
                told = time.monotonic()
                with suppress(SlackAway):  # the next sign will do
                    await turn.say("answer", views.working(done, whole, phase))

        folder = await sorting.find_folder(mailbox, chosen.folder)
        mind = await self._mind(turn, mailbox, progress)
        harvest = sorting.Harvest()
        since = chosen.since_time(turn.now)
        await sorting.sort_folder(mailbox, folder, mind, turn.now, since=since, take=harvest.add, progress=progress)
        needing = sorting.needing(harvest.mails)
        calls, left_over = plan.proposals(folder, harvest.mails)
        return Run(
            id=run_id,
            folder=folder.name,
            total=len(harvest.mails),
            counts={bucket.value: harvest.counts.get(bucket, 0) for bucket in Bucket},
            rows=rows(run_id, needing),
            uids=tuple(mail.ref.uid for mail in needing),
            since_text=f"since {since:%d %b}" if since else "",
            seconds=time.monotonic() - started,
            notes=_notes(harvest.mails, left_over),
            dry_run=chosen.dry_run,
            calls=tuple(calls),
            lessons=lessons(harvest.mails),
        )

    async def _mind(self, turn: Turn, mailbox: MailReader, progress: sorting.Progress) -> Mind:
        """What is known of the person; read anew from their mailbox once a day."""
        kept = await turn.store.load("mind")
        known = kept if isinstance(kept, Mapping) else {}
        old = Mind.from_json(known["mind"]) if "mind" in known else None
        read_at = known.get("read_at")
        if old and isinstance(read_at, str) and turn.now - datetime.fromisoformat(read_at) < _HISTORY_KEPT:
            return old
        mind = await sorting.read_history(mailbox, (), progress)
        mind = sorting.keep_lessons(old, mind) if old else mind
        await _save_mind(turn, mind, turn.now)
        return mind

    async def _present(self, turn: Turn, run: Run) -> None:
        if run.total == 0:
            await turn.say("answer", views.empty(run.folder))
            return
        run = replace(run, tz=(await turn.profile()).tz)
        run = replace(run, posted=await turn.say("answer", views.summary(run.summary(turn.now))))
        await turn.store.save(f"run:{run.id}", run.to_json())
        if run.calls and not run.dry_run:
            await self._propose(turn, run)

    async def _propose(self, turn: Turn, run: Run) -> None:
        if not {call.tool for call in run.calls} & await turn.tools():
            await turn.say("read-only", standing.read_only_said("mail", "mail"))
            return
        plan = Plan(
            title="Tidy your mail",
            calls=run.calls,
            sources=f"the senders, headers and texts of {run.total} mails in {run.folder}",
            extra={"run": run.id},
            topic="tidy",
        )
        proposed = await turn.propose(plan)
        if proposed.denied:
            await turn.say("denied", standing.refused(plan.title, proposed.denied))

    async def correct(self, turn: Turn) -> None:
        """The person put a mail into another bucket: learn it at once, and show it."""
        target = read_value(str(turn.request.args["block"]))
        bucket = str(turn.request.args["value"])
        run = await _load(turn.store, target.id)
        if bucket not in {each.value for each in Bucket} or target.page >= len(run.rows):
            raise PersonMends("This mail is not known here any more.", "Run /meshclaw triage again.")
        uid = run.uids[target.page]
        run = await self._learn(turn, run, {uid: Bucket(bucket)}, CORRECTION)
        run = run.corrected(target.page, bucket)
        await turn.store.save(f"run:{run.id}", run.to_json())
        await turn.redraw(views.rest(run.summary(turn.now, shown=None), _page(turn)))
        if run.posted:
            await turn.revise(run.posted, views.summary(run.summary(turn.now)))

    async def decided(self, turn: Turn) -> None:
        """Approved calls say that their mails were sorted right."""
        if turn.request.args.get("state") != "settled":
            return
        run = await _load(turn.store, _run_of(turn))
        right = {uid: Bucket(run.lessons[uid].bucket) for uid in _carried_out(turn) if uid in run.lessons}
        await turn.store.save(f"run:{run.id}", (await self._learn(turn, run, right, APPROVAL)).to_json())

    async def undone(self, turn: Turn) -> None:
        """What was taken back was not wanted: forget what the approval taught."""
        run = await _load(turn.store, _run_of(turn))
        mind = await _load_mind(turn)
        learned = dict(run.learned)
        for uid in _carried_out(turn):
            lesson, act = run.lessons.get(uid), learned.get(uid)
            if lesson and act and act[1] == APPROVAL:  # what the person corrected stays corrected
                unlearn(mind, lesson.features, lesson.sender, Bucket(act[0]), weight=APPROVAL, day=turn.now.date())
                del learned[uid]
        await _save_mind(turn, mind)
        await turn.store.save(f"run:{run.id}", replace(run, learned=learned).to_json())

    async def _learn(self, turn: Turn, run: Run, right: Mapping[str, Bucket], weight: float) -> Run:
        """Teach the mind; a mail that taught something before unteaches it first."""
        mind, learned, day = await _load_mind(turn), dict(run.learned), turn.now.date()
        for uid, bucket in right.items():
            lesson, before = run.lessons.get(uid), learned.get(uid)
            if lesson is None or (before and (before[0] == bucket.value or before[1] > weight)):
                continue  # nothing new, or the person's own correction, which outweighs an approval
            if before:
                unlearn(mind, lesson.features, lesson.sender, Bucket(before[0]), weight=before[1], day=day)
                del learned[uid]
            if learn(mind, lesson.features, lesson.sender, bucket, weight=weight, day=day):
                learned[uid] = (bucket.value, weight)
        await _save_mind(turn, mind)
        return replace(run, learned=learned)


async def _load(store: Store, run_id: str) -> Run:
    kept = await store.load(f"run:{run_id}")
    if kept is None:
        raise PersonMends("This triage is not kept any more.", "Run /meshclaw triage again.")
    return Run.from_json(kept)


async def _load_mind(turn: Turn) -> Mind:
    kept = await turn.store.load("mind")
    return Mind.from_json(kept["mind"]) if isinstance(kept, Mapping) else Mind.empty()


async def _save_mind(turn: Turn, mind: Mind, read_at: datetime | None = None) -> None:
    kept = await turn.store.load("mind")
    before = kept.get("read_at") if isinstance(kept, Mapping) else None
    at = read_at.isoformat() if read_at else before
    await turn.store.save("mind", {"mind": mind.to_json(), "read_at": at})


def _page(turn: Turn) -> int:
    """The page of the modal a correction was made in."""
    metadata = json.loads(str(turn.request.args.get("metadata") or "{}"))
    return int(metadata.get("page", 0))


def _run_of(turn: Turn) -> str:
    extra = turn.request.args.get("extra")
    return str(extra.get("run")) if isinstance(extra, Mapping) else ""


def _carried_out(turn: Turn) -> list[str]:
    """The uids of the mails whose move was done; a flag says nothing of the bucket."""
    calls, done = turn.request.args.get("calls"), turn.request.args.get("done")
    found: list[str] = []
    for index, call in enumerate(calls if isinstance(calls, Sequence) else ()):
        if isinstance(done, Sequence) and index in done and isinstance(call, Mapping) and call["tool"] == "mail.move":
            args = call["args"]
            mails = args.get("mails") if isinstance(args, Mapping) else None
            listed = mails if isinstance(mails, Sequence) else ()
            found += [str(mail["uid"]) for mail in listed if isinstance(mail, Mapping)]
    return found


def _notes(mails: Sequence[sorting.Sorted], left_over: int) -> tuple[str, ...]:
    notes = []
    hidden, damaged = sum(mail.hidden for mail in mails), sum(mail.damaged for mail in mails)
    if hidden:
        amount = "1 mail hides" if hidden == 1 else f"{hidden} mails hide"
        notes.append(f"{amount} text from the reader; it was left out of the sorting.")
    if damaged:
        amount = "1 mail is" if damaged == 1 else f"{damaged} mails are"
        notes.append(f"{amount} not quite well formed, and sorted by what can be read.")
    if left_over:
        notes.append(f"The card holds the newest {plan.MOST:,} mails; {left_over:,} more wait for the next triage.")
    return tuple(notes)
