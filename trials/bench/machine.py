"""On what is measured, in one sentence."""

import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("cryptography", "aiomqtt", "paho-mqtt", "pyserial")


def described() -> str:
    """Name the machine's class and the versions of what the program runs on."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} processors; {platform.system()} {platform.machine()},"
        f" {platform.python_implementation()} {platform.python_version()}; {versions}"
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor()
    found = re.search(r"(?m)^(?:model name|Model)\s*: (.+)$", text)
    return found[1] if found else platform.processor()
