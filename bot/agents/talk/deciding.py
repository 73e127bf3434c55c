"""What became of a card, in words for the model that wanted it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.agents.talk import prompts
from bot.contracts.json import JsonObject
from bot.contracts.secrets import redacted
from bot.contracts.tools import Reading

_ENDED = {
    "denied": "The person turned this down. Nothing was done. Do not ask for it again.",
    "expired": "Nobody decided in time. Nothing was done.",
    "called_back": "The person called this back before it ran. Nothing was done.",
    "lapsed": "It was not carried out in time. Nothing more is done of it.",
    "withdrawn": "It was withdrawn, because it may not run any more. Nothing more is done of it.",
    "superseded": "A newer plan took its place. Nothing was done.",
}


def outcomes(args: JsonObject) -> Sequence[tuple[str, str]]:
    """Digest and result of each call of a card, from what the engine tells of it."""
    ended = _ENDED.get(str(args["state"]), "Nothing was done.")
    if reason := str(args.get("reason") or ""):
        ended = f"{ended} Their words: {prompts.outside(reason, 'the person who turned it down', 2_000)}"
    calls: Any = args["calls"]
    return [(call["digest"], _told(call["outcome"]) if call["outcome"] else ended) for call in calls]


def readings(args: JsonObject) -> Sequence[Reading]:
    """What the calls of a card have read."""
    calls: Any = args["calls"]
    found = [call["outcome"]["reading"] for call in calls if call["outcome"] and call["outcome"].get("reading")]
    return [
        Reading(one["text"], one["origin"], None if one["seen_by"] is None else frozenset(one["seen_by"]))
        for one in found
    ]


def _told(outcome: Mapping[str, Any]) -> str:
    note = prompts.outside(redacted(outcome["note"]), "the tool", 2_000) if outcome["note"] else ""
    counts = f" ({outcome['count']} done, {outcome['gone']} were gone)" if outcome["gone"] else ""
    if outcome["state"] == "unknown":
        return f"Nobody can tell whether this happened. Say so, and do not try it again. {note}".strip()
    if outcome["state"] == "failed":
        return f"This failed. {note}".strip()
    read = outcome.get("reading")
    if read:
        return prompts.told(Reading(read["text"], read["origin"]))
    return f"The person approved this, and it was done{counts}. {note}".strip()
