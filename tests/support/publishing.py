"""A publisher at work on a broker, and all that it has reported."""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from time import monotonic
from typing import Any

from app.config.options import MqttOptions
from app.meters.reading import Meter, Reading
from app.mqtt.conversation import ACKNOWLEDGED_EACH
from app.mqtt.layout import Layout
from app.mqtt.publisher import BrokerState, Connected, Disconnected, Publisher, RightsMissing
from app.mqtt.topics import Topics
from app.state import State
from tests.support.memory import Memory
from tests.support.mosquitto import TIMEOUT

KAIFA = Meter("1kfm02", "1KFM02", "kaifa", "Kaifa", "MA309M", "4b464d1020000011")
E450 = Meter("12345678", "12345678", "e450", "Landis+Gyr", "E450", None)
GAS = Meter("gas7", "GAS7", "dsmr", "", "Gas meter", None)

STATUS = "smartmeter/status"
KAIFA_STATUS = "smartmeter/1kfm02/status"
KAIFA_STATE = "smartmeter/1kfm02/state"
KAIFA_DETAILS = "smartmeter/1kfm02/details"
KAIFA_CONFIG = "homeassistant/device/smartmeter_1kfm02/config"
TOPICS = Topics()


def reading(meter: Meter = KAIFA, /, **values: str) -> Reading:
    return Reading(meter, None, {key: Decimal(value) for key, value in values.items()})


@dataclass
class Publishing:
    """A publisher at work, and all it has reported."""

    publisher: Publisher
    states: asyncio.Queue[BrokerState]
    asked: int = 0
    looks_for_broker: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, meter: Meter = KAIFA, /, **values: str) -> None:
        self.publisher.publish(reading(meter, **values), name=None)

    async def connected(self) -> Connected:
        async with asyncio.timeout(TIMEOUT):
            while True:
                if isinstance(state := await self.states.get(), Connected):
                    return state

    async def disconnected(self) -> Disconnected:
        async with asyncio.timeout(TIMEOUT):
            while True:
                if isinstance(state := await self.states.get(), Disconnected):
                    return state

    async def rights(self) -> Sequence[str]:
        """Give the sentences of the next news of rights."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                if isinstance(state := await self.states.get(), RightsMissing):
                    return state.reasons


def publishing(
    find: MqttOptions | Callable[[], Awaitable[MqttOptions]],
    *,
    delays: Sequence[float] = (0.01,),
    timeout: float = TIMEOUT,
    language: str = "en",
    state: State | None = None,
    today: Callable[[], dt.date] = dt.date.today,
    topics: Topics = TOPICS,
    repeat_after: tuple[float, ...] = (3600.0,),
    clear_interval: float = 0.01,
    layout: Callable[..., Layout] = Layout,
    patience: float = 3600.0,
    acknowledged_each: float = ACKNOWLEDGED_EACH,
) -> Publishing:
    async def find_broker() -> MqttOptions:
        made.asked += 1
        made.looks_for_broker.set()
        return find if isinstance(find, MqttOptions) else await find()

    states = asyncio.Queue[BrokerState]()
    publisher = Publisher(
        find_broker=find_broker,
        layout=layout(topics, language=language, version="1.2.3"),
        state=state or Memory(),
        today=today,
        repeat_after=repeat_after,
        clear_interval=clear_interval,
        on_state=states.put_nowait,
        delays=delays,
        timeout=timeout,
        patience=patience,
        acknowledged_each=acknowledged_each,
    )
    made = Publishing(publisher, states)
    return made


@asynccontextmanager
async def running(made: Publishing) -> AsyncGenerator[Publishing]:
    task = asyncio.create_task(made.publisher.run())
    try:
        yield made
    finally:
        await stop(task)


async def stop(task: asyncio.Task[Any]) -> float:
    """Cancel a task and give the seconds that it took to end."""
    begin = monotonic()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return monotonic() - begin


async def attempt(options: MqttOptions) -> str | None:
    """Connect once; give why it failed, or None."""
    async with running(publishing(options, delays=(60.0,))) as made, asyncio.timeout(TIMEOUT):
        state = await made.states.get()
        return str(state.reason) if isinstance(state, Disconnected) else None
