"""The person's own rules, written and removed by command: `/meshclaw triage rule …`, `/meshclaw triage rules`."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.agents.triage.rules import Rule
from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject

MOST = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked of the rules: show them, add one, or remove the one with this number (from 1)."""

    add: Rule | None = None
    remove: int | None = None

    def as_args(self) -> JsonObject:
        pointer = "Your rules come in your direct messages with me."
        return {
            "pointer": pointer,
            "rules": True,
            "add": self.add.to_json() if self.add else None,
            "remove": self.remove,
        }

    @classmethod
    def from_args(cls, args: JsonObject) -> "Change | None":
        """None when the request is not about rules."""
        if not args.get("rules"):
            return None
        remove = args.get("remove")
        return cls(Rule.from_json(args.get("add")), remove if isinstance(remove, int) else None)


def parse(text: str) -> Change | None:
    """What follows `/meshclaw triage`; None when it is not about rules. Raises PersonMends for a rule that is none."""
    word, _, rest = text.strip().partition(" ")
    if word.lower() == "rules" and not rest.strip():
        return Change()
    if word.lower() not in ("rule", "rules"):
        return None
    verb, _, number = rest.strip().partition(" ")
    if verb.lower() == "remove":
        if not number.strip().isdecimal():
            raise PersonMends(
                "Which rule? Name it by its number.", "/meshclaw triage rules shows them, then: rule remove 2"
            )
        return Change(remove=int(number))
    return Change(add=Rule.parse(rest))


def changed(rules: Sequence[Rule], change: Change) -> tuple[tuple[Rule, ...], str]:
    """The rules after the change, and a sentence that says what was done. Raises PersonMends."""
    if change.add:
        others = [rule for rule in rules if (rule.kind, rule.value) != (change.add.kind, change.add.value)]
        if len(others) >= MOST:
            raise PersonMends(f"There are {MOST} rules already.", "Remove one first: /meshclaw triage rule remove 1")
        return (*others, change.add), f"Noted: {change.add.words()}. It counts from the next triage on."
    if change.remove is not None:
        if not 1 <= change.remove <= len(rules):
            raise PersonMends(f"There is no rule {change.remove}.", "/meshclaw triage rules shows them.")
        gone = rules[change.remove - 1]
        return (*rules[: change.remove - 1], *rules[change.remove :]), f"Removed: {gone.words()}."
    return tuple(rules), ""
