#!/usr/bin/env python3
"""A reconnect storm: clients that all connect at once, and try again until each has its session.

    make build && scripts/storm.py [--front nginx] [--tls] [--kill] [--clients 20000] [--gateways 3] …

Starts mosquitto brokers, before each of them a gateway with one loop (or an nginx with one worker), and processes with clients.
A client opens a WebSocket, sends its CONNECT and waits for the CONNACK, for 30 s at most; with --tls it does a full handshake first.
Whoever is refused or fails waits for a second, then for two, four and eight, give or take a half, as MQTT libraries do. With --kill
the storm comes after that: all gateways are killed at once with signal 9, and started again. Prints

- when half of the clients, 99 % and all had their CONNACK, from the beginning of the storm (or the kill) on;
- how long the try took that succeeded, from its first packet to the CONNACK;
- how many tries there were, what failed on the way, and whether anybody lost the session again;
- of the gateways: peak memory, processor time, the longest turn of a loop (all that a session may have to wait);
- what sessions that were open before noticed: how long the answer to a ping took, which one in each gateway sends ten times
  a second. That has the broker's time and this machine's in it.

A session takes a descriptor of its client, two of the gateway and one of the broker: with `ulimit -Hn` of 20000, a gateway holds
9,500, so 20,000 clients take three. Needs mosquitto with WebSockets, openssl, and Python. Status 1: not all were connected.
"""

import argparse
import collections
import multiprocessing
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

import ports
import storm_clients
import storm_servers


class Pings(threading.Thread):
    """A session that is open before the storm begins, and pings ten times a second."""

    def __init__(self, port, path, tls):
        super().__init__(daemon=True)
        self.waits, self.is_over, self.fault = [], False, None
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = storm_clients.tls_context().wrap_socket(self.socket, server_hostname="localhost")
        self.socket.settimeout(60)
        self.socket.sendall(storm_clients.request(path))
        self.expect(b"\r\n\r\n")
        self.socket.sendall(storm_clients.connect_frame(f"ping-{port}"))
        self.expect(b"\x20")

    def expect(self, part):
        data = b""
        while part not in data:
            more = self.socket.recv(4096)
            if not more:
                raise ConnectionError("closed")
            data += more

    def run(self):
        try:
            while not self.is_over:
                began = time.monotonic()
                self.socket.sendall(storm_clients.masked(0x82, b"\xc0\x00"))
                self.expect(b"\xd0\x00")
                self.waits.append(time.monotonic() - began)
                time.sleep(0.1)
        except OSError as error:
            self.fault = str(error)


