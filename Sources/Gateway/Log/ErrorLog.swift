import Configuration
import Reactor
import Synchronization
import Telemetry

/// `error_log`: what happens, for the operator. One for the process: a reload changes its file and level for everybody.
///
/// A storm of equal messages is folded (`LogFolding`), except for those of level debug, and where that level is on: then
/// everything is written.
final class ErrorLog: Sendable {
    typealias Level = ErrorLogSettings.Level

    private let file: Lock<LogFile>
    private let lowest: Atomic<Int>
    private let folding = Lock(LogFolding())

    init(file: LogFile, level: Level) {
        self.file = Lock(file)
        lowest = Atomic(level.rank)
    }

    /// Goes on in another file, and from another level on.
    func adopt(file: LogFile, level: Level) {
        self.file.withLock { $0 = file }
        lowest.store(level.rank, ordering: .relaxed)
    }

    func isOn(_ level: Level) -> Bool { level.rank >= lowest.load(ordering: .relaxed) }

    /// One line: time, level, whom it is about, message. Messages that differ only in the subject are equal. Bytes of a peer
    /// must be escaped. Any thread.
    func write(_ level: Level, about subject: @autoclosure () -> String = "", _ message: @autoclosure () -> String) {
        guard isOn(level) else { return }
        let (subject, message) = (subject(), LogText.oneLine(message()))
        guard !isOn(.debug) else { return append(level, subject + message) }
        let now = monotonicMilliseconds()
        switch folding.withLock({ $0.take(level: level.rank, subject: subject, message: message, at: now) }) {
        case .write: append(level, subject + message)
        case .fold(let isFirst): if isFirst { file.withLock { $0 }.wakeWriter() }
        }
    }

    /// Writes what was folded and is due, or all of it, at `now` on the monotonic clock. Returns when more will be due; nil:
    /// nothing is folded. Any thread.
    func unfold(at now: Int64, all: Bool) -> Int64? {
        let (summaries, next) = folding.withLock { folding in
            (all ? folding.flush(at: now) : folding.due(at: now), folding.nextDue)
        }
        for summary in summaries {
            if let level = Level(rank: summary.level) { append(level, summary.subject + summary.text) }
        }
        return next
    }

    private func append(_ level: Level, _ line: String) { file.withLock { $0 }.append(level, line) }
}

extension ErrorLog {
    /// A line that names a connection and its client; `peer`: and the server of the upstream that it is with.
    func write(
        _ level: Level, of client: ClientFacts, _ address: CompactAddress, peer: String = "",
        _ message: @autoclosure () -> String
    ) {
        guard isOn(level) else { return }
        let server = peer.isEmpty ? "" : ", upstream server \(peer)"
        let subject = "\(LogText.connectionID(client.id)) client \(address.text)\(server): "
        write(level, about: subject, LogText.escape(message()))
    }
}

extension ErrorLogSettings.Level {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    fileprivate init?(rank: Int) {
        guard Self.allCases.indices.contains(rank) else { return nil }
        self = Self.allCases[rank]
    }
}
