import CShims
import Configuration
import Reactor
import Telemetry
import Tunnel

/// Serving: from the start of the loops to the end of the last.
extension Gateway {
    mutating func serve() throws(StartError) {
        let log = services.logs.error
        defer {
            services.admin.stop()
            services.upstreams.stop()
        }
        do throws(StartError) {
            try startLoops()
            try Privileges.drop(process, logs: services.logs.writer, pidFile: pidFile)
            // Only now: the threads that ask services are not root's for a moment.
            try services.access.start()
            let mailboxes = mailboxes
            try services.upstreams.start(for: generation.upstreams)
            services.access.begin { for mailbox in mailboxes { mailbox.post(.recheck(from: 0)) } }
            services.upstreams.begin { order in for mailbox in mailboxes { mailbox.post(order) } }
            try services.limits.memory.adopt(process.memoryLimit, on: services.access.control)
            try startAdmin()
            order(.serve)
        } catch {
            order(.stop)
            for thread in threads { thread.join() }
            throw error
        }
        let summary = sockets.summary(generation.snapshot.listeners)
        log.write(.notice, "sluice is running: \(threads.count) loops, \(summary)")
        if sockets.lacksIPv6 {
            log.write(.notice, "the kernel has no IPv6: a listen with only a port accepts IPv4 only")
        }
        serviceManager.serving(summary)
        if let predecessor {
            predecessor.reportServing()
            self.predecessor = nil
            pidFileWanted = monotonicMilliseconds() + Successor.patience
        }
        while running > 0 { try turn() }
        for thread in threads { thread.join() }
        logEnd()
    }

    /// What the process has come to.
    private func logEnd() {
        let log = services.logs.error
        log.write(
            .notice,
            "loops: \(turns.total) turns, \(turns.count(above: 5000)) longer than 5 ms, "
                + "the longest \(LogText.seconds(turns.longest)) ms")
        let failures = AttemptFailure.allCases.map { failure in (failure.rawValue, sum { $0[failure] }) }
        if failures.contains(where: { $0.1 > 0 }) {
            log.write(.notice, "failed attempts to reach an upstream server: \(Self.list(failures))")
        }
        let ends = Self.list(EndCause.allCases.map { cause in (cause.rawValue, sum { $0[cause] }) })
        let connections = sum { $0[.accepted] }
        log.write(.notice, "sluice has ended: \(connections) connections" + (ends.isEmpty ? "" : ", \(ends)"))
    }

    /// Over all loops.
    private func sum(_ count: (LoopCounters) -> UInt64) -> UInt64 { counters.reduce(0) { $0 &+ count($1) } }

    /// "name 2, other 1": what happened at least once.
    private static func list(_ counts: [(name: String, count: UInt64)]) -> String {
        counts.filter { $0.count > 0 }.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
    }

    private mutating func startLoops() throws(StartError) {
        for index in 0..<services.loops {
            do throws(SystemError) {
                let (mailbox, counters, reports) = (try Mailbox<Loop.Order>(), LoopCounters(), reports)
                let parts = Loop.Parts(
                    index: index,
                    first: Lock(
                        Adoption(
                            generation: generation, sockets: sockets.sockets(of: index, for: generation.listeners))),
                    services: services, mailbox: mailbox, counters: counters, report: { reports.post($0) })
                threads.append(try Thread.start(name: "sluice loop \(index)") { Self.runLoop(parts) })
                mailboxes.append(mailbox)
                self.counters.append(counters)
            } catch {
                throw StartError("\(error)")
            }
        }
        while running < threads.count {
            try wait()
            for report in reports.take() { try take(report) }
        }
    }

    private func startAdmin() throws(StartError) {
        let loops = zip(mailboxes, counters).enumerated().map { index, parts in
            LoopHandle(index: index, mailbox: parts.0, counters: parts.1)
        }
        let world = AdminWorld(generation: generation, services: services, loops: loops, reports: reports)
        try StartError.wrap { () throws(SystemError) in try services.admin.start(world) }
    }

    private static func runLoop(_ parts: Loop.Parts) {
        do throws(StartError) {
            var loop = try Loop.make(parts)
            parts.report(.running)
            loop.run()
        } catch {
            parts.report(.failed(error))
        }
    }

    /// Waits for a signal or a report.
    private mutating func turn() throws(StartError) {
        try wait()
        while let signal = signals.next() { obey(signal) }
        for report in reports.take() { try take(report) }
        advanceDrain()
        advanceUpgrade()
        lookAtFiles()
        takePidFile()
        askLoops()
    }

    private mutating func wait() throws(StartError) {
        let now = monotonicMilliseconds()
        var wait: Int64?
        for time in [
            successor?.deadline, drainAt, pidFileWanted.map { _ in now + 100 }, watchdog.nextAt(serviceManager),
            nextLook,
        ] {
            if let time { wait = min(wait ?? .max, max(0, time - now)) }
        }
        let limit = Int32(clamping: wait ?? -1)
        do throws(SystemError) { _ = try poller.wait(milliseconds: limit) } catch { throw StartError("\(error)") }
    }

    /// Tells systemd's watchdog that all loops turn, and asks them again.
    private mutating func askLoops() {
        guard let limit = serviceManager.watchdog, watchdog.isDue(serviceManager) else { return }
        guard watchdog.begin(running, every: limit / 3) else { return }
        serviceManager.alive()
        order(.answerWatchdog)
    }

    private mutating func take(_ report: Loop.Report) throws(StartError) {
        switch report {
        case .running: running += 1
        case .adopted(let number): recordAdopted(number)
        case .turns: watchdog.answered()
        case .failed(let error): throw error
        case .ended(let turns):
            running -= 1
            watchdog.loopEnded()
            self.turns.add(turns)
        case .reloadWanted(let reply): reply(reload())
        }
    }

    func order(_ order: Loop.Order) {
        for mailbox in mailboxes { mailbox.post(order) }
    }

    private mutating func obey(_ signal: Int32) {
        let log = services.logs.error
        switch signal {
        case SIGTERM, SIGINT: stop()
        case SIGQUIT:
            serviceManager.stopping("draining")
            beginDrain()
        case SIGUSR1:
            log.write(.notice, "opening the logs again")
            services.logs.writer.reopen()
        case SIGHUP: _ = reload()
        case SIGUSR2: beginUpgrade()
        default: break
        }
    }
}
