import Testing
import Upstream

@testable import Gateway

@Suite("Changes of a peer")
struct PeerChangeTests {
    private func changed(_ body: String, _ before: PeerOverride = PeerOverride()) throws -> PeerOverride {
        var peer = before
        try PeerChange(Array(body.utf8)).apply(to: &peer)
        return peer
    }

    @Test("What is named is set, the rest stays, and null puts back what is configured")
    func members() throws {
        var peer = try changed(#"{"weight":65535,"drain":true}"#)
        #expect(peer == PeerOverride(weight: 65_535, isDraining: true))
        peer = try changed(#"{"max_conns":0,"down":false}"#, peer)
        #expect(peer == PeerOverride(weight: 65_535, maxConnections: 0, isDown: false, isDraining: true))
        peer = try changed(#"{"weight":null,"drain":null,"down":null,"max_conns":null}"#, peer)
        #expect(peer.isEmpty)
    }

    @Test(
        "What cannot be is refused, and the member is named",
        arguments: [
            (#"{"weight":0}"#, "weight"), (#"{"weight":65536}"#, "weight"), (#"{"weight":1.0}"#, "weight"),
            (#"{"weight":true}"#, "weight"), (#"{"max_conns":-1}"#, "max_conns"),
            (#"{"max_conns":2147483648}"#, "max_conns"),
            (#"{"down":0}"#, "down"), (#"{"drain":[]}"#, "drain"), (#"{"Weight":1}"#, "Weight"), ("{}", "at least one"),
            ("7", "object"), (#"{"weight":1,"x":1}"#, #""x""#),
        ])
    func refused(body: String, word: String) {
        let problem = #expect(throws: Problem.self) { try changed(body) }
        #expect(problem?.status == .unprocessableContent && problem?.detail.contains(word) == true)
    }

    @Test("What is no JSON is refused", arguments: ["", "{", "{\"weight\":1}x", "\u{0}", "{\"a\":1,\"a\":2}"])
    func notJSON(body: String) {
        #expect(throws: Problem.self) { try changed(body) }.map { #expect($0.status == .badRequest) }
    }

    @Test("Settings are what is configured, with the changes")
    func applied() {
        let configured = Peer.Settings(identity: 7, weight: 5, maxConnections: 9, isDown: true)
        #expect(PeerOverride().applied(to: configured) == configured)
        let changed = PeerOverride(weight: 2, isDown: false, isDraining: true).applied(to: configured)
        #expect(
            changed == Peer.Settings(identity: 7, weight: 2, maxConnections: 9, isDown: false, isDraining: true))
        #expect(PeerOverride(weight: 0, maxConnections: -1).applied(to: configured).weight == 1)
    }
}
