"""A signal while the program is still starting ends it without a trace."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ADDON = Path(__file__).parents[2] / "smartmeter_addon"
TIMEOUT = 20


# Modules in the order in which the program imports them; a moment in its start each. At the last
# two its event loop runs, and its lines are open.
@pytest.mark.parametrize(
    "module",
    [
        *("argparse", "app.config.environment", "asyncio", "app.config.options"),
        *("app.transport.ahead", "app.mqtt.publisher", "app.run"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_ends_without_a_trace(
    tmp_path: Path, module: str, number: signal.Signals
) -> None:
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"url": "/dev/none", "mqtt": {"host": "127.0.0.1", "port": 1}}))
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "app", "run", "--options", str(options)],
        cwd=ADDON,
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        late = threading.Timer(TIMEOUT, process.kill)
        late.start()
        for line in process.stderr:
            if line.rpartition("|")[2].strip() == module:
                break
        else:
            raise AssertionError(f"{module} is not imported")
        late.cancel()
        process.send_signal(number)
        output, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode in (0, -number)
    assert "Traceback" not in output + errors
    assert "KeyboardInterrupt" not in output + errors
