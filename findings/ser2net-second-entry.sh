#!/usr/bin/env bash
# ser2net: of two connections for one TCP port the second is dead, and ser2net runs on.
#
# Surprising: an entry of the configuration that cannot listen is no reason for ser2net to end, and
# it says nothing on the terminal; only with -d there is a line. Whoever calls the port gets the
# first entry's device. It matters on Debian, whose own /etc/ser2net.yaml has entries for the ports
# 2000, 2001, 3000 and 3001: an entry of one's own for one of them, added at the end, looks like a
# device that is silent.
#
# ser2net 4.3.11 (Debian 12, package 4.3.11-1). Seen on 2026-11-28.
set -euo pipefail

dir=$(mktemp -d)
pid=
end() { # on SIGTERM it would first drain the devices
  [ -z "$pid" ] || { kill -9 "$pid" && wait "$pid"; } 2>/dev/null || true
}
trap 'end; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download --quiet --quiet ser2net=4.3.11-1 \
  libgensio4 libyaml-0-2 libavahi-client3 libavahi-common3 libsctp1 libwrap0 2>apt.log ||
  { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(find "$dir/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
root/usr/sbin/ser2net -v

cat >ends.py <<'PYTHON'
"""Two devices and a free port; prints them, and then what each device is given to read."""

import os
import socket
import sys
import tty

port = socket.create_server(("127.0.0.1", 0))
print(port.getsockname()[1])
port.close()
masters = []
for _ in range(2):
    master, slave = os.openpty()
    tty.setraw(slave)
    masters.append(master)
    print(os.ttyname(slave), flush=True)
sys.stdin.readline()  # ser2net runs
os.write(masters[0], b"first")
os.write(masters[1], b"second")
sys.stdin.readline()
PYTHON
coproc ends { python3 ends.py; }
read -r port <&"${ends[0]}"
read -r first <&"${ends[0]}"
read -r second <&"${ends[0]}"

cat >ser2net.yaml <<YAML
%YAML 1.1
---
connection: &one
  accepter: tcp,127.0.0.1,$port
  connector: serialdev,$first,9600n81,local
connection: &two
  accepter: tcp,127.0.0.1,$port
  connector: serialdev,$second,9600n81,local
YAML
root/usr/sbin/ser2net -n -c ser2net.yaml -P pid >said 2>&1 &
pid=$!
sleep 1
kill -0 "$pid"
quiet=$(grep -v mdns said || true)
echo "ser2net runs with two entries for one port, and says: '$quiet'"

exec 3<>"/dev/tcp/127.0.0.1/$port"
sleep 0.5
echo >&"${ends[1]}"
sleep 0.5
got=$(timeout 1 cat <&3 || true)
echo "a client of the port gets: '$got'"
exec 3>&-
end

root/usr/sbin/ser2net -n -d -c ser2net.yaml -P pid >said 2>&1 &
pid=$!
sleep 1
kill -0 "$pid"
told=$(grep -v mdns said | sed 's/.*\]: //' || true)
echo "with -d it says: '$told'"
echo >&"${ends[1]}"
[ "$got" = first ] && [ -z "$quiet" ] &&
  [ "$told" = "Unable to startup network port two: Address already in use" ]
