"""Times one program on one list, slice by slice, when its parent process asks.

    python3 -m trials.bench.worker CONTENDER LIST FILE SIZE

It says in one line of JSON which numbers the file's last telegram holds, or ``null`` when it does
not read this list. Then it writes nanoseconds for each line of standard input: what the next slice
of so many telegrams took. Imports nothing that the libraries' environments do not have.
"""

import contextlib
import gc
import json
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from time import process_time_ns
from typing import TextIO

from trials.bench import files
from trials.bench.contenders import CONTENDERS, Contender, NotReadError


def slices(contender: Contender, telegrams: Sequence[bytes], size: int) -> Iterator[int]:
    """Time one slice after the other, without end; give the nanoseconds of each."""
    for begin in cycle(range(0, len(telegrams) - size + 1, size)):
        part = telegrams[begin : begin + size]
        started = process_time_ns()
        contender.run(part)
        yield process_time_ns() - started


def main(name: str, list_name: str, path: str, size: str) -> None:
    """Answer until standard input ends."""
    telegrams = files.read(Path(path))
    told = sys.stdout
    # Libraries write to standard output as well.
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        try:
            contender = CONTENDERS[name](list_name)
        except NotReadError:
            _tell(told, None)
            return
        said = contender.run(telegrams)  # which is the warm-up, too
        _tell(told, [float(number) for number in contender.numbers(said)])
        gc.collect()
        gc.freeze()
        measured = slices(contender, telegrams, int(size))
        for _ in sys.stdin:
            _tell(told, next(measured))


def _tell(out: TextIO, value: object) -> None:
    out.write(json.dumps(value) + "\n")
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
