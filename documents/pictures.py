"""Draws the pictures of wiring, form and log into ``docs``: `script/pictures`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from documents import form, wiring
from documents.operators import Language

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs"
LANGUAGES: Final[tuple[Language, ...]] = ("en", "de")


def drawings() -> Iterator[tuple[str, str]]:
    """Give each picture that is drawn of data alone, by the name of its file."""
    for language in LANGUAGES:
        ending = "" if language == "en" else f".{language}"
        for name, drawn in wiring.drawings(language).items():
            yield f"wiring-{name}{ending}.svg", drawn
        yield f"form{ending}.svg", form.drawing(language)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pictures."""
    parser = argparse.ArgumentParser(prog="script/pictures", description=__doc__)
    parser.add_argument(
        "--to", type=Path, default=FOLDER, metavar="FOLDER", help="where to (default: docs)"
    )
    folder: Path = parser.parse_args(arguments).to
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in drawings():
        (folder / name).write_text(drawn, encoding="utf-8")
        sys.stdout.write(f"{folder / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
