import TestSupport
import Testing

@testable import Telemetry

@Suite("Folding of equal log messages")
struct LogFoldingTests {
    private var folding = LogFolding()

    /// How many of `count` lines at a time are written.
    private mutating func written(
        _ count: Int, of message: String = "m", level: Int = 3, subject: String = "", at now: Int64
    ) -> Int {
        (0..<count).count { _ in folding.take(level: level, subject: subject, message: message, at: now) == .write }
    }

    @Test("A message that comes now and then is always written")
    mutating func calm() {
        for second in 0..<100 as Range<Int64> { #expect(written(5, at: second * 1000) == 5) }
        #expect(folding.nextDue == nil)
        #expect(folding.flush(at: 100_000).isEmpty)
    }

    @Test("Of a storm five lines are written, then one that gives the number and the last of them")
    mutating func storm() {
        #expect(written(5, at: 100) == 5)
        #expect(folding.take(level: 3, subject: "a ", message: "m", at: 200) == .fold(isFirst: true))
        #expect(folding.take(level: 3, subject: "b ", message: "m", at: 300) == .fold(isFirst: false))
        #expect(folding.nextDue == 10_200)
        // However long it lasts, within the period nothing more is written.
        #expect(written(1000, subject: "c ", at: 9_000) == 0)
        #expect(folding.due(at: 10_199).isEmpty)
        let summary = LogFolding.Summary(level: 3, subject: "c ", text: "m (repeated 1002 times in the last 10 s)")
        #expect(folding.due(at: 10_200) == [summary])
        #expect(folding.nextDue == nil)
        #expect(folding.due(at: 30_000).isEmpty)
        // And from the beginning.
        #expect(written(7, at: 10_201) == 5)
        #expect(folding.nextDue == 20_201)
    }

    @Test("A summary that comes late counts all, and says over how long")
    mutating func late() {
        #expect(written(6, at: 0) == 5)
        #expect(written(6, at: 12_001) == 0)
        #expect(folding.due(at: 12_500).map(\.text) == ["m (repeated 7 times in the last 13 s)"])
    }

    @Test("One line that was kept back is written as it is")
    mutating func single() {
        #expect(written(6, subject: "a ", at: 0) == 5)
        #expect(folding.due(at: 10_000) == [LogFolding.Summary(level: 3, subject: "a ", text: "m")])
    }

    @Test("The same text at another level, or another text, is another message")
    mutating func others() {
        #expect(written(9, at: 0) == 5)
        #expect(written(9, level: 4, at: 0) == 5)
        #expect(written(9, of: "n", at: 0) == 5)
        let texts = folding.flush(at: 500).map { "\($0.level) \($0.text)" }.sorted()
        let note = "(repeated 4 times in the last 1 s)"
        #expect(texts == ["3 m \(note)", "3 n \(note)", "4 m \(note)"])
        #expect(folding.flush(at: 600).isEmpty && folding.nextDue == nil)
    }

    @Test("The oldest summary comes first, and only those that are due")
    mutating func order() {
        for (index, message) in ["c", "a", "b"].enumerated() { _ = written(7, of: message, at: Int64(index) * 100) }
        #expect(folding.due(at: 10_100).map { $0.text.prefix(1) } == ["c", "a"])
        #expect(folding.nextDue == 10_200)
        #expect(folding.due(at: 10_200).map { $0.text.prefix(1) } == ["b"])
    }

    @Test("Ever new messages are written, and take no more memory; a storm among them is folded all the same")
    mutating func bounded() {
        for index in 0..<10_000 {
            #expect(written(1, of: "new \(index)", at: 50) == 1)
            if index % 100 == 99 { _ = written(10, of: "storm", at: 50) }
        }
        #expect(folding.flush(at: 100).map(\.text) == ["storm (repeated 995 times in the last 1 s)"])
    }

    @Test("When all places are taken by storms, another is not folded, and none is lost")
    mutating func full() {
        for index in 0..<LogFolding.capacity { _ = written(6, of: "storm \(index)", at: 0) }
        #expect(written(100, of: "one more", at: 0) == 100)
        #expect(folding.due(at: 10_000).count == LogFolding.capacity)
        #expect(written(100, of: "one more", at: 10_001) == 5)
    }

    @Test("Whatever comes when, each line is written or counted once", arguments: 1...20 as ClosedRange<UInt64>)
    mutating func nothingIsLost(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (now, sum, expected) = (Int64(0), 0, 0)
        func count(_ summaries: [LogFolding.Summary]) -> Int {
            summaries.map { $0.text.split(separator: " ").compactMap { Int($0) }.first ?? 1 }.reduce(0, +)
        }
        for _ in 0..<20_000 {
            now += Int64.random(in: 0...100, using: &random) * (Int.random(in: 0...50, using: &random) == 0 ? 100 : 1)
            let message = "m\(Int.random(in: 0..<300, using: &random) / Int.random(in: 1...100, using: &random))"
            expected += 1
            if folding.take(level: 1, subject: "", message: message, at: now) == .write { sum += 1 }
            if let due = folding.nextDue, due <= now { sum += count(folding.due(at: now)) }
        }
        sum += count(folding.flush(at: now))
        #expect(sum == expected, "seed \(seed)")
    }
}
