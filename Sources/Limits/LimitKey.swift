/// What something is counted by, as one number: a hash with a key that is new in each process, so that nobody can choose names
/// which collide. That two of a million share one has a chance of one in 30 million.
package struct LimitKey: Sendable, Hashable, BitwiseCopyable {
    /// Never 0.
    let hash: UInt64

    /// Of any text, such as a client identifier.
    package init(_ text: String) {
        var hasher = Hasher()
        hasher.combine(text)
        self.init(hasher)
    }

    /// Of 4 or 16 bytes of an IP address: of IPv6 the first 64 bits count, as one client has at least these to itself. An IPv4
    /// address that is written as IPv6 is the IPv4 address (::ffff:192.0.2.1, RFC 4291 §2.5.5.2, and 64:ff9b::192.0.2.1, RFC 6052
    /// §2.1): else all of IPv4 behind a translator would be one client.
    package init(address: [UInt8]) {
        let isMapped = address.count == 16 && Self.prefixes.contains { address.starts(with: $0) }
        let bytes = isMapped ? address.suffix(4) : address.prefix(address.count == 16 ? 8 : 4)
        var hasher = Hasher()
        hasher.combine(bytes.count)
        for byte in bytes { hasher.combine(byte) }
        self.init(hasher)
    }

    private static let prefixes: [[UInt8]] = [
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0],
    ]

    private init(_ hasher: Hasher) {
        let hash = UInt64(bitPattern: Int64(hasher.finalize()))
        self.hash = hash == 0 ? 1 : hash
    }

    init(hash: UInt64) { self.hash = hash == 0 ? 1 : hash }

    /// Which of `count` parts of a table it belongs to. By bits that the place in the part does not depend on.
    package func shard(of count: Int) -> Int { Int((hash >> 48) % UInt64(max(1, count))) }
}
