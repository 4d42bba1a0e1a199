import Telemetry
import Wire

/// Answers a request for metrics. The admin thread's.
extension AdminDesk {
    func metrics(_ request: AdminRequest) throws(Problem) -> AdminResponse {
        guard request.path.isEmpty else { throw .notFound("The metrics are at the path above.") }
        guard request.method == "GET" || request.method == "HEAD" else {
            throw Problem(
                status: .methodNotAllowed, detail: "Metrics are only for reading.",
                fields: [HTTPField("Allow", "GET, HEAD")])
        }
        let format = ExpositionFormat(accept: request.head.first("accept"))
        return AdminResponse(
            status: .ok,
            fields: [HTTPField("Content-Type", format.contentType), HTTPField("Vary", "Accept")],
            body: MetricsPage.text(world.metricsInput(), format))
    }
}

extension AdminWorld {
    /// Asks every loop, and waits for all of them.
    func metricsInput() -> MetricsInput {
        var input = MetricsInput()
        let figures: [LoopFigures] = askAll { .figures(reply: $0) }
        input.loops = figures.compactMap { figures in
            loops.first { $0.index == figures.index }.map { MetricsInput.Loop(figures: figures, counters: $0.counters) }
        }
        let censuses: [ConnectionCensus] = askAll { .census(ConnectionCensus(), reply: $0) }
        for census in censuses { input.census.add(census) }
        input.listeners = generation.addresses.map(\.text)
        input.droppedLines = services.logs.writer.droppedByTarget.map { (log: $0.description, count: $1) }
            .sorted { $0.log < $1.log }
        input.process = services.process.probe.read()
        input.history = services.process.state
        input.droppedLines = services.logs.writer.droppedByTarget.map { ($0.key.description, $0.value) }
            .sorted { $0.log < $1.log }
        input.certificates = generation.certificates.map { served in
            MetricsInput.Certificate(
                serverName: served.serverName, file: served.facts.file, expiresAt: served.facts.notAfter)
        }
        return input
    }
}
