#!/usr/bin/env bash
# Each read of asyncio has the kernel map memory and take it back, however few bytes come.
#
# Surprising: with asyncio.Protocol, and so with streams, each read makes room for 256 kB, which is
# made as small as what came. That is over glibc's 128 kB from which memory is asked of the kernel
# (M_MMAP_THRESHOLD). glibc raises this threshold when such memory is given back, but never here:
# what is given back is a page, as the rest went before. So 100 bytes cost mmap, mremap, munmap and
# two page faults beside the read itself. A BufferedProtocol, which reads into room of its own, costs
# none of them.
#
# CPython 3.11.7 and 3.13.0, glibc 2.36, Linux 6.18. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"

"$dir/venv/bin/python" - <<'PYTHON'
import asyncio
import platform
import resource
import socket
import sys
import time

READS = 2000
DATA = bytes(100)

print(f"CPython {platform.python_version()}, {' '.join(platform.libc_ver())}")


class Plain(asyncio.Protocol):
    def __init__(self):
        self.came = asyncio.Event()

    def data_received(self, data):
        self.came.set()

    async def read(self):
        await self.came.wait()
        self.came.clear()


class Buffered(asyncio.BufferedProtocol, Plain):
    room = bytearray(4096)

    def get_buffer(self, hint):
        return self.room

    def buffer_updated(self, size):
        self.came.set()


async def measured(read, peer):
    begin, busy = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.process_time()
    for _ in range(READS):
        peer.send(DATA)
        await read()
    return (
        (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begin) / READS,
        (time.process_time() - busy) / READS * 1e6,
    )


async def by_protocol(kind):
    ours, peer = socket.socketpair()
    with ours, peer:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_connection(kind, sock=ours)
        found = await measured(protocol.read, peer)
        transport.close()
    return found


async def by_streams():
    ours, peer = socket.socketpair()
    with ours, peer:
        reader, writer = await asyncio.open_connection(sock=ours)
        found = await measured(lambda: reader.read(1000), peer)
        writer.close()
    return found


seen = {}
for name, way in (
    ("streams", by_streams),
    ("Protocol", lambda: by_protocol(Plain)),
    ("BufferedProtocol", lambda: by_protocol(Buffered)),
):
    faults, busy = asyncio.run(way())
    seen[name] = round(faults)
    print(f"{name:16}  {faults:.1f} page faults and {busy:.0f} us a read of {len(DATA)} bytes")

sys.exit(seen != {"streams": 2, "Protocol": 2, "BufferedProtocol": 0})
PYTHON
