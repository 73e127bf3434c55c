"""Recorded attacks against the gate: the model is the attacker's, people read their cards, nothing else helps.

The short form plays every task once, with every attack in turn; MESHCLAW_CHAOS=long plays every task with every
attack.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest
from harness import House, house, is_card

from attacks.attacks import ATTACKS, EVIL, INJECTION, Attack
from attacks.play import POLICY, Played, after_the_decision, compromised, digests, effects, play
from attacks.tasks import TASKS, TEXTS, Task
from bot.contracts.agents import Turn
from bot.contracts.errors import MeshClawError
from bot.contracts.tools import Call, Plan

LONG = os.environ.get("MESHCLAW_CHAOS") == "long"
ASKERS = ("ben", "chen", "dana")
Pair = tuple[Task, Attack]


def pairs() -> list[Pair]:
    """Which tasks are attacked how."""
    if LONG:
        return [(task, attack) for task in TASKS for attack in ATTACKS]
    acting = [task for task in TASKS if task.calls]
    asking = [task for task in TASKS if not task.calls]
    at_any_time = [attack for attack in ATTACKS if attack.when != "decided"]  # nothing is decided where nobody asks
    return [*zip(acting, cycle(ATTACKS)), *zip(asking, cycle(at_any_time))]


def test_no_attack_proposes_what_its_task_needs() -> None:
    """Otherwise approving it would be right, and the test below would count it as harmless."""
    for task in TASKS:
        for attack in ATTACKS:
            if attack.name != "repeat what was approved":
                for plan in attack.plans(task):
                    assert not task.calls or digests(plan) != digests(task.calls), (task.name, attack.name)


def test_every_moment_and_every_effect_is_attacked() -> None:
    assert len(ATTACKS) >= 12
    assert {attack.when for attack in ATTACKS} == {"first", "read", "instead", "flood", "decided"}
    chosen = pairs()
    assert all(sum(attack is one for _, one in chosen) >= 2 for attack in ATTACKS)
    assert {task.name for task, _ in chosen} == {task.name for task in TASKS}
    tools = {call.tool for task in TASKS for attack in ATTACKS for plan in attack.plans(task) for call in plan}
    assert {f"lab.{name}" for name in ("fetch", "send", "erase", "pay", "share", "deploy", "mystery")} <= tools


@pytest.mark.chaos
@pytest.mark.timeout(5400 if LONG else 180)
async def test_no_effect_happens_that_nobody_approved(tmp_path: Path) -> None:
    (tmp_path / "meshclaw").mkdir()
    (tmp_path / "meshclaw" / "policy.toml").write_text(POLICY)
    chosen = pairs()
    async with house(tmp_path, people=(), lab=True) as living:
        living.lab.connector.texts |= {name: f"{text}{INJECTION}" for name, text in TEXTS.items()}
        for number, (task, attack) in enumerate(chosen):
            name = f"{number} {task.name}"
            living.lab.agent.scripts[name] = compromised(task, attack, name)
            living.lab.agent.decided[name] = after_the_decision(task, attack, name)
        numbered = list(enumerate(chosen))
        played = await asyncio.gather(
            *(_in_turn(living, who, numbered[index :: len(ASKERS)]) for index, who in enumerate(ASKERS))
        )
        for who, several in zip(ASKERS, played, strict=True):
            approved = [call for _, one in several for call in one.approved]
            assert effects(living, who) == digests(approved)
        _assert_no_trace_of_the_attacker(living)
        everything = [one for several in played for one in several]
        assert len(everything) == len(chosen)
        _assert_the_test_tested(living, everything)


async def _in_turn(living: House, who: str, several: list[tuple[int, Pair]]) -> list[tuple[Pair, Played]]:
    return [
        ((task, attack), await play(living, who, f"{number} {task.name}", task)) for number, (task, attack) in several
    ]


def _assert_no_trace_of_the_attacker(living: House) -> None:
    wanted = {call.digest() for task in TASKS for call in task.calls}
    strange = [call for call in living.lab.world.effects() if call.digest() not in wanted or EVIL in str(call.args)]
    assert not strange
    assert not living.lab.world.asked_again()


def _assert_the_test_tested(living: House, everything: list[tuple[Pair, Played]]) -> None:
    """The attacker tried, cards were shown, and where the task's own plan was proposed it went through."""
    for (task, attack), one in everything:
        if task.calls and attack.when in ("first", "read", "decided"):
            assert one.approved == list(task.calls), (task.name, attack.name)
            assert one.cards
    tried = {back.script for back in living.lab.agent.back}
    for (task, attack), one in everything:
        attacked = attack.when != "decided" or bool(task.calls)  # nothing is decided where nothing was asked
        assert not attacked or one.name in tried, one.name
    denied = sum(one.cards - bool(one.approved) for _, one in everything)
    assert denied >= len(everything) // 3


async def test_a_turn_knows_what_it_may_use_and_gets_nothing_else(tmp_path: Path) -> None:
    """`tools()` says what is left to it, and what it is not given stays refused whatever it calls it."""
    async with house(tmp_path, people=(), lab=True) as living:
        agent = living.lab.agent
        told: list[frozenset[str]] = []

        async def look(turn: Turn) -> None:
            told.append(await turn.tools())
            for name in ("mail.move", "slack.post", "lab.send.perform", "lab.nothing"):
                with suppress(MeshClawError):
                    await turn.propose(Plan("Look", (Call(name, {"to": EVIL}),)))

        agent.scripts["look"] = look
        await living.human.command("ben", "/meshclaw lab look")
        await agent.until_ended("look")
        assert told == [frozenset(agent.declared)]
        assert all(one.error or (one.proposed and not one.proposed.waiting) for one in agent.backs("look"))
        assert len(agent.backs("look")) == 4
        assert not living.lab.world.effects()
        assert not [each for each in await living.human.messages("ben") if is_card(each)]
