"""The gate as it must be, in a few plain objects: who approved what, what holds, and what may therefore be done."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.contracts.people import Person
from bot.contracts.policy import Ceiling
from bot.contracts.tools import Effect

HOUR, DAY, OUTBOX, WEEK = timedelta(hours=1), timedelta(hours=24), timedelta(seconds=30), timedelta(days=7)
CEILINGS = {Effect.OWN: Ceiling(3, 6, 9), Effect.SEND: Ceiling(2, 3, 4)}
ENDED = {"settled", "denied", "called_back", "expired", "lapsed", "withdrawn", "superseded", "undone"}


class Died(Exception):
    """The process did, before the next effect."""


@dataclass
class Doing:
    """One call. `state`: `new`, `open` once begun, then its outcome. A send cannot be looked back at."""

    tool: str
    things: tuple[str, ...]
    state: str = "new"
    touched: list[str] = field(default_factory=list)
    at: datetime | None = None

    @property
    def effect(self) -> Effect:
        return Effect.SEND if self.tool == "box.send" else Effect.OWN

    def marks(self) -> tuple[str, ...]:
        sign = "-" if self.tool == "box.unmark" else ""
        return tuple(sign + thing for thing in self.things)

    def look(self) -> None:
        """How far it came, when it may not go on."""
        if self.state == "open":
            self.state = "unknown" if self.tool == "box.send" else "failed"
            if self.state == "failed" and len(self.touched) == len(self.things):
                self.state = "done"

    @property
    def counts(self) -> bool:
        return self.state != "new" and (self.state != "failed" or bool(self.touched))


@dataclass
class Grant:
    person: Person
    until: datetime
    left: int
    revoked: bool = False

    def lives(self, now: datetime) -> bool:
        return not self.revoked and now < self.until


@dataclass
class Card:
    """`approvals`: the key of each person's approval of the plan the card shows; `began`: when it was last let run."""

    id: str
    person: Person
    place: str
    plan: str
    calls: list[Doing]
    needs: int
    expires: datetime
    began: datetime
    grant: str = ""
    state: str = "pending"
    approvals: dict[Person, str] = field(default_factory=dict)
    back: list[Doing] = field(default_factory=list)
    hold_until: datetime | None = None
    execute_by: datetime | None = None
    decided: datetime | None = None
    decided_key: str = ""
    undone_key: str = ""
    rested: datetime | None = None
    at_ceiling: bool = False
    waived: bool = False
    kept: bool = False

    @property
    def doing(self) -> list[Doing]:
        return self.back if self.undone_key else self.calls

    @property
    def shared(self) -> bool:
        return self.needs > 1

    def inverse(self) -> list[Doing]:
        """What takes it back: what was certainly touched, last first."""
        touched = [call.touched for call in reversed(self.calls) if call.state in ("done", "failed") and call.touched]
        return [Doing("box.unmark", tuple(things)) for things in touched]


