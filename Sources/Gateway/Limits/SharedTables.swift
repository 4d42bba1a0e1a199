import Limits
import Reactor

/// A `CountTable` that all loops use, in parts with a lock each. For any thread; off the data path.
final class SharedCounts: Sendable {
    private let shards: [Lock<CountTable>]

    init() { shards = (0..<TableSize.shards).map { _ in Lock(CountTable(capacity: TableSize.keysPerShard)) } }

    func take(_ key: LimitKey, limit: Int) -> CountTable.Outcome {
        shards[key.shard(of: shards.count)].withLock { $0.take(key, limit: limit) }
    }

    func release(_ key: LimitKey) { shards[key.shard(of: shards.count)].withLock { $0.release(key) } }
}

/// The same for a `RateTable`.
final class SharedRates: Sendable {
    private let shards: [Lock<RateTable>]

    init() { shards = (0..<TableSize.shards).map { _ in Lock(RateTable(capacity: TableSize.keysPerShard)) } }

    /// `now`: milliseconds of the loops' clock.
    func take(_ key: LimitKey, _ limit: RateLimit, now: Int64) -> Bool {
        shards[key.shard(of: shards.count)].withLock { $0.take(key, limit, now: now) }
    }
}

/// Together 786,432 keys, in 16 MiB.
private enum TableSize {
    static let shards = 16
    static let keysPerShard = 49_152
}

/// What a session counts for in tables of counts, until it is given back.
final class HeldPlaces {
    private var places: [(table: SharedCounts, key: LimitKey)] = []

    /// Counts one more. False: there are as many as are allowed.
    func take(_ table: SharedCounts, _ key: LimitKey, limit: Int) -> Bool {
        switch table.take(key, limit: limit) {
        case .taken:
            places.append((table, key))
            return true
        case .uncounted: return true
        case .refused: return false
        }
    }

    /// Gives all back; once.
    func release() {
        for place in places { place.table.release(place.key) }
        places = []
    }

    deinit { release() }
}
