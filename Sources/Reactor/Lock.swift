import CShims

/// A value behind a POSIX mutex, for what threads share outside the data path.
///
/// Not the standard library's Mutex: that one is a futex which ThreadSanitizer cannot see, so every use would be reported
/// as a race, and a real one could hide among them. `@unchecked`, as the compiler cannot see the mutex either: `state` is
/// touched in `withLock` alone.
package final class Lock<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var state: State

    package init(_ state: State) {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        self.state = state
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with the value, alone. Not to be nested.
    package func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state)
    }
}
