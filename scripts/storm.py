#!/usr/bin/env python3
"""A reconnect storm: clients that all connect at once, and try again until each has its session.

    scripts/storm.py [--tls] [--clients 20000] [--processes 4] [--path /mqtt] [--pid PID] HOST:PORT

Each client opens a WebSocket, sends its CONNECT and waits for the CONNACK. Whoever is refused or fails waits for a second, then
for two, four and eight, give or take a half, as MQTT libraries do. Prints the time until half of them, 99 % and all were
connected, what failed on the way, and of the process PID its memory and processor time. Only Python is needed. A client takes one
descriptor here, and two in a gateway: mind `ulimit -n`.
"""

import argparse
import asyncio
import collections
import multiprocessing
import os
import pathlib
import random
import resource
import ssl
import time

GIVE_UP = 300  # seconds
LONGEST_PAUSE = 8


def connect_frame(name):
    """A WebSocket frame with a CONNECT of MQTT 5.0."""
    text = name.encode()
    body = b"\x00\x04MQTT\x05\x02\x00\x3c\x00" + len(text).to_bytes(2, "big") + text
    packet = b"\x10" + bytes([len(body)]) + body
    return b"\x82" + bytes([0x80 | len(packet)]) + b"\0\0\0\0" + packet


class Refused(Exception):
    """An answer that is not the one that was hoped for."""


async def connected(host, port, path, name, context):
    """The streams of a client that has its session."""
    reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname="localhost" if context else None)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: mqtt\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        if not head.startswith(b"HTTP/1.1 101"):
            raise Refused("status " + head[9:12].decode("latin-1"))
        writer.write(connect_frame(name))
        frame = await asyncio.wait_for(reader.readexactly(6), 60)
        if frame[0] != 0x82 or frame[2] != 0x20 or frame[5] != 0:
            raise Refused(f"CONNACK 0x{frame[5]:02X}")
        return reader, writer
    except BaseException:
        writer.close()
        raise


async def live(options, name, context, began, times, faults, keep):
    """Tries until it is connected."""
    host, _, port = options.address.rpartition(":")
    pause = 1
    while time.monotonic() - began < GIVE_UP:
        try:
            keep.append(await connected(host, int(port), options.path, name, context))
            times.append(time.monotonic() - began)
            return
        except (OSError, EOFError, asyncio.TimeoutError, Refused) as error:
            faults[str(error) if isinstance(error, Refused) else type(error).__name__] += 1
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(pause * 2, LONGEST_PAUSE)


def work(options, index, count, begin, results, end):
    """One process of clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    async def clients():
        context = None
        if options.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        times, faults, keep = [], collections.Counter(), []
        begin.wait()
        began = time.monotonic()
        await asyncio.gather(
            *(live(options, f"storm-{index}-{n}", context, began, times, faults, keep) for n in range(count))
        )
        results.put((times, faults))
        while not end.is_set():
            await asyncio.sleep(0.2)

    asyncio.run(clients())


def observed(pid):
    """Peak memory in MiB and processor time in seconds."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    peak = next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return peak, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--clients", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--path", default="/mqtt")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--pid", type=int, action="append", default=[])
    options = parser.parse_args()
    begin, end, results = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
    share = -(-options.clients // options.processes)
    counts = [min(share, options.clients - share * index) for index in range(options.processes)]
    processes = [
        multiprocessing.Process(target=work, args=(options, index, count, begin, results, end), daemon=True)
        for index, count in enumerate(counts)
    ]
    for process in processes:
        process.start()
    time.sleep(1)  # they are all there
    begin.set()
    times, faults = [], collections.Counter()
    for _ in processes:
        some, failed = results.get()
        times += some
        faults += failed
    times.sort()
    print(f"{len(times)} of {options.clients} clients are connected", end="")
    if times:
        print(f": half after {times[len(times) // 2]:.1f} s, 99 % after {times[len(times) * 99 // 100]:.1f} s, all after {times[-1]:.1f} s")
    print("failed on the way:", ", ".join(f"{name} {count}" for name, count in faults.most_common()) or "nothing")
    for pid in options.pid:
        peak, seconds = observed(pid)
        print(f"process {pid}: at most {peak} MiB, {seconds:.1f} s of processor time")
    end.set()
    for process in processes:
        process.join()
    raise SystemExit(0 if len(times) == options.clients else 1)


if __name__ == "__main__":
    main()
