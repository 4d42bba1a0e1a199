/// How many there are of each key: connections of an address, of a user …
package struct CountTable: Sendable {
    private var table: KeyTable

    package init(capacity: Int) { table = KeyTable(capacity: capacity, whenFull: .refuse) }

    /// Keys that are counted now.
    package var keys: Int { table.count }

    /// What came of `take`.
    package enum Outcome: Sendable, Equatable {
        /// Counted: `release` gives it back.
        case taken
        /// There are as many as are allowed.
        case refused
        /// The table is full of others: this one is allowed, and not counted.
        case uncounted
    }

    /// Counts one more, of `limit` that are allowed.
    package mutating func take(_ key: LimitKey, limit: Int) -> Outcome {
        guard limit > 0 else { return .refused }
        let isTaken = table.update(key, floor: 0) { count -> Bool in
            guard count < limit else { return false }
            count += 1
            return true
        }
        return switch isTaken {
        case true?: .taken
        case false?: .refused
        case nil: .uncounted
        }
    }

    /// One that was counted is there no longer.
    package mutating func release(_ key: LimitKey) {
        guard let count = table.number(of: key) else { return }
        guard count > 1 else { return table.remove(key) }
        _ = table.update(key, floor: 0) { $0 -= 1 }
    }
}
