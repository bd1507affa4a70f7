"""Programs that run beside the tests."""

import subprocess
import threading


def put_down(process: subprocess.Popen[str], reader: threading.Thread) -> None:
    """Kill a process, and wait until what it said has been read.

    Args:
        process: the process; it may have ended.
        reader: reads its output until that ends.
    """
    process.kill()
    process.wait()
    reader.join()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
