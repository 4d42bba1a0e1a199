import CShims
import Reactor
import Synchronization

/// The thread that writes all logs.
final class LogWriter: Sendable {
    private struct State {
        var files: [LogFile] = []
        var mustReopen = false
        var mustStop = false
    }

    private let state = Mutex(State())
    private let wake: Int32
    private let thread = Mutex<Thread?>(nil)

    init() throws(SystemError) {
        let descriptor = CShims_blocking_eventfd()
        guard descriptor >= 0 else { throw SystemError("eventfd", code: -descriptor) }
        wake = descriptor
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

    /// Writes what is left, and ends the thread.
    func stop() {
        state.withLock { $0.mustStop = true }
        CShims_eventfd_signal(wake)
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
            if now.mustStop { return }
        }
    }

    private func reopen(_ files: [LogFile]) {
        for file in files {
            do throws(SystemError) { try file.reopen() } catch {
                LogFile.complain("\(error)")
            }
        }
    }
}
