import Testing

@testable import Telemetry

@Suite("Metric catalogue")
struct MetricCatalogueTests {
    @Test("Every name is there once, and none is what another one's samples are called")
    func unique() {
        let samples = MetricCatalogue.all.flatMap { metric in
            switch metric.kind {
            case .counter, .info: [metric.name, metric.sampleName]
            case .gauge: [metric.name]
            case .histogram: ["", "_bucket", "_sum", "_count"].map { metric.name + $0 }
            }
        }
        #expect(Set(samples).count == samples.count)
    }

    @Test("Names follow the rules of Prometheus and OpenMetrics", arguments: MetricCatalogue.all.map(\.name))
    func names(name: String) throws {
        let metric = try #require(MetricCatalogue.all.first { $0.name == name })
        #expect(name.hasPrefix("sluice_") || name.hasPrefix("process_"))
        #expect(name.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") })
        for suffix in ["_total", "_created", "_count", "_sum", "_bucket", "_info"] { #expect(!name.hasSuffix(suffix)) }
        if metric.kind == .histogram { #expect(metric.unit == "seconds") }
        for word in ["milliseconds", "microseconds", "minutes", "bits", "kilobytes", "percent"] {
            #expect(!name.contains(word), "not a base unit")
        }
    }

    @Test(
        "A help text is one sentence or more, in one line, the same in both formats",
        arguments: MetricCatalogue.all.map(\.help))
    func help(text: String) {
        #expect(text.hasSuffix(".") && text.first?.isLowercase == false)
        #expect(!text.contains { "\"\\\n\r".contains($0) })
    }

    @Test("Labels are snake_case, and no metric has one twice")
    func labels() {
        for label in MetricLabel.allCases {
            #expect(label.rawValue.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") })
        }
        for metric in MetricCatalogue.all {
            let labels = metric.labels.map(\.key)
            #expect(Set(labels).count == labels.count && metric.labels.allSatisfy { !$0.value.isEmpty })
        }
    }
}
