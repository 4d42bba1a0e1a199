import Configuration
import Reactor
import Upstream

/// Which peer has which index while the addresses of names come and go, and the configuration changes. Peers that stay keep
/// their index; those that go keep theirs, without new sessions, until nobody can refer to them any longer.
struct PeerPlaces: Sendable {
    /// As configured, and as names resolve.
    private(set) var upstream: ResolvedUpstream
    /// What the operator has changed meanwhile, by the peer's address: it outlasts the peer, and the configuration.
    private(set) var overrides: [String: PeerOverride] = [:]
    /// When the peer at an index lost its address.
    private var goneSince: [Int: Int64] = [:]

    /// More addresses of one name are not used.
    static let addressLimit = 1024
    /// Peers that may be changed.
    static let overrideLimit = 4096
    /// Milliseconds until an index serves for another peer: loops and probes know of the end by then.
    private static let quarantine: Int64 = 60_000

    init(_ upstream: ResolvedUpstream) { self.upstream = upstream }

    /// What loops and probes get: with the operator's changes.
    var current: ResolvedUpstream {
        guard !overrides.isEmpty else { return upstream }
        var changed = upstream
        for index in changed.peers.indices where !changed.peers[index].isGone {
            guard let wish = overrides[changed.peers[index].text] else { continue }
            changed.peers[index].settings = wish.applied(to: changed.peers[index].settings)
        }
        return changed
    }

    enum ChangeResult {
        /// The settings of the peer from now on.
        case changed(Peer.Settings)
        case noSuchPeer, tooMany
    }

    /// Changes the peers with an address.
    mutating func change(_ address: String, _ body: (inout PeerOverride) -> Void) -> ChangeResult {
        guard upstream.peers.contains(where: { $0.text == address && !$0.isGone }) else { return .noSuchPeer }
        var wish = overrides[address] ?? PeerOverride()
        body(&wish)
        guard overrides[address] != nil || wish.isEmpty || overrides.count < Self.overrideLimit else {
            return .tooMany
        }
        overrides[address] = wish.isEmpty ? nil : wish
        let peer = current.peers.first { $0.text == address && !$0.isGone }
        return peer.map { .changed($0.settings) } ?? .noSuchPeer
    }

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
                upstream.peers[index].isGone = false
                change.added.append(upstream.peers[index].text)
            } else if goneSince[index] == nil {
                retire(index, now: now)
                change.removed.append(upstream.peers[index].text)
            }
        }
        for target in wanted where !upstream.peers.contains(where: { $0.isSamePeer(target) }) {
            place(target, now: now)
            change.added.append(target.text)
        }
        return change
    }

    /// The upstream has other settings, and perhaps other servers. A peer is the one with its address; of several with the
    /// same address, the one that is written as before.
    mutating func adopt(_ new: ResolvedUpstream, now: Int64) {
        let (peers, counts) = (upstream.peers, upstream.counts)
        upstream = new
        (upstream.peers, upstream.counts) = (peers, counts)
        var waiting = Dictionary(grouping: new.peers.indices) { new.peers[$0].settings.identity }
        var isKept = peers.map { _ in false }
        for mustBeWrittenAlike in [true, false] {
            for (index, peer) in peers.enumerated() where !isKept[index] {
                let identity = peer.settings.identity
                let match = waiting[identity]?.firstIndex {
                    !mustBeWrittenAlike || new.peers[$0].configured == peer.configured
                }
                guard let match, let target = waiting[identity]?.remove(at: match) else { continue }
                upstream.peers[index] = new.peers[target]
                goneSince[index] = nil
                isKept[index] = true
            }
        }
        for index in peers.indices where !isKept[index] && !keepsUnresolved(index) { retire(index, now: now) }
        for target in waiting.values.joined().sorted() { place(new.peers[target], now: now) }
    }

    /// Whether the peer stays although its name has no address now; it takes the line's new settings.
    private mutating func keepsUnresolved(_ index: Int) -> Bool {
        let peer = upstream.peers[index]
        guard goneSince[index] == nil, upstream.unresolved[peer.configured] != nil,
            let server = upstream.settings.servers.first(where: { $0.address == peer.configured })
        else { return false }
        upstream.peers[index] = ResolvedUpstream.Target(peer.address, server)
        return true
    }

    private mutating func retire(_ index: Int, now: Int64) {
        goneSince[index] = goneSince[index] ?? now
        upstream.peers[index].settings.isDown = true
        upstream.peers[index].isGone = true
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
