"""In a process of its own each, as what is loaded stays so."""

import subprocess
import sys

import pytest

from app.loading.late_modules import SELDOM_USED
from tests.support.program import ADDON, bare_environment

LATE = "import sys; from app.loading.late_modules import *; load_late(SELDOM_USED)"
TOLD = "print(*(name for name, one in sys.modules.items() if hasattr(one, '__file__')))"


def loaded(*code: str) -> set[str]:
    """Run code with modules that are loaded late; give those that were loaded."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join((LATE, *code, TOLD))],
        cwd=ADDON,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_what_is_imported_and_not_used_is_not_loaded() -> None:
    found = loaded("import asyncio, aiomqtt, ssl, hashlib, urllib.request, asyncio.sslproto")
    assert {"asyncio", "aiomqtt"} <= found
    assert not found & {*SELDOM_USED, "http.client", "_ssl", "_hashlib"}


@pytest.mark.parametrize(
    ("use", "module"),
    [
        ("assert ssl.create_default_context().check_hostname", "ssl"),
        ("from ssl import SSLError; assert issubclass(SSLError, OSError)", "ssl"),
        ("import asyncio; assert issubclass(asyncio.base_events.ssl.SSLError, OSError)", "ssl"),
        ("assert hashlib.sha1(b'').digest_size == 20", "hashlib"),
        ("import urllib; assert urllib.request.getproxies() == {}", "urllib.request"),
        ("from asyncio import sslproto; assert sslproto.SSLProtocol", "asyncio.sslproto"),
    ],
)
def test_what_is_used_is_loaded_wherever_it_was_imported(use: str, module: str) -> None:
    imported = "import ssl, hashlib, urllib.request"
    assert module in loaded(imported, use)
    assert module in loaded(use.replace("assert", f"{imported}; assert", 1))


@pytest.mark.parametrize(
    "error",
    ["ConnectionRefusedError(111, 'Connection refused')", "ConnectionResetError()", "gaierror()"],
)
def test_a_broker_without_tls_that_is_away_is_no_reason_to_load_tls(error: str) -> None:
    found = loaded(
        "from socket import gaierror",
        "from app.config.options import MqttOptions",
        "from app.mqtt.explain import explain",
        f"assert 'broker' in str(explain({error}, MqttOptions(host='broker')))",
    )
    assert "app.mqtt.explain" in found
    assert not found & {"ssl", "_ssl"}


def test_what_is_loaded_is_the_module_for_whoever_imports_it_next() -> None:
    code = "import ssl; first = ssl; ssl.SSLError; del ssl; import ssl; assert ssl is not first"
    assert "ssl" in loaded(code, "assert first.SSLError is ssl.SSLError")


def test_what_was_imported_before_stays() -> None:
    assert "ssl" in loaded("sys.meta_path.pop(0); import ssl; load_late(['ssl']); import ssl")


def test_threads_may_use_it_at_once() -> None:
    loaded(
        "import ssl, sys, threading",
        "sys.setswitchinterval(1e-6)",
        "found = []",
        "def use(): found.append(ssl.SSLError)",
        "threads = [threading.Thread(target=use) for _ in range(20)]",
        "for one in threads: one.start()",
        "for one in threads: one.join()",
        "assert len(found) == 20 and len(set(found)) == 1",
    )


def test_a_name_that_the_module_has_not_is_an_error() -> None:
    loaded(
        "import ssl",
        "assert not hasattr(ssl, 'nonsense')",
        "try: from ssl import nonsense",
        "except ImportError: pass",
        "else: raise AssertionError",
    )
