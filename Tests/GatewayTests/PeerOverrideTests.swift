import Configuration
import Reactor
import Testing
import Upstream

@testable import Gateway

@Suite("PeerPlaces: what the operator has changed")
struct PeerOverrideTests {
    private let server: UpstreamServerSettings

    init() {
        var server = UpstreamServerSettings(address: .inet(host: "brokers.test", port: 1883))
        server.resolves = true
        self.server = server
    }

    private func upstream(_ hosts: [String]) throws -> ResolvedUpstream {
        var upstream = try ResolvedUpstream(UpstreamSettings(name: "brokers", servers: []))
        upstream.peers = try addresses(hosts).map { ResolvedUpstream.Target($0, server) }
        upstream.counts = upstream.counts.grown(to: hosts.count)
        return upstream
    }

    private func addresses(_ hosts: [String]) throws -> [SocketAddress] {
        try hosts.flatMap { try SocketAddress.resolve(host: $0, port: 1883) }
    }

    private func change(_ places: inout PeerPlaces, _ address: String, _ body: (inout PeerOverride) -> Void) -> Bool {
        if case .changed = places.change(address, body) { true } else { false }
    }

    @Test("A change shows in what loops get, and not in what is configured")
    func shows() throws {
        var places = PeerPlaces(try upstream(["10.0.0.1", "10.0.0.2"]))
        #expect(change(&places, "10.0.0.2:1883") { $0.weight = 7 })
        #expect(places.current.peers.map(\.settings.weight) == [1, 7])
        #expect(places.upstream.peers.map(\.settings.weight) == [1, 1])
        #expect(change(&places, "10.0.0.2:1883") { $0.weight = nil })
        #expect(places.current.peers.map(\.settings.weight) == [1, 1] && places.overrides.isEmpty)
    }

    @Test("It outlasts a reload, and an address that goes and comes back")
    func outlasts() throws {
        var places = PeerPlaces(try upstream(["10.0.0.1", "10.0.0.2"]))
        #expect(change(&places, "10.0.0.1:1883") { $0.isDraining = true })
        places.adopt(try upstream(["10.0.0.2", "10.0.0.1"]), now: 0)
        #expect(places.current.peers.map(\.settings.isDraining) == [true, false])
        _ = places.update(server, try addresses(["10.0.0.2"]), now: 0)
        #expect(places.current.peers.map(\.isGone) == [true, false])
        #expect(places.current.peers.map(\.settings.isDown) == [true, false])
        _ = places.update(server, try addresses(["10.0.0.1", "10.0.0.2"]), now: 1)
        #expect(places.current.peers.map(\.isGone) == [false, false])
        #expect(places.current.peers.map(\.settings.isDraining) == [true, false])
    }

    @Test("A peer that is gone is not put back by a change, and cannot be changed")
    func gone() throws {
        var places = PeerPlaces(try upstream(["10.0.0.1", "10.0.0.2"]))
        #expect(change(&places, "10.0.0.1:1883") { $0.isDown = false })
        _ = places.update(server, try addresses(["10.0.0.2"]), now: 0)
        #expect(places.current.peers.map(\.settings.isDown) == [true, false])
        #expect(!change(&places, "10.0.0.1:1883") { $0.isDown = true })
        #expect(!change(&places, "10.0.0.9:1883") { $0.isDown = true })
    }

    @Test("A down peer is not taken for one that is gone")
    func down() throws {
        var places = PeerPlaces(try upstream(["10.0.0.1"]))
        #expect(change(&places, "10.0.0.1:1883") { $0.isDown = true })
        #expect(places.current.peers[0].settings.isDown && !places.current.hasLost(0))
    }

    @Test("No more than a bounded number is kept, however many addresses come and go")
    func bounded() throws {
        var places = PeerPlaces(try upstream([]))
        var tooMany = 0
        for number in 0..<(PeerPlaces.overrideLimit + 10) {
            let host = "10.\(number / 65536).\(number / 256 % 256).\(number % 256)"
            _ = places.update(server, try addresses([host]), now: Int64(number) * 100_000)
            if !change(&places, "\(host):1883", { $0.weight = 2 }) { tooMany += 1 }
        }
        #expect(tooMany == 10 && places.overrides.count == PeerPlaces.overrideLimit)
    }
}
