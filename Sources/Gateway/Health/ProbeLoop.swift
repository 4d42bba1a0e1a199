import Configuration
import Control
import Reactor
import TLS
import Telemetry
import Upstream

/// The prober's thread: begins probes when they are due, and takes what comes of them.
final class ProbeLoop {
    private var poller: Poller
    private let mailbox: Mailbox<ProbeOrder>
    private let log: ErrorLog
    private let control: ControlLoop
    private let report: (_ pool: Int, _ peer: Int, PeerHealth) -> Void
    private var peers: [ProbedPeer] = []
    /// Peers with a probe under way.
    private var bySerial: [UInt64: ProbedPeer] = [:]
    private var lastSerial: UInt64 = 0
    private var isStopping = false
    private var skippedAt: Int64?
    /// Tells this gateway's client identifiers from those of others.
    private let identity = Digest.randomWord()
    private let services = HTTPPool(connections: 256, queue: 4096)

    private static let mailboxWord: UInt64 = 0
    /// Milliseconds between two lines about probes that the gateway could not make.
    private static let skipInterval: Int64 = 60_000

    init(
        _ mailbox: Mailbox<ProbeOrder>, log: ErrorLog, control: ControlLoop,
        report: @escaping (_ pool: Int, _ peer: Int, PeerHealth) -> Void
    ) throws(SystemError) {
        poller = try Poller()
        self.mailbox = mailbox
        self.log = log
        self.control = control
        self.report = report
        try poller.add(mailbox.descriptor, Events(reading: true, writing: false), word: Self.mailboxWord)
    }

    func run() throws(SystemError) {
        while true {
            let count = try poller.wait(milliseconds: waitTime())
            for index in 0..<count {
                let (word, events) = poller.event(index)
                if word == Self.mailboxWord { obey() } else { handle(word, events) }
            }
            if isStopping { return }
            let now = monotonicMilliseconds()
            endOverdue(now)
            for peer in peers where peer.dueAt <= now && peer.probe == nil { begin(peer, now) }
        }
    }

    private func waitTime() -> Int32 {
        var next = Int64.max
        for peer in peers {
            guard let probe = peer.probe else {
                next = min(next, peer.dueAt)
                continue
            }
            next = min(next, probe.isClosing ? probe.closeDeadline : limit(probe))
        }
        guard next < .max else { return -1 }
        return Int32(truncatingIfNeeded: min(max(0, next - monotonicMilliseconds()), 60_000))
    }

    // MARK: Orders

    private func obey() {
        for order in mailbox.take() {
            switch order {
            case .stop: isStopping = true
            case .watch(let pool, let plan, let targets): watch(pool, plan, targets)
            case .forget(let pool): replace(pool, by: [])
            case .answered(let serial, let outcome):
                guard let peer = bySerial[serial] else { continue }
                conclude(peer, outcome)
            }
        }
    }

    private func watch(_ pool: Int, _ plan: ProbePlan, _ targets: [ProbeTarget]) {
        let now = monotonicMilliseconds()
        let old = peers.filter { $0.target.pool == pool }
        var new: [ProbedPeer] = []
        for (order, target) in targets.enumerated() {
            let suffix = LogText.connectionID(Hash.mix(identity ^ Hash.of("\(pool) \(target.text)".utf8))).prefix(8)
            let clientID = plan.settings.clientIDPrefix + suffix
            guard let known = old.first(where: { $0.target.peer == target.peer && $0.target.text == target.text })
            else {
                new.append(
                    ProbedPeer(
                        target, plan, clientID: clientID, dueIn: { $0.first(order, of: targets.count) }, now: now))
                continue
            }
            let before = known.health
            known.adopt(target, plan, clientID: clientID, now: now)
            if known.health != before { report(pool, target.peer, known.health) }
            new.append(known)
        }
        replace(pool, by: new)
    }

    /// Those that are no longer probed count as they did before: nothing will tell when they are healthy again.
    private func replace(_ pool: Int, by new: [ProbedPeer]) {
        let kept = Set(new.map(ObjectIdentifier.init))
        for peer in peers where peer.target.pool == pool && !kept.contains(ObjectIdentifier(peer)) {
            if peer.health != PeerHealth() { report(pool, peer.target.peer, PeerHealth()) }
            forget(peer)
        }
        peers.removeAll { $0.target.pool == pool }
        peers += new
    }

