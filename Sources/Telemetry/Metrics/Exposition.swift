/// Writes metrics as the text that Prometheus reads: one family after the other, each with its samples.
///
///     begin(metric) ─▶ sample(…)… ─▶ begin(next) … ─▶ finish()
///
/// Prometheus text format 0.0.4, and OpenMetrics 1.0.0 without exemplars and without `_created`.
package struct Exposition: Sendable {
    package let format: ExpositionFormat
    private var bytes: [UInt8] = []
    private var sampleName = ""

    /// `capacity`: bytes that the page will probably have.
    package init(_ format: ExpositionFormat, capacity: Int = 0) {
        self.format = format
        bytes.reserveCapacity(capacity)
    }

    // MARK: Families

    /// Begins a family: everything up to the next `begin` is its samples. Each family comes once.
    package mutating func begin(_ metric: Metric) {
        sampleName = metric.sampleName
        let name = format == .openMetrics ? metric.name : sampleName
        write("# HELP ", name, " ", metric.help, "\n")
        // The older format does not know the type.
        let kind = format == .prometheus && metric.kind == .info ? Metric.Kind.gauge : metric.kind
        write("# TYPE ", name, " ", kind.rawValue, "\n")
        if format == .openMetrics, let unit = metric.unit { write("# UNIT ", name, " ", unit, "\n") }
    }

    /// The whole page.
    package consuming func finish() -> [UInt8] {
        if format == .openMetrics { write("# EOF\n") }
        return bytes
    }

    // MARK: Samples

    package mutating func sample(_ labels: MetricLabels, _ value: some BinaryInteger) {
        begin(sampleName, labels)
        end(String(value))
    }

    package mutating func sample(_ labels: MetricLabels, _ value: Bool) { sample(labels, value ? 1 : 0) }

    /// A share, or another number with a fraction. Finite.
    package mutating func sample(_ labels: MetricLabels = [:], fraction value: Double) {
        begin(sampleName, labels)
        end("\(value)")
    }

    /// A time, in seconds.
    package mutating func sample(_ labels: MetricLabels = [:], microseconds: some BinaryInteger) {
        begin(sampleName, labels)
        end(Self.seconds(microseconds: Int64(clamping: microseconds)))
    }

    /// A moment, or a time, that is known to the millisecond; in seconds.
    package mutating func sample(_ labels: MetricLabels = [:], milliseconds: some BinaryInteger) {
        let (value, isTooLarge) = Int64(clamping: milliseconds).multipliedReportingOverflow(by: 1000)
        sample(labels, microseconds: isTooLarge ? Int64.max : value)
    }

    /// The buckets of a histogram, its sum and its count.
    package mutating func histogram(_ labels: MetricLabels = [:], _ histogram: Histogram) {
        let (bucketName, bounds) = ("\(sampleName)_bucket", histogram.bounds.texts)
        var total: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            total &+= count
            begin(bucketName, labels, bound: index < bounds.count ? bounds[index] : "+Inf")
            end(String(total))
        }
        begin("\(sampleName)_sum", labels)
        end(Self.seconds(microseconds: histogram.sum))
        begin("\(sampleName)_count", labels)
        end(String(total))
    }

    private mutating func begin(_ name: String, _ labels: MetricLabels, bound: String? = nil) {
        write(name)
        guard bound != nil || !labels.text.isEmpty else { return }
        write("{")
        bytes.append(contentsOf: labels.text)
        if let bound { write(labels.text.isEmpty ? "le=\"" : ",le=\"", bound, "\"") }
        write("}")
    }

    private mutating func end(_ value: String) { write(" ", value, "\n") }

    private mutating func write(_ parts: String...) { for part in parts { bytes.append(contentsOf: part.utf8) } }

    /// Microseconds as seconds, with as many places as it takes and at least one: "1.0", "0.00025".
    static func seconds(microseconds: Int64) -> String {
        let value = max(0, microseconds)
        var places = LogText.padded(value % 1_000_000, 6)[...]
        while places.count > 1, places.last == "0" { places.removeLast() }
        return "\(value / 1_000_000).\(places)"
    }
}
