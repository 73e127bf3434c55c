"""Agents as files: what holds is read, what does not is told with line, field and mend, all of it at once."""

import re
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents.files import (
    MOST_INSTRUCTIONS,
    Amount,
    Budget,
    Input,
    OwnAgent,
    expanded,
    read_agent,
    render,
    slug,
    written,
)
from bot.agents.folder import folder_agents
from bot.agents.mistakes import AgentMistakes, Mistake
from bot.agents.schedules import read_schedule
from bot.contracts.errors import PersonMends

TOOLS = ("mail.move", "mail.flag", "mail.read", "slack.post", "github.list_pulls")
FULL = """---
name: standup
description: Gathers what I did yesterday   # a remark
tools: [github.list_pulls, mail.*]
model: small, big
maxTurns: 20
mcpServers: [wiki]
meshclaw:
  command: day
  schedule: every weekday at 09:00
  channels: [C0123ABCD, "#deploys", eng-team]
  inputs:
    repo: Which repository?
    since: {label: "Since when?", optional: true}
  budget:
    run: 20,000 tokens
    month: $5
  approvers: [U0123ABCD, S0123ABCD]
---

Look at what was merged.

---
Then write three lines.
"""
SHORT = "---\nname: short\ndescription: Says hello\n---\nSay hello.\n"


def usable(model: str) -> None:
    if model not in ("small", "big"):
        raise PersonMends(f"There is no model {model}.", "There are: small, big.")


def told(text: str | bytes, **known: object) -> list[tuple[int, str, str, str]]:
    with pytest.raises(AgentMistakes) as raised:
        read_agent(text, **{"tools": TOOLS, "models": usable, **known})  # type: ignore[arg-type]
    assert all(mistake.said and not mistake.said.endswith(".") for mistake in raised.value.mistakes)
    return [(one.line, one.field, one.said, one.mend) for one in raised.value.mistakes]


def mistakes_of(text: str | bytes, **known: object) -> tuple[Mistake, ...]:
    try:
        read_agent(text, **{"tools": TOOLS, **known})  # type: ignore[arg-type]
    except AgentMistakes as told:
        return told.mistakes
    return ()


def with_head(*lines: str) -> str:
    return "\n".join(("---", "name: mine", "description: Mine", *lines, "---", "Do it."))


def test_a_file_with_everything() -> None:
    agent = read_agent(FULL, tools=TOOLS, models=usable, words=("triage",), servers=("wiki",))
    assert agent == OwnAgent(
        name="standup",
        description="Gathers what I did yesterday",
        instructions="Look at what was merged.\n\n---\nThen write three lines.",
        tools=("github.list_pulls", "mail.*"),
        model=("small", "big"),
        max_turns=20,
        mcp_servers=("wiki",),
        command="day",
        schedule=read_schedule("every weekday at 09:00"),
        channels=("C0123ABCD", "#deploys", "#eng-team"),
        inputs=(Input("repo", "Which repository?"), Input("since", "Since when?", optional=True)),
        budget=Budget(Amount(Decimal(20_000), "tokens"), Amount(Decimal(5), "USD")),
        approvers=("U0123ABCD", "S0123ABCD"),
    )
    assert agent.word == "day"
    assert (agent.budget.run and agent.budget.run.words, agent.budget.month and agent.budget.month.words) == (
        "20,000 tokens",
        "5.00 USD",
    )


def test_what_is_left_out_is_safe() -> None:
    agent = read_agent(SHORT, tools=TOOLS)
    assert (agent.tools, agent.model, agent.max_turns, agent.schedule) == ((), (), 12, None)
    assert (agent.channels, agent.approvers, agent.inputs, agent.word) == ((), (), (), "short")


