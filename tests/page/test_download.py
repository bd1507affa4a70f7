"""Recordings that the page gives away."""

import asyncio

import pytest

from app.dlms.ciphering import Keys
from app.page.download import Contents
from app.page.site import REST
from app.transport import recording
from simulator.ciphering import KEY
from tests.support.asking import ask, until
from tests.support.lines import PORT
from tests.support.paged import Paged, opened, shown
from tests.support.simulated import SimulatedMeter
from tests.support.telegrams import UNKNOWN_LIST


def meter(family: str = "kaifa", **options: object) -> SimulatedMeter:
    return SimulatedMeter(None, family, **options)  # type: ignore[arg-type]


def contents(paged: Paged) -> object:
    return paged.line.facts("en", published=True)["contents"]


async def recorded(paged: Paged, query: str = "minutes=30") -> bytes:
    async with shown(paged):
        answer = await ask(paged.page.server.port, f"/recording?{query}")
    assert answer.status == 200
    assert "attachment" in answer.headers["content-disposition"]
    return answer.body


def data_of(text: bytes) -> bytes:
    return b"".join(chunk.data for chunk in recording.read(text))


@pytest.mark.parametrize("family", ["dsmr", "aidon"])
async def test_plain_telegrams_have_made_up_numbers(family: str) -> None:
    paged = opened()
    simulated = meter(family)
    paged.push(simulated, 4)
    number = paged.line.meters[0].meter.number
    assert number
    assert contents(paged) == Contents.PLAIN
    text = await recorded(paged)
    assert b"# anonymous" in text
    data = data_of(text)
    assert data
    assert number.encode() not in data
    assert number.encode().hex().encode() not in data.lower()


async def test_ciphered_telegrams_are_as_they_came() -> None:
    paged = opened()
    simulated = meter()
    sent = []
    for _ in range(3):
        sent.append(simulated.telegram().data)
        paged.take(sent[-1])
        paged.after(60)
    assert contents(paged) == Contents.CIPHERED
    text = await recorded(paged)
    assert [chunk.data for chunk in recording.read(text)] == sent
    assert [round(chunk.seconds) for chunk in recording.read(text)] == [0, 60, 120]
    assert b"serial mode: 2400 8E1" in text
    assert KEY.hex(" ").encode() not in text
    assert len(recording.read(await recorded(paged, "minutes=2"))) == 2


async def test_without_a_key_ciphered_telegrams_are_as_they_came_too() -> None:
    paged = opened(keys=Keys())
    sent = meter().telegram().data
    paged.take(sent)
    assert contents(paged) == Contents.CIPHERED
    assert data_of(await recorded(paged)) == sent


async def test_beside_plain_telegrams_ciphered_ones_are_left_out() -> None:
    paged = opened()
    ciphered = meter().telegram().data
    paged.push(meter("dsmr"), 3)
    assert contents(paged) == Contents.PLAIN
    paged.take(PORT, ciphered)
    assert contents(paged) == Contents.PLAIN
    text = await recorded(paged)
    assert b"# left out: " in text
    assert ciphered[20:40] not in data_of(text)


async def test_of_lists_that_nobody_knows_texts_are_masked() -> None:
    paged = opened()
    number = b"1KFM0200012345"
    head, tail = UNKNOWN_LIST[:-5], b"\x0a\x0e" + number
    sent = head[:6] + (len(head) - 8 + len(tail)).to_bytes(2, "big") + head[8:] + tail
    paged.take(UNKNOWN_LIST, sent)
    assert contents(paged) == Contents.UNKNOWN
    data = data_of(await recorded(paged))
    assert data == UNKNOWN_LIST + sent.replace(number, b"0XXX0000000000")
    paged.take(PORT, meter().telegram().data)
    assert contents(paged) == Contents.PLAIN  # what is not understood is left out


async def test_beside_ciphered_telegrams_texts_hold_no_number() -> None:
    """The reader passes such texts over: the line has another link."""
    paged = opened()
    ciphered, plain = meter(), meter("dsmr")
    sent = ciphered.telegram().data
    paged.take(sent)
    for _ in range(3):
        paged.take(plain.telegram().data)
    paged.push(ciphered)
    data = data_of(await recorded(paged))
    assert contents(paged) == Contents.CIPHERED
    assert sent in data
    assert plain.id.upper().encode() not in data
    assert plain.id.upper().encode().hex().encode() not in data.lower()


@pytest.mark.parametrize("size", [1, 7, 4000])
async def test_texts_with_a_wrong_checksum_hold_no_number(size: int) -> None:
    paged = opened()
    simulated = meter("dsmr")
    number = simulated.id.upper()
    for _ in range(5):
        text = simulated.telegram().data
        end = text.rindex(b"!") + 1
        damaged = text[:end] + b"0BAD" + text[end + 4 :]
        for begin in range(0, len(damaged), size):
            paged.take(damaged[begin : begin + size])
        paged.after(5)
    assert contents(paged) == Contents.UNREAD
    text = await recorded(paged)
    assert b"# no telegram was understood" in text
    data = data_of(text)
    assert len(data) == 5 * len(damaged)
    for form in (number, number.encode().hex(), number[-8:], number[-8:].encode().hex()):
        assert form.encode().lower() not in data.lower()
    assert data.count(b"1-0:1.8.1(") == 5


async def test_it_is_bounded() -> None:
    paged = opened()
    for _ in range(3000):
        paged.take(b"\x55" * 400)
        paged.now += 1
    assert len(paged.line._recent._data) <= 100_000
    assert 30_000 < len(data_of(await recorded(paged))) <= 100_000
    for _ in range(30_000):
        paged.take(b"\x55")
    assert len(paged.line._recent._times) <= 13_000


async def test_one_is_made_at_a_time_and_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    paged = opened()
    paged.push(meter("dsmr"), 3)
    making, most, made = 0, 0, 0
    go_on = asyncio.Event()

    async def slow(*_: object) -> str:
        nonlocal making, most, made
        making += 1
        most = max(most, making)
        await go_on.wait()
        making -= 1
        made += 1
        return "x"

    monkeypatch.setattr(paged.line, "recording", slow)
    async with shown(paged):
        port = paged.page.server.port
        asked = [asyncio.create_task(ask(port, "/recording")) for _ in range(10)]
        await until(lambda: sum(one.done() for one in asked) == 6)
        assert {one.result().status for one in asked if one.done()} == {503}
        waiting = [one for one in asked if not one.done()]
        waiting.pop().cancel()  # what was begun goes on
        monkeypatch.setattr("app.page.site.REST", 0)
        go_on.set()
        assert [(await one).status for one in waiting] == [200] * 3
        assert (most, making) == (1, 0)
        await until(lambda: made == 4)
        assert (await ask(port, "/recording")).status == 200


async def test_between_two_recordings_is_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    paged = opened()
    made: list[tuple[float, float]] = []
    now = asyncio.get_running_loop().time

    async def slow(*_: object) -> str:
        begin = now()
        await asyncio.sleep(0.05)
        made.append((begin, now()))
        return "x"

    monkeypatch.setattr(paged.line, "recording", slow)
    async with shown(paged):
        port = paged.page.server.port
        await asyncio.gather(*(ask(port, "/recording") for _ in range(2)))
    (begin, end), (again, _) = made
    assert again - end >= REST * (end - begin) - 0.02
