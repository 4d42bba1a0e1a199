/// Folds a storm of equal messages into one line with their number. Pure: time in, lines out.
///
/// Of a message, `burst` lines are written within `window`; further ones are counted, and after `period` one line says how
/// many there were. Messages are equal if level and text are; whom they are about does not matter.
package struct LogFolding: Sendable {
    /// Lines of a message that are written within `window`.
    package static let burst = 5
    /// Milliseconds.
    package static let window: Int64 = 1000
    /// Milliseconds over which further lines are counted.
    package static let period: Int64 = 10_000
    /// Messages that are told apart. One that finds no place is not folded.
    package static let capacity = 256

    /// What becomes of a line.
    package enum Verdict: Equatable, Sendable {
        case write
        /// It is counted. `isFirst`: `due` has something to say at `nextDue`.
        case fold(isFirst: Bool)
    }

    /// What a line says in the place of many.
    package struct Summary: Equatable, Sendable {
        /// As it was given.
        package let level: Int
        /// Whom the last of them was about.
        package let subject: String
        /// The message, and how often it was repeated.
        package let text: String
    }

    private struct Key: Hashable {
        let level: Int
        let message: String
    }

    private struct Entry {
        /// When the window began, or the folding.
        var since: Int64
        var written = 0
        var folded = 0
        var subject = ""

        func isOver(at now: Int64) -> Bool {
            now - since >= (folded > 0 ? LogFolding.period : LogFolding.window)
        }
    }

    private var entries: [Key: Entry] = [:]
    /// When the first folding ends; nil: nothing is folded. Milliseconds, as `now`.
    package private(set) var nextDue: Int64?

    package init() {}

    /// A line is to be written: `message` about `subject`, at `now` in milliseconds that only go forward.
    package mutating func take(level: Int, subject: String, message: String, at now: Int64) -> Verdict {
        let key = Key(level: level, message: message)
        guard var entry = entries[key] else {
            makeRoom(at: now)
            if entries.count < Self.capacity { entries[key] = Entry(since: now, written: 1) }
            return .write
        }
        if entry.folded == 0, entry.isOver(at: now) { entry = Entry(since: now) }
        defer { entries[key] = entry }
        guard entry.folded > 0 || entry.written >= Self.burst else {
            entry.written += 1
            return .write
        }
        let isFirst = entry.folded == 0
        if isFirst {
            entry.since = now
            nextDue = min(nextDue ?? .max, now + Self.period)
        }
        entry.folded += 1
        entry.subject = subject
        return .fold(isFirst: isFirst)
    }

    /// The lines for foldings that are over, the oldest first.
    package mutating func due(at now: Int64) -> [Summary] {
        guard let nextDue, now >= nextDue else { return [] }
        return end(at: now) { $0.isOver(at: now) }
    }

    /// The lines for all that is folded: at the end.
    package mutating func flush(at now: Int64) -> [Summary] { end(at: now) { _ in true } }

    private mutating func end(at now: Int64, _ isOver: (Entry) -> Bool) -> [Summary] {
        let over = entries.filter { isOver($0.value) }
        for key in over.keys { entries[key] = nil }
        nextDue = entries.values.lazy.filter { $0.folded > 0 }.map { $0.since + Self.period }.min()
        return over.filter { $0.value.folded > 0 }
            .sorted { ($0.value.since, $0.key.message) < ($1.value.since, $1.key.message) }
            .map { key, entry in Self.summary(key, entry, now) }
    }

    private static func summary(_ key: Key, _ entry: Entry, _ now: Int64) -> Summary {
        let seconds = max(1, (now - entry.since + 999) / 1000)
        // One that was kept back is simply written late.
        let note = entry.folded == 1 ? "" : " (repeated \(entry.folded) times in the last \(seconds) s)"
        return Summary(level: key.level, subject: entry.subject, text: key.message + note)
    }

    /// Forgets messages of which nothing is folded, when there is no place for another.
    private mutating func makeRoom(at now: Int64) {
        guard entries.count >= Self.capacity else { return }
        entries = entries.filter { $0.value.folded > 0 || !$0.value.isOver(at: now) }
        guard entries.count >= Self.capacity else { return }
        let idle = entries.filter { $0.value.folded == 0 }.min { $0.value.since < $1.value.since }
        if let idle { entries[idle.key] = nil }
    }
}
