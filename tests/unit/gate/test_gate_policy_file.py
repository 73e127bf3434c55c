"""The policy's file: what it says is what holds, and every mistake is told with its place and its mend."""

import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from datetime import time, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import cli, settings
from bot.contracts.errors import OperatorMends
from bot.contracts.tools import Effect
from bot.gate.policy import CEILINGS, Ceiling, Deciders, Policy, Rule
from bot.gate.policy_file import load

EXAMPLE = Path(__file__).parents[3] / "policy.example.toml"


def loaded(folder: Path, text: str) -> Policy:
    path = folder / "policy.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return load(path)


def one_rule(folder: Path, text: str) -> Rule:
    return loaded(folder, f'[[rule]]\nname = "r"\n{text}').rules[0]


def refused(folder: Path, text: str) -> str:
    with pytest.raises(OperatorMends) as raised:
        loaded(folder, text)
    assert "policy.toml" in raised.value.message
    return f"{raised.value.message} {raised.value.mend}"


def test_without_a_file_the_built_in_rules_hold() -> None:
    assert load(None) == Policy()


def test_an_empty_file_changes_nothing_but_the_version(tmp_path: Path) -> None:
    assert replace(loaded(tmp_path, ""), version="built-in") == Policy()


def test_the_version_is_a_digest_of_the_file(tmp_path: Path) -> None:
    text = '[clocks]\ndecide = "2h"\n'
    assert loaded(tmp_path, text).version == sha256(text.encode()).hexdigest()[:12]
    assert loaded(tmp_path, text + "# a word").version != loaded(tmp_path, text).version


def test_the_example_is_valid_and_says_the_defaults() -> None:
    assert replace(load(EXAMPLE), version="built-in") == Policy()


