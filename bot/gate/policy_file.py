"""`policy.toml` read and checked: the one place where an admin's words become the policy.

Every mistake is told with its place and, for a word that does not exist, the nearest one that does. Half a policy is
none: with a mistake anywhere in the file nothing of it holds, and MeshClaw does not start.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.contracts.errors import OperatorMends
from bot.contracts.policy import CEILINGS, Ceiling, Deciders, Policy, Rule, Verdict
from bot.contracts.tools import Effect
from bot.gate.policy import BUILT_IN, may_allow
from bot.gate.policy_mistakes import Wrong, explained, nearest, quoted

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_USER, _GROUP, _CHANNEL = "[UW][A-Z0-9]{2,40}", "group:S[A-Z0-9]{2,40}", "[CG][A-Z0-9]{2,40}"
_DIRECT = "direct"
_NEVER_SAFE = frozenset(("production", "prod", "live"))
_ADMINS_DECIDE = frozenset((Effect.ACCESS, Effect.DELETE, Effect.SPEND, Effect.DEPLOY))
_OF_ASKING = ("approvers", "another", "count", "critical", "grants", "show_in")


def load(path: Path | None) -> Policy:
    """The policy of that file; the strict built-in one without. Raises OperatorMends for whatever is wrong with it."""
    if path is None:
        return Policy()
    try:
        content = path.read_bytes()
        table = tomllib.loads(content.decode("utf-8-sig"))
        return _File.model_validate(table).frozen(hashlib.sha256(content).hexdigest()[:12])
    except OSError as error:
        raise OperatorMends(
            f"The policy {path} cannot be read: {error.strerror}.", "Put the file there, or set MESHCLAW_POLICY to it."
        ) from None
    except UnicodeDecodeError:
        raise OperatorMends(f"The policy {path} is not text in UTF-8.", "Save it as UTF-8.") from None
    except ValidationError as error:
        raise explained(path, error.errors(), table, _KEYS) from None
    except (ValueError, RecursionError) as error:  # of tomllib, with line and column
        last = len(content.splitlines())
        says = str(error).replace("end of document", f"the end of the file, line {last}")
        raise OperatorMends(f"{path} is not TOML: {says}.", "policy.example.toml shows how it is written.") from None


def _one_of(words: Sequence[str], what: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value not in words:
            raise Wrong(f"there is no {what} {quoted(value)}", nearest(str(value), words))
        return value

    return check


def _id(pattern: str, what: str, mend: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Wrong(f"{quoted(value)} is no {what}", mend)
        return value

    return BeforeValidator(check)


def _effect(value: Any) -> Effect:
    return Effect(_one_of(list(Effect), "effect")(value))


def _counted_effect(value: Any) -> Effect:
    return Effect(_one_of(list(CEILINGS), "effect with a ceiling")(value))


def _several(value: Any) -> Any:
    """One word stands for a list of one."""
    if value == []:
        raise Wrong("an empty list says nothing", "Take the line away, or name something.")
    return [value] if isinstance(value, str) else value


def _facets(value: Any) -> Any:
    """TOML makes tables of dotted names; here they are names again."""
    if value == {}:
        raise Wrong("an empty table says nothing", "Take the line away, or name something.")
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, given in value.items():
        inner = _facets(given)
        found |= {f"{name}.{key}": each for key, each in inner.items()} if isinstance(given, dict) else {name: inner}
    return found


def _duration(value: Any) -> timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong(f"{quoted(value)} is no duration", 'Write it as "30s", "15m", "24h" or "2d".')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _span(value: Any) -> tuple[time, time]:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong(f"{quoted(value)} is no span of the day", 'Write it as "20:00-08:00".')
    return time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))


def _most(value: Any) -> int | None:
    if value == "none":
        return None
    if type(value) is not int or value < 1:
        raise Wrong(f"{quoted(value)} is no ceiling", 'Write a whole number from 1 up, or "none".')
    return value


def _said(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Wrong(f"{quoted(value)} is no text of one line", "Write it in quotes.")
    return value.strip()


def _environment(value: Any) -> Any:
    if _said(value).casefold() in _NEVER_SAFE:
        raise Wrong(f"{quoted(value)} is production", "Write a [[rule]] with `another = false` for it instead.")
    if {"*", "?"} & {*value}:
        raise Wrong(f"{quoted(value)} is a pattern", "Name each environment that is safe.")
    return value.strip()


_Duration = Annotated[timedelta, BeforeValidator(_duration)]
_Most = Annotated[int | None, BeforeValidator(_most)]
_Text = Annotated[str, BeforeValidator(_said)]
_Texts = Annotated[list[_Text], BeforeValidator(_several)]
_User = Annotated[str, _id(_USER, "id of a person", "In Slack, the person's profile has “Copy member ID”: U….")]
_Who = Annotated[
    str, _id(f"{_USER}|{_GROUP}", "id", 'Write "U…" for a person, "group:S…" for the members of a Slack user group.')
]
_Approver = Annotated[
    str,
    _id(
        f"{_USER}|{_GROUP}|admins|asker",
        "approver",
        'Write "U…" for a person, "group:S…" for a Slack user group, "admins" or "asker".',
    ),
]
_Channel = Annotated[str, _id(_CHANNEL, "id of a channel", "In Slack, a channel's details end with its id: C….")]
_Where = Annotated[str, _id(f"{_CHANNEL}|{_DIRECT}", "id of a channel", 'Write "C…", or "direct" for direct messages.')]


class _Table(BaseModel):
    """A table of the file: nothing it does not know, nothing bent into shape."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Clocks(_Table):
    decide: _Duration = Policy().decide_within
    execute: _Duration = Policy().execute_within
    remind: _Duration | None = None
    outbox: _Duration = Policy().outbox
    quiet: Annotated[tuple[time, time], BeforeValidator(_span)] = Policy().quiet

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for key, value in (("decide", self.decide), ("execute", self.execute)):
            if not timedelta(minutes=1) <= value <= timedelta(days=30):
                raise Wrong("it has to be from a minute to 30 days", key=key)
        if self.remind is not None and self.remind >= self.decide:
            raise Wrong("the reminder would come before the card", "Make it shorter than decide.", "remind")
        if self.outbox > self.execute:
            raise Wrong("what waits so long is too late to execute", "Make it no longer than execute.", "outbox")
        return self


