"""A reload adds, keeps and takes away addresses; whoever has come as far as the queue of one is served."""

import harness
from callers import Callers
from gateway import site
from harness import eventually
from reloads import broker, descriptors, pings, refused, reload, resident


def listening(config, *addresses):
    """A configuration whose server listens on other addresses."""
    lines = [line for line in config.splitlines() if not line.strip().startswith("listen ")]
    place = next(index for index, line in enumerate(lines) if line.startswith("server {"))
    lines[place + 1 : place + 1] = [f"    listen {address};" for address in addresses]
    return "\n".join(lines) + "\n"


def site_of(rig, *addresses):
    """A gateway that does not tell of every caller."""
    config = site([broker(rig)], listen=list(addresses))
    return rig.gateway(config=config.replace("stderr debug", "stderr notice").replace("access.log json", "off"))


def address(port=None):
    return ("127.0.0.1", port or harness.free_port())


def text(where):
    return where if isinstance(where, str) else f"{where[0]}:{where[1]}"


def gone(where):
    eventually(lambda: not harness.is_listening(where if isinstance(where, str) else where[1]), f"{where} to be free")


def test_addresses_come_and_go(rig):
    """Sessions of an address that goes live on; the log tells what is listened on."""
    first, second, third = address(), address(), str(rig.path("socket") / "listener")
    gateway = site_of(rig, text(first))
    old = rig.opened(first, client_id="old")
    reload(gateway, listening(gateway.config, text(first), text(second), f"unix:{third}"))
    assert f"reload: listening also on {text(second)}, unix:{third}" in gateway.output()
    peers = [rig.opened(where, client_id="new") for where in (first, second, third)]
    reload(gateway, listening(gateway.config, text(second)))
    assert f"reload: listening no longer on {text(first)}, unix:{third}" in gateway.output()
    gone(first)
    gone(third)
    assert all(pings(peer) for peer in [old, *peers])
    rig.opened(second, client_id="third")
    reload(gateway, listening(gateway.config, text(first), f"unix:{third}"))
    gone(second)
    for where in (first, third):
        rig.opened(where, client_id="again")
    assert all(pings(peer) for peer in [old, *peers])


def test_nobody_in_a_queue_is_lost(rig):
    """The address is taken away and given back under load: callers are answered, or told that nobody is there."""
    kept, moved = address(), address()
    socket = str(rig.path("socket") / "listener")
    gateway = site_of(rig, text(kept), text(moved), f"unix:{socket}")
    everything = gateway.config
    callers = [rig.keep(Callers(where)) for where in (kept, moved, socket)]
    for _ in range(3):
        reload(gateway, listening(everything, text(kept)))
        gone(moved)
        reload(gateway, everything)
        eventually(lambda: harness.is_listening(moved[1]), "the address again")
    before = [dict(one.results) for one in callers]
    eventually(
        lambda: all(one.results["answered"] > was["answered"] + 20 for one, was in zip(callers, before)), "more answers"
    )
    results = [one.close() for one in callers]
    assert [one["lost"] for one in results] == [0, 0, 0], [one.faults[:5] for one in callers]
    assert results[0]["refused"] == 0 and results[1]["refused"] > 0, results


def test_from_one_address_of_a_port_to_every_one_and_back(rig):
    """The one socket of the wildcard takes the place of the other, and the other way round."""
    one = address()
    gateway = site_of(rig, text(one))
    every = [f"*:{one[1]}", text(one)]
    callers = rig.keep(Callers(one))
    for addresses in (every, [every[0]], [text(one)], every, [text(one)]):
        reload(gateway, listening(gateway.config, *addresses))
        was = callers.results["answered"]
        eventually(lambda: callers.results["answered"] > was + 20, "answers")
    results = callers.close()
    assert results["lost"] == 0 and results["refused"] == 0, (results, callers.faults[:5])


def test_an_address_that_is_taken_changes_nothing(rig):
    taken = broker(rig)
    first, second = address(), address()
    gateway = site_of(rig, text(first))
    eventually(lambda: "sluice is running" in gateway.output(), "all that it opens")
    before = descriptors(gateway)
    refused(
        gateway,
        listening(gateway.config, text(second), f"127.0.0.1:{taken.port}"),
        f"listen 127.0.0.1:{taken.port}: bind: Address already in use",
    )
    assert not harness.is_listening(second[1])
    eventually(lambda: descriptors(gateway) == before, "the descriptors of before")
    rig.opened(first)


def test_two_hundred_reloads_under_load(rig):
    """Addresses change in every one of them."""
    kept = address()
    others = [address() for _ in range(4)]
    gateway = site_of(rig, text(kept))
    peers = [rig.opened(kept, client_id=f"old{index}") for index in range(20)]
    callers = rig.keep(Callers(kept))
    used, memory = descriptors(gateway), []
    for turn in range(200):
        reload(gateway, listening(gateway.config, text(kept), text(others[turn % 4]), text(others[(turn + 1) % 4])))
        if turn % 10 == 9:
            memory.append(resident(gateway))
    reload(gateway, gateway.config)
    for where in others:
        gone(where)
    results = callers.close()
    assert results["lost"] == 0 and results["refused"] == 0, (results, callers.faults[:5])
    assert all(pings(peer) for peer in peers)
    eventually(lambda: descriptors(gateway) <= used, lambda: f"{used} descriptors, there are {descriptors(gateway)}")
    assert max(memory[-5:]) <= max(memory[:10]) + 8 * 1024, memory