def test_what_the_example_has_as_comments_is_valid_too(tmp_path: Path) -> None:
    commented = re.sub(r"^# (?=\[|[a-z_]+ = )", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    policy = loaded(tmp_path, commented)
    assert [rule.then for rule in policy.rules] == ["deny", "ask", "ask", "allow"]
    assert (policy.admins, policy.admin_groups) == (("U01ADA00001",), ("S01OPS00001",))
    assert policy.break_glass
    assert policy.audit_channel


@pytest.mark.parametrize(
    "table", ["clocks", "ceilings.send", "people", "environments", "break_glass", "audit", "[rule]"]
)
def test_the_example_names_every_key(tmp_path: Path, table: str) -> None:
    keys = re.search(r"no key “0”. There are: (.*?)\.", refused(tmp_path, f"[{table}]\n0 = 1\n"))
    assert keys
    text = EXAMPLE.read_text(encoding="utf-8")
    named = (
        text[text.index("# Rules.") :] if table == "[rule]" else text[text.index(f"[{table}]") :].partition("\n\n")[0]
    )
    assert [key for key in keys[1].split(", ") if not re.search(rf"^(?:# +)?{key}\b", named, re.MULTILINE)] == []


def test_every_table_is_read(tmp_path: Path) -> None:
    policy = loaded(
        tmp_path,
        """
        [clocks]
        decide = "2d"
        execute = "30m"
        remind = "90m"
        outbox = "0s"
        quiet = "22:30-07:15"
        [ceilings.send]
        card = 3
        day = "none"
        [people]
        admins = ["U123", "group:S123", "WABC"]
        [environments]
        safe = ["lab"]
        [break_glass]
        people = "U123"
        minutes = 5
        channel = "C123"
        [audit]
        file = "head.txt"
        channel = "G123"
        every = "15m"
        """,
    )
    assert replace(policy, version="") == Policy(
        version="",
        ceilings={**CEILINGS, Effect.SEND: Ceiling(3, 60, None)},
        decide_within=timedelta(days=2),
        execute_within=timedelta(minutes=30),
        remind_before=timedelta(minutes=90),
        outbox=timedelta(0),
        quiet=(time(22, 30), time(7, 15)),
        safe=frozenset(("lab",)),
        admins=("U123", "WABC"),
        admin_groups=("S123",),
        break_glass=("U123",),
        break_glass_for=timedelta(minutes=5),
        break_glass_channel="C123",
        audit_file="head.txt",
        audit_channel="G123",
        audit_every=timedelta(minutes=15),
    )


def test_a_reminder_keeps_its_place_when_the_time_to_decide_changes(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[clocks]\ndecide = "1h"').remind_before == timedelta(minutes=5)


def test_a_rule_is_read_whole(tmp_path: Path) -> None:
    rule = one_rule(
        tmp_path,
        """
        then = "ask"
        effect = ["send", "delete"]
        tool = "mail.*"
        arguments = { to = ["*@a.example", "b?"], mails.sender = "*", "x.y" = "z" }
        people = "U123"
        channel = ["C123", "direct"]
        environment = "prod*"
        approvers = ["asker", "admins", "U124", "group:S125"]
        another = true
        count = 2
        critical = true
        grants = false
        why = "Because."
        show_in = "C126"
        """,
    )
    assert rule == Rule(
        name="r",
        then="ask",
        effects=frozenset((Effect.SEND, Effect.DELETE)),
        tools=("mail.*",),
        facets={"to": ("*@a.example", "b?"), "mails.sender": ("*",), "x.y": ("z",)},
        people=("U123",),
        channels=("C123", ""),
        environments=("prod*",),
        why="Because.",
        deciders=Deciders(True, ("U124",), ("S125",), admins=True, another=True, count=2, channel="C126"),
        critical=True,
        grants=False,
    )


def test_what_a_rule_does_not_say_it_leaves_alone(tmp_path: Path) -> None:
    assert one_rule(tmp_path, 'then = "ask"') == Rule("r", "ask")
    named = one_rule(tmp_path, 'then = "ask"\nshow_in = "C123"')
    assert named.deciders == Deciders(asker=False, channel="C123")


def test_only_a_written_false_lets_production_go_without_another(tmp_path: Path) -> None:
    asker = 'then = "ask"\neffect = "deploy"\napprovers = "asker"\n'
    assert not one_rule(tmp_path, asker).alone
    assert not one_rule(tmp_path, 'then = "ask"\neffect = "deploy"\nanother = true').alone
    assert one_rule(tmp_path, asker + "another = false").alone


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[clock]", ["at the top", "no table “clock”", "Did you mean clocks?"]),
        ("[[rules]]\n", ["no table “rules”", "Did you mean rule?"]),
        ("[rule]\nname = 'a'", ["Write [[rule]]"]),
        ("rule = [3]", ["rule 1", "a table"]),
        ("clocks = 3", ["[clocks]", "a table"]),
        ("[clocks]\ndecied = '1h'", ["[clocks]", "no key “decied”", "Did you mean decide?"]),
        ("[clocks]\ndecide = '1 week'", ["[clocks], key decide", "“1 week” is no duration", '"24h"']),
        ("[clocks]\ndecide = 3", ["[clocks], key decide", "“3” is no duration"]),
        ("[clocks]\ndecide = '31d'", ["[clocks], key decide", "30 days"]),
        ("[clocks]\nexecute = '10s'", ["[clocks], key execute", "a minute"]),
        ("[clocks]\nexecute = '1m'\noutbox = '61s'", ["[clocks], key outbox", "no longer than execute"]),
        ("[clocks]\noutbox = '2h'", ["[clocks], key outbox", "no longer than execute"]),
        ("[clocks]\ndecide = '1h'\nremind = '1h'", ["[clocks], key remind", "shorter than decide"]),
        ("[clocks]\nquiet = '8-20'", ["[clocks], key quiet", '"20:00-08:00"']),
        ("[clocks]\nquiet = '24:00-08:00'", ["[clocks], key quiet"]),
        ("[ceilings.sned]\ncard = 3", ["[ceilings.sned]", "Did you mean send?"]),
        ("[ceilings.read]\ncard = 3", ["no effect with a ceiling “read”"]),
        ("[ceilings]\nsend = 3", ["[ceilings.send]", "a table"]),
        ("[ceilings.send]\nweek = 3", ["[ceilings.send]", "no key “week”", "card, hour, day"]),
        ("[ceilings.send]\ncard = 0", ["[ceilings.send], key card", "from 1 up"]),
        ("[ceilings.send]\ncard = true", ["[ceilings.send], key card", "from 1 up"]),
        ("[ceilings.send]\ncard = '3'", ["[ceilings.send], key card", "from 1 up"]),
        ("[people]\nadmins = ['ada']", ["[people], key admins", "“ada” is no id", "group:S…"]),
        ("[people]\nadmins = ['S123']", ["“S123” is no id"]),
        ("[environments]\nsafe = ['Production']", ["“Production” is production", "another = false"]),
        ("[environments]\nsafe = ['*']", ["“*” is a pattern"]),
        ("[environments]\nsafe = ['']", ["no text"]),
        ("[break_glass]\npeople = ['U123']", ["[break_glass], key channel", "missing"]),
        ("[break_glass]\npeople = ['group:S123']\nchannel = 'C123'", ["“group:S123” is no id of a person"]),
        ("[break_glass]\npeople = []\nchannel = 'C123'", ["an empty list"]),
        ("[break_glass]\npeople = ['U123']\nchannel = 'C123'\nminutes = 500", ["key minutes", "240"]),
        ("[audit]\nchannel = '#audit'", ["[audit], key channel", "“#audit” is no id of a channel"]),
        ("[audit]\nevery = '1s'", ["[audit], key every"]),
        ("[[rule]]\nthen = 'ask'", ["rule 1, key name", "missing"]),
        ("[[rule]]\nname = 'a'", ["rule 1 “a”, key then", "missing"]),
        ("[[rule]]\nname = 'built-in: x'\nthen = 'ask'", ["key name", "MeshClaw's own"]),
        ("[[rule]]\nname = ' '\nthen = 'ask'", ["key name", "no text"]),
        ("[[rule]]\nname = 'a'\nthen = 'ask'\n[[rule]]\nname = 'A'\nthen = 'deny'", ["1 and 2", "“A”"]),
    ],
)
def test_a_mistake_is_told_with_its_place_and_its_mend(tmp_path: Path, text: str, told: list[str]) -> None:
    said = refused(tmp_path, text)
    assert [part for part in told if part not in said] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("then = 'alow'", ["key then", "“alow”", "Did you mean allow?"]),
        ("then = 'ask'\neffcet = 'send'", ["no key “effcet”", "Did you mean effect?"]),
        ("then = 'ask'\neffect = 'sending'", ["key effect", "Did you mean send?"]),
        ("then = 'ask'\neffect = []", ["key effect", "an empty list"]),
        ("then = 'ask'\ntool = 3", ["key tool", "text in quotes"]),
        ("then = 'ask'\ntool = ''", ["key tool", "no text"]),
        ("then = 'ask'\narguments = {}", ["key arguments", "an empty table"]),
        ("then = 'ask'\narguments = { to = [] }", ["key arguments.to", "an empty list"]),
        ("then = 'ask'\narguments = { a = { b = {} } }", ["key arguments", "an empty table"]),
        ("then = 'ask'\narguments = { a = 3 }", ["key arguments.a", "text in quotes"]),
        ("then = 'ask'\narguments = 'to'", ["key arguments", "a table"]),
        ("then = 'ask'\npeople = 'Ada'", ["key people", "no id of a person"]),
        ("then = 'ask'\nchannel = 'here'", ["key channel", '"direct"']),
        ("then = 'ask'\napprovers = 'group:release'", ["key approvers", "no approver"]),
        ("then = 'ask'\nshow_in = 'direct'", ["key show_in", "no id of a channel"]),
        ("then = 'ask'\nanother = 'yes'", ["key another", "true or false"]),
        ("then = 'ask'\napprovers = 'admins'\ncount = 0", ["key count", "1"]),
        ("then = 'ask'\napprovers = 'admins'\ncount = 2.5", ["key count", "whole number"]),
        ("then = 'ask'\napprovers = 'admins'\ncount = true", ["key count", "whole number"]),
        ("then = 'ask'\napprovers = ['U123', 'U124', 'U123']\ncount = 3", ["key count", "no more than 2"]),
        ("then = 'ask'\napprovers = ['U123', 'asker']\ncount = 2\nanother = true", ["key count", "no more than 1"]),
        ("then = 'ask'\napprovers = 'asker'\nanother = true", ["key count", "no more than 0"]),
        ("then = 'ask'\ncount = 2", ["key count", "Add approvers"]),
        ("then = 'ask'\neffect = ['send', 'deploy']\nanother = true", ["key another", "Add approvers"]),
        ("then = 'allow'", ["key effect", "nothing but reading and fetching"]),
        ("then = 'allow'\neffect = 'own'", ["key effect", "nothing but reading and fetching"]),
        ("then = 'allow'\neffect = ['read', 'delete']", ["key effect", "nothing but reading and fetching"]),
        ("then = 'allow'\neffect = 'fetch'", ["key arguments", "named places"]),
        ("then = 'allow'\neffect = 'fetch'\narguments = { url = ['*', 'https://a/*'] }", ["named places"]),
        ("then = 'allow'\neffect = 'read'\ncritical = false", ["key critical", "belongs to"]),
        ("then = 'deny'\napprovers = 'admins'", ["key approvers", "belongs to"]),
        ("then = 'deny'\nwhy = 3", ["key why", "no text"]),
    ],
)
def test_a_mistake_in_a_rule_is_told_by_its_name(tmp_path: Path, text: str, told: list[str]) -> None:
    said = refused(tmp_path, f'[[rule]]\nname = "night"\n{text}')
    assert "rule 1 “night”" in said
    assert [part for part in told if part not in said] == []


