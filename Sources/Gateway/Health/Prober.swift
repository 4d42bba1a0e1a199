import Configuration
import Control
import Reactor
import TLS

/// Finds out which peers serve: a thread that asks them again and again.
final class Prober: Sendable {
    private let mailbox: Mailbox<ProbeOrder>
    private let log: ErrorLog
    private let control: ControlLoop
    private let thread = Lock<Thread?>(nil)

    /// Called on the prober's thread when a peer's health changes. A peer is healthy at first, and again when it is not
    /// probed any more.
    typealias Report = @Sendable (_ pool: Int, _ peer: Int, PeerHealth) -> Void

    /// `control` runs when a pool asks by HTTP.
    init(log: ErrorLog, control: ControlLoop) throws(SystemError) {
        self.log = log
        self.control = control
        mailbox = try Mailbox<ProbeOrder>()
    }

    /// Starts the thread, if there is none yet.
    func start(_ report: @escaping Report) throws(SystemError) {
        guard thread.withLock({ $0 == nil }) else { return }
        let (mailbox, log, control) = (mailbox, log, control)
        let started = try Thread.start(name: "sluice health") {
            do throws(SystemError) {
                let loop = try ProbeLoop(mailbox, log: log, control: control, report: report)
                try loop.run()
            } catch {
                log.write(.error, "health checks have ended: \(error)")
            }
        }
        thread.withLock { $0 = started }
    }

    /// Ends the thread at once; probes under way are given up.
    func stop() {
        mailbox.post(.stop)
        let thread = self.thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    /// The peers of a pool from now on. Those that stay, by index and address, keep their state; new ones begin healthy.
    func watch(pool: Int, _ plan: ProbePlan, targets: [ProbeTarget]) {
        mailbox.post(.watch(pool, plan, targets))
    }

    /// The pool is no longer probed.
    func forget(pool: Int) { mailbox.post(.forget(pool)) }
}

/// What probes say of a peer.
struct PeerHealth: Sendable, Equatable {
    /// It may get sessions.
    var isHealthy = true
    /// The last probe has seen it answer a CONNECT, so that what a client meets there is about that client.
    var isVouchedFor = false
}

/// What the prober's thread is told.
enum ProbeOrder: Sendable {
    case watch(Int, ProbePlan, [ProbeTarget])
    case forget(Int)
    /// The HTTP service of a probe has answered.
    case answered(serial: UInt64, Probe.Outcome)
    case stop
}
