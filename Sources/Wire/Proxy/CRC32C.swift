/// CRC32c (RFC 4960 appendix B; the CRC-32/ISCSI of RFC 3720), the checksum of a version 2 PROXY header.
enum CRC32C {
    /// What each value of the byte that leaves the register adds: the reflected polynomial 0x1EDC6F41.
    private static let table: [UInt32] = (0..<256).map { byte in
        var rest = UInt32(byte)
        for _ in 0..<8 { rest = rest & 1 == 0 ? rest >> 1 : rest >> 1 ^ 0x82F6_3B78 }
        return rest
    }

    /// The checksum of `bytes`, read as if those of `zeroed` were 0.
    static func checksum(_ bytes: Span<UInt8>, zeroed: Range<Int> = 0..<0) -> UInt32 {
        var register = UInt32.max
        for index in 0..<bytes.count {
            let byte = zeroed.contains(index) ? 0 : bytes[index]
            register = register >> 8 ^ table[Int(UInt8(truncatingIfNeeded: register) ^ byte)]
        }
        return ~register
    }
}
