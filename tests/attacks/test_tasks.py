"""Ordinary tasks: people are asked seldom, and everything asked for is done."""

from __future__ import annotations

import asyncio
from pathlib import Path

from harness import House, house

from attacks.play import DECIDER, POLICY, Played, digests, effects, ordinary, play
from attacks.tasks import TASKS, TEXTS, Task

ASKERS = ("ben", "chen", "dana")
MOST_CARDS = 0.8
"""Per task, over all of them."""


def test_the_tasks_are_like_those_agents_are_measured_with() -> None:
    assert len(TASKS) == 60
    assert len({task.name for task in TASKS}) == 60
    assert 0.35 <= sum(not task.calls for task in TASKS) / len(TASKS) <= 0.4
    assert {call.tool for task in TASKS for call in task.calls} == {
        f"lab.{name}" for name in ("send", "note", "share", "deploy", "pay", "erase", "fetch")
    }
    assert all(set(task.reads) <= set(TEXTS) for task in TASKS)


async def test_all_succeed_once_approved_with_few_cards(tmp_path: Path) -> None:
    (tmp_path / "meshclaw").mkdir()
    (tmp_path / "meshclaw" / "policy.toml").write_text(POLICY)
    async with house(tmp_path, people=(), lab=True) as living:
        living.lab.connector.texts |= TEXTS
        for task in TASKS:
            living.lab.agent.scripts[task.name] = ordinary(task)
        played = await asyncio.gather(
            *(_in_turn(living, who, TASKS[index :: len(ASKERS)]) for index, who in enumerate(ASKERS))
        )
        everything = [one for several in played for one in several]
        cards = sum(one.cards for _, one in everything)
        assert len(everything) == len(TASKS)
        for who, several in zip(ASKERS, played, strict=True):
            assert all(one.by == _decided_by(who, task) for task, one in several)
        assert cards / len(TASKS) <= MOST_CARDS, f"{cards} cards for {len(TASKS)} tasks"
        assert effects(living) == digests([call for task in TASKS for call in task.calls])
        for who, several in zip(ASKERS, played, strict=True):
            assert effects(living, who) == digests([call for task, _ in several for call in task.calls])
        assert not living.lab.world.asked_again()


def _decided_by(who: str, task: Task) -> list[str]:
    """One card, before one person: whoever asked, but of a deployment to production an admin."""
    return [DECIDER if task.needs_another else who] if task.calls else []


async def _in_turn(living: House, who: str, tasks: tuple[Task, ...]) -> list[tuple[Task, Played]]:
    return [(task, await play(living, who, task.name, task)) for task in tasks]