def test_all_mistakes_of_a_file_are_told_in_the_order_of_their_lines() -> None:
    text = """---
nmae: Stand Up!
description: one
description: two
tools: [mial.move, mail.*, foo.*]
max_turns: 99
schedule: every day at 9
permissionMode: bypassPermissions
meshclaw:
  schedule: every mnday at 9
  aprovers: [U0123ABCD]
  name: inside
  budget: {run: lots, week: 3}
---
Do it \u202eti od.
"""
    found = told(text)
    assert [(line, field) for line, field, _, _ in found] == [
        (2, "nmae"),
        (2, "name"),
        (4, "description"),
        (5, "tools"),
        (5, "tools"),
        (6, "max_turns"),
        (7, "schedule"),
        (8, "permissionMode"),
        (10, "meshclaw.schedule"),
        (11, "meshclaw.aprovers"),
        (12, "meshclaw.name"),
        (13, "meshclaw.budget.week"),
        (13, "meshclaw.budget.run"),
        (15, ""),
    ]
    mends = {field: mend for _, field, _, mend in found}
    assert mends["nmae"] == "Did you mean name?"
    assert mends["max_turns"] == "Did you mean maxTurns?"
    assert "below meshclaw:" in mends["schedule"]
    assert "every effect waits for a button" in mends["permissionMode"]
    assert mends["meshclaw.aprovers"] == "Did you mean approvers?"
    assert "above meshclaw:" in mends["meshclaw.name"]
    assert "Did you mean mail.move?" in [mend for _, _, _, mend in found]
    assert "after line 3" in next(said for line, _, said, _ in found if line == 4)
    assert "‹U+202E›" in found[-1][2]
    with pytest.raises(AgentMistakes, match="The file holds 14 mistakes:\n  Line 2, nmae: there is no such field"):
        read_agent(text, tools=TOOLS)


@pytest.mark.parametrize(
    ("line", "field", "said"),
    [
        ("tools: {a: b}", "tools", "it has to be a list of texts"),
        ("tools: [[mail.move]]", "tools", "it has to be a list of texts"),
        ("tools: [mail move]", "tools", "“mail move” is no name of a tool"),
        ("tools: ['*']", "tools", "“*” is no name of a tool"),
        ("tools: [mail*]", "tools", "“mail*” is no name of a tool"),
        ("tools: [mail.mov]", "tools", "there is no tool “mail.mov”"),
        ("tools: [mail]", "tools", "there is no tool “mail”"),
        ("tools: [Bash]", "tools", "there is no tool “Bash”"),
        ("tools:", "tools", "it is empty"),
        ("model: huge", "model", "There is no model huge"),
        ("model: [small, 'a b']", "model", "“a b” is no name of a model"),
        ("maxTurns: 51", "maxTurns", "“51” is not a whole number from 1 to 50"),
        ("maxTurns: 0", "maxTurns", "“0” is not a whole number from 1 to 50"),
        ("maxTurns: '-1'", "maxTurns", "“-1” is not a whole number from 1 to 50"),
        ("maxTurns: 1e1", "maxTurns", "“1e1” is not a whole number from 1 to 50"),
        ("maxTurns: [1]", "maxTurns", "it has to be a whole number"),
        ("mcpServers: [nope]", "mcpServers", "there is no server “nope”"),
        ("mcpServers: [{wiki: {command: sh}}]", "mcpServers", "it has to be a list of texts"),
        ("meshclaw: [a]", "meshclaw", "it has to be a table"),
        ("meshclaw:", "meshclaw", "it has to be a table"),
        ("meshclaw: {command: triage}", "meshclaw.command", "“triage” is taken"),
        ("meshclaw: {command: Två ord}", "meshclaw.command", "“Två ord” cannot be a name"),
        ("meshclaw: {schedule: '*/5 * * * *'}", "meshclaw.schedule", "this is oftener than every 15 minutes"),
        ("meshclaw: {channels: [Deploys]}", "meshclaw.channels", "“Deploys” is no channel"),
        ("meshclaw: {channels: ['#a b']}", "meshclaw.channels", "“#a b” is no channel"),
        ("meshclaw: {approvers: ['@dana']}", "meshclaw.approvers", "“@dana” is no id of a person or a user group"),
        ("meshclaw: {approvers: }", "meshclaw.approvers", "it is empty"),
        ("meshclaw: {inputs: {Repo: What}}", "meshclaw.inputs.Repo", "“Repo” cannot be a name"),
        ("meshclaw: {inputs: {repo: {optional: true}}}", "meshclaw.inputs.repo.label", "it is missing"),
        ("meshclaw: {inputs: {repo: {label: A, lable: B}}}", "meshclaw.inputs.repo.lable", "there is no such field"),
        ("meshclaw: {inputs: {repo: {label: A, optional: 7}}}", "meshclaw.inputs.repo.optional", "“7” is neither true"),
        ("meshclaw: {inputs: {repo: [A]}}", "meshclaw.inputs.repo", "it has to be a table"),
        ("meshclaw: {inputs: [repo]}", "meshclaw.inputs", "it has to be a table"),
        ("meshclaw: {budget: 5 USD}", "meshclaw.budget", "it has to be a table"),
        ("meshclaw: {budget: {run: 5}}", "meshclaw.budget.run", "“5” is neither tokens nor money"),
        ("meshclaw: {budget: {run: 0 tokens}}", "meshclaw.budget.run", "“0 tokens” is neither tokens nor money"),
        ("meshclaw: {budget: {run: 1.5 tokens}}", "meshclaw.budget.run", "“1.5 tokens” is neither"),
        ("meshclaw: {budget: {run: $5 USD}}", "meshclaw.budget.run", "“$5 USD” is neither"),
        ("meshclaw: {budget: {run: 6 USD, month: 5 USD}}", "meshclaw.budget.run", "a run may take more than a month"),
        ("description: again", "description", "it stands here a second time, after line 3"),
        ("<<: {tools: [mail.move]}", "<<", "there is no such field"),
        ("[a, b]: c", "", "there is no such field"),
    ],
)
def test_one_mistake_is_told_at_its_line(line: str, field: str, said: str) -> None:
    known = {"words": ("triage",), "servers": ("wiki",)}
    ((at, where, what, _),) = told(with_head(line), **known)
    assert (at, where) == (4, field)
    assert what.startswith(said)


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("Stand Up!", "stand-up, say."),
        ("Écrire", "ecrire, say."),
        ("аgent", "begin with a letter"),  # a Cyrillic а
        ("a", "2 to 31"),
        ("a" * 32, "2 to 31"),
        ("9lives", "lives, say."),
        ("триаж", "begin with a letter."),
        ("mail.move", "mail-move, say."),
    ],
)
def test_a_name_is_plain(name: str, mend: str) -> None:
    ((line, field, said, mended),) = told(written({"name": name, "description": "x"}, "Do it."))
    assert (line, field) == (2, "name")
    assert "cannot be a name" in said
    assert mend in mended


