import Reactor

/// What has become of the process's configurations. Times are milliseconds since 1970-01-01 UTC.
final class ProcessHistory: Sendable {
    struct State: Sendable {
        let startedAt = wallMilliseconds()
        /// The generation in use.
        var generation = 1
        /// When it was loaded.
        var loadedAt = wallMilliseconds()
        var succeeded = 0
        var failed = 0
        /// Whether a drain has begun, or was announced.
        var isDraining = false
        var lastFailure: (at: Int64, detail: String)?
    }

    private let lock = Lock(State())
    /// What the system knows of the process.
    let probe = ProcessProbe()

    /// Any thread.
    var state: State { lock.withLock { $0 } }

    func reloadSucceeded(_ generation: Int) {
        lock.withLock { state in
            state.generation = generation
            state.loadedAt = wallMilliseconds()
            state.succeeded += 1
        }
    }

    func drainBegan() { lock.withLock { $0.isDraining = true } }

    func reloadFailed(_ detail: String) {
        lock.withLock { state in
            state.failed += 1
            state.lastFailure = (wallMilliseconds(), detail)
        }
    }
}
