"""How a test starts a client of `programs.CLIENTS`."""

from driven import Driven
from harness import DEADLINE
from nodeclient import environment


def drive(rig, client, url, identifier, version, **options):
    """A driver that was told to connect."""
    authority = rig.certificate.authority
    driven = rig.keep(Driven(client.command(), rig.path("client") / "client.log", environment(authority)))
    options |= {"protocolVersion": version, "clientId": identifier}
    if url.startswith("wss:"):
        options["ca"] = str(authority)
    driven.command("connect", url=url, options=options)
    return driven


def connected(driven, topic, qos=0):
    """Waits until it is connected and has subscribed; command line tools do both at once."""
    driven.command("subscribe", topic=topic, options={"qos": qos})
    event = driven.event("connect", "error", timeout=3 * DEADLINE)
    assert event["event"] == "connect", event
    driven.event("subscribed")
    return driven