def test_a_word_of_meshclaw_is_taken() -> None:
    assert told(with_head(), words=("mine", "help"))[0][1:3] == ("name", "“mine” is taken")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "the file has no front matter"),
        ("Do it.", 1, "the file has no front matter"),
        ("—\nname: x", 1, "the file has no front matter"),
        ("\n---\nname: x\n---\n", 1, "the file has no front matter"),
        ("---\nname: x\n", 1, "the front matter has no end"),
        ("---\n---\nDo it.", 2, "there are no fields"),
        ("---\n- a\n---\nDo it.", 2, "there are no fields"),
        ("---\nname: a: b\n---\nDo it.", 2, "this is not YAML"),
        ("---\nname: mine\ntools: [a\n---\nDo it.", 3, "this is not YAML"),
        ("---\nname: 'mine\n---\nDo it.", 2, "this is not YAML"),
        ("---\nname: mine\n\ttools: []\n---\nDo it.", 3, "there is a tab"),
        ("---\nname: &a mine\ndescription: *a\n---\nDo it.", 2, "there is an anchor"),
        ("---\nname: !!python/name:os.system mine\n---\nDo it.", 2, "there is a tag"),
        ("---\nname: !x mine\n---\nDo it.", 2, "there is a tag"),
        ("---\na: {b: {c: {d: {e: {f: {g: h}}}}}}\n---\nDo it.", 2, "this is nested too deeply"),
        ("---\nname: mine\n--- more\n---\nDo it.", 3, "there is a second document"),
        (b"---\nname: mine\ndescription: caf\xe9\n---\nDo it.", 3, "this is not UTF-8"),
        ("---\n" + "x" * 33_000 + "\n---\nDo it.", 1, "the file is larger than 32 kB"),
        ("---\nname: mine\n# " + "é" * 9_000 + "\n---\nDo it.", 2, "the front matter has 9,013 characters"),
        (
            "---\n" + "".join(f"a{number}: b\n" for number in range(60)) + "---\nDo it.",
            2,
            "these are more than 50 fields",
        ),
    ],
)
def test_what_is_no_such_file_is_told(text: str | bytes, line: int, said: str) -> None:
    found = told(text)
    assert any(at == line and said in what for at, _, what, _ in found)


@pytest.mark.parametrize(
    "bomb", ["[" * 8_000, "{a: " * 2_000, "- " * 4_000, "? " * 4_000, "a: b\n" * 1_600, '"a\n' * 2_700]
)
def test_a_file_made_to_keep_the_reader_busy_does_not(bomb: str) -> None:
    begun = time.process_time()
    told(f"---\n{bomb}\n---\nDo it.")
    assert time.process_time() - begun < 3


