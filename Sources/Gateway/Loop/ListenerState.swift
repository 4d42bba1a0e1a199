import Reactor

/// A listening socket of one loop.
struct ListenerState {
    /// -1: it has no socket of its own, or the loop accepts nothing any more.
    var descriptor: Int32
    /// Listeners whose connections come through this one's socket, by the address that the client has connected to.
    let shares: [ListeningPlan.Specific]

    /// The listener that a connection through this one's socket means; nil: this one.
    func listener(of connection: Int32) -> Int? {
        guard !shares.isEmpty, let local = Socket.localAddress(connection).map(CompactAddress.init) else { return nil }
        return shares.first { $0.address == local }?.listener
    }
}
