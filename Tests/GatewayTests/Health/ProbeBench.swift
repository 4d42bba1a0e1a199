import Configuration
import Control
import Reactor
import Testing

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
    private let mailbox: Mailbox<Report>
    private var waiting: [Report] = []

    init() throws {
        let mailbox = try Mailbox<Report>()
        self.mailbox = mailbox
        folder = try TemporaryFolder()
        writer = try LogWriter()
        let log = ErrorLog(file: try writer.file(folder.path + "/error.log"), level: .debug)
        control = try ControlLoop()
        prober = try Prober(log: log, control: control) { pool, peer, isHealthy in
            mailbox.post(Report(pool, peer, isHealthy))
        }
        try writer.start()
        try control.start()
        try prober.start()
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
        source: [SocketAddress] = [],
        header: @escaping @Sendable (SocketAddress, SocketAddress) -> [UInt8] = { _, _ in [] }
    ) {
        let plan = ProbePlan(settings: settings, password: password, header: header)
        let targets = brokers.enumerated().map { index, broker in
            ProbeTarget(
                pool: pool, peer: index, name: "brokers", text: broker.text, address: broker.address, source: source)
        }
        prober.watch(pool: pool, plan, targets: targets)
    }

    /// The next change of a peer's state; nil: none came in time.
    func nextReport() -> Report? {
        if waiting.isEmpty, waitReadable(mailbox.descriptor, milliseconds: patience) { waiting += mailbox.take() }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Reports that nobody has asked for yet.
    var otherReports: [Report] { waiting + mailbox.take() }

    func stopProber() { prober.stop() }

    /// Ends all. Returns what the log has, lines of single probes that failed included.
    func stop() throws -> [String] {
        prober.stop()
        control.stop()
        writer.stop()
        return try folder.read("error.log").split(separator: "\n").map(String.init)
    }
}
