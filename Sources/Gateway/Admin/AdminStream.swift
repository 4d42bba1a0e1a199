import Reactor

/// An answer that goes on for a while. Whoever writes it and the connection that carries it tell each other the end.
final class AdminStream: Sendable {
    /// Why the connection ends it.
    enum End: String, Sendable {
        /// Its time is over.
        case time
        /// The client does not take what is written.
        case slow
    }

    /// Milliseconds that the answer may take, at most.
    let limit: Int64
    private let lastWords: @Sendable (End) -> [UInt8]
    private let state = Lock(false)

    /// `lastWords`: what the client is still told at an end that the connection brings about.
    init(limit: Int64, lastWords: @escaping @Sendable (End) -> [UInt8]) {
        self.limit = limit
        self.lastWords = lastWords
    }

    /// Whether nothing more is to be written. Any thread.
    var isOver: Bool { state.withLock { $0 } }

    /// Ends it, once: returns the last words; nil: it was over. Any thread.
    @discardableResult
    func end(_ end: End) -> [UInt8]? { finish() ? lastWords(end) : nil }

    /// The writer has written all. Returns whether it was not over before. Any thread.
    @discardableResult
    func finish() -> Bool {
        state.withLock { isOver in
            defer { isOver = true }
            return !isOver
        }
    }
}
