import CShims
import Reactor

/// The thread that writes all logs.
final class LogWriter: Sendable {
    private struct Entry {
        let sink: LogSink
        /// nil once nobody writes to the log any longer.
        weak var file: LogFile?
    }

    private struct State {
        var entries: [Entry] = []
        /// Whom to tell what goes wrong, when all files are to be opened again.
        var reopening: ErrorLog?
        var mustStop = false
    }

    private let state = Lock(State())
    private let wake: Int32
    /// Readable when the thread has written all and ends.
    private let ended: Int32
    private let thread = Lock<Thread?>(nil)

    init() throws(SystemError) {
        let descriptor = CShims_blocking_eventfd()
        guard descriptor >= 0 else { throw SystemError("eventfd", code: -descriptor) }
        wake = descriptor
        ended = CShims_eventfd()
    }

    /// The log at `path`, opened once however many name it.
    func file(_ path: String) throws(SystemError) -> LogFile {
        let known = state.withLock { state in state.entries.lazy.compactMap(\.file).first { $0.path == path } }
        if let known { return known }
        let sink = try LogSink(path: path, wake: wake)
        let file = LogFile(sink)
        state.withLock { $0.entries.append(Entry(sink: sink, file: file)) }
        return file
    }

    func start() throws(SystemError) {
        let started = try Thread.start(name: "sluice log") { self.run() }
        thread.withLock { $0 = started }
    }

    /// Asks for all files to be opened again. `log` is told of those that cannot be.
    func reopen(_ log: ErrorLog) {
        state.withLock { $0.reopening = log }
        CShims_eventfd_signal(wake)
    }

    /// Writes what is left, and ends the thread; without it when a log takes nothing for two seconds, such as a pipe that
    /// nobody reads.
    func stop() {
        state.withLock { $0.mustStop = true }
        CShims_eventfd_signal(wake)
        guard CShims_wait_readable(ended, 2000) > 0 else { return }
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    func give(user: uid_t, group: gid_t) {
        for sink in state.withLock({ $0.entries.map(\.sink) }) { sink.give(user: user, group: group) }
    }

    private func run() {
        while true {
            CShims_eventfd_clear(wake)  // waits until there is something
            let (sinks, reopening, mustStop) = state.withLock { state in
                // Those that are let go get what waits written once more, and close behind this turn.
                let sinks = state.entries.map(\.sink)
                state.entries.removeAll { $0.file == nil }
                defer { state.reopening = nil }
                return (sinks, state.reopening, state.mustStop)
            }
            for sink in sinks { sink.write() }
            if let reopening { reopen(sinks, reopening) }
            if mustStop { return CShims_eventfd_signal(ended) }
        }
    }

    private func reopen(_ sinks: [LogSink], _ log: ErrorLog) {
        for sink in sinks {
            do throws(SystemError) { try sink.reopen() } catch {
                // The error log may be the one that cannot be opened again; it still takes a line.
                log.write(.error, "\(error)")
                LogSink.complain("\(error)")
            }
        }
    }
}
