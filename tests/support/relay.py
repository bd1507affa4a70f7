"""A relay between the program and a broker, which does what networks do."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Self

from app.config.options import MqttOptions
from tests.support.mosquitto import Mosquitto


class Relay:
    """Stands between program and broker, and does what networks do."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker = broker
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None
        self._answers = True
        self._last_words = b""

    @property
    def options(self) -> MqttOptions:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return replace(self._broker.options, port=port)

    def lose_answers_from(self, text: str) -> None:
        """Let the broker still get this and what follows, and the program no answer any more."""
        self._last_words = text.encode()

    def cut(self) -> None:
        """End every connection without a goodbye; those that follow work again."""
        self._answers = True
        self._last_words = b""
        for writer in self._writers:
            writer.transport.abort()

    def stop_serving(self) -> None:
        """Be gone: the program cannot even say goodbye."""
        assert self._server is not None
        self._server.close()
        self.cut()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._broker.host, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._broker.host, self._broker.port)
        self._writers += [writer, back]
        self._tasks += [
            asyncio.create_task(self._ask(reader, back)),
            asyncio.create_task(self._answer(there, writer)),
        ]

    async def _ask(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if self._last_words and self._last_words in data:
                    self._answers = False
                sink.write(data)
        sink.close()

    async def _answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if self._answers:
                    sink.write(data)
        sink.close()
