"""What every connector found in `connectors/` has to keep, tested before its author writes a test.

A connector's own suite may offer arguments its tools accept, in `EXAMPLES`; for a tool without any, arguments are made
from nothing but luck, and only refusals are tested.
"""

import inspect
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import connectors
from bot.contracts.connectors import Connection, Connector
from bot.contracts.errors import OperatorMends, PersonMends, TimeMends
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.slack import SlackAway
from bot.contracts.tools import Call, CallView, Effect, Offer, Tool, ToolContext
from connectors.slack import Sender, SlackConnector, api_client


class Nothing:
    """Connections of somebody who connected nothing."""

    async def get(self, person: Person, connector: str) -> Connection | None:
        return None

    async def kept(self, connector: str, name: str) -> None:
        return None

    async def keep(self, connector: str, name: str, value: Json) -> None: ...


NOWHERE = "http://127.0.0.1:1/api/"
"""Where no Slack answers."""
FOUND: dict[str, Connector] = {
    **{name: module.connector(Nothing()) for name, module in connectors.discover().items()},
    "slack": SlackConnector(Sender(api_client("xoxb-nobody", NOWHERE))),
}
TOOLS: dict[str, Tool] = {tool.name: tool for connector in FOUND.values() for tool in connector.tools()}
OFFERED_BY = {tool.name: connector for connector in FOUND.values() for tool in connector.tools()}
every_connector = pytest.mark.parametrize("connector", FOUND.values(), ids=FOUND)
every_tool = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)

line = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60)
mail = st.fixed_dictionaries(
    {"uid": st.from_regex(r"[1-9][0-9]{0,8}", fullmatch=True)},
    optional={
        "validity": st.integers(0, 2**32 - 1),
        "message_id": line,
        "sender": line,
        "subject": line,
        "date": st.dates().map(str),
    },
)
mails = st.lists(mail, min_size=1, max_size=4, unique_by=lambda one: (one["uid"], one.get("validity", 0)))
folder = line.filter(lambda name: name and not name.startswith("\\"))
channel = st.from_regex(r"C[A-Z0-9]{8}", fullmatch=True)
place = st.from_regex(r"#[a-z][a-z0-9-]{0,30}", fullmatch=True)
timestamp = st.from_regex(r"1[0-9]{9}\.[0-9]{6}", fullmatch=True)
text = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\n"), max_size=200).filter(str.strip)
posting = {"channel": channel, "place": place, "text": text}
EXAMPLES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "mail.move": st.fixed_dictionaries(
        {"folder": folder, "to": folder | st.sampled_from(["\\Archive", "\\Junk", "\\Inbox"]), "mails": mails},
        optional={"verb": st.sampled_from(["Archive", "Move", "File"]), "group": line, "subject": line},
    ),
    "mail.flag": st.fixed_dictionaries(
        {"folder": folder, "mails": mails, "flag": st.sampled_from(["\\Flagged", "\\Seen", "$MeshTriaged"])},
        optional={"on": st.booleans(), "group": line, "subject": line},
    ),
    "slack.post": st.fixed_dictionaries(posting, optional={"thread_ts": timestamp}),
    "web.fetch": st.fixed_dictionaries(
        {"url": st.from_regex(r"https://[a-z]{1,20}\.invalid(/[a-z0-9%/?=&]{0,30})?", fullmatch=True)}
    ),
    "mail.search": st.fixed_dictionaries(
        {"query": line},
        optional={
            "from": line,
            "subject": line,
            "folder": folder,
            "since": st.integers(0, 999) | st.dates(date(1970, 1, 2)).map(str),
            "unread": st.booleans(),
            "limit": st.integers(1, 50),
        },
    ),
    "mail.read": st.fixed_dictionaries(
        {"id": st.from_regex(r"[0-9]{1,12}-[a-z2-7]{11}", fullmatch=True)}, optional={"sender": line, "subject": line}
    ),
    "manual.search": st.fixed_dictionaries({"query": line.filter(str.strip)}),
    "slack.read": st.fixed_dictionaries(
        {"channel": channel, "place": place},
        optional={"since": st.integers(0, 999) | st.dates(date(1972, 1, 1), date(2199, 1, 1)).map(str)},
    ),
    "slack.thread": st.fixed_dictionaries({"channel": channel, "place": place, "ts": timestamp}),
    "slack.unsay": st.fixed_dictionaries({**posting, "ts": timestamp}, optional={"thread_ts": timestamp}),
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_connectors_are_found_by_scanning() -> None:
    assert "email" in FOUND
    names = [connector.name for connector in FOUND.values()]
    assert len(set(names)) == len(names)


