"""Many clients at once: each opens a WebSocket, sends its CONNECT and waits for the CONNACK, on one thread."""

import asyncio
import threading

import mqttbytes
from bytepeer import BINARY, CLOSE, PING, PONG, frame, request
from harness import DEADLINE

# Longer than every limit of the gateway on the way to a broker.
PATIENT = DEADLINE * 6


class Client:
    """What became of one client."""

    def __init__(self, name):
        self.name = name
        self.code = None  # of the CONNACK
        self.fault = None
        self.packets = []  # after the CONNACK
        self.close_code = None
        self.is_over = False
        self._writer = None

    @property
    def is_accepted(self):
        return self.code == 0

    def __repr__(self):
        return f"{self.name}: code {self.code}, {self.fault}"


class Crowd:
    """Clients on an event loop of their own. `connect` may be called again and again; `close` ends all."""

    def __init__(self, address, *, path="/mqtt", version=4):
        self.address = address
        self.path = path
        self.version = version
        self.clients = []
        self._loop = asyncio.new_event_loop()
        self._tasks = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def connect(self, count, *, timeout=PATIENT, **options):
        """`count` clients, all at once or `rate` a second. Returns them when every one has its answer.

        `lines` are more lines of the upgrade request; what is left of the options is for the CONNECT.
        """
        return self.begin(count, **options).result(timeout)

    def begin(self, count, *, prefix="client", rate=None, version=None, lines=(), **options):
        """The same, without waiting: returns a future."""
        work = self._connect(count, prefix, rate, version or self.version, lines, options)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _connect(self, count, prefix, rate, version, lines, options):
        started = []
        for index in range(count):
            client = Client(f"{prefix}{index}")
            self.clients.append(client)
            answered = asyncio.get_running_loop().create_future()
            task = asyncio.ensure_future(self._live(client, version, lines, options, answered))
            self._tasks.add(task)
            started.append((client, answered))
            if rate:
                await asyncio.sleep(1 / rate)
        for _, answered in started:
            await answered
        return [client for client, _ in started]

    async def _live(self, client, version, lines, options, answered):
        try:
            reader, client._writer = await asyncio.open_connection(*self.address)
            connect = mqttbytes.connect(version, client.name, **options)
            client._writer.write(request(self.path, extra=lines) + frame(BINARY, connect))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101"), head
            buffer = b""
            while True:
                opcode, payload = await self._frame(reader)
                if opcode == PING:
                    client._writer.write(frame(PONG, payload))
                elif opcode == CLOSE:
                    client.close_code = int.from_bytes(payload[:2], "big")
                    client._writer.write(frame(CLOSE, payload))
                    break
                else:
                    packets, buffer = mqttbytes.split(buffer + payload)
                    for packet in packets:
                        if client.code is None:
                            client.code = packet[3]
                            answered.set_result(None)
                        else:
                            client.packets.append(packet)
        except (OSError, EOFError, AssertionError) as error:
            client.fault = error
        finally:
            client.is_over = True
            if not answered.done():
                answered.set_result(None)
            if client._writer:
                client._writer.close()

    @staticmethod
    async def _frame(reader):
        head = await reader.readexactly(2)
        size = head[1] & 0x7F
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await reader.readexactly(8), "big")
        return head[0] & 0x0F, await reader.readexactly(size)

    def leave(self, clients):
        """These clients say DISCONNECT."""

        async def work():
            for client in clients:
                client._writer.write(frame(BINARY, mqttbytes.disconnect()))

        asyncio.run_coroutine_threadsafe(work(), self._loop).result(DEADLINE)

    def close(self):
        async def work():
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(work(), self._loop).result(DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()
