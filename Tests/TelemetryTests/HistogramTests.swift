import Testing

@testable import Telemetry

@Suite("Histogram")
struct HistogramTests {
    @Test(
        "Each time is counted in the class whose end it does not pass",
        arguments: Histogram.Bounds.work.microseconds.indices)
    func classes(index: Int) {
        var histogram = Histogram()
        histogram.record(microseconds: Histogram.Bounds.work.microseconds[index])
        histogram.record(microseconds: Histogram.Bounds.work.microseconds[index] + 1)
        #expect(histogram.counts[index] == 1 && histogram.counts[index + 1] == 1)
        #expect(histogram.total == 2 && histogram.longest == Histogram.Bounds.work.microseconds[index] + 1)
        #expect(histogram.sum == 2 * Histogram.Bounds.work.microseconds[index] + 1)
    }

    @Test("How many took longer")
    func above() {
        var histogram = Histogram()
        for time: Int64 in [0, 10, 4999, 5000, 5001, 7000, 2_000_000] { histogram.record(microseconds: time) }
        #expect(histogram.count(above: 5000) == 3)
        #expect(histogram.count(above: 10) == 5)
        #expect(histogram.count(above: 1_000_000) == 1)
    }

    @Test("Those of several loops are added up")
    func add() {
        var (first, second) = (Histogram(), Histogram())
        first.record(microseconds: 20)
        second.record(microseconds: 20)
        second.record(microseconds: 90_000)
        first.add(second)
        #expect(first.total == 3 && first.longest == 90_000 && first.sum == 90_040)
        #expect(first.counts[1] == 2)
    }
}