def test_a_connector_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise ImportError("no module named x")

    monkeypatch.setattr(connectors, "import_module", broken)
    with pytest.raises(OperatorMends, match=r"connector email cannot be loaded: no module named x"):
        connectors.discover()


@every_connector
def test_a_connector_says_who_it_is(connector: Connector) -> None:
    assert connector.name.isidentifier()
    assert connector.name == connector.name.lower()
    assert connector.title


@every_connector
def test_tools_declare_their_effect_under_the_connectors_name(connector: Connector) -> None:
    for tool in connector.tools():
        assert isinstance(tool.effect, Effect)
        assert tool.name.startswith(f"{connector.name}.")
        for method in (tool.perform, tool.look_back):
            assert inspect.iscoroutinefunction(method)


@every_connector
def test_the_form_is_one_slack_can_show(connector: Connector) -> None:
    fields = connector.form()
    assert len({field.name for field in fields}) == len(fields) <= 90
    for field in fields:
        assert 0 < len(field.label) <= 75
        assert len(field.hint) <= 150
        assert len(field.placeholder) <= 150
        values = [value for value, _ in field.options]
        assert len(set(values)) == len(values) <= 100
        assert all(0 < len(value) <= 75 and 0 < len(label) <= 75 for value, label in field.options)
        if field.kind == "choice":
            assert field.options
            assert not field.initial or field.initial in values
        if field.kind == "secret":
            assert not field.initial


@every_connector
async def test_an_empty_form_is_the_persons_to_mend(connector: Connector) -> None:
    fields = {field.name for field in connector.form()}
    for values in ({}, dict.fromkeys(fields, ""), dict.fromkeys(fields, "\x00")):
        with pytest.raises(PersonMends) as caught:
            await connector.prove(values)
        assert caught.value.field is None or caught.value.field in fields


@every_connector
async def test_checks_are_lines_for_the_doctor(connector: Connector) -> None:
    for check in await connector.checks():
        assert check.name
        assert check.says
        assert check.well or check.mend


@every_connector
async def test_closing_twice_does_no_harm(connector: Connector) -> None:
    await connector.close()
    await connector.close()


@every_tool
@given(args=st.dictionaries(st.text(max_size=10), json_values, max_size=5))
def test_junk_is_refused_in_words(tool: Tool, args: dict[str, Any]) -> None:
    offer = tool.offer()
    assume(args or not offer or offer.schema["required"])  # some take nothing at all
    with pytest.raises(PersonMends) as caught:
        tool.check(args)
    assert caught.value.message


@every_tool
@given(data=st.data())
def test_one_wrong_argument_is_refused_or_described(tool: Tool, data: st.DataObject) -> None:
    args = data.draw(EXAMPLES[tool.name]) if tool.name in EXAMPLES else {}
    spoilt = {**args, data.draw(st.sampled_from([*args, "more"])): data.draw(json_values)}
    try:
        tool.check(spoilt)
    except PersonMends:
        return
    assert tool.describe(spoilt)


def examples(data: st.DataObject, tool: Tool) -> dict[str, Any]:
    return data.draw(EXAMPLES.get(tool.name, st.nothing()))