class Crowds:
    """All clients, in their processes."""

    def __init__(self, options, fronts):
        self.count, self.pipes, self.processes = options.clients, [], []
        share = -(-options.clients // options.processes)
        ports_of_fronts = [front.port for front in fronts]
        for index in range(options.processes):
            ours, theirs = multiprocessing.Pipe()
            count = min(share, options.clients - share * index)
            arguments = (index, count, ports_of_fronts, options.path, options.tls, theirs)
            self.pipes.append(ours)
            self.processes.append(multiprocessing.Process(target=storm_clients.work, args=arguments, daemon=True))
            self.processes[-1].start()

    def order(self, order):
        now = time.monotonic()
        for pipe in self.pipes:
            pipe.send((order, now))

    def report(self):
        """Of all together, once all have what they want."""
        whole = {"times": [], "latencies": [], "faults": collections.Counter(), "tries": 0, "lost": 0}
        for pipe in self.pipes:
            for name, value in pipe.recv().items():
                whole[name] += value
        whole["times"].sort()
        whole["latencies"].sort()
        return whole

    def end(self):
        self.order("end")
        for process in self.processes:
            process.join(30)


def quantile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def spread(values):
    return f"half {quantile(values, 0.5):.1f} s, 99 % {quantile(values, 0.99):.1f} s, all {quantile(values, 1):.1f} s"


def show(options, report, fronts, brokers_cpu):
    print(f"connected: {len(report['times'])} of {options.clients}: {spread(report['times'])}")
    print(f"the try that succeeded: {spread(report['latencies'])}")
    faults = ", ".join(f"{count} × {name}" for name, count in report["faults"].most_common())
    print(f"tries: {report['tries']}; failed: {faults or 'none'}; sessions lost: {report['lost']}")
    pids = [pid for front in fronts for pid in front.pids()]
    peaks = [sum(storm_servers.peak_memory(pid) for pid in front.pids()) for front in fronts]
    cpu = sum(storm_servers.cpu_seconds(pid) for pid in pids)
    print(f"{options.front}: peak memory {sum(peaks):.0f} MiB in all, processor time {cpu:.1f} s; brokers {brokers_cpu:.1f} s")


def show_pings(pings):
    waits = sorted(wait * 1000 for ping in pings for wait in ping.waits)
    print(f"pings of open sessions: half {quantile(waits, 0.5):.0f} ms, 99 % {quantile(waits, 0.99):.0f} ms, ", end="")
    print(f"longest {quantile(waits, 1):.0f} ms; lost: {sum(ping.fault is not None for ping in pings)}")


def storm(options, folder, started):
    descriptors = storm_servers.raise_descriptors()
    free = iter(ports.free(3 * options.gateways, set()))
    brokers = [storm_servers.Broker(folder, n, next(free), next(free)) for n in range(options.gateways)]
    fronts = [
        storm_servers.Front(folder, n, next(free), broker, options, descriptors) for n, broker in enumerate(brokers)
    ]
    for server in brokers + fronts:
        started.append(server)
        server.start()
    crowds = Crowds(options, fronts)
    pings = [Pings(front.port, options.path, options.tls) for front in fronts if not options.kill]
    time.sleep(1)  # all processes are there
    for ping in pings:
        ping.start()
    crowds.order("connect")
    report = crowds.report()
    before = sum(storm_servers.cpu_seconds(broker.process.pid) for broker in brokers) if options.kill else 0
    if options.kill:
        print(f"at first: {spread(report['times'])}; now all gateways are killed")
        crowds.order("return")
        for front in fronts:
            front.kill()
        for front in fronts:
            front.start()
        report = crowds.report()
    for ping in pings:
        ping.is_over = True
    brokers_cpu = sum(storm_servers.cpu_seconds(broker.process.pid) for broker in brokers) - before
    show(options, report, fronts, brokers_cpu)
    if pings:
        show_pings(pings)
    crowds.end()
    for front in fronts:
        front.stop()
    turns = [turn for front in fronts if (turn := front.longest_turn()) is not None]
    if turns:
        print(f"longest turn of a loop: {max(turns):.0f} ms")
    return len(report["times"]) >= options.clients


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--front", choices=("sluice", "nginx"), default="sluice")
    parser.add_argument("--sluice", metavar="FILE", default=str(storm_servers.ROOT / ".build/release/sluice"))
    parser.add_argument("--clients", type=int, default=20_000, metavar="N")
    parser.add_argument("--gateways", type=int, default=3, metavar="N", help="with a broker each (3)")
    parser.add_argument("--processes", type=int, default=4, metavar="N", help="of clients (4)")
    parser.add_argument("--tls", action="store_true", help="wss, with a certificate of ECDSA P-256")
    parser.add_argument("--kill", action="store_true", help="measure how all come back after a kill -9 of all gateways")
    parser.add_argument("--server", action="append", default=[], metavar="DIRECTIVE", help="more for server { }")
    parser.add_argument("--main", action="append", default=[], metavar="DIRECTIVE", help="more outside of it")
    options = parser.parse_args()
    options.path = "/mqtt"
    if options.tls:
        subprocess.run([storm_servers.ROOT / "scripts/certificates.sh", storm_servers.ROOT / ".demo"], check=True)
    started = []
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        pathlib.Path(folder).chmod(0o755)
        try:
            all_there = storm(options, pathlib.Path(folder), started)
        finally:
            for server in reversed(started):
                server.stop()
    raise SystemExit(0 if all_there else 1)


if __name__ == "__main__":
    main()
