import CShims
import Configuration
import Reactor
import Telemetry
import Tunnel

/// Serving: from the start of the loops to the end of the last.
extension Gateway {
    mutating func serve() throws(StartError) {
        let log = plan.logs.error
        defer { plan.upstreamServices.stop() }
        do throws(StartError) {
            try startLoops()
            if let user = plan.snapshot.process.user { try Privileges.become(user.text, plan.logs.writer) }
            let mailboxes = mailboxes
            try StartError.wrap { () throws(SystemError) in
                try plan.upstreamServices.start { order in for mailbox in mailboxes { mailbox.post(order) } }
            }
            order(.serve)
        } catch {
            order(.stop)
            for thread in threads { thread.join() }
            throw error
        }
        log.write(.notice, "sluice is running: \(threads.count) loops, \(sockets.summary)")
        if sockets.lacksIPv6 {
            log.write(.notice, "the kernel has no IPv6: where listen has a port alone, IPv4 alone is listened on")
        }
        while running > 0 { try turn() }
        for thread in threads { thread.join() }
        let ends = tally.entries.map { ", \($0.key.rawValue) \($0.count)" }.joined()
        log.write(
            .notice,
            "loops: \(turns.total) turns, \(turns.count(above: 5000)) longer than 5 ms, "
                + "the longest \(LogText.seconds(turns.longest)) ms")
        if attempts.total > 0 {
            let failures = attempts.entries.map { "\($0.key.rawValue) \($0.count)" }.joined(separator: ", ")
            log.write(.notice, "attempts to reach an upstream server that failed: \(failures)")
        }
        log.write(.notice, "sluice has ended: \(tally.total) connections\(ends)")
    }

    private mutating func startLoops() throws(StartError) {
        for (index, descriptors) in sockets.descriptors.enumerated() {
            do throws(SystemError) {
                let mailbox = try Mailbox<Loop.Order>()
                let (plan, reports) = (plan, reports)
                let thread = try Thread.start(name: "sluice loop \(index)") {
                    Self.runLoop(plan, descriptors, mailbox, reports)
                }
                threads.append(thread)
                mailboxes.append(mailbox)
            } catch {
                throw StartError("\(error)")
            }
        }
        while running < threads.count {
            try wait()
            for report in reports.take() { try note(report) }
        }
    }

    private static func runLoop(
        _ plan: Plan, _ descriptors: [Int32], _ mailbox: Mailbox<Loop.Order>, _ reports: Mailbox<Loop.Report>
    ) {
        do throws(StartError) {
            var loop = try Loop.make(plan, descriptors: descriptors, mailbox: mailbox)
            reports.post(.running)
            reports.post(loop.run())
        } catch {
            reports.post(.failed(error))
        }
    }

    /// Waits for a signal or a report.
    private mutating func turn() throws(StartError) {
        try wait()
        while let signal = signals.next() { obey(signal) }
        for report in reports.take() { try note(report) }
    }

    private mutating func wait() throws(StartError) {
        do throws(SystemError) { _ = try poller.wait(milliseconds: -1) } catch { throw StartError("\(error)") }
    }

    private mutating func note(_ report: Loop.Report) throws(StartError) {
        switch report {
        case .running: running += 1
        case .failed(let error): throw error
        case .ended(let ends, let attempts, let turns):
            running -= 1
            tally.add(ends)
            self.attempts.add(attempts)
            self.turns.add(turns)
        }
    }

    private func order(_ order: Loop.Order) {
        for mailbox in mailboxes { mailbox.post(order) }
    }

    private func obey(_ signal: Int32) {
        let log = plan.logs.error
        switch signal {
        case SIGTERM, SIGINT:
            log.write(.notice, "stopping")
            order(.stop)
        case SIGQUIT:
            let limit = plan.snapshot.process.shutdownTimeout.milliseconds
            log.write(.notice, "draining: sessions are closed evenly over \(LogText.seconds(limit)) s")
            order(.drain(milliseconds: limit))
        case SIGUSR1:
            log.write(.notice, "opening the logs again")
            plan.logs.writer.reopen()
        default:
            log.write(.warn, "signal \(signal) does nothing in this version: restart to apply a configuration")
        }
    }

    func raiseDescriptorLimit() {
        let wanted = plan.snapshot.process.descriptorLimit ?? 0
        let result = CShims_raise_descriptor_limit(wanted)
        if result < 0 {
            plan.logs.error.write(.warn, "worker_rlimit_nofile \(wanted): \(SystemError.text(Int32(-result)))")
        }
    }
}
