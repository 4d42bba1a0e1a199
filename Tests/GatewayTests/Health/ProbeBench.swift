import Configuration
import Control
import Reactor
import Testing
import Wire

@testable import Gateway

/// A prober with its log and what it reports.
final class ProbeBench {
    struct Report: Equatable, Sendable {
        let pool: Int
        let peer: Int
        let isHealthy: Bool

        init(_ pool: Int, _ peer: Int, _ isHealthy: Bool) {
            self.pool = pool
            self.peer = peer
            self.isHealthy = isHealthy
        }
    }

    private let folder: TemporaryFolder
    private let writer: LogWriter
    private let control: ControlLoop
    private let prober: Prober
    private let mailbox: Mailbox<Seen>
    private var waiting: [Report] = []
    /// The last of each peer.
    private var last: [Report] = []
    /// What was reported besides, in order: whether the last probe has seen it serve.
    private(set) var vouchers: [Bool] = []

    private struct Seen {
        let report: Report
        let isVouchedFor: Bool
    }

    init() throws {
        let mailbox = try Mailbox<Seen>()
        self.mailbox = mailbox
        folder = try TemporaryFolder()
        writer = try LogWriter()
        let log = ErrorLog(file: try writer.file(.file(folder.path + "/error.log")), level: .debug)
        control = try ControlLoop()
        prober = try Prober(log: log, control: control)
        try writer.start()
        try control.start()
        try prober.start { pool, peer, health in
            mailbox.post(Seen(report: Report(pool, peer, health.isHealthy), isVouchedFor: health.isVouchedFor))
        }
    }

    /// Quick probes: every 20 ms, half a second each, and one that fails or passes is enough.
    static func settings(
        _ kind: HealthCheckSettings.Kind, _ change: (inout HealthCheckSettings) -> Void = { _ in }
    ) -> HealthCheckSettings {
        var settings = HealthCheckSettings(kind: kind)
        settings.interval = .milliseconds(20)
        settings.timeout = .milliseconds(500)
        (settings.fails, settings.passes) = (1, 1)
        change(&settings)
        return settings
    }

    /// Probes these brokers from now on, in place of those before.
    func watch(
        _ settings: HealthCheckSettings, _ brokers: [StandInBroker], pool: Int = 0, password: [UInt8]? = nil,
        source: [SocketAddress] = [], proxyHeader: ProxyHeader.Version? = nil
    ) {
        let plan = ProbePlan(settings: settings, password: password, proxyHeader: proxyHeader)
        let targets = brokers.enumerated().map { index, broker in
            ProbeTarget(
                pool: pool, peer: index, name: "brokers", text: broker.text, address: broker.address, source: source)
        }
        prober.watch(pool: pool, plan, targets: targets)
    }

    func forget(pool: Int = 0) { prober.forget(pool: pool) }

    /// The next change of a peer's state; nil: none came in time.
    func nextReport() -> Report? {
        while waiting.isEmpty, waitReadable(mailbox.descriptor, milliseconds: patience) { take() }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Reports that nobody has asked for yet.
    var otherReports: [Report] {
        take()
        return waiting
    }

    /// A peer is healthy at first.
    private func take() {
        for seen in mailbox.take() {
            vouchers.append(seen.isVouchedFor)
            let before = last.last { $0.pool == seen.report.pool && $0.peer == seen.report.peer }
            last.append(seen.report)
            if !seen.report.isHealthy || before?.isHealthy == false { waiting.append(seen.report) }
        }
    }

    func stopProber() { prober.stop() }

    /// Ends all. Returns what the log has, lines of single probes that failed included.
    func stop() throws -> [String] {
        prober.stop()
        control.stop()
        writer.stop()
        return try folder.read("error.log").split(separator: "\n").map(String.init)
    }
}
