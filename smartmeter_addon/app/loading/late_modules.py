"""Has modules loaded only when something of them is used.

asyncio, paho-mqtt and aiomqtt import at their head what most homes never use: TLS, proxies and
WebSockets. That takes 8 MB of memory and a tenth of the time of a start.
"""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from threading import Lock
from types import ModuleType
from typing import Final

SELDOM_USED: Final = (
    "ssl",  # imported by asyncio, paho-mqtt and aiomqtt, and used by them for TLS
    "asyncio.sslproto",  # TLS of asyncio's own, whose first lines use ssl
    "hashlib",  # imported by paho-mqtt for WebSockets; it loads OpenSSL, too
    "uuid",  # imported by paho-mqtt to make up a name for the client
    "urllib.request",  # imported by paho-mqtt for proxies; it loads http.client and email
)
"""Modules that libraries import, and that a program which publishes without TLS does not use."""


def load_late(names: Iterable[str]) -> None:
    """Have modules loaded when something of them is used, in place of when they are imported.

    What is imported is a stand-in, which every importer keeps. Modules that were imported before
    stay as they are.
    """
    sys.meta_path.insert(0, _Finder(names))


class _Finder:
    """Finds stand-ins in place of modules, until they are used; it is their loader, too."""

    def __init__(self, names: Iterable[str]) -> None:
        self._unused = set(names)
        self._lock = Lock()

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give what Python makes a stand-in by; None for any other module."""
        return ModuleSpec(name, self) if name in self._unused else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make a stand-in."""
        return _StandIn(spec.name, self)

    def exec_module(self, module: ModuleType) -> None:
        """Load nothing."""

    def used(self, name: str) -> ModuleType:
        """Give the module in whose place there was a stand-in."""
        with self._lock:  # threads may use it at once
            if name in self._unused:
                self._unused.discard(name)
                sys.modules.pop(name, None)
        return import_module(name)


class _StandIn(ModuleType):
    """Takes a module's place, and loads it when anything of it is asked for.

    What `importlib.util.LazyLoader` makes is loaded by a second import already.
    """

    def __init__(self, name: str, finder: _Finder) -> None:
        super().__init__(name)
        self._finder = finder

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # such as __path__, which Python looks for while it imports
            raise AttributeError(name, name=name, obj=self)
        return getattr(self._finder.used(self.__name__), name)
