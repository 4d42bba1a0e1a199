"""The service of auth_http, as an operator writes one: a process of its own, HTTP/1.1 with kept connections, which
answers as it is told and remembers every question.

As a program it is the service; `AuthServer` starts it and speaks to it by lines of JSON.
"""

import asyncio
import json
import pathlib
import random
import ssl
import subprocess
import sys


class AuthServer:
    """A running service. `answer` sets what every later question gets. `tls` is its Certificate."""

    def __init__(self, directory, *, port=0, tls=None, **answer):
        import harness

        self._harness = harness
        self.process = harness.Process(
            [sys.executable, pathlib.Path(__file__).resolve(), port, *((tls.certificate, tls.key) if tls else ())],
            directory / "auth.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE, merge=False,
        )  # fmt: skip
        self.port = json.loads(self.process.child.stdout.readline())["port"]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/mqtt/auth"
        if answer:
            self.answer(**answer)

    def _command(self, **command):
        self.process.child.stdin.write((json.dumps(command) + "\n").encode())
        self.process.child.stdin.flush()
        return json.loads(self.process.child.stdout.readline())

    def answer(self, body=None, *, status=200, delay=0, kind="application/json", close=None, headers=None, pace=0):
        """`body`: an object is sent as JSON, a text as it is; "names": allow, with the client's own identifier behind
        `user-` and `id-`, each after another time up to `delay`. `close`: "before" or "after" the answer; "hang":
        never. `pace`: seconds between two bytes of the answer."""
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        self._command(answer={"body": text, "status": status, "delay": delay, "kind": kind, "close": close,
                              "headers": headers or {}, "pace": pace})  # fmt: skip

    @property
    def questions(self):
        """Dictionaries with `body`, `headers`, `method` and `connection` (a number)."""
        return self._command(show=True)["questions"]

    @property
    def asked(self):
        """The JSON of each question."""
        return [json.loads(question["body"]) for question in self.questions]

    def drop_connections(self):
        """Closes every kept connection."""
        self._command(drop=True)

    def close(self):
        if self.process.is_running:
            self.process.kill()

    def evidence(self):
        return [("auth service", self.process.output())]


class Service:
    """Inside the process."""

    def __init__(self):
        self.answer = {"body": '{"result":"allow"}', "status": 200, "delay": 0, "kind": "application/json",
                       "close": None, "headers": {}, "pace": 0}  # fmt: skip
        self.questions = []
        self.writers = set()
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        number = self.connections
        self.writers.add(writer)
        try:
            while await self.one(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def one(self, reader, writer, number):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.questions.append(
            {"method": head[0].split(" ")[0], "headers": headers, "body": body.decode(), "connection": number}
        )
        answer = dict(self.answer)
        if answer["close"] == "before":
            return False
        if answer["close"] == "hang":
            await asyncio.sleep(3600)
        if answer["body"] == "names":
            client_id = json.loads(body)["client_id"]
            answer["body"] = json.dumps(
                {"result": "allow", "username": f"user-{client_id}", "client_id": f"id-{client_id}"}
            )
            answer["delay"] *= random.random()
        await asyncio.sleep(answer["delay"])
        text = answer["body"].encode()
        fields = {"Content-Type": answer["kind"], "Content-Length": len(text), **answer["headers"]}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value != "")
        whole = f"HTTP/1.1 {answer['status']} X\r\n{lines}\r\n".encode() + text
        for start in range(0, len(whole), 1 if answer["pace"] else len(whole)):
            writer.write(whole[start : start + 1] if answer["pace"] else whole)
            await writer.drain()
            await asyncio.sleep(answer["pace"])
        return answer["close"] != "after"

    async def obey(self):
        reader = asyncio.StreamReader(limit=1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            command = json.loads(line)
            result = {}
            if "answer" in command:
                self.answer = command["answer"]
            if "show" in command:
                result["questions"] = self.questions
            if "drop" in command:
                for writer in list(self.writers):
                    writer.close()
            print(json.dumps(result), flush=True)

    async def main(self, port, *pair):
        context = None
        if pair:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*pair)
        server = await asyncio.start_server(self.serve, "127.0.0.1", int(port), backlog=4096, ssl=context)
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        await self.obey()


if __name__ == "__main__":
    asyncio.run(Service().main(*sys.argv[1:]))
