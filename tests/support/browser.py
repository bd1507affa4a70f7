"""A headless Chromium.

It is told what to do over its DevTools protocol, as its own tools do it.
"""

import asyncio
import base64
import itertools
import json
import subprocess
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

_PATIENCE = 60.0

_WATCHING = """
window.wrong = [];
for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"]) {
  window.addEventListener(kind, (event) => window.wrong.push(
    `${kind}: ${event.message || event.reason || event.violatedDirective}`), true);
}
"""
"""Gathers what goes wrong in a page."""

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--lang=en-GB", "--remote-debugging-port=0"),
    *("--remote-allow-origins=*", "about:blank"),
)


class Browser:
    """One page of a Chromium."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Give a command and wait for its result."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        await self._socket.send(json.dumps(command))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Evaluate JavaScript in the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True)
        return answer["result"].get("value")

    async def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Be a screen of a size, in the dark or in the light; remember what goes wrong in pages."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
        await self.call("Emulation.setDeviceMetricsOverride", mobile=width < 600, **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.call("Page.enable")
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=_WATCHING)

    async def open(self, address: str) -> None:
        """Go to a page."""
        await self.call("Page.navigate", url=address)

    async def picture(self, *, whole: bool = False) -> bytes:
        """Give what is seen, as PNG; or the page in its whole height."""
        answer = await self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])


@asynccontextmanager
async def browsing(program: str, directory: Path) -> AsyncGenerator[Browser]:
    """Start a Chromium without a window."""
    process = await asyncio.create_subprocess_exec(
        *(program, f"--user-data-dir={directory}", *_FLAGS),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(_PATIENCE):
            async for line in process.stderr:
                if line.startswith(b"DevTools listening on "):
                    break
            else:
                raise RuntimeError(f"{program} does not start")
        draining = asyncio.create_task(process.stderr.read())
        host = line.decode().split()[-1].split("/")[2]
        browser_url = line.decode().split()[-1]
        async with connect(browser_url, max_size=None) as socket:
            made = await Browser(socket).call("Target.createTarget", url="about:blank")
        async with connect(
            f"ws://{host}/devtools/page/{made['targetId']}", max_size=None
        ) as socket:
            yield Browser(socket)
        draining.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def looking(
    folder: Path, *, width: int = 1400, height: int = 900, dark: bool = False
) -> AsyncGenerator[Browser]:
    """Start a browser that gathers all mistakes of pages."""
    async with browsing("chromium", folder) as browser:
        await browser.look(width, height, dark=dark)
        yield browser


async def see(
    browser: Browser, expression: str, is_right: Callable[[object], bool] = bool
) -> object:
    """Wait until an expression in the page is right, and give it."""
    value: object = None
    for _ in range(400):
        value = await browser.evaluate(expression)
        if is_right(value):
            return value
        await asyncio.sleep(0.025)
    raise AssertionError(f"{expression} is {value!r}")
