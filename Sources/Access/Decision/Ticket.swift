import Synchronization

/// The interest of a session in an answer: cancelled when the session ends, so that nobody works for a client that has left.
package final class Ticket: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    /// Any thread. Cannot be taken back.
    package func cancel() { flag.store(true, ordering: .relaxed) }

    package var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
