"""The small parts every block is declared with: a rule takes a value and its place and yields what is wrong.

They work like the validator behind Slack (https://github.com/slackhq/hack-json-schema): a missing key hides the
faults beside it, an unknown key is refused, and the key `type` selects among alternatives.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.workspace.blocks.problem import Problem, failed, missing, wrong_type

Surface = Literal["message", "modal", "home"]
MESSAGE: frozenset[Surface] = frozenset({"message"})
MODAL: frozenset[Surface] = frozenset({"modal"})
EVERYWHERE: frozenset[Surface] = frozenset({"message", "modal", "home"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: its JSON pointer and the surface the payload is for."""

    surface: Surface
    pointer: str = ""

    def at(self, key: str | int) -> "Place":
        """The place of one member of the value that stands here."""
        escaped = str(key).replace("~", "~0").replace("/", "~1")
        return Place(self.surface, f"{self.pointer}/{escaped}")


Rule = Callable[[object, Place], Iterator[Problem]]
# An object each member of which has passed its rule, so that a check may reach into it.
Sound = Mapping[str, Any]
Check = Callable[[Sound, Place], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Variant:
    """One alternative among several, told apart by the key `type`, with the surfaces that take it."""

    name: str
    rule: Rule
    surfaces: frozenset[Surface] = EVERYWHERE


def boolean(value: object, place: Place) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield wrong_type(place.pointer, "a boolean")


def string(most: int | None = None, *, least: int = 1) -> Rule:
    """A string of `least` to `most` characters."""

    def rule(value: object, place: Place) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield wrong_type(place.pointer, "a string")
        elif len(value) < least:
            message = f"must be more than {least - 1} characters"
            yield failed(place.pointer, message, "min_length", least, len(value))
        elif most is not None and len(value) > most:
            yield failed(place.pointer, f"must be less than {most + 1} characters", "max_length", most, len(value))

    return rule


def matching(pattern: str, message: str, *, most: int | None = None) -> Rule:
    """A string that the whole of `pattern` describes."""
    compiled, plain = re.compile(pattern), string(most)

    def rule(value: object, place: Place) -> Iterator[Problem]:
        problems = list(plain(value, place))
        yield from problems
        if not problems and isinstance(value, str) and not compiled.fullmatch(value):
            yield failed(place.pointer, message, "pattern", pattern, value)

    return rule


def url(most: int = 3000) -> Rule:
    """An address with any scheme: buttons may open `mailto:` or an application."""
    return matching(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+", "invalid url", most=most)


def web_url(most: int = 3000) -> Rule:
    """An address Slack itself fetches."""
    return matching(r"https?://[^\s/]+[^\s]*", "invalid url", most=most)


def secure_url(most: int = 3000) -> Rule:
    """An address that must be HTTPS."""
    return matching(r"https://[^\s/]+[^\s]*", "must be a valid HTTPS URL", most=most)


def integer(least: int, most: int) -> Rule:
    """A whole number from `least` to `most`."""

    def rule(value: object, place: Place) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield wrong_type(place.pointer, "an integer")
        elif value < least:
            yield failed(place.pointer, f"must be greater than or equal to {least}", "minimum", least, value)
        elif value > most:
            yield failed(place.pointer, f"must be less than or equal to {most}", "maximum", most, value)

    return rule


def number(value: object, place: Place) -> Iterator[Problem]:
    """Any finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield wrong_type(place.pointer, "a number")
    elif isinstance(value, float) and not math.isfinite(value):
        yield failed(place.pointer, "must be a finite number", "format", "finite")


def enum(*allowed: str | int) -> Rule:
    """One of a few values. Types count: Python takes True for 1, JSON does not."""
    expected = list(allowed)

    def rule(value: object, place: Place) -> Iterator[Problem]:
        if not any(type(value) is type(option) and value == option for option in allowed):
            yield failed(place.pointer, "must be a valid enum value", "enum", expected, value)

    return rule


def array(item: Rule, most: int | None = None, *, least: int = 0) -> Rule:
    """A list of `least` to `most` items that all follow `item`."""

    def rule(value: object, place: Place) -> Iterator[Problem]:
        if not isinstance(value, list | tuple):
            yield wrong_type(place.pointer, "an array")
            return
        if len(value) < least:
            message = f"must provide at least {least} items"
            yield failed(place.pointer, message, "min_items", least, len(value))
        if most is not None and len(value) > most:
            message = f"no more than {most} items allowed"
            yield failed(place.pointer, message, "max_items", most, len(value))
            return
        for index, member in enumerate(value):
            yield from item(member, place.at(index))

    return rule


def or_null(rule: Rule) -> Rule:
    """What `rule` takes, or null in its place."""
    return lambda value, place: iter(()) if value is None else rule(value, place)


def record(
    required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, checks: Sequence[Check] = ()
) -> Rule:
    """An object with these keys and no others; `checks` see it only once each of its members is sound."""
    members = {**required, **(optional or {})}

    def rule(value: object, place: Place) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield wrong_type(place.pointer, "an object")
            return
        absent = [missing(place.pointer, key) for key in required if key not in value]
        if absent:
            yield from absent
            return
        problems = [problem for key, member in value.items() for problem in _member(members, str(key), member, place)]
        yield from problems
        if not problems:
            for check in checks:
                yield from check(value, place)

    return rule


def _member(members: Mapping[str, Rule], key: str, value: object, place: Place) -> Iterator[Problem]:
    if key in members:
        yield from members[key](value, place.at(key))
    else:
        message = f"invalid additional property: {key}"
        yield failed(place.pointer, message, "additional_properties", sorted(members), key)


def variant(
    name: str,
    required: Mapping[str, Rule] | None = None,
    optional: Mapping[str, Rule] | None = None,
    *,
    checks: Sequence[Check] = (),
    surfaces: frozenset[Surface] = EVERYWHERE,
) -> Variant:
    """The object whose `type` is `name`."""
    return Variant(name, record({"type": enum(name), **(required or {})}, optional, checks), surfaces)


def one_of(*variants: Variant) -> Rule:
    """The alternative that the key `type` names, as far as the surface takes it."""
    by_name = {option.name: option for option in variants}

    def rule(value: object, place: Place) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield wrong_type(place.pointer, "an object")
        elif "type" not in value:
            yield missing(place.pointer, "type")
        elif not isinstance(kind := value["type"], str):
            yield wrong_type(place.at("type").pointer, "a string")
        elif kind not in by_name or place.surface not in by_name[kind].surfaces:
            expected = [option.name for option in variants if place.surface in option.surfaces]
            yield failed(place.at("type").pointer, f"unsupported type: {kind}", "enum", expected, kind)
        else:
            yield from by_name[kind].rule(value, place)

    return rule


def at_least_one(*keys: str) -> Check:
    """At least one of these keys is there."""

    def check(value: Sound, place: Place) -> Iterator[Problem]:
        if not any(key in value for key in keys):
            yield missing(place.pointer, keys[0])

    return check


def exactly_one(*keys: str) -> Check:
    """One of these keys is there, and no second one."""

    def check(value: Sound, place: Place) -> Iterator[Problem]:
        present = [key for key in keys if key in value]
        if not present:
            yield missing(place.pointer, keys[0])
        elif len(present) > 1:
            yield failed(place.pointer, f"cannot provide both {' and '.join(present)}", "one_of", list(keys))

    return check


def in_order(low: str, high: str) -> Check:
    """Where both are given, the number at `low` is not above the one at `high`."""

    def check(value: Sound, place: Place) -> Iterator[Problem]:
        if low in value and high in value and float(str(value[low])) > float(str(value[high])):
            yield failed(place.at(low).pointer, f"must not be greater than {high}", "maximum", value[high], value[low])

    return check
