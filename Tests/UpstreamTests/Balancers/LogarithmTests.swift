import Foundation
import TestSupport
import Testing

@testable import Upstream

@Suite("Logarithm in whole numbers")
struct LogarithmTests {
    private func exact(_ word: UInt64) -> Double { 64 - log2(Double(word) + 1) }

    private func found(_ word: UInt64) -> Double { Double(Logarithm.cost(word)) / 4_294_967_296 }

    @Test("-log2 of the word's part of 2^64, within 0.00001", arguments: 0..<64)
    func close(shift: Int) {
        var random = SeededGenerator(seed: UInt64(shift))
        for _ in 0..<1_000 {
            let word = random.next() >> UInt64(shift)
            // The word 0 counts as one half: Foundation's value would be that of 1.
            if word > 1 << 20 { #expect(abs(found(word) - exact(word)) < 1e-5, "\(word)") }
        }
        let power = 1 << UInt64(shift) as UInt64
        #expect(Logarithm.cost(power) == UInt64(64 - shift) << 32 + 1)
    }

    @Test("Never 0, below 2^39, and the ends")
    func ends() {
        #expect(Logarithm.cost(.max) == 2)
        #expect(Logarithm.cost(0) == 64 << 32)
        #expect(Logarithm.cost(1) == 64 << 32 + 1)
        #expect(Logarithm.cost(0) < 1 << 39)
    }

    @Test("The lowest cost is never above the cost")
    func lowest() {
        var random = SeededGenerator(seed: 8)
        let near = (0..<64).flatMap { shift in [UInt64.max >> UInt64(shift), UInt64.max << UInt64(shift)] }
        for word in near + (0..<20_000).map({ _ in random.next() | random.next() }) + (0..<4_096).map({ ~$0 << 20 }) {
            #expect(Logarithm.lowestCost(word) <= Logarithm.cost(word), "\(word)")
        }
    }

    @Test("A greater word never costs more")
    func monotone() {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<20_000 {
            let word = random.next() >> UInt64.random(in: 0..<40, using: &random)
            let step = 1 + random.next() >> UInt64.random(in: 20..<64, using: &random)
            let (next, overflow) = word.addingReportingOverflow(step)
            if !overflow { #expect(Logarithm.cost(next) <= Logarithm.cost(word), "\(word) \(step)") }
        }
        // Over the borders of the table's slots.
        for slot in 1...255 as ClosedRange<UInt64> {
            let border = (256 + slot) << 55
            #expect(Logarithm.cost(border) <= Logarithm.cost(border - 1))
            #expect(Logarithm.cost(border + 1) <= Logarithm.cost(border))
        }
    }

    @Test("Fixed values: another number would send keys to other peers")
    func fixed() {
        let words: [UInt64] = [
            0x8000_0000_0000_0000, 0xC000_0000_0000_0000, 0xFFFF_0000_0000_0000, 0x1234_5678_9ABC_DEF0,
        ]
        #expect(words.map(Logarithm.cost) == [1 << 32 + 1, 1_782_572_488, 94_642, 16_380_072_701])
    }
}
