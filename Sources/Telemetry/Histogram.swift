/// How long things took, counted in classes. Owned by one loop; added up when somebody asks.
package struct Histogram: Sendable, Equatable {
    /// The upper end of each class but the last, which has none.
    package struct Bounds: Sendable, Equatable {
        /// Rising, in microseconds.
        package let microseconds: [Int64]
        /// In seconds, as the `le` labels of metrics have them.
        let texts: [String]

        private init(_ microseconds: [Int64]) {
            self.microseconds = microseconds
            texts = microseconds.map { Exposition.seconds(microseconds: $0) }
        }

        /// What a loop does by itself, from 10 µs to 1 s.
        package static let work = Bounds([
            10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 1_000_000,
        ])

        /// What others are waited for, from 500 µs to 10 s.
        package static let waits = Bounds([
            500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
            10_000_000,
        ])

        package static func == (one: Bounds, other: Bounds) -> Bool { one.microseconds == other.microseconds }
    }

    package let bounds: Bounds
    /// By class, as in `bounds`, and one more for what is longer.
    package private(set) var counts: [UInt64]
    /// Microseconds.
    package private(set) var longest: Int64 = 0
    /// Microseconds, of all together.
    package private(set) var sum: Int64 = 0

    package init(_ bounds: Bounds = .work) {
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.microseconds.count + 1)
    }

    /// Several together. Without any, one of waits that is empty.
    package init(adding histograms: [Histogram]) {
        self = histograms.first ?? Histogram(.waits)
        for histogram in histograms.dropFirst() { add(histogram) }
    }

    package mutating func record(microseconds: Int64) {
        var index = 0
        while index < bounds.microseconds.count, microseconds > bounds.microseconds[index] { index += 1 }
        counts[index] &+= 1
        sum &+= max(0, microseconds)
        if microseconds > longest { longest = microseconds }
    }

    package var total: UInt64 { counts.reduce(0, &+) }

    /// How many took longer than this; `microseconds` is one of `bounds`.
    package func count(above microseconds: Int64) -> UInt64 {
        zip(bounds.microseconds, counts.dropFirst()).reduce(0) { $1.0 >= microseconds ? $0 &+ $1.1 : $0 }
    }

    /// Adds what another one has counted in the same classes.
    package mutating func add(_ other: Histogram) {
        guard other.bounds == bounds else { return assertionFailure("histograms of different classes") }
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sum &+= other.sum
        longest = max(longest, other.longest)
    }
}
