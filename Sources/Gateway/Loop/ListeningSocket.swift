import Reactor

/// A listening socket of one loop, which owns the descriptor.
struct ListeningSocket: Sendable {
    let descriptor: Int32
    let listener: Listener
    /// Listeners whose connections come through this socket, too, by the address that the client has connected to.
    var shares: [(address: CompactAddress, listener: Listener)] = []

    /// Whether its clients wait in the queue while enough of them shake hands. Operators with a listener of their own never do.
    var waitsForHandshakes: Bool { listener.isTLS && !listener.isForOperators }

    /// The listener that a connection through this socket means.
    func listener(of connection: Int32) -> Listener {
        guard !shares.isEmpty, let local = Kernel.localAddress(connection).map(CompactAddress.init) else {
            return listener
        }
        return shares.first { $0.address == local }?.listener ?? listener
    }
}

/// A listening socket that a reload has taken away. Newcomers are no longer let into its queue; those who are on their way
/// through the TCP handshake have a little time to get there, as closing a listening socket resets all that it did not
/// give out.
struct RetiredSocket {
    /// Milliseconds. A client whose SYN is dropped sends another one after a second (RFC 6298 §2.1), which finds the next
    /// socket of this address, or none.
    static let grace: Int64 = 900

    let socket: ListeningSocket
    /// On the loop's clock.
    let until: Int64
}

/// What a loop serves from now on.
struct Adoption: Sendable {
    let generation: Generation
    let sockets: [ListeningSocket]
}
