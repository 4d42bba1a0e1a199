"""Driver of command line clients: one process that subscribes, and one for each message that is published.

`tools.py paho|mosquitto [PREFIX…]`: PREFIX is what runs a command elsewhere, such as an unpacked Debian sid.
A subscriber is what is connected; `connect` only notes the address, and `subscribe` says `connect` or `error`.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading

from driver import digest, serve, target, tell, tell_message


class Paho:
    """paho_cs_sub and paho_cs_pub. The trace, on standard error, says what the library does; a payload ends with a line."""

    versions = {3: "31", 4: "311", 5: "5"}

    def arguments(self, url, options, identifier):
        words = ["-c", url, "-V", self.versions[options["protocolVersion"]], "-i", identifier, "--trace", "protocol"]
        if url.startswith("wss:"):
            words += ["--cafile", options["ca"]]
        if "username" in options:
            words += ["-u", options["username"], "-P", options["password"]]
        return words

    def will(self, will):
        return ["--will-topic", will["topic"], "--will-payload", will["payload"], "--will-qos", str(will.get("qos", 0))]

    def subscriber(self, topic, qos):
        return ["paho_cs_sub", "-t", topic, "-q", str(qos)]

    def publisher(self, topic, qos, path):
        content = ["-f", path] if os.path.getsize(path) else ["-n"]
        return ["paho_cs_pub", "-t", topic, "-q", str(qos), *content]

    def payload(self, line):
        return line

    def event(self, line):
        """The event that a line of the trace stands for: its name and what it shows."""
        if found := re.search(rb"<- CONNACK rc: (\d+)", line):
            code = int(found[1])
            return ("error" if code else "connect"), {"message": f"CONNACK {code}", "code": code}
        if b"<- SUBACK" in line:
            return "subscribed", {}
        if line.startswith(b"Connect failed"):  # when it tries again, after its connection ended
            return "close", {"message": line.decode(), "code": None}
        if found := re.search(rb"<- DISCONNECT.*?(\d+)\)?\s*$", line):
            return "disconnect", {"reason": int(found[1])}
        return None


class Mosquitto:
    """mosquitto_sub and mosquitto_pub with `--ws`, which have the path `/mqtt` always."""

    versions = {3: "31", 4: "311", 5: "5"}

    def arguments(self, url, options, identifier):
        scheme, host, port, _ = target(url)
        words = ["-h", host, "-p", str(port), "--ws", "-V", self.versions[options["protocolVersion"]]]
        words += ["-i", identifier, "-d"]
        if scheme == "wss":
            words += ["--cafile", options["ca"]]
        if "username" in options:
            words += ["-u", options["username"], "-P", options["password"]]
        return words

    def will(self, will):
        return ["--will-topic", will["topic"], "--will-payload", will["payload"], "--will-qos", str(will.get("qos", 0))]

    def subscriber(self, topic, qos):
        return ["stdbuf", "-oL", "mosquitto_sub", "-t", topic, "-q", str(qos), "-F", "MESSAGE %x"]

    def publisher(self, topic, qos, path):
        return ["mosquitto_pub", "-t", topic, "-q", str(qos), "-f", path]

    def payload(self, line):
        return bytes.fromhex(line[8:].decode()) if line.startswith(b"MESSAGE ") else None

    def event(self, line):
        if found := re.search(rb"received CONNACK \((\d+)\)", line):
            code = int(found[1])
            return ("error" if code else "connect"), {"message": line.decode(), "code": code}
        if b"received SUBACK" in line:
            return "subscribed", {}
        if found := re.search(rb"[Rr]eceived DISCONNECT \((\d+)\)", line):
            return "disconnect", {"reason": int(found[1])}
        return None


class Adapter:
    def __init__(self, tools, prefix):
        self.tools, self.prefix, self.child, self.ended = tools, prefix, None, False

    def connect(self, url, options):
        self.url, self.options = url, options

    def subscribe(self, topic, qos):
        self.topic = topic
        will = self.tools.will(self.options["will"]) if "will" in self.options else []
        words = self.tools.arguments(self.url, self.options, self.options["clientId"])
        command = [*self.prefix, *self.tools.subscriber(topic, qos), *words, *will]
        self.child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        threading.Thread(target=self.read, args=(self.child.stdout, self.printed), daemon=True).start()
        threading.Thread(target=self.read, args=(self.child.stderr, self.traced), daemon=True).start()

    def read(self, stream, take):
        for line in stream:
            take(line.rstrip(b"\n"))
        if take == self.printed:
            tell("close", message=f"ended with status {self.child.wait()}", code=None)

    def printed(self, line):
        payload = self.tools.payload(line)
        if payload is not None:
            tell_message(self.topic, payload)
        else:
            self.traced(line)

    def traced(self, line):
        """A line of the trace: an event, and something for the log of this driver."""
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.flush()
        found = self.tools.event(line)
        if not found or self.ended:
            return
        self.ended = found[0] in ("error", "close")
        tell(found[0], **found[1])
        if found[0] in ("error", "close"):  # some try again at once, without end
            self.child.kill()

    def publish(self, topic, payload, qos):
        with tempfile.NamedTemporaryFile() as file:
            file.write(payload)
            file.flush()
            words = self.tools.arguments(self.url, self.options, self.options["clientId"] + "-pub")
            command = [*self.prefix, *self.tools.publisher(topic, qos, file.name), *words]
            run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        trace = run.stdout + run.stderr
        # paho_cs_pub ends with 0 where no PUBACK came.
        if run.returncode or (qos == 1 and not re.search(rb"(<- |received )PUBACK", trace)):
            tell("error", message=f"{command[len(self.prefix)]}: {trace[-600:]!r}", code=run.returncode)
        else:
            tell("published", hash=digest(payload))

    def end(self):
        self.child.terminate()
        self.child.wait()


adapter = Adapter({"paho": Paho, "mosquitto": Mosquitto}[sys.argv[1]](), sys.argv[2:])
try:
    serve(adapter)
finally:
    if adapter.child:
        adapter.child.kill()
