"""The arguments of the laboratory's tools, and how each call reads on a card."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from bot.contracts.json import JsonObject
from bot.contracts.tools import Call, CallView, Noun

Text = Annotated[str, Field(min_length=1, max_length=20_000)]
Name = Annotated[str, Field(min_length=1, max_length=300)]


class Args(BaseModel):
    """What a tool takes. `editable`: the fields a person may change on the card."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    editable: ClassVar[tuple[str, ...]] = ()

    def view(self) -> CallView:
        raise NotImplementedError

    def inverse(self) -> Call | None:
        """What takes it back."""
        return None

    def without(self, left_out: Collection[int]) -> Self | None:
        """The rest of it; None when nothing remains."""
        return None if 0 in left_out else self


class Read(Args):
    what: Name

    def view(self) -> CallView:
        return CallView("Read", self.what, "", (self.what,), reversible=False)


class Fetch(Args):
    url: Name
    editable = ("url",)

    def view(self) -> CallView:
        return CallView("Fetch", self.url, "", (self.url,), reversible=False)


class Note(Args):
    title: Name
    text: Text
    editable = ("title", "text")

    def view(self) -> CallView:
        return CallView("Write down", self.title, "your notes", (f"{self.title}: {self.text}",), True, own=True)

    def inverse(self) -> Call:
        return Call("lab.forget", {"title": self.title})


class Forget(Args):
    title: Name

    def view(self) -> CallView:
        return CallView("Throw away", self.title, "your notes", (self.title,), reversible=False, own=True)


class Send(Args):
    to: Name
    text: Text
    editable = ("to", "text")

    def view(self) -> CallView:
        return CallView("Send", self.to, "", (f"{self.to}: {self.text}",), False, things=Noun("message", "messages"))


class Share(Args):
    thing: Name
    person: Name

    def view(self) -> CallView:
        return CallView("Share", self.thing, f"with {self.person}", (f"{self.thing} with {self.person}",), True)

    def inverse(self) -> Call:
        return Call("lab.unshare", {"thing": self.thing, "person": self.person})


class Unshare(Share):
    def view(self) -> CallView:
        return CallView("Unshare", self.thing, f"with {self.person}", (f"{self.thing} with {self.person}",), False)

    def inverse(self) -> None:
        return None


class Erase(Args):
    things: Annotated[tuple[Name, ...], Field(min_length=1, max_length=500, strict=False)]

    def view(self) -> CallView:
        return CallView("Erase", "for good", "", self.things, reversible=False)

    def without(self, left_out: Collection[int]) -> Self | None:
        rest = tuple(thing for index, thing in enumerate(self.things) if index not in left_out)
        return self.model_copy(update={"things": rest}) if rest else None


class Pay(Args):
    """`amount` in cents."""

    to: Name
    amount: Annotated[int, Field(gt=0)]
    editable = ("to", "amount")

    def view(self) -> CallView:
        amount = f"{self.amount // 100:,}.{self.amount % 100:02}"
        return CallView("Pay", self.to, "", (f"{amount} to {self.to}",), False, things=Noun("payment", "payments"))


class Deploy(Args):
    service: Name
    version: Name
    environment: Name

    def view(self) -> CallView:
        item = f"{self.service} {self.version} to {self.environment}"
        return CallView("Deploy", self.service, self.environment, (item,), False, environment=self.environment)


class Mystery(Args):
    what: Name

    def view(self) -> CallView:
        return CallView("Do", self.what, "", (self.what,), reversible=False)


def plain(args: Args) -> JsonObject:
    """The arguments as a call carries them."""
    found: JsonObject = args.model_dump(mode="json")
    return found
