/// Who has encountered a failure, to tell whether it was another client before.
///
/// A client is its address, since it can choose everything else: client identifier, user name, port. Of IPv6 the first 64
/// bits count, as one host has as many addresses as it likes within them. Clients without an address are one.
package struct ClientKey: Sendable, Hashable {
    private let value: UInt64

    /// `address`: 4 or 16 bytes in network order; none for a unix socket.
    package init(address: [UInt8]) {
        let isMapped = address.count == 16 && address.starts(with: Self.mappedPrefix)
        let bytes =
            address.count == 4
            ? Self.mappedPrefix.suffix(4) + address : isMapped ? address.suffix(8) : address.prefix(8)
        value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// What makes an IPv6 address of an IPv4 address (RFC 4291 §2.5.5.2).
    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
}
