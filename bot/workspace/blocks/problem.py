"""What is wrong with one place of a payload, in the words of Slack's `blocks.validate`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal: where, which rule, why, and what was expected instead.

    It has the shape of an entry of `errors` in an answer of `blocks.validate`
    (https://docs.slack.dev/reference/methods/blocks.validate) and the codes of the validator behind it
    (https://github.com/slackhq/hack-json-schema): `missing_field`, `invalid_type` and `failed_constraint`.
    Rules about a whole payload that Slack answers with an error of their own keep that error as their code:
    `msg_blocks_too_long`, `msg_too_long`, `no_text`, `only_one_table_allowed`, `view_too_large`.

    `pointer` is a JSON pointer into the payload. `constraint` has a `type` (`enum`, `max_length`, `min_items`, …),
    `expected` and mostly `got`. `field` names a key that is missing.
    """

    pointer: str
    code: str
    message: str
    constraint: Mapping[str, object] | None = None
    field: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The entry as Slack sends it; `constraint` and `field` are left out where there is nothing to say."""
        entry: dict[str, object] = {"pointer": self.pointer, "code": self.code, "message": self.message}
        if self.constraint is not None:
            entry["constraint"] = dict(self.constraint)
        if self.field is not None:
            entry["field"] = self.field
        return entry


def failed(pointer: str, message: str, kind: str, expected: object, got: object = None) -> Problem:
    """A value of the right type that breaks a limit; `got` is repeated only while it is a plain value."""
    constraint: dict[str, object] = {"type": kind, "expected": expected}
    if isinstance(got, str | int | float):
        constraint["got"] = got
    return Problem(pointer, "failed_constraint", message, constraint)


def missing(pointer: str, field: str) -> Problem:
    """A key that must be there and is not."""
    return Problem(pointer, "missing_field", f"missing required field: {field}", field=field)


def wrong_type(pointer: str, wanted: str) -> Problem:
    """A value of another JSON type than the one `wanted` ("a string", "an object", …)."""
    return Problem(pointer, "invalid_type", f"must provide {wanted}")