    // MARK: Probes

    private func begin(_ peer: ProbedPeer, _ now: Int64) {
        lastSerial += 1
        let probe = Probe(peer, serial: lastSerial, now: now)
        peer.dueAt = now + peer.schedule.next(random: Digest.randomWord())
        peer.probe = probe
        bySerial[lastSerial] = peer
        if peer.plan.settings.kind == .http { return ask(peer, probe) }
        if let outcome = probe.begin(poller.descriptor, turn: Int(truncatingIfNeeded: lastSerial)) {
            conclude(peer, outcome)
        }
    }

    private func ask(_ peer: ProbedPeer, _ probe: Probe) {
        let settings = peer.plan.settings
        var request = HTTPRequest(url: "http://\(CompactAddress(peer.address).text)\(settings.uri)", pool: services)
        request.timeout = settings.timeout.milliseconds
        request.largestAnswer = 64 * 1024
        let (mailbox, serial) = (mailbox, probe.serial)
        control.fetch(request) { result in
            switch result {
            case .success(let answer) where settings.statuses.contains(answer.status):
                mailbox.post(.answered(serial: serial, .passed))
            case .success(let answer):
                let detail = "\(settings.uri) answered with status \(answer.status)"
                mailbox.post(.answered(serial: serial, .failed(detail)))
            case .failure(let failure) where failure.kind == .cancelled: break  // the gateway stops
            case .failure(let failure) where failure.kind == .queueFull:
                mailbox.post(.answered(serial: serial, .skipped(failure.detail)))
            case .failure(let failure): mailbox.post(.answered(serial: serial, .failed(failure.detail)))
            }
        }
    }

    private func handle(_ serial: UInt64, _ events: Events) {
        guard let peer = bySerial[serial], let probe = peer.probe else { return }
        if let outcome = probe.handle(poller.descriptor, events, now: monotonicMilliseconds()) {
            conclude(peer, outcome)
        } else if probe.isOver {
            forget(peer)
        }
    }

    private func endOverdue(_ now: Int64) {
        for peer in peers {
            guard let probe = peer.probe else { continue }
            if probe.isClosing {
                if now >= probe.closeDeadline { forget(peer) }
            } else if now >= limit(probe) {
                conclude(peer, .failed(probe.timeoutWords))
            }
        }
    }

    /// When a probe is given up. The HTTP client keeps the time itself, and knows better what was missing.
    private func limit(_ probe: Probe) -> Int64 {
        probe.isHTTP ? probe.deadline + 1000 : probe.deadline
    }

    /// Its socket closes with it.
    private func forget(_ peer: ProbedPeer) {
        guard let probe = peer.probe else { return }
        bySerial[probe.serial] = nil
        peer.probe = nil
    }

    private func conclude(_ peer: ProbedPeer, _ outcome: Probe.Outcome) {
        if !(peer.probe?.isClosing ?? false) || peer.probe?.isOver ?? true { forget(peer) }
        switch outcome {
        case .passed: record(peer, failure: nil)
        case .failed(let reason): record(peer, failure: LogText.escape(reason))
        case .skipped(let reason):
            let now = monotonicMilliseconds()
            guard skippedAt.map({ now - $0 >= Self.skipInterval }) ?? true else { return }
            skippedAt = now
            log.write(.error, "health checks cannot run: \(reason)")
        }
    }

    private func record(_ peer: ProbedPeer, failure: String?) {
        let target = peer.target
        if let failure {
            log.write(.debug, "upstream \(target.name): probe of server \(target.text) failed: \(failure)")
        }
        let before = peer.health
        let isChange = peer.check.record(passed: failure == nil)
        if isChange { logChange(peer, failure) }
        if peer.health != before { report(target.pool, target.peer, peer.health) }
    }

    private func logChange(_ peer: ProbedPeer, _ failure: String?) {
        let target = peer.target
        if let failure {
            let fails = peer.plan.settings.fails
            let times = fails == 1 ? "a probe" : "\(fails) probes"
            log.write(.warn, "upstream \(target.name): server \(target.text) is unhealthy, \(times) failed: \(failure)")
        } else {
            log.write(.notice, "upstream \(target.name): server \(target.text) is healthy again")
        }
    }
}
