import CShims
import Configuration
import Reactor
import Synchronization

/// The writer's end of a log: lines that wait, and where they go. When they are not taken fast enough, lines are dropped and
/// counted.
final class LogSink: Sendable {
    private struct Queue {
        var waiting: [UInt8] = []
        /// Bytes that the writer has taken and could not write yet.
        var taken = 0
    }

    /// Lines that were dropped, since one was not for the first time.
    private struct Outage {
        var lines = 0
        var reason: SystemError?
        let since: Int64
        var isAnnounced = false
    }

    let target: LogTarget
    private let queue = Lock(Queue())
    private let output: Lock<LogOutput>
    private let outage = Lock<Outage?>(nil)
    private let droppedLines = Atomic<UInt64>(0)
    /// The eventfd of the writer.
    private let wake: Int32

    /// Most bytes that wait to be written.
    static let capacity = 4 << 20
    /// Milliseconds after which a log that takes lines again is said to do so, at the earliest.
    private static let calm: Int64 = 1000

    init(_ target: LogTarget, _ output: sending LogOutput, wake: Int32) {
        self.target = target
        self.output = Lock(output)
        self.wake = wake
    }

    /// Lines that are lost, since the start. Any thread.
    var dropped: UInt64 { droppedLines.load(ordering: .relaxed) }

    /// Appends a line; its end is added. Any thread.
    func append(_ line: String) {
        let isFirst = queue.withLock { queue -> Bool? in
            guard queue.waiting.count + queue.taken < Self.capacity else { return nil }
            let isFirst = queue.waiting.isEmpty
            queue.waiting.append(contentsOf: line.utf8)
            queue.waiting.append(UInt8(ascii: "\n"))
            return isFirst
        }
        guard let isFirst else { return drop(1, nil) }
        if isFirst { wakeWriter() }
    }

    func wakeWriter() { CShims_eventfd_signal(wake) }

    private func drop(_ lines: Int, _ reason: SystemError?) {
        guard lines > 0 else { return }
        droppedLines.wrappingAdd(UInt64(lines), ordering: .relaxed)
        let now = monotonicMilliseconds()
        outage.withLock { outage in
            var current = outage ?? Outage(since: now)
            current.lines += lines
            current.reason = reason ?? current.reason
            outage = current
        }
    }

    // MARK: The writer's thread

    /// What the writer has to know after a turn.
    struct Turn {
        /// More waits, and cannot be written now.
        var isStuck = false
        /// For the error log.
        var news: String?
        /// There is more to say later.
        var isBroken = false
    }

    /// Writes what waits. `isLast`: what cannot be written now is lost.
    func write(at now: Int64, isLast: Bool) -> Turn {
        let outcome = output.withLock { output in
            output.take(takeLines())
            var outcome = output.write()
            if outcome.isStuck, isLast {
                outcome.lost += output.abandon()
                outcome.isStuck = false
            }
            let backlog = output.backlog
            queue.withLock { $0.taken = backlog }
            return outcome
        }
        drop(outcome.lost, outcome.reason)
        var turn = Turn(isStuck: outcome.isStuck)
        turn.news = news(outcome, now)
        turn.isBroken = outage.withLock { $0 != nil }
        return turn
    }

    private func takeLines() -> [UInt8] {
        queue.withLock { queue in
            defer { queue.waiting = [] }
            queue.taken += queue.waiting.count
            return queue.waiting
        }
    }

    /// Two lines for each outage: when it begins, and how many lines it has cost.
    private func news(_ outcome: LogOutput.Outcome, _ now: Int64) -> String? {
        outage.withLock { outage in
            guard var current = outage else { return nil }
            let isSlow = current.reason == nil || current.reason?.isQueueFull ?? false
            let reason = isSlow ? "it does not take them fast enough" : current.reason.map { "\($0)" } ?? ""
            if outcome.hasWritten, outcome.lost == 0, !outcome.isStuck, now - current.since >= Self.calm {
                outage = nil
                let (count, verb) = current.lines == 1 ? ("1 line", "was") : ("\(current.lines) lines", "were")
                return "\(count) for \(target) \(verb) dropped: \(reason)"
            }
            guard !current.isAnnounced else { return nil }
            current.isAnnounced = true
            outage = current
            return "lines for \(target) are being dropped: \(reason)"
        }
    }

    /// Opens a file again, for log rotation, and makes a new socket; the old one stays when that fails.
    func reopen() throws(SystemError) { try attempt { output throws(SystemError) in try output.reopen() } }

    /// The server's name stands for another address now. Any thread.
    func redirect(to address: SocketAddress) throws(SystemError) {
        try attempt { output throws(SystemError) in try output.redirect(to: address) }
    }

    private func attempt(_ body: (LogOutput) throws(SystemError) -> Void) throws(SystemError) {
        try output.withLock { output in Result { () throws(SystemError) in try body(output) } }.get()
    }

    /// Gives the file to the user that the process is about to become, so that it can be opened again. Only a plain file of
    /// that very name: whoever may write in the folder could have put a link to another there.
    func give(user: uid_t, group: gid_t) { output.withLock { $0.give(user: user, group: group) } }

    /// Says on standard error what no log can hold: that a log is missing.
    static func complain(_ message: String) {
        let line = Array("sluice: \(message)\n".utf8)
        _ = CShims_write(2, line, line.count)
    }
}
