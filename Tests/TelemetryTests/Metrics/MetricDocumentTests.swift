import Foundation
import Testing

@testable import Telemetry

/// docs/metrics.md and the files of deploy/ name metrics and labels that there are.
@Suite("Metrics in documents")
struct MetricDocumentTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// By the name that a query uses; each with its labels.
    static let samples: [String: Set<String>] = MetricCatalogue.all.reduce(into: [:]) { samples, metric in
        let labels = Set(metric.labels.map(\.key.rawValue))
        samples[metric.sampleName] = labels
        guard metric.kind == .histogram else { return }
        for suffix in ["_sum", "_count"] { samples[metric.name + suffix] = labels }
        samples["\(metric.name)_bucket"] = labels.union(["le"])
    }

    // MARK: docs/metrics.md

    @Test("Every metric has its row in docs/metrics.md", arguments: MetricCatalogue.all.map(\.name))
    func row(name: String) throws {
        let metric = try #require(MetricCatalogue.all.first { $0.name == name })
        let labels = metric.labels.map { "`\($0.key.rawValue)` (\($0.value))" }.joined(separator: ", ")
        let type = metric.kind == .info ? "gauge" : metric.kind.rawValue
        let row = "| `\(metric.sampleName)` | \(type) | \(labels.isEmpty ? "–" : labels) | \(metric.help) |"
        let rows = try Self.text("docs/metrics.md").split(separator: "\n").filter {
            $0.hasPrefix("| `\(metric.sampleName)` ")
        }
        #expect(rows.map(String.init) == [row])
    }

    static let documents = [
        "docs/metrics.md", "deploy/prometheus/sluice-scrape.yml", "deploy/prometheus/sluice-alerts.yml",
        "deploy/grafana/sluice-dashboard.json",
    ]

    @Test("No document names a metric that does not exist", arguments: documents)
    func names(path: String) throws {
        let text = try Self.text(path)
        let names = Set(text.matches(of: /\b(?:sluice|process)_[a-z_]*[a-z]\b/).map { String($0.output) })
        #expect(names.subtracting(Self.samples.keys) == [])
    }

    // MARK: Queries

    @Test("Queries select by labels that the metric has", arguments: documents)
    func selectors(path: String) throws {
        // JSON escapes the quotes.
        let text = try Self.text(path).replacing("\\\"", with: "\"")
        for match in text.matches(of: /\b((?:sluice|process)_[a-z_]*[a-z])\{([^}]*)\}/) {
            let labels = match.output.2.matches(of: /([a-z_]+)\s*(?:=~|!~|!=|=)/).map { String($0.output.1) }
            let own = Self.samples[String(match.output.1)] ?? []
            for label in labels { #expect(own.union(Self.ofScrapes).contains(label), "\(match.output.0)") }
        }
    }

    @Test("Queries aggregate by labels that there are", arguments: documents)
    func aggregations(path: String) throws {
        let all = Set(MetricLabel.allCases.map(\.rawValue)).union(Self.ofScrapes).union(["le"])
        for match in try Self.text(path).matches(of: /\b(?:by|without|on|ignoring|group_left)\s*\(([a-z_, ]*)\)/) {
            let labels = match.output.1.split(separator: ",").map { $0.filter { $0 != " " } }
            #expect(Set(labels).subtracting(all) == [])
        }
    }

    /// Prometheus adds these.
    private static let ofScrapes: Set<String> = ["job", "instance"]

    @Test("The dashboard is JSON, and every panel asks for something")
    func dashboard() throws {
        let data = Data(try Self.text("deploy/grafana/sluice-dashboard.json").utf8)
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let graphs = panels.filter { $0["type"] as? String != "row" }
        #expect(graphs.count >= 20)
        var places: Set<String> = []
        for panel in graphs {
            let title = try #require(panel["title"] as? String)
            let targets = try #require(panel["targets"] as? [[String: Any]], "\(title)")
            for target in targets { #expect((target["expr"] as? String)?.contains("sluice_") ?? false, "\(title)") }
            #expect(!targets.isEmpty, "\(title)")
            let place = try #require(panel["gridPos"] as? [String: Int], "\(title)")
            #expect(places.insert("\(place["x"] ?? -1) \(place["y"] ?? -1)").inserted, "\(title) is on another panel")
        }
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
    }
}
