import Configuration
import Reactor
import Synchronization
import Telemetry

/// `error_log`: what happens, for the operator. One for the process: a reload changes its file and level for everybody.
final class ErrorLog: Sendable {
    typealias Level = ErrorLogSettings.Level

    private let file: Lock<LogFile>
    private let lowest: Atomic<Int>

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

    /// One line: time, level, message. Bytes of a peer in the message must be escaped. Any thread.
    func write(_ level: Level, _ message: @autoclosure () -> String) {
        guard isOn(level) else { return }
        let line = "\(Timestamp.iso8601(wallMilliseconds())) [\(level.rawValue)] \(message())"
        file.withLock { $0 }.append(line)
    }
}

extension ErrorLogSettings.Level {
    fileprivate var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .notice: 2
        case .warn: 3
        case .error: 4
        }
    }
}
