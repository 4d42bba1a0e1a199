import CShims
import Configuration
import Reactor
import Telemetry

/// The thread that writes all logs. It waits for no reader: what a pipe does not take waits, up to a limit.
final class LogWriter: Sendable {
    private struct Entry {
        let sink: LogSink
        /// nil once nobody writes to the log any longer.
        weak var file: LogFile?
    }

    private struct State {
        var entries: [Entry] = []
        /// Lines that were dropped by logs that are closed.
        var dropped: [LogTarget: UInt64] = [:]
        var mustReopen = false
        var mustStop = false
    }

    private let state = Lock(State())
    private let wake: Int32
    /// Readable when the thread has written all and ends.
    private let ended: Int32
    private let thread = Lock<Thread?>(nil)

    /// Milliseconds after which a log that takes nothing is tried again.
    private static let retry: Int64 = 50
    /// Milliseconds after which a log that has dropped lines is looked at again.
    private static let look: Int64 = 1000
    /// Milliseconds that the end waits for a log that takes nothing.
    private static let patience: Int64 = 2000

    init() throws(SystemError) {
        wake = try SystemError.check("eventfd", CShims_eventfd())
        ended = try SystemError.check("eventfd", CShims_eventfd())
    }

    /// The log at a target, opened once however many name it. For a syslog server: how its messages are written, and the
    /// address that its name stands for now.
    func file(
        _ target: LogTarget, syslog: SyslogFormat? = nil, address: SocketAddress? = nil
    ) throws(SystemError) -> LogFile {
        let known = state.withLock { state in state.entries.first { $0.sink.target == target && $0.file != nil } }
        if let known, let file = known.file {
            if let address { try known.sink.redirect(to: address) }
            return file
        }
        let output: LogOutput
        switch target {
        case .stderr: output = LogOutput(stream: 2)
        case .stdout: output = LogOutput(stream: 1)
        case .file(let path): output = try LogOutput(path: path)
        case .syslog:
            guard let address else { throw SystemError("syslog", code: EDESTADDRREQ) }
            output = try LogOutput(syslog: address)
        }
        let sink = LogSink(target, output, wake: wake)
        let file = LogFile(sink, syslog: syslog)
        state.withLock { $0.entries.append(Entry(sink: sink, file: file)) }
        return file
    }

    /// Lines that are lost since the start, over all logs. Any thread.
    var dropped: UInt64 { droppedByTarget.values.reduce(0, &+) }

    /// The same by log, those that were closed included. Any thread.
    var droppedByTarget: [LogTarget: UInt64] {
        state.withLock { state in
            state.entries.reduce(into: state.dropped) { $0[$1.sink.target, default: 0] += $1.sink.dropped }
        }
    }

    /// `log` is told what goes wrong, and asked for what it has folded.
    func start(for log: ErrorLog? = nil) throws(SystemError) {
        let started = try Thread.start(name: "sluice log") { self.run(log) }
        thread.withLock { $0 = started }
    }

    /// Asks for all files to be opened again.
    func reopen() {
        state.withLock { $0.mustReopen = true }
        CShims_eventfd_signal(wake)
    }

    /// Writes what is left, and ends the thread; what a log does not take within two seconds is lost, as with a pipe that
    /// nobody reads.
    func stop() {
        state.withLock { $0.mustStop = true }
        CShims_eventfd_signal(wake)
        guard CShims_wait_readable(ended, Int32(Self.patience) * 2) > 0 else { return }
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    func give(user: uid_t, group: gid_t) {
        for sink in state.withLock({ $0.entries.map(\.sink) }) { sink.give(user: user, group: group) }
    }

    // MARK: The thread

    private func run(_ log: ErrorLog?) {
        var end: Int64?
        var pause: Int64 = 0
        while true {
            _ = CShims_wait_readable(wake, Int32(clamping: pause))
            CShims_eventfd_clear(wake)
            let (mustReopen, mustStop) = state.withLock { state in
                defer { state.mustReopen = false }
                return (state.mustReopen, state.mustStop)
            }
            let now = monotonicMilliseconds()
            if mustStop, end == nil { end = now + Self.patience }
            let due = log?.unfold(at: now, all: mustStop)
            var turn = write(at: now, isLast: end.map { now >= $0 } ?? false, log)
            if mustReopen { reopen(log) }
            // What the turn itself has to say.
            if mustStop, !turn.isStuck {
                turn = write(at: now, isLast: true, nil)
                return CShims_eventfd_signal(ended)
            }
            pause = turn.isStuck ? Self.retry : turn.isBroken ? Self.look : .max
            if let due { pause = min(pause, max(0, due - now)) }
            if pause == .max { pause = -1 }
        }
    }

    /// Writes all logs. Those that were let go get what waits written, and close after it.
    private func write(at now: Int64, isLast: Bool, _ log: ErrorLog?) -> LogSink.Turn {
        let entries = state.withLock { $0.entries.map { (sink: $0.sink, isOpen: $0.file != nil) } }
        var all = LogSink.Turn()
        for (sink, isOpen) in entries {
            let turn = sink.write(at: now, isLast: isLast)
            if let news = turn.news { log?.write(.warn, news) }
            all.isStuck = all.isStuck || turn.isStuck
            all.isBroken = all.isBroken || turn.isBroken
            if !isOpen, !turn.isStuck { close(sink) }
        }
        return all
    }

    private func close(_ sink: LogSink) {
        state.withLock { state in
            state.entries.removeAll { $0.sink === sink }
            if sink.dropped > 0 { state.dropped[sink.target, default: 0] += sink.dropped }
        }
    }

    private func reopen(_ log: ErrorLog?) {
        for sink in state.withLock({ $0.entries.map(\.sink) }) {
            do throws(SystemError) { try sink.reopen() } catch {
                // The error log may be the one that cannot be opened again; it still takes a line.
                log?.write(.error, "\(error)")
                LogSink.complain("\(error)")
            }
        }
    }
}
