import Configuration
import Reactor
import Testing

@testable import Gateway

@Suite("PeerPlaces: addresses of names come and go")
struct PeerPlacesTests {
    private let server: UpstreamServerSettings

    init() {
        var server = UpstreamServerSettings(address: .inet(host: "brokers.test", port: 1883))
        server.resolves = true
        self.server = server
    }

    private func addresses(_ hosts: [String]) throws -> [SocketAddress] {
        try hosts.flatMap { try SocketAddress.resolve(host: $0, port: 1883) }
    }

    /// Places of an upstream of which the name has these addresses.
    private func places(_ hosts: [String]) throws -> PeerPlaces {
        var upstream = try ResolvedUpstream(UpstreamSettings(name: "brokers", servers: []))
        upstream.peers = try addresses(hosts).map { ResolvedUpstream.Target($0, server) }
        upstream.counts = upstream.counts.grown(to: hosts.count)
        return PeerPlaces(upstream)
    }

    private func live(_ places: PeerPlaces) -> [String] {
        places.upstream.peers.map { $0.settings.isDown ? "-" : $0.text }
    }

    @Test("The same addresses in another order change nothing")
    func same() throws {
        var places = try places(["10.0.0.1", "10.0.0.2"])
        #expect(places.update(server, try addresses(["10.0.0.2", "10.0.0.1"]), now: 0).isEmpty)
    }

    @Test("No address at all changes nothing: the last peers stay")
    func none() throws {
        var places = try places(["10.0.0.1"])
        #expect(places.update(server, [], now: 0).isEmpty)
        #expect(live(places) == ["10.0.0.1:1883"])
    }

    @Test("New ones get new places, those that are gone keep theirs and come back to them")
    func comeAndGo() throws {
        var places = try places(["10.0.0.1", "10.0.0.2"])
        let change = places.update(server, try addresses(["10.0.0.2", "10.0.0.3"]), now: 0)
        #expect(change == .init(added: ["10.0.0.3:1883"], removed: ["10.0.0.1:1883"]))
        #expect(live(places) == ["-", "10.0.0.2:1883", "10.0.0.3:1883"])
        #expect(places.upstream.counts.peers == 3)
        let back = places.update(server, try addresses(["10.0.0.1", "10.0.0.2", "10.0.0.3"]), now: 1000)
        #expect(back == .init(added: ["10.0.0.1:1883"], removed: []))
        #expect(live(places) == ["10.0.0.1:1883", "10.0.0.2:1883", "10.0.0.3:1883"])
    }

    @Test("A place serves again when its peer is long gone and has no session")
    func reuse() throws {
        var places = try places(["10.0.0.1", "10.0.0.2"])
        #expect(places.upstream.counts.acquire(0, limit: 0))
        _ = places.update(server, try addresses(["10.0.0.3"]), now: 0)
        #expect(live(places) == ["-", "-", "10.0.0.3:1883"])
        // Too early for 1, and 0 still has a session.
        _ = places.update(server, try addresses(["10.0.0.4"]), now: 59_999)
        #expect(live(places) == ["-", "-", "-", "10.0.0.4:1883"])
        _ = places.update(server, try addresses(["10.0.0.5"]), now: 60_000)
        #expect(live(places) == ["-", "10.0.0.5:1883", "-", "-"])
    }

    @Test("Names that come and go forever take no more places than a minute of them")
    func bounded() throws {
        var places = try places(["10.0.0.1"])
        for round in 0..<500 {
            let host = "10.1.\(round / 250).\(round % 250 + 1)"
            _ = places.update(server, try addresses([host]), now: Int64(round) * 10_000)
        }
        #expect(places.upstream.peers.count <= 9)
    }

    @Test("The parameters of the line go with every address; a line that is down brings no peer back")
    func parameters() throws {
        var down = server
        down.isDown = true
        down.weight = 7
        var places = try places([])
        _ = places.update(down, try addresses(["10.0.0.1"]), now: 0)
        #expect(places.upstream.peers.map(\.settings.weight) == [7])
        #expect(live(places) == ["-"])
    }

    @Test("Addresses of two names may be the same: each is a peer of its own")
    func twoNames() throws {
        var places = try places(["10.0.0.1"])
        let other = UpstreamServerSettings(address: .inet(host: "other.test", port: 1883))
        _ = places.update(other, try addresses(["10.0.0.1"]), now: 0)
        #expect(live(places) == ["10.0.0.1:1883", "10.0.0.1:1883"])
    }
}
