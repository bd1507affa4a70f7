#!/usr/bin/env bash
# pySerial throws a telegram away that came by socket:// if the gateway closes the connection then.
#
# Surprising: a read of more bytes than have come keeps them until it has enough or its timeout is
# over. If the other side closes the connection before, it raises an error, and the bytes that it had
# are lost: they are not in the error, and the next read gives none of them. So a gateway that sends
# a telegram and hangs up is never heard, though all bytes have come. Reading what is there with each
# call, or byte by byte, loses nothing, and serialx gives the bytes first and then the end.
#
# pySerial 3.5, beside serialx 1.15.1. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyserial==3.5 serialx==1.15.1

"$dir/venv/bin/python" - <<'PYTHON'
import socket
import sys
import threading
from importlib.metadata import version

import serial
import serialx

print(f"pySerial {serial.__version__}, serialx {version('serialx')}")
TELEGRAM = b"x" * 100


def gateway(server, opened):
    connection, _ = server.accept()
    with connection:
        opened.wait()
        connection.sendall(TELEGRAM)


def read(open_port, size):
    """How many bytes come of a telegram, and how the reading ends."""
    got = b""
    with socket.create_server(("127.0.0.1", 0)) as server:
        opened = threading.Event()
        thread = threading.Thread(target=gateway, args=(server, opened))
        thread.start()
        port = open_port(f"socket://127.0.0.1:{server.getsockname()[1]}")
        opened.set()
        thread.join()
        try:
            while data := port.read(size):
                got += data
            end = "nothing more"
        except Exception as error:
            end = f"{type(error).__name__}: {error}"
        port.close()
    return len(got), end


def with_pyserial(url):
    return serial.serial_for_url(url, timeout=2)


def with_serialx(url):
    port = serialx.serial_for_url(url, read_timeout=2)
    port.open()
    return port


found = []
for name, open_port, size in (
    ("pySerial", with_pyserial, 1000),
    ("pySerial", with_pyserial, 1),
    ("serialx", with_serialx, 1000),
):
    found.append(read(open_port, size))
    print(f"{name}, {size} at a time: {found[-1][0]} bytes of 100, then {found[-1][1]}")
sys.exit([count for count, _ in found] != [0, 100, 100])
PYTHON