@pytest.mark.parametrize(
    "text",
    [
        "then = 'ask'\napprovers = ['group:S123']\ncount = 9",
        "then = 'ask'\napprovers = ['U123', 'U124', 'asker']\ncount = 3",
        "then = 'ask'\neffect = ['deploy', 'delete']\ncount = 2",
        "then = 'allow'\neffect = 'read'",
        "then = 'allow'\neffect = ['read', 'fetch']\narguments.url = 'https://a.example/*'",
        "then = 'deny'",
    ],
)
def test_what_can_be_met_is_fine(tmp_path: Path, text: str) -> None:
    assert one_rule(tmp_path, text).name == "r"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, "[clocks]\ndecide = 1\n[ceilings.send]\ncrad = 1\n[[rule]]\nname = 'a'\nthen = 'no'")
    assert "3 mistakes" in said
    assert all(part in said for part in ("“1” is no duration", "Did you mean card?", "rule 1 “a”, key then"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[clocks]\nx = = 3", "line 2"),
        ("\n\nx = [", "line 3"),
        ("a = 1\na = 2", "line 2"),
        ("[clocks]\n[clocks]", "line 2"),
    ],
)
def test_what_is_no_toml_is_told_by_its_line(tmp_path: Path, text: str, line: str) -> None:
    assert line in refused(tmp_path, text)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.toml"):
        with pytest.raises(OperatorMends, match="cannot be read"):
            load(path)
    (tmp_path / "latin.toml").write_bytes("# caf\xe9".encode("latin-1"))
    with pytest.raises(OperatorMends, match="UTF-8"):
        load(tmp_path / "latin.toml")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    assert loaded(tmp_path, '\ufeff[clocks]\r\ndecide = "2h"\r\n').decide_within == timedelta(hours=2)


