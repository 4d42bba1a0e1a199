import Access
import Telemetry
import Tunnel
import Wire

/// The page of metrics, from what was collected: every family of the catalogue, in its order. Pure.
struct MetricsPage {
    let input: MetricsInput
    var page: Exposition

    /// UTF-8. A family of which nothing is known has no samples.
    static func text(_ input: MetricsInput, _ format: ExpositionFormat) -> [UInt8] {
        var page = MetricsPage(input: input, page: Exposition(format, capacity: 64 * 1024))
        page.writeConnections()
        page.writeAdmission()
        page.writeTraffic()
        page.writeUpstreams()
        page.writeLoops()
        page.writeProcess()
        return page.page.finish()
    }

    // MARK: Connections

    private mutating func writeConnections() {
        page.begin(MetricCatalogue.connections)
        for (index, listener) in input.listeners.enumerated() {
            let counts = index < input.census.counts.count ? input.census.counts[index] : [:]
            for state in ConnectionState.allCases {
                page.sample([.listener: listener, .state: state.rawValue], counts[state] ?? 0)
            }
        }
        page.begin(MetricCatalogue.accepted)
        for (index, listener) in input.listeners.enumerated() {
            page.sample([.listener: listener], sum { index < $0.accepted.count ? $0.accepted[index] : 0 })
        }
        page.begin(MetricCatalogue.handshakes)
        let handshakes = total(\.handshakes).sorted { $0.key.order < $1.key.order }
        for (kind, count) in handshakes {
            page.sample(
                [.version: kind.version, .group: kind.group, .resumed: kind.isResumed ? "yes" : "no"], count)
        }
        write(MetricCatalogue.handshakeFailures, .reason, total(\.handshakeFailures))
        page.begin(MetricCatalogue.responses)
        for (code, count) in total(\.responses).sorted(by: { $0.key < $1.key }) {
            page.sample([.code: String(code)], count)
        }
        write(MetricCatalogue.upgradesRefused, .reason, total(\.upgradesRefused))
        page.begin(MetricCatalogue.ends)
        for cause in EndCause.allCases { page.sample([.cause: cause.rawValue], count { $0[cause] }) }
    }

    // MARK: Who is allowed in

    private mutating func writeAdmission() {
        page.begin(MetricCatalogue.connects)
        let connects = total(\.connects)
        for version in ProtocolVersion.allCases { page.sample([.version: version.name], connects[version] ?? 0) }
        page.begin(MetricCatalogue.connectsRefused)
        for (refusal, count) in total(\.connectsRefused).sorted(by: { $0.key.order < $1.key.order }) {
            page.sample([.cause: refusal.cause.rawValue, .code: refusal.codeText], count)
        }
        writeLimitsRefused()
        let methods = Deliberation.Method.allCases.map { method in
            (method.rawValue, input.loops.compactMap { $0.figures.methods[method] })
        }.filter { !$0.1.isEmpty }
        page.begin(MetricCatalogue.verdicts)
        for (name, figures) in methods {
            for result in AuthResult.allCases {
                page.sample(
                    [.method: name, .result: result.rawValue],
                    figures.reduce(0 as UInt64) { $0 &+ ($1.results[result] ?? 0) })
            }
        }
        page.begin(MetricCatalogue.verdictDuration)
        for (name, figures) in methods { page.histogram([.method: name], Histogram(adding: figures.map(\.duration))) }
        page.begin(MetricCatalogue.sessions)
        page.sample([:], count { $0[.sessions] })
    }

    // MARK: Loops

    private mutating func writeLoops() {
        let loops = input.loops.map { (labels: [.loop: String($0.figures.index)] as MetricLabels, loop: $0) }
        page.begin(MetricCatalogue.turns)
        for (labels, loop) in loops { page.sample(labels, loop.counters[.turns]) }
        page.begin(MetricCatalogue.busySeconds)
        for (labels, loop) in loops { page.sample(labels, microseconds: loop.counters[.busyMicroseconds]) }
        page.begin(MetricCatalogue.turnDuration)
        for (labels, loop) in loops { page.histogram(labels, loop.figures.turns) }
    }

    // MARK: Over all loops

    /// One sample for each case, also for those that have never come about: a rate needs their 0.
    private mutating func write<Key: CaseIterable & RawRepresentable<String> & Hashable>(
        _ metric: Metric, _ label: MetricLabel, _ counts: [Key: UInt64]
    ) {
        page.begin(metric)
        for key in Key.allCases {
            let labels: MetricLabels = [label: key.rawValue]
            page.sample(labels, counts[key] ?? 0)
        }
    }

    func count(_ word: (LoopCounters) -> UInt64) -> UInt64 { input.loops.reduce(0) { $0 &+ word($1.counters) } }

    func sum(_ number: (LoopFigures) -> UInt64) -> UInt64 { input.loops.reduce(0) { $0 &+ number($1.figures) } }

    private func total<Key: Hashable>(_ table: (LoopFigures) -> [Key: UInt64]) -> [Key: UInt64] {
        input.loops.reduce(into: [:]) { $0.merge(table($1.figures), uniquingKeysWith: &+) }
    }
}

extension LoopFigures.Handshake {
    fileprivate var order: (String, String, Int) { (version, group, isResumed ? 0 : 1) }
}

extension LoopFigures.Refusal {
    fileprivate var order: (String, UInt8) { (cause.rawValue, code ?? 0) }
}