def test_open_brackets_are_counted_before_the_library_sees_them() -> None:
    assert told(with_head("tools: " + "[" * 30))[0] == (4, "", "this is nested too deeply", "Close each bracket.")


def test_references_that_grow_are_never_followed() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    assert "anchor" in told(with_head(*lines))[0][2]


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u200b", "\u2066", "\U000e0041", "\u00ad", "\x00", "\x1b", "\u2028", "\x85"]
)
def test_characters_one_cannot_see_are_shown(hidden: str) -> None:
    text = with_head().replace("Do it.", f"Do it.\nReally.{hidden} Do.")
    (found,) = told(text)
    assert found[:2] == (6, "")
    assert f"‹U+{ord(hidden):04X}›" in found[2]


def test_letters_of_many_kinds_can_be_seen() -> None:
    words = "Grüße, 陳怡婷, مرحبا, 👩\u200d💻 ❤\ufe0f\n\tand\ta tab\r\nA second line"
    assert "Grüße" in read_agent(with_head().replace("Do it.", words), tools=()).instructions


def test_a_secret_is_no_part_of_a_file() -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{'A' * 60}\n-----END PRIVATE KEY-----"
    for secret in ("password=hunter2hunter", f"Use {'xoxb'}-123456789012-abcdefghijkl", key):
        (found,) = told(with_head().replace("Do it.", f"First.\n{secret}\n"))
        assert found[0] == 6
        assert "looks like a secret" in found[2]
        assert "hunter2" not in str(found)


def test_instructions_are_there_and_not_too_long() -> None:
    assert told(with_head().replace("Do it.", " \n "))[0][1:3] == ("instructions", "there are none")
    longest = with_head().replace("Do it.", "x" * MOST_INSTRUCTIONS)
    assert len(read_agent(longest, tools=()).instructions) == MOST_INSTRUCTIONS
    assert told(longest + "x")[0][:2] == (5, "instructions")


def test_text_that_looks_like_another_type_stays_text() -> None:
    text = with_head("meshclaw: {schedule: every day at 9:00, inputs: {yes: 2026-11-21}}").replace("Mine", "on")
    agent = read_agent(text, tools=())
    assert (agent.description, agent.inputs) == ("on", (Input("yes", "2026-11-21"),))


def test_a_file_from_another_editor() -> None:
    assert read_agent(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode(), tools=TOOLS).name == "standup"


def test_patterns_stand_for_the_tools_there_are() -> None:
    assert expanded(("mail.*", "slack.post", "gone.tool"), TOOLS) == (
        "mail.flag",
        "mail.move",
        "mail.read",
        "slack.post",
    )
    assert expanded(("ma.*", "mail"), TOOLS) == ()
    assert expanded(("mail.*",), ("mail.move", "mailing.send", "mail")) == ("mail.move",)


def test_names_made_of_any_text() -> None:
    assert [slug(text) for text in ("Écrire un résumé", "9 Lives!", "日本", "x" * 40, "-")] == [
        "ecrire-un-resume",
        "lives",
        "",
        "x" * 31,
        "",
    ]


visible = st.characters(
    codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters="‹\u2800\u3164\uffa0\u115f\u1160"
)
line = st.text(visible, min_size=1, max_size=60).map(lambda text: " ".join(text.split())).filter(bool)
nasty = st.sampled_from(
    ["on", "~", "null", "- a", "a: b", "# no", "'", '"', "{x}", "*x", "&x", "!x", "---", "1_0", "0o7", "🙂"]
)
texts = st.one_of(line, nasty)
names = st.from_regex(r"[a-z][a-z0-9-]{1,30}", fullmatch=True)
amounts = st.one_of(
    st.builds(Amount, st.integers(1, 999_999_999).map(Decimal), st.just("tokens")),
    st.builds(Amount, st.decimals("0.01", "9999", places=2), st.just("USD")),
)
agents = st.builds(
    OwnAgent,
    name=names,
    description=texts,
    instructions=st.lists(texts, min_size=1, max_size=6).map("\n".join),
    tools=st.lists(st.sampled_from([*TOOLS, "mail.*"]), unique=True).map(tuple),
    model=st.lists(st.sampled_from(["small", "big", "openai:gpt-5"]), unique=True).map(tuple),
    max_turns=st.integers(1, 50),
    mcp_servers=st.lists(names, max_size=3, unique=True).map(tuple),
    schedule=st.sampled_from([None, read_schedule("0 9 * * 1-5"), read_schedule("every Monday at 8:30")]),
    channels=st.lists(st.sampled_from(["C0123ABCD", "#deploys", "#über"]), unique=True).map(tuple),
    inputs=st.lists(
        st.builds(Input, st.from_regex(r"[a-z][a-z0-9_-]{0,30}", fullmatch=True), texts, st.booleans()),
        max_size=3,
        unique_by=lambda one: one.name,
    ).map(tuple),
    budget=st.builds(Budget, st.none(), st.one_of(st.none(), amounts)),
    approvers=st.lists(st.from_regex(r"[US][A-Z0-9]{8}", fullmatch=True), max_size=3, unique=True).map(tuple),
)


