"""The benchmark of conversations runs, at its smallest."""

from bench import talk


async def test_conversations_are_measured() -> None:
    found = {figure.name: figure for figure in await talk.measure(turns=1, stops=2, warming=1)}
    assert len(found) == 6
    turn = found["turn with one tool, processor"]
    assert turn.floor
    assert turn.measured > 0
    assert all(0 <= figure.measured < 60_000 for figure in found.values() if "processor" not in figure.name)


def test_a_share_is_what_so_many_do_not_exceed() -> None:
    taken = [float(number) for number in range(100, 0, -1)]
    assert [talk._least_of(taken, share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert talk._least_of([3.0], 0.99) == 3
