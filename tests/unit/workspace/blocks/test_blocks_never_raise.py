"""Whatever JSON arrives, the rules answer with problems and never raise; and what they say can be sent as JSON."""

import json
from collections.abc import Iterator
from typing import Any

from block_samples import EVERYWHERE, MESSAGE_ONLY, MODAL_ONLY, NOT_IN_MODALS
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.blocks import Problem, validate_blocks, validate_message, validate_view
from bot.workspace.blocks.catalogue import BLOCKS
from bot.workspace.blocks.elements import ACTIONS, INPUTS

_NAMES = sorted(
    {variant.name for variant in (*BLOCKS, *ACTIONS, *INPUTS)}
    | {"plain_text", "mrkdwn", "rich_text_section", "rich_text_list", "text", "raw_text", "raw_number", "pie", "line"}
)
_KEYS = [
    "type",
    "text",
    "elements",
    "element",
    "fields",
    "accessory",
    "blocks",
    "block_id",
    "action_id",
    "value",
    "options",
    "option_groups",
    "initial_option",
    "initial_options",
    "label",
    "confirm",
    "style",
    "rows",
    "caption",
    "chart",
    "series",
    "segments",
    "axis_config",
    "categories",
    "data",
    "title",
    "tasks",
    "task_id",
    "child_blocks",
    "url",
    "image_url",
    "alt_text",
    "focus_on_load",
    "submit",
    "min_length",
    "max_length",
    "max_selected_items",
    "attachments",
    "actions",
    "placeholder",
    "filter",
    "include",
    "workflow",
    "trigger",
    "details",
    "sources",
    "status",
    "page_size",
]
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([*_NAMES, "modal", "home"]),
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=4), inner, max_size=3),
        st.dictionaries(st.sampled_from(_KEYS), inner, max_size=6),
        st.builds(
            lambda name, rest: {**rest, "type": name},
            st.sampled_from(_NAMES),
            st.dictionaries(st.sampled_from(_KEYS), inner, max_size=6),
        ),
    ),
    max_leaves=25,
)
_SURFACES = st.sampled_from(["message", "modal", "home"])


def _can_be_sent(problems: list[Problem]) -> None:
    for problem in problems:
        entry = problem.as_dict()
        json.dumps(entry)
        assert entry["pointer"] == "" or str(entry["pointer"]).startswith("/")
        assert entry["code"]
        assert entry["message"]


@given(blocks=JSON, surface=_SURFACES)
def test_blocks(blocks: object, surface: Any) -> None:
    _can_be_sent(validate_blocks(blocks, surface=surface))


@given(blocks=st.lists(JSON, max_size=3), surface=_SURFACES)
def test_lists_of_blocks(blocks: object, surface: Any) -> None:
    _can_be_sent(validate_blocks(blocks, surface=surface))


@given(payload=st.dictionaries(st.sampled_from(["text", "blocks", "attachments", "x"]), JSON))
def test_messages(payload: dict[str, object]) -> None:
    _can_be_sent(validate_message(payload))


@given(view=st.dictionaries(st.sampled_from(["type", "title", "blocks", "submit", "private_metadata", "x"]), JSON))
def test_views(view: dict[str, object]) -> None:
    _can_be_sent(validate_view(view))


def _slots(value: object) -> Iterator[tuple[Any, Any]]:
    """Every place inside a JSON value at which something may be put: its holder and the key."""
    if isinstance(value, dict | list):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _slots(member)


@given(data=st.data(), surface=_SURFACES)
def test_sound_blocks_with_something_put_into_them(data: st.DataObject, surface: Any) -> None:
    samples = [*EVERYWHERE, *MESSAGE_ONLY, *MODAL_ONLY, *NOT_IN_MODALS]
    blocks = json.loads(json.dumps(data.draw(st.lists(st.sampled_from(samples), min_size=1, max_size=3))))
    for _ in range(data.draw(st.integers(1, 2))):
        holder, key = data.draw(st.sampled_from(list(_slots(blocks))))
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = data.draw(JSON)
    _can_be_sent(validate_blocks(blocks, surface=surface))
    _can_be_sent(validate_message({"blocks": blocks}))
    _can_be_sent(validate_view({"type": "home", "blocks": blocks}))
