import Telemetry
import Testing

@testable import Gateway

/// A page of metrics as a reader finds it.
struct MetricsText {
    /// By name and labels, as they are written.
    private(set) var samples: [String: String] = [:]
    /// As TYPE lines name them.
    private(set) var families: [String] = []

    init(_ input: MetricsInput, _ format: ExpositionFormat = .prometheus) throws {
        let text = String(decoding: MetricsPage.text(input, format), as: UTF8.self)
        for line in text.split(separator: "\n") where !line.hasPrefix("# HELP ") && !line.hasPrefix("# UNIT ") {
            guard !line.hasPrefix("# TYPE ") else {
                families.append(String(line.split(separator: " ")[2]))
                continue
            }
            guard let space = line.lastIndex(of: " "), line != "# EOF" else { continue }
            let name = String(line[..<space])
            #expect(
                samples.updateValue(String(line[line.index(after: space)...]), forKey: name) == nil, "\(name) twice")
        }
    }

    subscript(name: String) -> String? { samples[name] }

    /// The names of the labels of each sample, by the sample's name.
    var labels: [(name: String, labels: [String])] {
        samples.keys.map { key in
            guard let brace = key.firstIndex(of: "{") else { return (key, []) }
            return (String(key[..<brace]), key[brace...].matches(of: /[{,]([a-z_]+)="/).map { String($0.1) })
        }
    }
}

extension MetricsInput {
    /// Of loops that no thread runs, as they are now.
    init(_ loops: [LoopPointer], listeners: [String] = ["127.0.0.1:1"]) {
        self.init()
        self.listeners = listeners
        self.loops = loops.map { loop in
            Loop(
                figures: loop.pointee.currentFigures(turns: Histogram()),
                counters: LoopCounters())
        }
        for loop in loops {
            var census = ConnectionCensus()
            while !census.isComplete { loop.pointee.count(&census) }
            self.census.add(census)
        }
    }
}
