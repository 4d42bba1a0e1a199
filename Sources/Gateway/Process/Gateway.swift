import CShims
import Configuration
import Reactor
import TLS
import Telemetry
import Tunnel

/// The gateway as a process: binds, starts the loops, obeys signals, and ends in good order. The main thread's.
package struct Gateway: ~Copyable {
    let plan: Plan
    let sockets: ListeningSockets
    var poller: Poller
    let signals: Signals
    let reports: Mailbox<Loop.Report>
    var mailboxes: [Mailbox<Loop.Order>] = []
    var threads: [Thread] = []
    var running = 0
    var tally = Tally<EndCause>()
    var attempts = Tally<AttemptFailure>()
    var turns = Histogram()

    private static let signalWord: UInt64 = 0
    private static let reportWord: UInt64 = 1

    /// Tests a configuration as far as that goes without binding: certificates are loaded, names resolved, logs opened.
    package static func test(_ snapshot: Snapshot) throws(StartError) {
        _ = try Plan(checked: snapshot)
    }

    /// Checks everything and binds the listening sockets. Nothing runs yet.
    package static func make(_ snapshot: Snapshot) throws(StartError) -> Gateway {
        // Before the first thread, which libraries may start: every thread inherits what is blocked.
        let signals = try StartError.wrap { () throws(SystemError) in try Signals() }
        let plan = try Plan(checked: snapshot)
        let sockets = try ListeningSockets(snapshot.listeners, loops: plan.loops)
        let reports = try StartError.wrap { () throws(SystemError) in try Mailbox<Loop.Report>() }
        let poller = try StartError.wrap { () throws(SystemError) in try Poller() }
        let gateway = Gateway(plan: plan, sockets: sockets, poller: poller, reports: reports, signals: signals)
        try gateway.watch()
        return gateway
    }

    private init(
        plan: Plan, sockets: ListeningSockets, poller: consuming Poller, reports: Mailbox<Loop.Report>,
        signals: consuming Signals
    ) {
        self.signals = signals
        self.plan = plan
        self.sockets = sockets
        self.poller = poller
        self.reports = reports
    }

    private func watch() throws(StartError) {
        do throws(SystemError) {
            try poller.add(signals.descriptor, Events(reading: true, writing: false), word: Self.signalWord)
            try poller.add(reports.descriptor, Events(reading: true, writing: false), word: Self.reportWord)
        } catch {
            throw StartError("\(error)")
        }
    }

    /// Runs until a signal ends it, in good order; else throws why it could not run.
    package mutating func run() throws(StartError) {
        defer { sockets.removeUnixFiles() }
        let pidFile = try plan.snapshot.process.pidFile.map { path throws(StartError) in try PidFile(path) }
        defer { pidFile?.remove() }
        CShims_ignore_sigpipe()
        CShims_tune_allocator()
        raiseDescriptorLimit()
        do throws(SystemError) { try plan.logs.writer.start() } catch { throw StartError("\(error)") }
        defer { plan.logs.writer.stop() }
        do throws(SystemError) { try plan.access.start() } catch { throw StartError("\(error)") }
        defer { plan.access.stop() }
        try serve()
    }
}
