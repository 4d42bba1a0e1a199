import CShims
import Reactor

/// The thread that writes all logs.
final class LogWriter: Sendable {
    private struct State {
        var files: [LogFile] = []
        var mustReopen = false
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
        if let known = state.withLock({ state in state.files.first { $0.path == path } }) { return known }
        let file = try LogFile(path: path, wake: wake)
        state.withLock { $0.files.append(file) }
        return file
    }

    func start() throws(SystemError) {
        let started = try Thread.start(name: "sluice log") { self.run() }
        thread.withLock { $0 = started }
    }

    /// Asks for all files to be opened again.
    func reopen() {
        state.withLock { $0.mustReopen = true }
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
        for file in state.withLock({ $0.files }) { file.give(user: user, group: group) }
    }

    private func run() {
        while true {
            CShims_eventfd_clear(wake)  // waits until there is something
            let now = state.withLock { state in
                defer { state.mustReopen = false }
                return state
            }
            for file in now.files { file.write() }
            if now.mustReopen { reopen(now.files) }
            if now.mustStop { return CShims_eventfd_signal(ended) }
        }
    }

    private func reopen(_ files: [LogFile]) {
        for file in files {
            do throws(SystemError) { try file.reopen() } catch {
                // The first is the error log; it may be the one that cannot be opened again, and still takes a line.
                files.first?.append("sluice: \(error)")
                LogFile.complain("\(error)")
            }
        }
    }
}
