/// The header of the PROXY protocol, versions 1 and 2: with it a proxy tells its server, before the first
/// byte of the connection, whose connection it is.
///
/// `bytes` writes what the gateway sends to a broker, `parse` reads what a load balancer sends to the gateway. Clauses are
/// those of "The PROXY protocol, versions 1 & 2" (`proxy-protocol.txt` of HAProxy).
package struct ProxyHeader: Sendable, Equatable {
    /// The two forms of the header. A receiver may take both; some brokers are set to exactly one.
    package enum Version: Sendable, CaseIterable {
        /// One line of text (§2.1): addresses and ports, nothing else.
        case v1
        /// Binary (§2.2), with room for details in TLVs.
        case v2
    }

    /// One side of a connection.
    package struct Endpoint: Sendable, Equatable, Hashable {
        /// 4 or 16 bytes in network order; none for a unix socket.
        package var address: [UInt8]
        /// The TCP port.
        package var port: UInt16

        /// `address` is kept as given; one that is neither 4 nor 16 bytes is none.
        package init(address: [UInt8], port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// What the connection is to the receiver (§2.2).
    package enum Command: Sendable, Equatable {
        /// The connection of somebody else.
        case proxy
        /// The sender's own connection: the addresses are those of the connection.
        case local
    }

    /// Bytes of the whole header; what follows belongs to the protocol it carries.
    package var length: Int
    /// Version 1 knows `proxy` only.
    package var command: Command
    /// The client. Nil, with LOCAL, UNKNOWN, UNSPEC and UNIX: the address of the connection stays.
    package var source: Endpoint?
    /// The address the client connected to; nil together with `source`, else of the same family.
    package var destination: Endpoint?
}
