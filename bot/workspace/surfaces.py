"""Modals and App Homes: which views a person has before them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from bot.workspace import elements
from bot.workspace.errors import SlackError
from bot.workspace.model import Change, Json, Person, View
from bot.workspace.state import State

STACK_LIMIT = 3


class Surfaces:
    """The modal stack and App Home of every person. The topmost modal is the last of its stack."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock
        self.homes: dict[str, View] = {}
        self._modals: dict[str, list[View]] = {}

    def populate(self, homes: Iterable[View]) -> None:
        self.homes.update((view.person, view) for view in homes)

    def home(self, person: str) -> View | None:
        return self.homes.get(person)

    def modals(self, person: str) -> list[View]:
        return list(self._modals.get(person, ()))

    def view(self, view_id: str) -> View | None:
        stacks = (*self._modals.values(), list(self.homes.values()))
        return next((view for stack in stacks for view in stack if view.id == view_id), None)

    def publish(self, person: Person, body: Json, hash: str | None = None) -> View:
        """Shows an App Home. Raises `SlackError` with `hash_conflict` when another one came between."""
        current = self.homes.get(person.id)
        if hash and current and current.hash != hash:
            raise SlackError("hash_conflict")
        body = {**body, "blocks": elements.with_ids(body["blocks"])}
        view = self._new(person.id, body, current.id if current else None)
        if current:
            view.values = elements.kept_values(current.values, view.blocks)
        self.homes[person.id] = view
        self._tell(view, "home")
        return view

    def open(self, person: str, body: Json) -> View:
        """Opens a modal of its own, above whatever is open."""
        self._check_external_id(body)
        body = {**body, "blocks": elements.with_ids(body["blocks"])}
        view = self._new(person, body)
        self._modals.setdefault(person, []).append(view)
        self._tell(view, "modal_opened")
        return view

    def push(self, person: str, body: Json) -> View:
        """Opens a modal upon the topmost one's stack. Raises `SlackError` with `push_limit_reached`."""
        stack = self._modals.get(person, [])
        if not stack:
            raise SlackError("view_not_found")
        top = stack[-1]
        if sum(view.root_view_id == top.root_view_id for view in stack) >= STACK_LIMIT:
            raise SlackError("push_limit_reached")
        self._check_external_id(body)
        body = {**body, "blocks": elements.with_ids(body["blocks"])}
        view = self._new(person, body)
        view.root_view_id, view.previous_view_id = top.root_view_id, top.id
        stack.append(view)
        self._tell(view, "modal_opened")
        return view

    def update(self, view: View, body: Json, hash: str | None = None) -> View:
        """Replaces a view in place. What the person entered stays where block_id and action_id stay."""
        if hash and hash != view.hash:
            raise SlackError("hash_conflict")
        if body.get("external_id") and body["external_id"] != view.external_id:
            self._check_external_id(body)
        body = {**body, "blocks": elements.with_ids(body["blocks"])}
        view.body = body
        view.hash = self._hash()
        view.values = elements.kept_values(view.values, view.blocks)
        self._tell(view, "home" if view.type == "home" else "modal_updated")
        return view

    def close(self, view: View) -> list[View]:
        """Closes a modal and those above it, or its whole stack when it clears on close. Answers those closed."""
        stack = self._modals.get(view.person, [])
        if view not in stack:
            return []
        if view.body.get("clear_on_close"):
            closed = [one for one in stack if one.root_view_id == view.root_view_id]
        else:
            closed = stack[stack.index(view) :]
        self._modals[view.person] = [one for one in stack if one not in closed]
        self._tell(view, "modal_closed")
        return closed

    def clear(self, person: str) -> list[View]:
        """Closes every modal of that person."""
        closed = self._modals.pop(person, [])
        if closed:
            self._tell(closed[-1], "modal_closed")
        return closed

    def find(self, view_id: str | None, external_id: str | None) -> View:
        """The view an app names. Raises `SlackError` with `not_found`."""
        if view_id:
            view = self.view(view_id)
        else:
            opened = (view for stack in self._modals.values() for view in stack)
            view = next((one for one in opened if external_id and one.external_id == external_id), None)
        if view is None:
            raise SlackError("not_found")
        return view

    def _check_external_id(self, body: Json) -> None:
        wanted = body.get("external_id")
        if wanted and any(view.external_id == wanted for stack in self._modals.values() for view in stack):
            raise SlackError("duplicate_external_id")

    def _new(self, person: str, body: Json, id: str | None = None) -> View:
        view_id = id or f"V{secrets.token_hex(5).upper()}"
        return View(view_id, body["type"], person, body, self._hash(), view_id)

    def _hash(self) -> str:
        return f"{int(self._clock())}.{secrets.token_hex(4)}"

    def _tell(self, view: View, kind: str) -> None:
        self._state.tell(Change(kind, person=view.person, name=view.id))
