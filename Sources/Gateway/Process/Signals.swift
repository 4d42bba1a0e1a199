import CShims
import Reactor

/// The signals that the gateway obeys, nginx's: TERM and INT stop, QUIT drains, HUP reloads the configuration, USR1 opens the
/// logs again, USR2 starts a new process of the program, which takes over.
struct Signals: ~Copyable {
    /// Readable while a signal waits.
    let descriptor: Int32

    private static let all = [SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGHUP, SIGUSR2]

    /// Blocks the signals for this thread and the threads that it will start.
    init() throws(SystemError) {
        let blocked = CShims_block_signals(Self.all, Int32(Self.all.count))
        guard blocked == 0 else { throw SystemError("pthread_sigmask", code: -blocked) }
        let descriptor = CShims_signalfd(Self.all, Int32(Self.all.count))
        guard descriptor >= 0 else { throw SystemError("signalfd", code: -descriptor) }
        self.descriptor = descriptor
    }

    deinit { Socket.close(descriptor) }

    /// The next signal that waits; nil: none.
    func next() -> Int32? {
        let signal = CShims_read_signal(descriptor)
        return signal == 0 ? nil : signal
    }
}