def test_what_a_mistake_quotes_is_short_and_printable(tmp_path: Path) -> None:
    said = refused(tmp_path, f'[clocks]\ndecide = "\\u202e{"x" * 5_000}"')
    assert len(said) < 400
    assert said.isprintable()


_words = st.sampled_from(
    [
        "clocks",
        "rule",
        "ceilings",
        "send",
        "people",
        "admins",
        "then",
        "ask",
        "name",
        "U123",
        "effect",
        "arguments",
        "x",
    ]
)
_toml: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.floats() | _words | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_words, _toml, max_size=4))
def test_whatever_a_file_holds_is_a_policy_or_told(tables: dict[str, object]) -> None:
    with pytest.MonkeyPatch.context() as patch, suppress(OperatorMends):
        patch.setattr(tomllib, "loads", lambda _text: tables)
        assert load(EXAMPLE).version == load(EXAMPLE).version


def test_the_setting_finds_the_file_in_the_data_folder(tmp_path: Path) -> None:
    assert settings.load(data=tmp_path).policy is None
    (tmp_path / "policy.toml").touch()
    assert settings.load(data=tmp_path).policy == tmp_path / "policy.toml"
    assert settings.load(data=tmp_path, policy=tmp_path / "other.toml").policy == tmp_path / "other.toml"
    assert settings.load(data=tmp_path, policy="~/p.toml").policy == Path.home() / "p.toml"


