#!/usr/bin/env python3
"""TCP ports of this machine, for the scripts.

ports.py free COUNT [NOT…]    prints COUNT ports that are free on 127.0.0.1, below the range of outgoing connections,
                              and none of those that are named behind
ports.py owner PORT           prints who listens on PORT ("nginx, process 123"); status 1 if nobody does
ports.py wait PORT PID TIME   waits until 127.0.0.1:PORT accepts; status 1 if process PID ends or TIME seconds pass
"""

import random
import socket
import sys
import time
from pathlib import Path

LISTEN = "0A"  # the state of a listening socket in /proc/net/tcp


def free(count: int, excluded: set[int]) -> list[int]:
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found: list[socket.socket] = []
    candidates = [port for port in range(max(1024, first_outgoing - 8000), first_outgoing) if port not in excluded]
    random.shuffle(candidates)
    for port in candidates:
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.close()
            continue
        found.append(probe)  # stays open, so that no port is named twice
        if len(found) == count:
            return [probe.getsockname()[1] for probe in found]
    raise SystemExit(f"error: this machine has no {count} free ports below {first_outgoing}")


def listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            field = line.split()
            if field[3] == LISTEN and int(field[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(field[9])
    return inodes


def owner(port: int) -> str | None:
    inodes = listening_inodes(port)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(descriptor.readlink()) in wanted for descriptor in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()}, process {process.name}"
        except OSError:
            continue  # gone, or another user's
    return "a process of another user"


def wait(port: int, process: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            pass
        status = Path(f"/proc/{process}/stat")
        if not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return False
        time.sleep(0.05)
    return False


def main(command: str, *arguments: str) -> int:
    if command == "free":
        print(*free(int(arguments[0]), {int(port) for port in arguments[1:]}))
    elif command == "owner":
        name = owner(int(arguments[0]))
        if name is None:
            return 1
        print(name)
    elif command == "wait":
        return 0 if wait(int(arguments[0]), int(arguments[1]), float(arguments[2])) else 1
    else:
        raise SystemExit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
