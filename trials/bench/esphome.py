"""Compiles ESPHome's parser from its sources, with a main function that times it."""

import subprocess
from pathlib import Path
from typing import Final

_MAIN: Final = Path(__file__).with_suffix(".cpp")

_LIBRARIES: Final = ("-lmbedcrypto",)

_OTHER_CIPHERS: Final = ("bearssl", "tfpsa")
"""In the names of sources that need another library than Mbed TLS."""


def build(sources: Path, folder: Path) -> Path:
    """Compile it into a folder; return the program.

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
    program = folder / "esphome"
    command = ("g++", "-std=c++20", "-O2", "-I", header.parents[1], "-o", program)
    subprocess.run((*command, _MAIN, *sorted(parts), *_LIBRARIES), check=True)  # noqa: S603 - a compiler
    return program
