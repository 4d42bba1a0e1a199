import Configuration
import Reactor
import Testing

@testable import Gateway

@Suite("PeerPlaces: the configuration changes")
struct PeerPlacesReloadTests {
    private typealias Line = (host: String, change: (inout UpstreamServerSettings) -> Void)

    /// An upstream of these servers, as the resolver has just answered.
    private func upstream(_ lines: [Line]) throws -> ResolvedUpstream {
        let servers = lines.map { host, change in
            var server = UpstreamServerSettings(address: .inet(host: host, port: 1883))
            change(&server)
            return server
        }
        return try ResolvedUpstream(UpstreamSettings(name: "brokers", servers: servers))
    }

    private func upstream(_ hosts: [String]) throws -> ResolvedUpstream { try upstream(hosts.map { ($0, { _ in }) }) }

    private func live(_ places: PeerPlaces) -> [String] {
        places.upstream.peers.map { $0.settings.isDown ? "-" : CompactAddress($0.address).host }
    }

    @Test("Peers that stay keep their index and their counts, wherever the file has them now, and take new settings")
    func stay() throws {
        var places = PeerPlaces(try upstream(["127.0.0.1", "127.0.0.2"]))
        #expect(places.upstream.counts.acquire(1, limit: 0))
        places.adopt(
            try upstream([("127.0.0.2", { ($0.weight, $0.maxConnections) = (7, 3) }), ("127.0.0.1", { _ in })]), now: 0)
        #expect(live(places) == ["127.0.0.1", "127.0.0.2"])
        #expect(places.upstream.peers.map(\.settings.weight) == [1, 7])
        #expect(places.upstream.peers.map(\.settings.maxConnections) == [0, 3])
        #expect(places.upstream.counts[1] == 1)
    }

    @Test("New ones get new places; those that are gone get nothing new, and come back to their places and counts")
    func comeAndGo() throws {
        var places = PeerPlaces(try upstream(["127.0.0.1", "127.0.0.2"]))
        let counts = places.upstream.counts
        #expect(counts.acquire(0, limit: 0))
        places.adopt(try upstream(["127.0.0.2", "127.0.0.3"]), now: 0)
        #expect(live(places) == ["-", "127.0.0.2", "127.0.0.3"])
        #expect(places.upstream.counts.peers == 3)
        places.adopt(try upstream(["127.0.0.1"]), now: 1)
        #expect(live(places) == ["127.0.0.1", "-", "-"])
        counts.release(0)
        #expect(places.upstream.counts[0] == 0, "it is the same count")
    }

    @Test("A peer is its address, however that is written")
    func written() throws {
        var places = PeerPlaces(try upstream(["127.0.0.1"]))
        places.adopt(try upstream([("localhost", { $0.weight = 2 })]), now: 0)
        #expect(places.upstream.peers.first?.settings.weight == 2)
        #expect(places.upstream.peers.first?.configured == .inet(host: "localhost", port: 1883))
        #expect(live(places).first == "127.0.0.1")
    }

    @Test("Of two names with one address each keeps its own peer")
    func twoNames() throws {
        func both(_ weights: [Int]) throws -> ResolvedUpstream {
            try upstream([("127.0.0.1", { $0.weight = weights[0] }), ("localhost", { $0.weight = weights[1] })])
        }
        var places = PeerPlaces(try both([1, 2]))
        let count = places.upstream.peers.count
        places.adopt(try upstream([("localhost", { $0.weight = 4 }), ("127.0.0.1", { $0.weight = 3 })]), now: 0)
        #expect(places.upstream.peers.count == count)
        #expect(places.upstream.peers.prefix(2).map(\.settings.weight) == [3, 4])
    }

    @Test("A name that does not resolve just now keeps its last peers, with the line's new settings")
    func unresolved() throws {
        let line: Line = ("brokers.invalid", { $0.resolves = true })
        var places = PeerPlaces(try upstream([line]))
        #expect(places.upstream.peers.isEmpty && places.upstream.unresolved.count == 1)
        let server = try #require(places.upstream.settings.servers.first)
        _ = places.update(server, try SocketAddress.resolve(host: "127.0.0.9", port: 1883), now: 0)
        places.adopt(try upstream([("brokers.invalid", { ($0.resolves, $0.weight) = (true, 5) })]), now: 0)
        #expect(live(places) == ["127.0.0.9"])
        #expect(places.upstream.peers.map(\.settings.weight) == [5])
        places.adopt(try upstream(["127.0.0.1"]), now: 0)
        #expect(live(places) == ["-", "127.0.0.1"])
    }

    @Test("Two hundred reloads with other servers each time take no more places than a minute of them")
    func bounded() throws {
        var places = PeerPlaces(try upstream(["127.0.0.1"]))
        for round in 0..<200 { places.adopt(try upstream(["127.0.1.\(round)"]), now: Int64(round) * 10_000) }
        #expect(places.upstream.peers.count <= 9)
        #expect(live(places).filter { $0 != "-" } == ["127.0.1.199"])
    }
}

@Suite("Identities")
struct IdentityTableTests {
    @Test("A name has the same number forever, and no other is")
    func identities() {
        var table = IdentityTable<String>()
        #expect(["a", "b", "a", "c"].map { table.identity(of: $0) } == [0, 1, 0, 2])
        var tried = table
        #expect(tried.identity(of: "d") == 3)
        // What was tried and dropped has left nothing.
        #expect(table.identity(of: "e") == 3)
        #expect(table.identity(of: "b") == 1)
        #expect(table.names == ["a", "b", "c", "e"])
    }
}
