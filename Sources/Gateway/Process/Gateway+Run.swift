import CShims
import Configuration
import Reactor
import Telemetry
import Tunnel

/// Serving: from the start of the loops to the end of the last.
extension Gateway {
    mutating func serve() throws(StartError) {
        let log = services.logs.error
        defer { services.upstreams.stop() }
        do throws(StartError) {
            try startLoops()
            if let user = process.user { try Privileges.become(user.text, services.logs.writer) }
            let mailboxes = mailboxes
            try services.upstreams.start(for: generation.upstreams)
            services.upstreams.begin { order in for mailbox in mailboxes { mailbox.post(order) } }
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
                // Taken out there: the thread's closure lives as long as the process, and the generation is not to.
                let first = Lock<Generation?>(generation)
                let (log, reports) = (services.logs.error, reports)
                let thread = try Thread.start(name: "sluice loop \(index)") {
                    do throws(StartError) {
                        var loop = try Loop.make(
                            index, first, descriptors: descriptors, log: log, mailbox: mailbox, reports: reports)
                        reports.post(.running)
                        reports.post(loop.run())
                    } catch {
                        reports.post(.failed(error))
                    }
                }
                threads.append(thread)
                mailboxes.append(mailbox)
            } catch {
                throw StartError("\(error)")
            }
        }
        while running < threads.count {
            try wait { _ in }
            for report in reports.take() { try note(report) }
        }
    }

    /// Waits for a signal or a report.
    private mutating func turn() throws(StartError) {
        try wait { _ in }
        while let signal = signals.next() { obey(signal) }
        for report in reports.take() { try note(report) }
    }

    private mutating func wait(_ body: (UInt64) -> Void) throws(StartError) {
        do throws(SystemError) { _ = try poller.wait(milliseconds: -1) } catch { throw StartError("\(error)") }
    }

    private mutating func note(_ report: Loop.Report) throws(StartError) {
        switch report {
        case .running: running += 1
        case .adopted(let number): noteAdopted(number)
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

    private mutating func obey(_ signal: Int32) {
        let log = services.logs.error
        switch signal {
        case SIGTERM, SIGINT:
            isEnding = true
            log.write(.notice, "stopping")
            order(.stop)
        case SIGQUIT:
            isEnding = true
            let limit = generation.snapshot.process.shutdownTimeout.milliseconds
            log.write(.notice, "draining: sessions are closed evenly over \(LogText.seconds(limit)) s")
            order(.drain(milliseconds: limit))
        case SIGUSR1:
            log.write(.notice, "opening the logs again")
            services.logs.writer.reopen(log)
        case SIGHUP: reload()
        default: log.write(.warn, "signal \(signal) does nothing in this version")
        }
    }
}
