"""What Python and the packages take by themselves: the least that a program built on them can take.

Each is imported in a process of its own, in turns, once compiled. Memory is what is resident then,
a time that of the processor up to there.
"""

import argparse
import statistics
import subprocess
import sys
from typing import Final

from tests.support.program import ADDON, bare_environment
from trials.bench import machine
from trials.bench.image import variables
from trials.bench.workers import table

_PACKAGES: Final = "import asyncio, aiomqtt"  # which imports paho-mqtt
_LATE: Final = "from app.loading.late_modules import SELDOM_USED, load_late; load_late(SELDOM_USED)"
_CIPHERING: Final = "from cryptography.hazmat.primitives.ciphers.aead import AESGCM"
_PROGRAM: Final = f"{_LATE}\nimport app.commands.run, app.run, app.transport.serial_source"

IMPORTED: Final = {
    "Python alone": "",
    "asyncio, aiomqtt and paho-mqtt": _PACKAGES,
    "and cryptography": f"{_PACKAGES}\n{_CIPHERING}",
    "the same without what only TLS and proxies use": f"{_LATE}\n{_PACKAGES}",
    "and cryptography, too": f"{_LATE}\n{_PACKAGES}\n{_CIPHERING}",
    "what this program loads at its start": _PROGRAM,
    "and cryptography, as well": f"{_PROGRAM}\n{_CIPHERING}",
}
"""Code that imports, by what it imports."""

_FIGURES: Final = """
import re, time
print(time.process_time(), re.findall("VmRSS:\\\\s*([0-9]+)", open("/proc/self/status").read())[0])
"""


def run(given: argparse.Namespace) -> None:
    """Measure and print."""
    sys.stdout.write(machine.described() + "\n")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in IMPORTED}
    for turn in range(1 + given.rounds):
        for name, code in IMPORTED.items():
            figures = _measure(code)
            if turn:  # before that, it may have been compiled
                found[name].append(figures)
    rows = []
    for name, measured in found.items():
        seconds, kilobytes = map(statistics.median, zip(*measured, strict=True))
        rows.append((name, f"{kilobytes / 1000:.1f}", f"{1000 * seconds:.0f}"))
    sys.stdout.write("\n" + table(("", "MB resident", "ms of the processor"), rows))


def _measure(code: str) -> tuple[float, float]:
    """Give the processor's seconds and the resident kilobytes of a process that imports."""
    done = subprocess.run(  # noqa: S603 - the code of the table above
        (sys.executable, "-c", f"import gc\ngc.disable()\n{code}{_FIGURES}"),
        cwd=ADDON,
        env={**bare_environment(), **variables(ADDON)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, kilobytes = map(float, done.stdout.split())
    return seconds, kilobytes
