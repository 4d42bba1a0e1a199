/// `hash KEY consistent`: weighted rendezvous hashing (highest random weight, Thaler and Ravishankar 1998).
///
/// Every peer draws a number for the key, from its identity and the key alone; the best one has the key. So all replicas
/// agree without a word to each other and whatever the order of their peers; a peer that is lost gives up its own keys and
/// no other moves; the next best is the same everywhere too. With u drawn evenly from (0, 1), the least of -log(u)/weight
/// comes up by the weights.
enum RendezvousHash {
    /// The key's peer. With a `bound`, the best that is not over it; and the best of all when all are.
    static func choose(_ key: UInt64, _ candidates: [Candidate], _ peers: [Peer], bound: LoadBound?) -> Int? {
        var best: (cost: UInt64, candidate: Candidate, isOver: Bool)?
        for candidate in candidates {
            let cost = Logarithm.cost(Hash.mix(key ^ peers[candidate.index].settings.identity))
            let isOver = bound?.isExceeded(by: candidate) ?? false
            if let leader = best {
                if isOver != leader.isOver {
                    if isOver { continue }
                } else if cost * UInt64(leader.candidate.weight) >= leader.cost * UInt64(candidate.weight) {
                    continue
                }
            }
            best = (cost, candidate, isOver)
        }
        return best?.candidate.index
    }
}

/// `hash_balance_factor`: the most sessions that a peer may have for its share of them.
struct LoadBound {
    /// Thousandths.
    private let factor: Int
    private let load: Int
    private let weight: Int

    init(_ candidates: [Candidate], factor: Int) {
        self.factor = factor
        load = candidates.reduce(1) { $0 + $1.load }  // the new session counts
        weight = candidates.reduce(0) { $0 + $1.weight }
    }

    /// Whether the peer has as much as it may have already.
    func isExceeded(by candidate: Candidate) -> Bool {
        // Rounded up: a bound below one session would exceed everybody.
        let allowed = Double(factor) / 1000 * Double(load) * Double(candidate.weight) / Double(max(1, weight))
        return Double(candidate.load) >= allowed.rounded(.up)
    }
}

/// Logarithms in whole numbers: the same bits on every machine, whatever its mathematics library.
enum Logarithm {
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
