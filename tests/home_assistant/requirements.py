"""Prints what Home Assistant Core needs to start with the integrations that the tests use.

Runs with the interpreter of the environment that Core is installed in. Core would install these
packages by itself, at its start; installed beforehand, a start needs no network and takes seconds.
"""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

INTEGRATIONS = (
    *("api", "auth", "config", "energy", "frontend", "history", "http"),
    *("hassio", "logbook", "mqtt", "onboarding", "recorder", "websocket_api"),
)
"""What the tests use, and hassio, which Core's own code imports; it sets up more by itself."""

LEFT_OUT = frozenset({"assist_pipeline"})
"""What has to be compiled, for voices. Only the pages of a newer Core do not come up without it."""


def main() -> None:
    """Print each requirement once; with the option --left-out those of what is left out."""
    bootstrap: Any = import_module("homeassistant.bootstrap")
    components = Path(bootstrap.__file__).parent / "components"
    wanted = {*INTEGRATIONS, *bootstrap.CORE_INTEGRATIONS, *bootstrap.DEFAULT_INTEGRATIONS}
    if "--left-out" in sys.argv:
        wanted = set(LEFT_OUT)
    for requirement in sorted(set(_requirements(components, wanted))):
        print(requirement)  # noqa: T201 - for the shell


def _requirements(components: Path, wanted: set[str]) -> Iterator[str]:
    """Yield what integrations require, and what those require that they depend on."""
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        seen.add(name)
        manifest = json.loads((components / name / "manifest.json").read_text("utf-8"))
        yield from manifest.get("requirements", ())
        wanted.update(set(manifest.get("dependencies", ())) - seen - LEFT_OUT)


if __name__ == "__main__":
    main()