with_examples = pytest.mark.parametrize("tool", [TOOLS[name] for name in EXAMPLES], ids=list(EXAMPLES))


@with_examples
@given(data=st.data())
def test_describing_is_pure_and_complete(tool: Tool, data: st.DataObject) -> None:
    args = examples(data, tool)
    tool.check(args)
    before = json.dumps(args, sort_keys=True)
    view = tool.describe(args)
    assert view == tool.describe(json.loads(before))
    assert json.dumps(args, sort_keys=True) == before
    assert isinstance(view, CallView)
    assert view.verb
    assert view.subject
    if "mails" in args:
        assert len(view.items) == len(args["mails"])
    assert not any("\n" in text for text in (view.verb, view.subject, view.where, view.group, *view.items))


@with_examples
@given(data=st.data())
def test_what_is_left_out_is_gone_and_nothing_else(tool: Tool, data: st.DataObject) -> None:
    args = examples(data, tool)
    items = tool.describe(args).items
    whole = max(1, len(items))  # a call that lists nothing counts as one item
    left_out = data.draw(st.sets(st.integers(0, whole - 1)))
    rest = tool.without(args, left_out)
    if len(left_out) == whole:
        assert rest is None
        return
    assert rest is not None
    tool.check(rest)
    assert len(tool.describe(rest).items) == len(items) - len(left_out)
    kept = {name: _without(value, left_out) if name == "mails" else value for name, value in args.items()}
    assert rest == kept


def _without(listed: list[Any], left_out: set[int]) -> list[Any]:
    return [each for index, each in enumerate(listed) if index not in left_out]


@with_examples
@given(data=st.data())
def test_a_digest_follows_the_arguments_and_nothing_else(tool: Tool, data: st.DataObject) -> None:
    args = examples(data, tool)
    digest = Call(tool.name, args).digest()
    assert Call(tool.name, json.loads(json.dumps(args))).digest() == digest
    assert Call(tool.name, dict(reversed(args.items()))).digest() == digest
    word = data.draw(st.sampled_from([name for name, value in args.items() if isinstance(value, str)]))
    assert Call(tool.name, {**args, word: args[word] + "x"}).digest() != digest


@with_examples
@given(data=st.data())
def test_facets_are_texts_and_come_of_the_arguments_alone(tool: Tool, data: st.DataObject) -> None:
    args = examples(data, tool)
    facets = tool.facets(args)
    assert facets
    assert facets == tool.facets(json.loads(json.dumps(args)))
    for name, values in facets.items():
        assert name
        assert isinstance(values, tuple)
        assert values
        assert all(isinstance(value, str) for value in values)


@with_examples
@given(data=st.data())
def test_what_may_be_edited_fits_a_form_and_editing_nothing_changes_nothing(tool: Tool, data: st.DataObject) -> None:
    args = examples(data, tool)
    fields = tool.fields(args)
    assert len({field.name for field in fields}) == len(fields)
    for field in fields:
        assert 0 < len(field.label) <= 75
        assert len(field.hint) <= 150
        assert len(field.initial) <= 3_000
        assert field.kind != "secret"
    assert tool.edited(args, {field.name: field.initial for field in fields}) == args


@with_examples
@given(data=st.data())
def test_what_is_edited_can_be_called_or_is_refused_at_its_field(tool: Tool, data: st.DataObject) -> None:
    args = examples(data, tool)
    before = json.dumps(args, sort_keys=True)
    names = [field.name for field in tool.fields(args)]
    values = {name: data.draw(st.text(max_size=40), label=name) for name in names}
    try:
        changed = tool.edited(args, values)
    except PersonMends as error:
        assert error.field in names  # noqa: PT017
        return
    finally:
        assert json.dumps(args, sort_keys=True) == before
    tool.check(changed)
    assert set(changed) >= set(args)


OF_ACCOUNTS = [TOOLS[name] for name in EXAMPLES if OFFERED_BY[name].form()]


