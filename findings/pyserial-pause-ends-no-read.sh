#!/usr/bin/env bash
# pySerial's inter_byte_timeout ends no read: a telegram comes when the whole timeout is over.
#
# Surprising: meters send telegrams with a pause between them, and inter_byte_timeout is there to end a
# read once nothing has come for that long. It is taken and can be read back, but on Linux it does
# nothing: a read of more bytes than the telegram has returns after the timeout, and with none set,
# it waits on, until the bytes of the next telegrams have filled it up, and returns them as one. The
# option sets VTIME, which the kernel passes over as the port is opened without blocking.
#
# pySerial 3.5, Linux 6.18, on a pseudo terminal. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyserial==3.5

"$dir/venv/bin/python" - <<'PYTHON'
import os
import platform
import sys
import threading
import time
import tty

import serial

print(f"pySerial {serial.__version__}, Linux {platform.release()}")
TELEGRAM, PAUSE = b"x" * 100, 1.0


def send(meter, telegrams):
    for _ in range(telegrams):
        os.write(meter, TELEGRAM)
        time.sleep(PAUSE)


def read(timeout, telegrams):
    """Bytes of a read of 250 bytes with a pause of 0.1 s to end it, and whether it waited on."""
    meter, end = os.openpty()
    tty.setraw(end)
    with serial.Serial(os.ttyname(end), timeout=timeout, inter_byte_timeout=0.1) as port:
        thread = threading.Thread(target=send, args=(meter, telegrams))
        thread.start()
        start = time.monotonic()
        data = port.read(250)
        took = time.monotonic() - start
        thread.join()
        print(
            f"inter_byte_timeout {port.inter_byte_timeout}, timeout {timeout},"
            f" {telegrams} telegrams of 100 bytes: {len(data)} bytes after {took:.1f} s"
        )
    return len(data), took > 0.9 * (timeout or 2 * PAUSE)


sys.exit([read(3, 1), read(None, 3)] != [(100, True), (250, True)])
PYTHON
