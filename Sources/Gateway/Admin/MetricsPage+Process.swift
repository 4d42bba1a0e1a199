import TLS
import Telemetry

/// Logs, the configuration, certificates, and the process.
extension MetricsPage {
    mutating func writeProcess() {
        page.begin(MetricCatalogue.draining)
        page.sample([:], input.history.isDraining)
        page.begin(MetricCatalogue.linesDropped)
        for (log, count) in input.droppedLines { page.sample([.log: log], count) }
        writeConfiguration()
        page.begin(MetricCatalogue.certificateExpiry)
        // Two servers may have the same.
        var written: Set<MetricsInput.Certificate> = []
        for certificate in input.certificates where written.insert(certificate.withoutTime).inserted {
            page.sample(
                [.serverName: certificate.serverName, .file: certificate.file], milliseconds: certificate.expiresAt)
        }
        page.begin(MetricCatalogue.build)
        page.sample([.version: Build.version, .swift: Build.compiler, .openssl: TLS.Library.version], 1)
        writeSystem()
    }

    private mutating func writeConfiguration() {
        let history = input.history
        page.begin(MetricCatalogue.generation)
        page.sample([:], history.generation)
        page.begin(MetricCatalogue.loadedAt)
        page.sample(milliseconds: history.loadedAt)
        page.begin(MetricCatalogue.lastReload)
        page.sample([:], (history.lastFailure?.at ?? .min) <= history.loadedAt)
        page.begin(MetricCatalogue.reloads)
        page.sample([.result: "success"], history.succeeded)
        page.sample([.result: "failure"], history.failed)
    }

    private mutating func writeSystem() {
        let process = input.process
        page.begin(MetricCatalogue.cpuSeconds)
        if let time = process.cpuMicroseconds { page.sample(microseconds: time) }
        page.begin(MetricCatalogue.residentMemory)
        if let size = process.residentMemory { page.sample([:], size) }
        page.begin(MetricCatalogue.virtualMemory)
        if let size = process.virtualMemory { page.sample([:], size) }
        page.begin(MetricCatalogue.openDescriptors)
        if let count = process.openDescriptors { page.sample([:], count) }
        page.begin(MetricCatalogue.descriptorLimit)
        if let limit = process.descriptorLimit { page.sample([:], limit) }
        page.begin(MetricCatalogue.startTime)
        page.sample(milliseconds: input.history.startedAt)
    }
}

extension MetricsInput.Certificate {
    fileprivate var withoutTime: Self { Self(serverName: serverName, file: file, expiresAt: 0) }
}