@pytest.mark.parametrize("tool", OF_ACCOUNTS, ids=lambda tool: tool.name)
@given(data=st.data())
async def test_nothing_is_done_for_who_connected_nothing(tool: Tool, data: st.DataObject) -> None:
    args = examples(data, tool)
    context = ToolContext(Person("T1", "U1"), "a1")
    for method in (tool.read, tool.perform) if tool.effect is Effect.READ else (tool.perform, tool.look_back):
        with pytest.raises((PersonMends, TimeMends)):
            await method(context, args)


OFFERED = [tool for tool in TOOLS.values() if tool.offer()]
every_offer = pytest.mark.parametrize("tool", OFFERED, ids=lambda tool: tool.name)
READING = [tool for tool in TOOLS.values() if tool.effect is Effect.READ]


def offer_of(tool: Tool) -> Offer:
    offer = tool.offer()
    assert offer
    return offer


@every_offer
def test_an_offer_is_a_schema_of_an_object(tool: Tool) -> None:
    offer = offer_of(tool)
    assert 0 < len(offer.title) <= 60
    assert len(offer.description) > 40
    Draft202012Validator.check_schema(offer.schema)
    assert offer.schema == json.loads(json.dumps(offer.schema))
    assert offer.schema["type"] == "object"
    assert offer.schema["additionalProperties"] is False
    properties: Any = offer.schema["properties"]
    assert set(offer.schema["required"]) <= set(properties)  # type: ignore[arg-type]
    assert all(one["type"] in ("string", "boolean", "integer", "array") for one in properties.values())


@pytest.mark.parametrize("tool", READING, ids=lambda tool: tool.name)
def test_what_reads_is_offered_and_reads(tool: Tool) -> None:
    assert tool.offer()
    assert inspect.iscoroutinefunction(tool.read)
    assert type(tool).read is not Tool.read
    assert type(tool).perform is Tool.perform


@pytest.mark.parametrize(
    "tool", [tool for tool in READING if tool.name.endswith(".search")], ids=lambda tool: tool.name
)
@given(query=text)
def test_a_search_needs_nothing_but_words(tool: Tool, query: str) -> None:
    tool.check({"query": query})
    (item,) = tool.describe({"query": query}).items
    assert "\n" not in item


def said_to(tool: Tool) -> st.SearchStrategy[dict[str, Any]]:
    """What a model might say: what the schema asks for, some of it left out, null, or something else altogether."""
    properties: Any = offer_of(tool).schema["properties"]
    apt = {name: of_schema(one) | st.none() | json_values | awkward for name, one in properties.items()}
    junk = st.dictionaries(st.text(max_size=10), json_values, max_size=3)
    return st.builds(lambda said, more: {**more, **said}, st.fixed_dictionaries({}, optional=apt), junk | st.just({}))


awkward = st.text(st.characters() | st.sampled_from("\x00\n\u202e\ud800\"'{}()*%\\"), max_size=60)


def of_schema(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if schema["type"] == "array":
        return st.lists(of_schema(schema["items"]), max_size=3)
    kinds: dict[str, st.SearchStrategy[Any]] = {"boolean": st.booleans(), "integer": st.integers(-1, 60)}
    likely = [*schema.get("enum", ()), "7", "2026-11-02", "INBOX", "#deploys", "archive", "4711-k3v7mzd2qpa"]
    return kinds.get(schema["type"], st.sampled_from(likely))


@every_offer
@given(data=st.data())
async def test_whatever_a_model_says_comes_to_a_call_or_is_refused(tool: Tool, data: st.DataObject) -> None:
    said = data.draw(said_to(tool))
    before = repr(said)
    try:
        args = await tool.completed(Person("T1", "U1"), said)
    except (PersonMends, SlackAway) as error:  # no Slack answers here
        assert error.message  # noqa: PT017
        return
    finally:
        assert repr(said) == before
    tool.check(args)
    assert tool.describe(args)
    assert json.loads(json.dumps(args)) == args
