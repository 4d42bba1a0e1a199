/// How often each case of an enumeration has happened. Owned by one loop.
package struct Tally<Key: CaseIterable & Hashable & Sendable>: Sendable {
    private var counts: [Key: UInt64] = [:]

    package init() {}

    package mutating func count(_ key: Key) { counts[key, default: 0] += 1 }

    package subscript(key: Key) -> UInt64 { counts[key] ?? 0 }

    /// What happened at least once, in the order of the cases.
    package var entries: [(key: Key, count: UInt64)] {
        Key.allCases.compactMap { key in counts[key].map { (key, $0) } }
    }

    package var total: UInt64 { counts.values.reduce(0, +) }

    package mutating func add(_ other: Tally) { counts.merge(other.counts, uniquingKeysWith: +) }
}
