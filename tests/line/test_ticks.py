"""What waits for a tick wakes up together."""

import asyncio

from app.line.ticks import tick


async def test_all_that_wait_wake_up_in_the_same_turn() -> None:
    clock = asyncio.get_running_loop().time
    woken: list[float] = []

    async def wait(delay: float, interval: float) -> None:
        await asyncio.sleep(delay)
        await tick(interval)
        woken.append(clock())

    begin = clock()
    await asyncio.gather(*(wait(n / 1000, interval) for n in range(5) for interval in (0.1, 0.2)))
    assert all(moment - begin < 0.5 for moment in woken)
    assert all(moment % 0.1 < 0.09 for moment in woken)
    assert len({moment // 0.1 for moment in woken}) <= 3


async def test_a_phase_keeps_apart_what_would_wake_up_together() -> None:
    clock = asyncio.get_running_loop().time
    order: list[float] = []

    async def wait(phase: float) -> None:
        await tick(0.4, phase)
        order.append(phase)

    await tick(0.4)
    await asyncio.gather(*(wait(phase) for phase in (0.75, 0.0, 0.5, 0.25)))
    assert order == [0.25, 0.5, 0.75, 0.0]
    assert clock() % 0.4 < 0.39


async def test_ticks_are_an_interval_apart() -> None:
    clock = asyncio.get_running_loop().time
    await tick(0.05)
    begin = clock()
    for _ in range(4):
        await tick(0.05)
    assert 0.14 < clock() - begin < 0.5
