"""What scripts/storm.py lets its clients loose on: mosquitto brokers, and before each of them a gateway or an nginx of one worker."""

import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")

BROKER = """
listener {plain} 127.0.0.1
listener {websockets} 127.0.0.1
protocol websockets
allow_anonymous true
persistence false
log_dest none
max_connections -1
"""

SLUICE = """
worker_threads 1;
error_log stderr notice;
access_log off;
{main}
upstream broker {{ server 127.0.0.1:{plain}; }}
server {{
    listen 127.0.0.1:{port}{ssl};
    {tls}
    {server}
    location /mqtt {{ mqtt_pass broker; }}
}}
"""

NGINX = """
worker_processes 1;
worker_rlimit_nofile {descriptors};
error_log stderr notice;
pid {folder}/nginx.pid;
events {{ worker_connections {connections}; }}
{main}
http {{
    access_log off;
    {temporary}
    upstream broker {{ server 127.0.0.1:{websockets}; }}
    server {{
        listen 127.0.0.1:{port}{ssl} backlog=4096;
        {tls}
        {server}
        location /mqtt {{
            proxy_pass http://broker;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_read_timeout 3600s;
        }}
    }}
}}
"""


def find(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise SystemExit(f"error: {name} is not installed")
    return path


def raise_descriptors():
    """For this process and those that it starts; returns how many each may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_memory(pid):
    """MiB"""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


class Server:
    """A program that listens on a port, with its log; it may have workers."""

    def __init__(self, folder, name, port):
        self.folder, self.name, self.port, self.process = folder, name, port, None
        self.log_path = folder / f"{name}.log"

    def start(self):
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 30
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"error: {self.name} has not started:\n{self.log_path.read_text()}")
            time.sleep(0.01)

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def pids(self):
        """Its own, and those of its workers."""
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid] + [int(child) for child in children]

    def kill(self):
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()


class Broker(Server):
    def __init__(self, folder, index, plain, websockets):
        super().__init__(folder, f"mosquitto-{index}", plain)
        self.websockets = websockets
        self.file = folder / f"{self.name}.conf"
        self.file.write_text(BROKER.format(plain=plain, websockets=websockets))

    def command(self):
        return [find("mosquitto"), "-c", str(self.file)]


class Front(Server):
    """A gateway, or an nginx in its place."""

    def __init__(self, folder, index, port, broker, options, descriptors):
        self.kind = options.front
        super().__init__(folder, f"{self.kind}-{index}", port)
        self.binary = options.sluice
        certificates = ROOT / ".demo"
        tls = f'ssl_certificate "{certificates}/server.crt";\n    ssl_certificate_key "{certificates}/server.key";'
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        self.file = folder / f"{self.name}.conf"
        self.file.write_text(
            (NGINX if self.kind == "nginx" else SLUICE).format(
                port=port, plain=broker.port, websockets=broker.websockets, folder=folder,
                ssl=" ssl" if options.tls else "", tls=tls if options.tls else "",
                main="\n".join(f"{directive};" for directive in options.main),
                server="\n    ".join(f"{directive};" for directive in options.server),
                descriptors=descriptors, connections=descriptors - 100,
                temporary="\n    ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds),
            )
        )  # fmt: skip

    def command(self):
        if self.kind == "nginx":
            return [find("nginx"), "-p", str(self.folder), "-c", str(self.file), "-g", "daemon off;"]
        return [self.binary, "-c", str(self.file)]

    def longest_turn(self):
        """Milliseconds, of a gateway that has ended in good order; None if it has not said so."""
        found = re.findall(r"longer than 5 ms, the longest ([\d.]+) ms", self.log_path.read_text())
        return float(found[-1]) if found else None
