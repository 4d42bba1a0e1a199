/// Logarithms in whole numbers: the same bits on every machine, whatever its mathematics library.
enum Logarithm {
    /// What `cost` is at least: -log2(x) is not below 1 - x.
    static func lowestCost(_ word: UInt64) -> UInt64 { ~word >> 32 }

    /// -log2((word + 1) / 2^64) with 32 binary places; below 2^39, and never 0.
    static func cost(_ word: UInt64) -> UInt64 {
        let leading = word.leadingZeroBitCount
        guard leading < 64 else { return 64 << 32 }
        let mantissa = word << UInt64(leading)  // the first bit is set
        let slot = Int(mantissa >> 55 & 0xFF)
        let step = mantissa >> 23 & 0xFFFF_FFFF
        let (low, high) = (table[slot], table[slot + 1])
        let fraction = low + ((high - low) * step) >> 32
        // log2 is 63 - leading + fraction.
        return (UInt64(leading) + 1) << 32 - fraction + 1
    }

    /// log2(1 + i / 256) with 32 binary places, for i from 0 to 256.
    private static let table: [UInt64] = (0...256).map { index in
        guard index < 256 else { return 1 << 32 }
        // Squares a number from [1, 2) again and again: each time that it passes 2 is a bit of the logarithm.
        var number = UInt64(256 + index) << 23  // 31 binary places
        var bits: UInt64 = 0
        for _ in 0..<32 {
            number = (number * number) >> 31
            bits <<= 1
            if number >= 1 << 32 {
                number >>= 1
                bits |= 1
            }
        }
        return bits
    }
}
