/// A family of metrics, as Prometheus and OpenMetrics know it: its name, what it counts, and its labels.
package struct Metric: Sendable {
    package enum Kind: String, Sendable {
        /// Never falls while the process lives.
        case counter
        case gauge
        case histogram
        /// Always 1: its labels are what it tells.
        case info
    }

    /// The family's name, without the suffixes of its samples: `_total`, `_bucket`, `_info` and so on.
    package let name: String
    package let kind: Kind
    /// What it means, in one sentence without quotes and backslashes, which the two formats escape differently.
    package let help: String
    /// In the order in which the samples carry them; each with where its values come from.
    package let labels: KeyValuePairs<MetricLabel, String>

    /// The base unit that the name ends with; nil: a plain number.
    package var unit: String? { Self.units.first { name.hasSuffix("_\($0)") } }

    private static let units = ["seconds", "bytes", "ratio"]

    /// As queries name it; a histogram has `_bucket`, `_sum` and `_count` after this.
    package var sampleName: String {
        switch kind {
        case .counter: "\(name)_total"
        case .info: "\(name)_info"
        case .gauge, .histogram: name
        }
    }

    static func counter(_ name: String, _ help: String, _ labels: KeyValuePairs<MetricLabel, String> = [:]) -> Metric {
        Metric(name: name, kind: .counter, help: help, labels: labels)
    }

    static func gauge(_ name: String, _ help: String, _ labels: KeyValuePairs<MetricLabel, String> = [:]) -> Metric {
        Metric(name: name, kind: .gauge, help: help, labels: labels)
    }

    static func histogram(_ name: String, _ help: String, _ labels: KeyValuePairs<MetricLabel, String> = [:]) -> Metric
    {
        Metric(name: name, kind: .histogram, help: help, labels: labels)
    }

    static func info(_ name: String, _ help: String, _ labels: KeyValuePairs<MetricLabel, String>) -> Metric {
        Metric(name: name, kind: .info, help: help, labels: labels)
    }
}

/// The labels of one sample, written once, however many samples carry them.
package struct MetricLabels: ExpressibleByDictionaryLiteral, Sendable {
    /// `name="value",name="value"`
    let text: [UInt8]

    package init(dictionaryLiteral pairs: (MetricLabel, String)...) {
        var text: [UInt8] = []
        for (label, value) in pairs {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: label.rawValue.utf8)
            text.append(contentsOf: "=\"".utf8)
            Self.escape(value, into: &text)
            text.append(UInt8(ascii: "\""))
        }
        self.text = text
    }

    private init(text: [UInt8]) { self.text = text }

    /// These, and one more after them.
    package func with(_ label: MetricLabel, _ value: String) -> MetricLabels {
        let other: MetricLabels = [label: value]
        return MetricLabels(text: text.isEmpty ? other.text : text + [UInt8(ascii: ",")] + other.text)
    }

    /// Both formats escape the same: backslash, quote and the end of a line.
    private static func escape(_ value: String, into text: inout [UInt8]) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): text.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\""): text.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\n"): text.append(contentsOf: "\\n".utf8)
            default: text.append(byte)
            }
        }
    }
}
