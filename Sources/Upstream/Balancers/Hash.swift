/// Hashes of keys and peers. They never change: gateways of different versions must send a key to the same peer.
package enum Hash {
    /// FNV-1a, mixed.
    package static func of(_ text: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return mix(hash)
    }

    /// Every bit of the result depends on every bit of `word`: the finaliser of SplitMix64.
    package static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// `hash KEY`: the key's number leads to a peer by the weights in the order of the configuration. Simple, and the same for
/// every replica with the same configuration; but another number of peers moves nearly all keys.
enum ModuloHash {
    /// Other numbers to try while a key's peer cannot take it.
    private static let tries = 20

    /// `members`: the peers that keys are spread over, by their full weights, whether or not they can take a session now:
    /// one that is down, as in nginx, or drains moves no key but its own. `candidates`: those that can.
    static func choose(_ key: UInt64, members: [Candidate], candidates: [Candidate]) -> Int? {
        guard let first = pick(key, members) else { return nil }
        var (number, place) = (key, first)
        for _ in 0..<tries {
            let index = members[place].index
            // A peer that starts slowly takes a part of its keys, by the keys themselves.
            if let candidate = candidates.first(where: { $0.index == index }),
                Hash.mix(number ^ 0x5157) % UInt64(members[place].weight) < UInt64(candidate.weight)
            {
                return index
            }
            number = Hash.mix(number &+ 1)
            place = pick(number, members) ?? place
        }
        return pick(number, candidates).map { candidates[$0].index }
    }

    private static func pick(_ number: UInt64, _ candidates: [Candidate]) -> Int? {
        var total = 0
        for candidate in candidates { total += candidate.weight }
        guard total > 0 else { return nil }
        var rest = Int(number % UInt64(total))
        for (place, candidate) in candidates.enumerated() {
            rest -= candidate.weight
            if rest < 0 { return place }
        }
        return nil
    }
}
