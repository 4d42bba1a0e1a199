import Foundation
import TestSupport
import Testing

@testable import Telemetry

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "RFC 3339 §5.6: known moments",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (-86_400_000, "1969-12-31T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"), (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-2_203_891_200_001, "1900-02-28T23:59:59.999Z"), (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (1_795_253_400_125, "2026-11-21T09:30:00.125Z"),
        ] as [(Int64, String)])
    func known(milliseconds: Int64, text: String) {
        #expect(Timestamp.iso8601(milliseconds) == text)
    }

    /// Foundation's text for whole seconds; fractions are left to integers.
    private func reference(_ milliseconds: Int64) -> String {
        let thousandths = ((milliseconds % 1000) + 1000) % 1000
        let date = Date(timeIntervalSince1970: Double((milliseconds - thousandths) / 1000))
        let whole = date.formatted(.iso8601)  // "…:00Z"
        let fraction = String(thousandths + 1000).dropFirst()
        return whole.dropLast() + "." + fraction + "Z"
    }

    @Test("As Foundation writes it, from 1700 to 2500", arguments: 1...10 as ClosedRange<UInt64>)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            let moment = Int64.random(in: -8_520_336_000_000...16_725_225_600_000, using: &random)
            #expect(Timestamp.iso8601(moment) == reference(moment), "seed \(seed) \(moment)")
        }
    }

    @Test(
        "RFC 9110 §5.6.7: an IMF-fixdate",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_827_696_999, "Tue, 29 Feb 2000 12:34:56 GMT"), (1_795_824_000_000, "Sat, 28 Nov 2026 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] as [(Int64, String)])
    func http(moment: Int64, text: String) {
        #expect(Timestamp.http(moment) == text)
    }

    @Test("The days around each end of February, from 1796 to 2104")
    func leapDays() {
        for year in 1796...2104 {
            let parts = DateComponents(timeZone: .gmt, year: year, month: 2, day: 28, hour: 12)
            guard let date = Calendar(identifier: .gregorian).date(from: parts) else { continue }
            for day in 0...2 as ClosedRange<Int64> {
                let moment = Int64(date.timeIntervalSince1970) * 1000 + day * 86_400_000
                #expect(Timestamp.iso8601(moment) == reference(moment))
            }
        }
    }
}
