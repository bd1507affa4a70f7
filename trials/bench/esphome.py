"""Compiles ESPHome's parsers, each with a main function that times it."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_OURS: Final = Path(__file__).parent / "cpp"

_COMPILER: Final = ("g++", "-std=c++20", "-O2")
_LIBRARIES: Final = ("-lmbedcrypto",)

_CORE: Final = (
    "esphome/core/component.h",
    "esphome/core/defines.h",
    "esphome/core/log.h",
    "esphome/components/uart/uart.h",
    "esp_idf_version.h",
)
"""Headers in whose place the component is given `cpp/core.h`."""

_OTHER_CIPHERS: Final = ("bearssl", "tfpsa")
"""In the names of the library's sources that need another one than Mbed TLS."""


def can_compile() -> bool:
    """Tell whether there are a compiler and the headers of Mbed TLS."""
    command = (*_COMPILER, "-fsyntax-only", "-include", "mbedtls/gcm.h", "-x", "c++", "-")
    try:
        tried = subprocess.run(command, input=b"", capture_output=True, check=False)  # noqa: S603 - a compiler
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def component(sources: Path, folder: Path) -> Path:
    """Compile the parser that was part of ESPHome's component dlms_meter up to 2026.5.

    Args:
        sources: a folder with the package `esphome`.
        folder: what is compiled is put there.

    Raises:
        subprocess.CalledProcessError: it cannot be compiled.
    """
    core = folder / "core"
    for name in _CORE:
        header = core / name
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text('#include "core.h"\n')
    components = sources / "esphome" / "components"
    part = components / "dlms_meter" / "dlms_meter.cpp"
    return _compiled("component", (core, components), (part,), folder)


def library(sources: Path, folder: Path) -> Path:
    """Compile the parser that the component has used since then, esphome-libs/dlms_parser.

    Args:
        sources: a folder with its sources.
        folder: what is compiled is put there.

    Raises:
        FileNotFoundError: the parser's header is not among the sources.
        subprocess.CalledProcessError: it cannot be compiled.
    """
    header = next(sources.resolve().rglob("dlms_parser/dlms_parser.h"), None)
    if header is None:
        raise FileNotFoundError(f"there is no dlms_parser/dlms_parser.h below {sources}")
    # Beside the header, or in src where headers are in include.
    places = {header.parent, header.parents[2] / "src"}
    parts = {
        part
        for place in places
        for part in place.rglob("*.cpp")
        if not any(other in part.name for other in _OTHER_CIPHERS)
    }
    return _compiled("library", (header.parents[1],), sorted(parts), folder)


def _compiled(name: str, headers: Iterable[Path], parts: Iterable[Path], folder: Path) -> Path:
    """Compile sources with our main function of that name."""
    program = folder / f"esphome-{name}"
    sources = map(str, (_OURS / f"{name}.cpp", *parts))
    folders = (f"-I{place}" for place in (_OURS, *headers))
    command = (*_COMPILER, *folders, "-o", str(program), *sources, *_LIBRARIES)
    subprocess.run(command, check=True)  # noqa: S603 - a compiler
    return program
