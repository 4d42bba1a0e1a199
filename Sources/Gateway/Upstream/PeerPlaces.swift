import Configuration
import Reactor
import Upstream

/// Which peer has which index while the addresses of names come and go. Peers that stay keep their index; those that go
/// keep theirs, without new sessions, until nobody can mean them any more.
struct PeerPlaces: Sendable {
    private(set) var upstream: ResolvedUpstream
    /// When the peer at an index lost its address.
    private var goneSince: [Int: Int64] = [:]

    /// More addresses of one name are not used.
    static let addressLimit = 1024
    /// Milliseconds until an index serves for another peer: loops and probes know of the end by then.
    private static let quarantine: Int64 = 60_000

    init(_ upstream: ResolvedUpstream) { self.upstream = upstream }

    /// What has changed.
    struct Change: Equatable {
        var added: [String] = []
        var removed: [String] = []
        var isEmpty: Bool { added.isEmpty && removed.isEmpty }
    }

    /// The name of a `server` line has these addresses now. No address at all changes nothing: a name that stops resolving
    /// keeps its last peers.
    mutating func update(_ server: UpstreamServerSettings, _ addresses: [SocketAddress], now: Int64) -> Change {
        var change = Change()
        guard !addresses.isEmpty else { return change }
        let wanted = addresses.prefix(Self.addressLimit).map { ResolvedUpstream.Target($0, server) }
        for index in upstream.peers.indices where upstream.peers[index].configured == server.address {
            let isThere = wanted.contains { $0.settings.identity == upstream.peers[index].settings.identity }
            if isThere {
                guard goneSince.removeValue(forKey: index) != nil else { continue }
                upstream.peers[index].settings.isDown = server.isDown
                change.added.append(upstream.peers[index].text)
            } else if goneSince[index] == nil {
                goneSince[index] = now
                upstream.peers[index].settings.isDown = true
                change.removed.append(upstream.peers[index].text)
            }
        }
        for target in wanted where !upstream.peers.contains(where: { $0.isSamePeer(target) }) {
            place(target, now: now)
            change.added.append(target.text)
        }
        return change
    }

    private mutating func place(_ target: ResolvedUpstream.Target, now: Int64) {
        let free = goneSince.filter { index, since in
            now - since >= Self.quarantine && upstream.counts[index] == 0
        }.keys.min()
        if let free {
            goneSince[free] = nil
            upstream.peers[free] = target
        } else {
            upstream.peers.append(target)
            upstream.counts = upstream.counts.grown(to: upstream.peers.count)
        }
    }
}

extension ResolvedUpstream.Target {
    fileprivate func isSamePeer(_ other: Self) -> Bool {
        configured == other.configured && settings.identity == other.settings.identity
    }
}