class _Ceiling(_Table):
    card: _Most = None
    hour: _Most = None
    day: _Most = None


class _People(_Table):
    admins: Annotated[list[_Who], BeforeValidator(_several)] = []


class _Environments(_Table):
    safe: list[Annotated[str, BeforeValidator(_environment)]] = sorted(Policy().safe)


class _BreakGlass(_Table):
    people: Annotated[list[_User], BeforeValidator(_several)]
    minutes: int = Field(default=15, ge=1, le=240)
    channel: _Channel


class _Audit(_Table):
    file: _Text = ""
    channel: _Channel = ""
    every: _Duration = Policy().audit_every

    @field_validator("every")
    @classmethod
    def _in_range(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=1) <= value <= timedelta(days=7):
            raise Wrong("it has to be from a minute to 7 days")
        return value


class _Rule(_Table):
    name: _Text
    then: Annotated[Verdict, BeforeValidator(_one_of(get_args(Verdict), "verdict"))]
    effect: Annotated[list[Annotated[Effect, BeforeValidator(_effect)]], BeforeValidator(_several)] = []
    tool: _Texts = []
    arguments: Annotated[dict[str, _Texts], BeforeValidator(_facets)] = {}
    people: Annotated[list[_User], BeforeValidator(_several)] = []
    channel: Annotated[list[_Where], BeforeValidator(_several)] = []
    environment: _Texts = []
    approvers: Annotated[list[_Approver], BeforeValidator(_several)] = []
    another: bool = False
    count: int = Field(default=1, ge=1, le=20)
    critical: bool = False
    grants: bool = True
    why: _Text = ""
    show_in: _Channel = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.name.casefold().startswith(BUILT_IN):
            raise Wrong(f"names that begin with “{BUILT_IN}” are MeshClaw's own", "Choose another.", "name")
        if self.then != "ask":
            for key in _OF_ASKING:
                if key in self.model_fields_set:
                    raise Wrong(f'it has no meaning where then = "{self.then}"', 'It belongs to then = "ask".', key)
        if self.then == "allow":
            self._refuse_to_allow()
        self._refuse_too_few()
        return self

    def _refuse_to_allow(self) -> None:
        """No rule lets an effect run by itself."""
        if not self.effect or not {*self.effect} <= {Effect.READ, Effect.FETCH}:
            raise Wrong(
                "a rule may allow nothing but reading and fetching",
                'Write effect = "read" or "fetch". Everything else waits for a person: they can make grants.',
                "effect",
            )
        if not all(may_allow(self.frozen(), effect) for effect in self.effect):
            raise Wrong(
                "fetching may be allowed from named places only",
                'Write such as arguments = { url = "https://docs.example.com/*" }.',
                "arguments",
            )

    def _refuse_too_few(self) -> None:
        """Whether there can be as many deciders as the rule asks for."""
        if not self.approvers:
            if (self.another or self.count > 1) and not (self.effect and {*self.effect} <= _ADMINS_DECIDE):
                key = "another" if self.another else "count"
                raise Wrong("it asks for more than the person who asks, and names nobody", "Add approvers.", key)
            return
        if any(one == "admins" or one.startswith("group:") for one in self.approvers):
            return  # nobody knows how many they are
        most = len({*self.approvers} - ({"asker"} if self.another else set()))
        if self.count > most:
            raise Wrong(f"no more than {most} of the approvers can ever approve", "Name more.", "count")

    def frozen(self) -> Rule:
        deciding = {"approvers", "another", "count", "show_in"} & self.model_fields_set
        deciders = Deciders(
            asker="asker" in self.approvers,
            people=tuple(one for one in self.approvers if re.fullmatch(_USER, one)),
            groups=_groups(self.approvers),
            admins="admins" in self.approvers,
            another=self.another,
            count=self.count,
            channel=self.show_in,
        )
        return Rule(
            name=self.name,
            then=self.then,
            effects=frozenset(self.effect),
            tools=tuple(self.tool),
            facets={name: tuple(patterns) for name, patterns in self.arguments.items()},
            people=tuple(self.people),
            channels=tuple("" if channel == _DIRECT else channel for channel in self.channel),
            environments=tuple(self.environment),
            why=self.why,
            deciders=deciders if deciding else None,
            critical=self.critical,
            grants=self.grants,
            alone="another" in self.model_fields_set and not self.another,
        )


