"""Real clients that talk without a pause while something is done to the gateway, and count."""

import threading
import time

from harness import eventually


class Fleet:
    """paho-mqtt clients in this process and MQTT.js clients in processes of their own. Each subscribes to a topic of its own
    and publishes to it with QoS 1; what does not come back, and each connection that ends, is counted."""

    def __init__(self, rig, port, *, paho=20, node=3, tls=None):
        self.sent = self.came_back = 0
        self.faults = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._paho = [
            rig.paho(port, 5 if index % 2 else 4, f"paho{index}", tls=tls).subscribe(f"fleet/paho{index}", 1)
            for index in range(paho)
        ]
        scheme = "wss" if tls else "ws"
        self._node = [
            rig.node(f"{scheme}://localhost:{port}/mqtt", clientId=f"node{index}", reconnectPeriod=0)
            for index in range(node)
        ]
        for index, client in enumerate(self._node):
            client.subscribe(f"fleet/node{index}", 1)
        everyone = [(one, f"fleet/paho{index}") for index, one in enumerate(self._paho)]
        everyone += [(one, f"fleet/node{index}") for index, one in enumerate(self._node)]
        self._threads = [threading.Thread(target=self._talk, args=one, daemon=True) for one in everyone]
        for thread in self._threads:
            thread.start()

    def _talk(self, client, topic):
        number = 0
        while not self._stop.is_set():
            number += 1
            text = f"{topic} {number}"
            try:
                client.publish(topic, text, qos=1)
                with self._lock:
                    self.sent += 1
                message = client.message()
                got = message["text"] if isinstance(message, dict) else message.payload.decode()
                assert got == text, f"{got!r}, not {text!r}"
                with self._lock:
                    self.came_back += 1
            except Exception as error:  # shown by the test
                self.faults.append(f"{topic}: {error!r}")
                return
            time.sleep(0.005)

    def wait(self, more=50):
        """Until so many more messages have come back."""
        before = self.came_back
        eventually(lambda: self.faults or self.came_back >= before + more, "messages of the clients")

    def stop(self):
        """Ends the talk; returns what was counted."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        lost = sum(len(client.disconnected) for client in self._paho)
        return {"sent": self.sent, "came back": self.came_back, "lost": lost, "faults": self.faults[:5]}