def test_a_link_that_leads_nowhere_is_no_missing_policy(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").symlink_to(tmp_path / "gone.toml")
    with pytest.raises(OperatorMends, match="cannot be read"):
        load(settings.load(data=tmp_path).policy)


@pytest.fixture
def policy_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The policy the command line finds."""
    monkeypatch.setenv("MESHCLAW_DATA", str(tmp_path))
    return tmp_path / "policy.toml"


def test_the_command_line_prints_what_holds(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["policy", "check"]) == 0
    assert "No policy file" in capsys.readouterr().out
    policy_file.write_text('[[rule]]\nname = "tidy"\nthen = "deny"\ntool = ["mail.*", "mial.move"]\nwhy = "No."\n')
    assert cli.main(["policy", "check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{policy_file}, version ")
    assert "tidy — never: everything with mail.* or mial.move. No." in lines
    assert lines[-1] == "note: no tool is called mial.move (rule “tidy”)"


def test_the_command_line_explains_a_mistake(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy_file.write_text("[clock]")
    assert cli.main(["policy", "check"]) == 1
    assert "no table “clock”" in capsys.readouterr().err


def test_the_command_line_says_what_would_become_of_a_call(
    policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy_file.write_text(
        '[[rule]]\nname = "ada"\nthen = "deny"\npeople = "UADA"\nchannel = "C123"\nwhy = "Not here."\n'
    )
    call = ["policy", "check", "mail.move", '{"folder": "INBOX", "to": "Archive", "mails": [{"uid": "1"}]}']
    assert cli.main([*call, "--person", "UADA"]) == 0
    out = capsys.readouterr().out
    assert "MeshClaw would ask first." in out
    assert "Who decides: only UADA" in out
    assert cli.main([*call, "--person", "UADA", "--channel", "C123"]) == 0
    out = capsys.readouterr().out
    assert "would not do this" in out
    assert "Not here." in out
    assert cli.main(["policy", "check", "mail.move", "{}"]) == 1
    assert "cannot be made" in capsys.readouterr().err
    assert cli.main(["policy", "check", "mail.move", "{"]) == 1
    assert "JSON object" in capsys.readouterr().err
    assert cli.main(["policy", "check", "mail.mvoe"]) == 0
    out = capsys.readouterr().out
    assert "would not do this" in out
    assert "mail.move" in out
