import Testing
import Upstream

@testable import Gateway

@Suite("How the API sees peers")
struct APIPeerTests {
    private static func peer(_ settings: Peer.Settings, _ views: [APIPeer.View]) -> APIPeer {
        APIPeer(settings: settings, views: views)
    }

    private static func view(_ weight: Double, isHealthy: Bool = true, isAvailable: Bool = true) -> APIPeer.View {
        APIPeer.View(isHealthy: isHealthy, isAvailable: isAvailable, effectiveWeight: weight)
    }

    private func shares(_ peers: [APIPeer]) -> [Double] {
        var peers = peers
        peers.share()
        return peers.map(\.share)
    }

    @Test("Shares follow the weights")
    func weights() {
        #expect(shares([Self.peer([Self.view(3)]), Self.peer([Self.view(1)])]) == [0.75, 0.25])
        #expect(shares([Self.peer([Self.view(1)])]) == [1])
        #expect(shares([]) == [])
    }

    @Test("Each loop chooses for itself: the share is their average")
    func loops() {
        let out = Self.peer([Self.view(1, isAvailable: false), Self.view(1)])
        #expect(shares([out, Self.peer([Self.view(1), Self.view(1)])]) == [0.25, 0.75])
    }

    @Test("Backups share when no other peer is left; those that have failed, when there is nobody else")
    func ranks() {
        let backup = Self.peer(Peer.Settings(isBackup: true), [Self.view(1)])
        #expect(shares([Self.peer([Self.view(1)]), backup]) == [1, 0])
        #expect(shares([Self.peer([Self.view(1, isHealthy: false)]), backup]) == [0, 1])
        #expect(shares([Self.peer(Peer.Settings(isDown: true), [Self.view(1)]), backup]) == [0, 1])
        #expect(shares([Self.peer([Self.view(1, isAvailable: false)]), backup]) == [0, 1])
        #expect(shares([Self.peer([Self.view(1, isAvailable: false)])]) == [1])
        #expect(shares([Self.peer(Peer.Settings(isDraining: true), [Self.view(1)])]) == [0])
    }

    @Test("A full peer, and one that is gone, get nothing")
    func full() {
        var full = Self.peer(Peer.Settings(maxConnections: 2), [Self.view(1)])
        full.sessions = 2
        var gone = Self.peer([Self.view(1)])
        gone.isGone = true
        #expect(shares([full, gone, Self.peer([Self.view(1)])]) == [0, 0, 1])
        #expect(full.state == .full && gone.state == .gone)
    }

    @Test("A loop that has not answered is left out")
    func missing() {
        #expect(shares([Self.peer([Self.view(1)]), Self.peer([])]) == [0, 0])
    }

    @Test("The state is what is wrong for longest")
    func states() {
        #expect(Self.peer([Self.view(1)]).state == .up)
        #expect(Self.peer([Self.view(0.5)]).state == .starting)
        #expect(Self.peer([Self.view(1, isAvailable: false)]).state == .unavailable)
        #expect(Self.peer([Self.view(1, isAvailable: false), Self.view(1)]).state == .up)
        #expect(Self.peer([Self.view(1, isHealthy: false, isAvailable: false)]).state == .unhealthy)
        #expect(Self.peer(Peer.Settings(isDraining: true), [Self.view(1, isHealthy: false)]).state == .draining)
        #expect(Self.peer(Peer.Settings(isDown: true, isDraining: true), [Self.view(1)]).state == .down)
        #expect(Self.peer([]).state == .up)
    }
}

extension APIPeerTests {
    private static func peer(_ views: [APIPeer.View]) -> APIPeer { peer(Peer.Settings(), views) }
}