def _groups(who: Sequence[str]) -> tuple[str, ...]:
    return tuple(one.removeprefix("group:") for one in who if one.startswith("group:"))


class _File(_Table):
    clocks: _Clocks = _Clocks()
    ceilings: dict[Annotated[Effect, BeforeValidator(_counted_effect)], _Ceiling] = {}
    people: _People = _People()
    environments: _Environments = _Environments()
    break_glass: _BreakGlass | None = None
    audit: _Audit = _Audit()
    rule: list[_Rule] = []

    @field_validator("rule")
    @classmethod
    def _apart(cls, rules: list[_Rule]) -> list[_Rule]:
        names = [rule.name.casefold() for rule in rules]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise Wrong(
                    f"the rules {names.index(name) + 1} and {index + 1} are both called “{rules[index].name}”",
                    "Give each a name of its own: cards and receipts tell it.",
                )
        return rules

    def frozen(self, version: str) -> Policy:
        clocks, glass, audit = self.clocks, self.break_glass, self.audit
        return Policy(
            version=version,
            rules=tuple(rule.frozen() for rule in self.rule),
            ceilings={effect: self._ceiling(effect) for effect in CEILINGS},
            decide_within=clocks.decide,
            execute_within=clocks.execute,
            remind_before=clocks.decide / 12 if clocks.remind is None else clocks.remind,
            outbox=clocks.outbox,
            quiet=clocks.quiet,
            safe=frozenset(self.environments.safe),
            admins=tuple(who for who in self.people.admins if not who.startswith("group:")),
            admin_groups=_groups(self.people.admins),
            break_glass=tuple(glass.people) if glass else (),
            break_glass_for=timedelta(minutes=glass.minutes) if glass else Policy().break_glass_for,
            break_glass_channel=glass.channel if glass else "",
            audit_file=audit.file,
            audit_channel=audit.channel,
            audit_every=audit.every,
        )

    def _ceiling(self, effect: Effect) -> Ceiling:
        """What is not given stays as it was."""
        given = self.ceilings.get(effect)
        changed = {key: getattr(given, key) for key in given.model_fields_set} if given else {}
        return replace(CEILINGS[effect], **changed)


_TABLES: dict[str, type[BaseModel]] = {
    "": _File,
    "clocks": _Clocks,
    "ceilings": _Ceiling,
    "people": _People,
    "environments": _Environments,
    "break_glass": _BreakGlass,
    "audit": _Audit,
    "rule": _Rule,
}
_KEYS = {name: list(table.model_fields) for name, table in _TABLES.items()}