@given(agents)
def test_what_is_rendered_reads_as_the_same(agent: OwnAgent) -> None:
    text = render(agent)
    if mistakes := mistakes_of(text):  # a text that was generated may look like a secret, or hide marks
        assert {mistake.field for mistake in mistakes} == {""}, mistakes
        return
    read = read_agent(text, tools=TOOLS)
    assert read == agent
    assert render(read) == text
    assert (read.schedule and read.schedule.text) == (agent.schedule and agent.schedule.text)


@given(st.one_of(st.text(), st.text().map(lambda text: f"---\n{text}\n---\nDo it."), st.binary()))
def test_whatever_is_written_is_read_or_told(text: str | bytes) -> None:
    assert all(mistake.line >= 1 and mistake.said for mistake in mistakes_of(text))


words = st.sampled_from(["name", "tools", "meshclaw", "model", "inputs", "budget", "channels", "run", "label", "repo"])
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(words, values))
def test_whatever_its_fields_hold_is_read_or_told(head: dict[str, object]) -> None:
    assert mistakes_of(written(head, "Do it."), models=usable, servers=())  # the description is missing


def test_a_mistake_in_words() -> None:
    assert (
        str(Mistake(4, "tools", "there is no tool", "Did you mean x?"))
        == "Line 4, tools: there is no tool. Did you mean x?"
    )
    assert str(Mistake(1, "", "this is not UTF-8")) == "Line 1: this is not UTF-8."


def test_a_form_that_was_filled_in_becomes_a_file() -> None:
    head = {"name": "mine", "description": "a: b", "tools": ["mail.*"], "meshclaw": {"schedule": "every hour"}}
    agent = read_agent(written(head, "Do it."), tools=TOOLS)
    assert (agent.description, agent.tools, agent.instructions) == ("a: b", ("mail.*",), "Do it.")
    assert [(one.field, one.said) for one in mistakes_of(written({"tools": ["mial.move"]}, ""))] == [
        ("name", "it is missing"),
        ("description", "it is missing"),
        ("tools", "there is no tool “mial.move”"),
        ("instructions", "there are none"),
    ]


def test_the_files_in_the_documents_hold() -> None:
    page = (Path(__file__).parents[3] / "docs" / "agents.md").read_text(encoding="utf-8")
    files = re.findall(r"```markdown\n(.*?)```", page, re.DOTALL)
    assert [read_agent(file, tools=None).name for file in files] == ["standup", "release-notes"]
    schedules = re.search(r"In words: (.*?)\. Or as cron: `([^`]+)`", page, re.DOTALL)
    assert schedules
    for text in [*re.findall(r"`([^`]+)`", schedules[1]), schedules[2]]:
        assert read_schedule(text)


def test_an_operators_folder(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(FULL, encoding="utf-8")
    (tmp_path / "b.md").write_text(FULL, encoding="utf-8")
    (tmp_path / "c.md").write_bytes(b"\xff")
    (tmp_path / "d.md").write_text(SHORT, encoding="utf-8")
    (tmp_path / "e.txt").write_text("no agent", encoding="utf-8")
    (tmp_path / "f.md").mkdir()
    (tmp_path / "g.md").write_bytes(b"x" * 40_000)
    found, mistakes = folder_agents(tmp_path, tools=TOOLS, words=("triage",))
    assert [agent.name for agent in found] == ["standup", "short"]
    assert {name: str(told.mistakes[0]) for name, told in mistakes.items()} == {
        "b.md": "Line 2, name: “standup” is taken. Take another, standup-me, say.",
        "c.md": "Line 1: this is not UTF-8. Save the file as UTF-8.",
        "f.md": "Line 1: the file cannot be read. Look at its permissions.",
        "g.md": "Line 1: the file is larger than 32 kB. Shorten its instructions.",
    }
    assert folder_agents(tmp_path / "none", tools=TOOLS) == ((), {})
