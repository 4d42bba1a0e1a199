/// How long things took, counted in classes. Owned by one loop; added up when somebody asks.
package struct Histogram: Sendable, Equatable {
    /// The upper end of each class but the last, which has none, in microseconds.
    package static let bounds: [Int64] = [
        10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 1_000_000,
    ]

    /// By class, as in `bounds`, and one more for what is longer.
    package private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// Microseconds.
    package private(set) var longest: Int64 = 0
    /// Microseconds, of all together.
    package private(set) var sum: Int64 = 0

    package init() {}

    package mutating func record(microseconds: Int64) {
        var index = 0
        while index < Self.bounds.count, microseconds > Self.bounds[index] { index += 1 }
        counts[index] &+= 1
        sum &+= microseconds
        if microseconds > longest { longest = microseconds }
    }

    package var total: UInt64 { counts.reduce(0, &+) }

    /// How many took longer than this; `microseconds` is one of `bounds`.
    package func count(above microseconds: Int64) -> UInt64 {
        zip(Self.bounds, counts.dropFirst()).reduce(0) { $1.0 >= microseconds ? $0 &+ $1.1 : $0 }
    }

    package mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sum &+= other.sum
        longest = max(longest, other.longest)
    }
}