@dataclass
class Model:
    """`deciders`: who may approve what is shared; `effects`: what has been done; `most`: effects until it dies."""

    deciders: tuple[Person, ...]
    now: datetime
    cards: dict[str, Card] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    gone: set[Person] = field(default_factory=set)
    stopped: set[Person] = field(default_factory=set)
    stopped_all: bool = False
    places: dict[str, datetime] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    most: int | None = None

    # Who may, and what holds

    def stops(self, person: Person, place: str, began: datetime) -> bool:
        return self.stopped_all or person in self.stopped or (place in self.places and began <= self.places[place])

    def may_approve(self, card: Card, user: Person) -> bool:
        return user not in self.gone and (user in self.deciders if card.shared else user == card.person)

    def may_end(self, card: Card, user: Person) -> bool:
        return user not in self.gone if user == card.person else self.may_approve(card, user)

    def spent(self, person: Person, effect: Effect, span: timedelta) -> int:
        return sum(
            len(call.things)
            for card in self.cards.values()
            if card.person == person
            for call in (*card.calls, *card.back)
            if call.effect is effect and call.counts and call.at and call.at > self.now - span
        )

    def over(self, person: Person, effect: Effect, on_card: int, more: int) -> bool:
        ceiling = CEILINGS[effect]
        so_far = (on_card, self.spent(person, effect, HOUR), self.spent(person, effect, DAY))
        return more > 0 and any(
            most is not None and done + more > most
            for most, done in zip((ceiling.card, ceiling.hour, ceiling.day), so_far, strict=True)
        )

    # Proposing

    def propose(self, person: Person, place: str, calls: list[Doing]) -> list[Card]:
        """The cards of a plan, what a grant covers first; they still lack their ids."""
        granted: list[Doing] = []
        asked: dict[int, list[Doing]] = {}
        living = [key for key, one in self.grants.items() if one.person == person and one.lives(self.now)]
        grant = self.grants[living[0]] if living else None
        for call in calls:
            more = len(granted) + 1
            fits = grant is not None and call.things[0][0] == "a" and grant.left >= more
            if fits and not self.over(person, call.effect, 0, more):
                granted.append(call)
            else:
                asked.setdefault(2 if call.tool == "box.send" else 1, []).append(call)
        waiting = sum(card.place == place and card.state == "pending" for card in self.cards.values())
        if self.stops(person, place, self.now) or (asked and waiting + len(asked) > 3):
            return []
        cards = []
        if granted and grant:
            grant.left -= len(granted)
            card = Card("", person, place, "", granted, 1, self.now + DAY, self.now, living[0], "running")
            card.execute_by, card.decided = self.now + HOUR, self.now
            cards.append(card)
        for needs, doing in asked.items():
            cards.append(Card("", person, place, "", doing, needs, self.now + DAY, self.now))
        return cards

    # Carrying out

    def carry(self, card: Card) -> None:
        """What happens to a card that stands approved; raises Died."""
        if card.state == "holding" and card.hold_until and card.hold_until <= self.now:
            card.state = "running"
        if card.state not in ("running", "undoing"):
            return None
        unasked = [card.person] if card.grant else []
        if card.state == "running" and not all(
            user not in self.gone if card.grant else self.may_approve(card, user)
            for user in (*card.approvals, *unasked)
        ):
            return self.end(card, "withdrawn")
        for call in card.doing:
            if call.state in ("new", "open"):
                becomes = self._halted(card, call)
                if becomes in ("paused", "ceiling"):
                    card.state, card.rested, card.at_ceiling = "paused", self.now, becomes == "ceiling"
                    return None
                if becomes:
                    return self.end(card, becomes)
                self._do(card, call)
        return self.end(card, "undone" if card.undone_key else "settled")

    def _halted(self, card: Card, call: Doing) -> str:
        assert card.execute_by
        if self.stops(card.person, card.place, card.began):
            return "paused"
        if card.execute_by <= self.now:
            return "lapsed"
        if card.undone_key:
            return ""
        if card.grant and not self.grants[card.grant].lives(self.now):
            return "withdrawn"
        on_card = sum(len(other.things) for other in card.calls if other.effect is call.effect and other.counts)
        more = len(call.things) if call.state == "new" else 0
        return "ceiling" if not card.waived and self.over(card.person, call.effect, on_card, more) else ""

    def _do(self, card: Card, call: Doing) -> None:
        """The promise itself is said here: approved or granted at this moment, and nothing twice."""
        assert card.grant or len(card.approvals) >= card.needs
        if call.state == "open" and call.tool == "box.send":
            call.state = "unknown"  # nobody can tell, so it is not repeated
            return
        if call.state == "new":
            call.state, call.at = "open", self.now
        for thing, marked in zip(call.things, call.marks(), strict=True):
            if thing not in call.touched:
                if self.most is not None:
                    if self.most == 0:
                        raise Died
                    self.most -= 1
                self.effects[marked] += 1
                assert self.effects[marked] == 1
                call.touched.append(thing)
        call.state = "done"

    def end(self, card: Card, state: str) -> None:
        for call in card.doing:
            call.look()
        card.state = state
        if card.grant and not card.undone_key and not card.kept:
            untouched = [call for call in card.calls if call.state in ("new", "failed") and not call.touched]
            self.grants[card.grant].left += sum(len(call.things) for call in untouched)
        card.kept = True

    # What people press: each returns whether it is taken

    def approve(self, card: Card, plan: str, user: Person, key: str) -> bool:
        if plan != card.plan or self.stops(card.person, card.place, self.now) or not self.may_approve(card, user):
            return False
        if user not in card.approvals:
            if card.state != "pending" or self.now >= card.expires:
                return False
            card.approvals[user] = key
            if len(card.approvals) >= card.needs:
                outbox = OUTBOX if card.shared else timedelta(0)
                card.state = "holding" if outbox else "running"
                card.hold_until, card.execute_by = self.now + outbox, self.now + outbox + HOUR
                card.began = card.decided = self.now
                card.decided_key = key
        elif card.approvals[user] != key:
            return False
        self.carry(card)
        return True

    def deny(self, card: Card, plan: str, user: Person, key: str) -> bool:
        if plan != card.plan or not self.may_end(card, user):
            return False
        if card.state == "pending" and self.now < card.expires:
            card.state, card.decided_key = "denied", key
            return True
        return card.decided_key == key

    def change(self, card: Card, plan: str, user: Person, calls: list[Doing]) -> bool:
        """Leaving out, and editing. Who calls tells the new plan's id."""
        if plan != card.plan or user != card.person or card.state != "pending" or self.now >= card.expires or not calls:
            return False
        card.calls, card.approvals = calls, {}
        return True

    def call_back(self, card: Card, plan: str, user: Person, key: str) -> bool:
        if plan != card.plan or not self.may_end(card, user):
            return False
        if card.state == "holding":
            card.state, card.decided_key = "called_back", key
            return True
        return card.decided_key == key

    def go_on(self, card: Card, plan: str, user: Person, key: str) -> bool:
        if plan != card.plan or self.stops(card.person, card.place, self.now):
            return False
        if not (self.may_end(card, user) if card.grant else self.may_approve(card, user)):
            return False
        if card.decided_key != key:
            if card.state == "paused":
                card.state = "undoing" if card.undone_key else "running"
                card.execute_by, card.began, card.decided_key = self.now + HOUR, self.now, key
                card.waived |= card.at_ceiling
            elif card.state not in ("running", "undoing"):
                return False
        self.carry(card)
        return True

    def leave(self, card: Card, plan: str, user: Person, key: str) -> bool:
        if plan != card.plan or not self.may_end(card, user):
            return False
        if card.state == "paused":
            self.end(card, "undone" if card.undone_key else "settled")
        return card.state in ("settled", "undone")

    def undo(self, card: Card, plan: str, user: Person, key: str) -> bool:
        if plan != card.plan or not self.may_end(card, user) or self.stops(card.person, card.place, self.now):
            return False
        if card.undone_key != key:
            late = card.decided is not None and self.now > card.decided + WEEK
            if card.state not in ("settled", "lapsed", "withdrawn") or not card.inverse() or late:
                return False
            card.back, card.undone_key, card.state = card.inverse(), key, "undoing"
            card.execute_by, card.began = self.now + HOUR, self.now
        self.carry(card)
        return True

    def overdue(self) -> list[tuple[Card, str]]:
        """What the clock ends, and as what."""
        return [
            (card, "expired" if card.state == "pending" else "lapsed")
            for card in self.cards.values()
            if (card.state == "pending" and card.expires < self.now)
            or (card.state == "paused" and card.rested and card.rested < self.now - DAY)
        ]

    def sweep(self) -> None:
        for card, state in self.overdue():
            self.end(card, state)
