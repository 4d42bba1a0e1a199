import CShims
import Glibc
import Reactor

/// The signals that a program with a screen must know of, so that it never leaves the terminal as its own.
struct TopSignals: ~Copyable {
    /// Readable while a signal waits.
    let descriptor: Int32

    private static let all = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH]

    /// Blocks the signals for this thread and the threads that it will start.
    init() throws(Failure) {
        let blocked = CShims_block_signals(Self.all, Int32(Self.all.count))
        guard blocked == 0 else {
            throw Failure(description: "pthread_sigmask: \(String(cString: strerror(-blocked)))")
        }
        let descriptor = CShims_signalfd(Self.all, Int32(Self.all.count))
        guard descriptor >= 0 else {
            throw Failure(description: "signalfd: \(String(cString: strerror(-descriptor)))")
        }
        self.descriptor = descriptor
    }

    deinit { Socket.close(descriptor) }

    /// The next signal that waits; nil: none.
    func next() -> Int32? {
        let signal = CShims_read_signal(descriptor)
        return signal == 0 ? nil : signal
    }

    /// Stops the process as SIGTSTP does, until SIGCONT. Where no shell could continue it, nothing happens.
    func stop() {
        var (set, former) = (sigset_t(), sigset_t())
        sigemptyset(&set)
        sigaddset(&set, SIGTSTP)
        signal(SIGTSTP, SIG_DFL)
        pthread_sigmask(SIG_UNBLOCK, &set, &former)
        raise(SIGTSTP)
        pthread_sigmask(SIG_SETMASK, &former, nil)
    }
}
