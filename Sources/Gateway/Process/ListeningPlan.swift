import Configuration
import Reactor

/// Which socket takes the connections of which listener.
///
/// Where a port is listened on at every address of a family, that one socket takes them all, as nginx has it: the address
/// that a client has connected to then says which listener it means.
struct ListeningPlan: Equatable {
    /// A specific address whose connections come through the socket of another listener.
    struct Specific: Equatable {
        let address: CompactAddress
        /// Index of the listener.
        let listener: Int
    }

    /// By listener: those that share its socket; nil where it has no socket of its own.
    let shares: [[Specific]?]

    init(_ listeners: [Address]) {
        var shares: [[Specific]?] = listeners.map { _ in [] }
        for (index, address) in listeners.enumerated() {
            guard let wildcard = address.wildcard, wildcard != address,
                let owner = listeners.firstIndex(of: wildcard), let specific = address.compact
            else { continue }
            shares[index] = nil
            shares[owner]?.append(Specific(address: specific, listener: index))
        }
        self.shares = shares
    }
}

extension Address {
    /// Every address of its family, on its port; nil for a unix socket.
    fileprivate var wildcard: Address? {
        guard case .inet(let host, let port) = self else { return nil }
        return .inet(host: host.utf8.contains(0x3A) ? "::" : "*", port: port)
    }

    fileprivate var compact: CompactAddress? {
        guard case .inet(let host, let port) = self else { return nil }
        return CompactAddress(literal: host, port: port)
    }
}
