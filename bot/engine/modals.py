"""The modals of cards: the plan in full, leaving out, editing, denying with a reason, proving with a code, and what is
allowed from now on. Quick: they are shown while a click's trigger lives."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.slack import Slack, View
from bot.contracts.tools import Call, CallView, Facets, ToolBox
from bot.engine.decisions import Decisions, unticked
from bot.engine.drawing import Drawing
from bot.engine.entitlement import Entitlement
from bot.engine.records import Records
from bot.gate.card import Card
from bot.gate.cards import Cards
from bot.gate.codes import Codes
from bot.gate.grants import Grants, exactly, preview
from bot.gate.ledger import Ledger
from bot.gate.plans import Refused
from bot.store.documents import Documents
from bot.views import choice, denial, edit, listing, proof
from bot.views import grants as grant_views
from bot.views.paging import button_value, read_value
from bot.views.values import (
    ChoiceValue,
    DenialValue,
    EditValue,
    FacetPattern,
    GrantFormValue,
    ListingValue,
    ProofValue,
)

_GRANT_COUNT = 100


class Modals:
    """Opens the modals of cards, and reads what was entered into them."""

    def __init__(
        self,
        cards: Cards,
        ledger: Ledger,
        tools: ToolBox,
        slack: Slack,
        drawing: Drawing,
        decisions: Decisions,
        entitlement: Entitlement,
        documents: Documents,
        records: Records,
        grants: Grants,
        codes: Codes,
    ) -> None:
        self._cards = cards
        self._ledger = ledger
        self._tools = tools
        self._slack = slack
        self._drawing = drawing
        self._decisions = decisions
        self._entitlement = entitlement
        self._documents = documents
        self._records = records
        self._grants = grants
        self._codes = codes

    async def view(self, name: str, person: Person, value: str) -> View:
        """The modal of that name; `value`: what its button carries. Raises PersonMends."""
        match name:
            case "listing":
                return await self._listing(person, value)
            case "choose" | "focus":
                return await self._choice(person, value)
            case "edit":
                return await self._edit(person, value)
            case "deny":
                card = await self._pending(value)
                await self._entitlement.to_end(card, person)
                return denial.denial(DenialValue(value, card.plan.title, tuple(self._drawing.views(card.plan.calls))))
            case "prove":
                return await self._proof(person, value)
            case "grant":
                return await self._grant(person, value)
        raise PersonMends("This button belongs to nothing here any more.", "Run the command again.")

    async def keep_choice(self, person: Person, view: JsonObject) -> tuple[str, list[list[int]]]:
        """Remember the ticks of the choice modal; the plan and what is unticked so far, by call. Raises PersonMends,
        and ValueError for a modal that is not ours."""
        metadata = str(view.get("private_metadata") or "{}")
        plan_id = denial.read_plan(metadata)
        value = await self._choice_value(person, plan_id)
        kept = [sorted(left_out) for left_out in choice.read_choice(_state(view), metadata, value)]
        await self._documents.save(person, "gate", f"choice:{plan_id}", kept)
        return plan_id, kept

    async def read_edit(self, person: Person, view: JsonObject) -> JsonObject:
        """What was typed into the edit modal, as arguments of the request. Raises PersonMends, `field` naming the block
        of the modal it belongs to."""
        metadata = str(view.get("private_metadata"))
        plan_id, index = edit.read_metadata(metadata)
        card = await self._pending(plan_id)
        await self._entitlement.to_change(card, person)
        if index >= len(card.plan.calls):
            raise Refused("This card has changed since.", "Look at it again.")
        call = card.plan.calls[index]
        tool = self._tools.get(call.tool)
        names = [field.name for field in tool.fields(call.args)] if tool else []
        _, _, typed = edit.read_edit(_state(view), metadata)
        values = {name: typed[name] for name in names if name in typed}
        try:
            self._decisions.edited(call, values)
        except PersonMends as error:
            raise PersonMends(
                error.message, error.mend, field=edit.block_of(error.field or names[0]) if names else None
            ) from None
        return {"plan": plan_id, "index": index, "values": values}

    async def prove(self, person: Person, view: JsonObject) -> str:
        """Check the code typed for a critical card; the plan it counts for. Raises PersonMends (field: the block)."""
        plan_id, code = proof.read(_state(view), str(view.get("private_metadata")))
        card = await self._pending(plan_id)
        await self._entitlement.to_approve(card, person)
        await self._codes.check(person, code, datetime.now(UTC))
        return plan_id

    async def write_grant(self, person: Person, view: JsonObject) -> str:
        """Write the standing permission that was filled in; in words. Raises PersonMends (field: the block)."""
        given = grant_views.read_grant(_state(view), str(view.get("private_metadata")))
        _, call, facets = await self._settled(person, given.card_id, given.index)
        if given.count is None or given.until is None:
            field = "until" if given.until is None else "count"
            raise PersonMends("Fill this in.", "A permission has an end.", field=field)
        patterns = {name: given.patterns.get(name, ()) for name in facets}
        words = _in_words(self._drawing.views([call])[0], patterns)
        try:
            await self._grants.write(
                person,
                call.tool,
                patterns,
                count=given.count,
                until=datetime.combine(given.until, time(23, 59), await self._zone(person)),
                words=words,
                now=datetime.now(UTC),
                actor=person.user,
                key=str(view["id"]),
            )
        except PersonMends as error:
            field = error.field or "count"
            if field.startswith("patterns."):
                field = grant_views.block_of(field.removeprefix("patterns."), given.index)
            raise PersonMends(error.message, error.mend, field=field) from None
        return words

    async def preview(self, person: Person, view: JsonObject) -> View:
        """The modal of a standing permission again, with what it would have covered as it stands now."""
        given = grant_views.read_grant(_state(view), str(view.get("private_metadata")))
        return await self._grant(person, button_value(given.card_id, given.index), given)

    async def _listing(self, person: Person, value: str) -> View:
        """`value`: `plan` or `plan:page`."""
        target = read_value(value)
        card = await self._cards.by_plan(target.id)
        if card.person != person:
            await self._entitlement.to_approve(card, person)
        calls = await self._cards.plans.calls(target.id)
        done = {one.index: one.outcome for one in await self._ledger.entered(target.id)}
        outcomes = tuple(done.get(index) for index in range(len(calls))) if done else ()
        shown = tuple(self._drawing.views(calls))
        return listing.listing(ListingValue(target.id, card.plan.title, shown, target.page, outcomes))

    async def _choice(self, person: Person, value: str) -> View:
        """`value`: `plan` or `plan:page`; `plan:call:page` for one call's items."""
        target = read_value(value)
        known = await self._choice_value(person, target.id)
        focus = target.numbers[0] if len(target.numbers) > 1 else None
        return choice.choice(replace(known, focus=focus, page=target.page))

    async def _choice_value(self, person: Person, plan_id: str) -> ChoiceValue:
        card = await self._pending(plan_id)
        await self._entitlement.to_change(card, person)
        kept = await self._documents.load(person, "gate", f"choice:{plan_id}")
        left_out = tuple(frozenset(each) for each in unticked(kept, card.plan.calls))
        return ChoiceValue(plan_id, card.plan.title, tuple(self._drawing.views(card.plan.calls)), left_out)

    async def _edit(self, person: Person, value: str) -> View:
        """`value`: `plan`, or `plan:index` of the call to edit."""
        target = read_value(value)
        card = await self._pending(target.id)
        await self._entitlement.to_change(card, person)
        tools = [self._tools.get(call.tool) for call in card.plan.calls]
        fields = [
            tuple(tool.fields(call.args)) if tool else () for tool, call in zip(tools, card.plan.calls, strict=True)
        ]
        shown = tuple(self._drawing.views(card.plan.calls))
        fitting = tuple(each if edit.editable(each) else () for each in fields)
        index = target.numbers[0] if target.numbers else None
        return edit.edit(EditValue(target.id, card.plan.title, shown, fitting, index))

    async def _proof(self, person: Person, value: str) -> View:
        card = await self._pending(value)
        await self._entitlement.to_approve(card, person)
        if not await self._codes.is_enrolled(person):
            return proof.not_enrolled()
        shown = tuple(self._drawing.views(card.plan.calls))
        environment = ", ".join(sorted({view.environment for view in shown if view.environment}))
        return proof.proof(ProofValue(value, card.plan.title, shown, environment))

    async def _grant(self, person: Person, value: str, typed: grant_views.GrantTyped | None = None) -> View:
        """`value`: `plan`, or `plan:index` of the call whose like is to be allowed; `typed`: what stands there now."""
        target = read_value(value)
        allowed = self._drawing.grantable(await self._cards.current(target.id))
        index = target.numbers[0] if target.numbers else allowed[0] if allowed else 0
        card, call, facets = await self._settled(person, target.id, index)
        approved = {name: tuple(dict.fromkeys(map(exactly, values))) for name, values in facets.items()}
        patterns = typed.patterns if typed else approved
        lately = await self._records.approved(person, call.tool)
        today = datetime.now(await self._zone(person)).date()
        return grant_views.grant(
            GrantFormValue(
                card_id=target.id,
                title=card.plan.title,
                tool=self._drawing.views([call])[0].verb,
                patterns=tuple(FacetPattern(name, name.capitalize(), patterns.get(name, ())) for name in facets),
                count=(typed.count if typed else None) or _GRANT_COUNT,
                today=today,
                covered=preview(lately, patterns),
                approved=len(lately),
                until=typed.until if typed else None,
                index=index,
                others=self._alike(card, [other for other in allowed if other != index]),
            )
        )

    def _alike(self, card: Card, indexes: Sequence[int]) -> tuple[tuple[int, str], ...]:
        views = self._drawing.views([card.plan.calls[index] for index in indexes])
        return tuple((index, f"{view.verb}: {view.subject}") for index, view in zip(indexes, views, strict=True))

    async def _zone(self, person: Person) -> ZoneInfo:
        return ZoneInfo((await self._slack.profile(person)).tz)

    async def _pending(self, plan_id: str) -> Card:
        card = await self._cards.current(plan_id)
        if card.state != "pending":
            raise Refused("This card was decided already.")
        return card

    async def _settled(self, person: Person, plan_id: str, index: int) -> tuple[Card, Call, Facets]:
        """A card of this person's that was carried out, one of its calls whose like may be allowed, and its facets."""
        card = await self._cards.current(plan_id)
        if card.person != person:
            raise Refused("This card belongs to somebody else.")
        if card.state != "settled" or index not in self._drawing.grantable(card):
            raise Refused("The like of this cannot be allowed in advance.", "Decide it on its card each time.")
        call = card.plan.calls[index]
        tool = self._tools.get(call.tool)
        facets = tool.facets(call.args) if tool else {}
        if not grant_views.grantable(list(facets)):
            raise Refused(
                "There is too much here to write it down as a permission.", "Decide it on its card each time."
            )
        return card, call, facets


def _in_words(view: CallView, patterns: Mapping[str, tuple[str, ...]]) -> str:
    """`Move, folder INBOX, to Archive, sender *@shop.example`."""
    limits = [f"{name} {' or '.join(given)}" for name, given in patterns.items() if set(given) != {"*"}]
    return ", ".join([view.verb, *limits])


def _state(view: JsonObject) -> Any:
    state = view.get("state")
    return state.get("values", {}) if isinstance(state, dict) else {}
