/// SplitMix64: the same seed gives the same numbers, so that a failing round can be repeated.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// `count` bytes.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// Where to cut `count` bytes into blocks of 1 to `largest` bytes.
    package mutating func cuts(_ count: Int, largest: Int) -> [Int] {
        var cuts: [Int] = []
        var position = Int.random(in: 1...largest, using: &self)
        while position < count {
            cuts.append(position)
            position += Int.random(in: 1...largest, using: &self)
        }
        return cuts
    }
}

/// The parts of `bytes` between the cuts, which are in rising order.
package func split(_ bytes: [UInt8], at cuts: [Int]) -> [ArraySlice<UInt8>] {
    var start = 0
    return (cuts + [bytes.count]).map { cut in
        defer { start = cut }
        return bytes[start..<cut]
    }
}
