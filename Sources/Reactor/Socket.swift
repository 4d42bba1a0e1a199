import CShims

/// Opening sockets. All are non-blocking and closed on exec; TCP ones have TCP_NODELAY, and ask a silent peer whether it is
/// still there.
package enum Socket {
    /// The queue of connections that wait to be accepted; the kernel lowers it to net.core.somaxconn.
    private static let backlog: Int32 = 4096

    /// A listening socket. With `shared`, several loops may bind the same TCP address (SO_REUSEPORT).
    package static func listen(_ address: SocketAddress, shared: Bool) throws(SystemError) -> Int32 {
        let descriptor = try SystemError.check("socket", CShims_socket(address.family))
        do throws(SystemError) {
            if !address.isUnix {
                try SystemError.check("setsockopt", CShims_set_reuse_address(descriptor))
                if shared { try SystemError.check("setsockopt", CShims_set_reuse_port(descriptor)) }
                try configureListener(descriptor, address)
                if address.family == AF_INET6 {
                    try SystemError.check("setsockopt", CShims_set_ipv6_only(descriptor))
                }
            }
            try withUnsafePointer(to: address.storage) { storage throws(SystemError) in
                _ = try SystemError.check("bind", CShims_bind(descriptor, storage, address.length))
            }
            if let path = address.unixPath { try SystemError.check("chmod", CShims_open_to_all(path)) }
            try SystemError.check("listen", CShims_listen(descriptor, backlog))
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// What accepted sockets inherit: fewer calls for each.
    package static func configureListener(_ descriptor: Int32, _ address: SocketAddress) throws(SystemError) {
        guard !address.isUnix else { return }
        try SystemError.check("setsockopt", CShims_set_nodelay(descriptor))
        try setKeepAlive(descriptor)
    }

    /// Another descriptor of the same socket.
    package static func duplicate(_ descriptor: Int32) throws(SystemError) -> Int32 {
        try SystemError.check("dup", CShims_duplicate(descriptor))
    }

    /// Seconds of silence before TCP asks a peer whether it is still there, and between two questions; and how many of them
    /// stay without an answer before the connection is lost. RFC 9293 §3.8.4
    package static let keepAlive: (idle: Int32, interval: Int32, count: Int32) = (60, 15, 4)

    private static func setKeepAlive(_ descriptor: Int32) throws(SystemError) {
        let (idle, interval, count) = keepAlive
        try SystemError.check("setsockopt", CShims_set_keepalive(descriptor, idle, interval, count))
    }

    /// Starts to connect, from `source` when there is one; its port is chosen by the system for this peer. `isConnected` says
    /// whether it is done already; else the socket becomes writable, or fails.
    package static func connect(
        _ address: SocketAddress, from source: SocketAddress? = nil
    ) throws(SystemError) -> (descriptor: Int32, isConnected: Bool) {
        let descriptor = try SystemError.check("socket", CShims_socket(address.family))
        if !address.isUnix {
            _ = CShims_set_nodelay(descriptor)
            try? setKeepAlive(descriptor)
        }
        if let source {
            _ = CShims_set_bind_no_port(descriptor)
            let bound = withUnsafePointer(to: source.storage) { CShims_bind(descriptor, $0, source.length) }
            guard bound == 0 else {
                close(descriptor)
                throw SystemError("bind", code: -bound)
            }
        }
        var result = connect(descriptor, address)
        if result == -EINPROGRESS {
            // A listener on this machine has answered by now. Asked again, the socket says so, or why not; that is cheaper
            // than to wait for it in the poller, and to ask for its error there.
            let answer = connect(descriptor, address)
            if answer != -EALREADY { result = answer == -EISCONN ? 0 : answer }
        }
        guard result == 0 || result == -EINPROGRESS else {
            close(descriptor)
            throw SystemError("connect", code: -result)
        }
        return (descriptor, result == 0)
    }

    private static func connect(_ descriptor: Int32, _ address: SocketAddress) -> Int32 {
        withUnsafePointer(to: address.storage) { CShims_connect(descriptor, $0, address.length) }
    }

    /// Whether a socket can be bound to an address of this machine: throws why not.
    package static func checkSource(_ address: SocketAddress) throws(SystemError) {
        let descriptor = try SystemError.check("socket", CShims_socket(address.family))
        defer { close(descriptor) }
        _ = CShims_set_bind_no_port(descriptor)
        let bound = withUnsafePointer(to: address.storage) { CShims_bind(descriptor, $0, address.length) }
        try SystemError.check("bind", bound)
    }

    /// The address of this side of a socket; nil when it has none.
    package static func localAddress(_ descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        guard CShims_local_address(descriptor, &storage, &length) == 0 else { return nil }
        return SocketAddress(storage: storage, length: length)
    }

    /// The error of a connect that has ended; nil when it succeeded.
    package static func connectError(_ descriptor: Int32) -> SystemError? {
        let code = CShims_take_error(descriptor)
        return code == 0 ? nil : SystemError("connect", code: -code)
    }

    /// Whether the other side has ended or reset the connection; what it sent before may still be there to be read.
    package static func peerHasEnded(_ descriptor: Int32) -> Bool { CShims_peer_has_ended(descriptor) != 0 }

    /// What `accept` found.
    package enum Accepted {
        case connection(Int32, CompactAddress)
        /// Nothing is waiting.
        case none
        /// The process or the system has no descriptor left.
        case descriptorsExhausted
        /// This connection is gone; others may wait.
        case failed(SystemError)
    }

    package static func accept(_ listener: Int32) -> Accepted {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = CShims_accept(listener, &storage, &length)
        if result >= 0 {
            return .connection(result, CompactAddress(SocketAddress(storage: storage, length: length)))
        }
        switch -result {
        case EAGAIN: return .none
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .descriptorsExhausted
        default: return .failed(SystemError("accept", code: -result))
        }
    }

    /// Drops the first packet (SYN) of everyone who begins to connect to a listening socket from now on. Nothing else changes:
    /// not even for the connections that it gives out, which get the filter, too. Does nothing for a unix socket.
    package static func refuseNewcomers(_ listener: Int32) { _ = CShims_drop_syn(listener) }

    /// A descriptor without a purpose, kept in reserve for when no other is left; -1 if none is left now.
    package static func openSpare() -> Int32 { max(-1, CShims_open("/dev/null", O_RDONLY, 0)) }

    package static func close(_ descriptor: Int32) { _ = CShims_close(descriptor) }
}
