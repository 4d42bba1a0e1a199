import CShims
import Configuration
import Reactor
import TLS
import Telemetry
import Tunnel

/// The gateway as a process: binds, starts the loops, obeys signals, and ends in good order. The main thread's.
package struct Gateway: ~Copyable {
    /// Reads the configuration again, as it was read at the start.
    package typealias Load = @Sendable () throws(StartError) -> Snapshot

    let services: Services
    var sockets: ListeningSockets
    let serviceManager = ServiceManager()
    /// How this process was started.
    let command: Successor.Command
    let load: Load
    /// Of the process settings, those that only a restart changes are here for good.
    let process: ProcessSettings
    /// The one that new connections are served by.
    var generation: Generation
    var identities: Identities
    /// Loops that have not adopted `generation` yet.
    var adopting = 0
    var isEnding = false
    /// While a drain is announced: when it begins.
    var drainAt: Int64?
    /// nil: the configuration names none, or another process holds it.
    var pidFile: PidFile?
    /// The process that this one is to succeed; nil: there is none, or it knows already.
    var predecessor: Predecessor?
    /// A new process of the program that gets ready to take over.
    var successor: Successor?
    /// While a process that this one succeeds still holds the pid file: when to give up asking for it.
    var pidFileWanted: Int64?
    var watchdog = Watchdog()
    var fileWatch = FileWatch()
    var poller: Poller
    let signals: Signals
    let reports: Mailbox<Loop.Report>
    var mailboxes: [Mailbox<Loop.Order>] = []
    var threads: [Thread] = []
    var running = 0
    /// By loop.
    var counters: [LoopCounters] = []
    var turns = Histogram()

    private static let signalWord: UInt64 = 0
    private static let reportWord: UInt64 = 1
    static let successorWord: UInt64 = 2

    /// Tests a configuration as far as that goes without binding: certificates are loaded, names resolved, logs opened.
    package static func test(_ snapshot: Snapshot) throws(StartError) {
        let services = try Services(snapshot.process)
        _ = try GenerationDraft(snapshot, services: services)
        // Logs that the test has made are the gateway's to open.
        if let user = snapshot.process.user { try Privileges.give(services.logs.writer, to: user.text) }
    }

    /// Checks everything and binds the listening sockets. Nothing runs yet. `load` is called for a reload.
    package static func make(_ snapshot: Snapshot, load: @escaping Load) throws(StartError) -> Gateway {
        let (command, predecessor) = (Successor.Command.current(), Predecessor())
        // Before the first thread, which libraries may start: every thread inherits what is blocked.
        let signals = try StartError.wrap { () throws(SystemError) in try Signals() }
        let services = try Services(snapshot.process)
        let stamps = FileWatch.stamps(of: snapshot.certificateFiles)
        let draft = try GenerationDraft(snapshot, services: services)
        var inherited = try InheritedSockets.take()
        let sockets = try ListeningSockets(snapshot.listeners, loops: services.loops, given: &inherited)
        for address in inherited.closeRest() {
            services.logs.error.write(.warn, "a socket for \(address) was passed on, but no listen names that address")
        }
        let reports = try StartError.wrap { () throws(SystemError) in try Mailbox<Loop.Report>() }
        let poller = try StartError.wrap { () throws(SystemError) in try Poller() }
        var gateway = Gateway(
            draft, services: services, sockets: sockets, command: command, predecessor: predecessor, load: load,
            poller: poller, reports: reports,
            signals: signals)
        gateway.fileWatch.adopt(stamps)
        try gateway.watch()
        return gateway
    }

    private init(
        _ draft: GenerationDraft, services: Services, sockets: ListeningSockets, command: Successor.Command,
        predecessor: Predecessor?, load: @escaping Load, poller: consuming Poller, reports: Mailbox<Loop.Report>,
        signals: consuming Signals
    ) {
        self.services = services
        self.sockets = sockets
        self.command = command
        self.predecessor = predecessor
        self.load = load
        self.poller = poller
        self.reports = reports
        self.signals = signals
        process = draft.snapshot.process
        identities = draft.identities
        services.resumption.adopt(draft.snapshot)
        generation = services.upstreams.adopt(draft.upstreams) { draft.generation(number: 1, upstreams: $0) }
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
        // A process that is to be succeeded gives its own up when this one serves.
        if predecessor == nil { pidFile = try process.pidFile.map { path throws(StartError) in try PidFile(path) } }
        defer { pidFile?.remove() }
        Privileges.confine(process, isFiltered: predecessor?.hasFilteredCalls ?? false, services.logs.error)
        CShims_ignore_sigpipe()
        CShims_tune_allocator()
        raiseDescriptorLimit()
        do throws(SystemError) { try services.logs.writer.start(for: services.logs.error) } catch {
            throw StartError("\(error)")
        }
        defer { services.logs.writer.stop() }
        defer { services.access.stop() }
        try serve()
    }

    private func raiseDescriptorLimit() {
        let wanted = process.descriptorLimit ?? 0
        let result = CShims_raise_descriptor_limit(wanted)
        if result < 0 {
            services.logs.error.write(.warn, "worker_rlimit_nofile \(wanted): \(SystemError.text(Int32(-result)))")
        }
    }
}
