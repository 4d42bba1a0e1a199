import TestSupport
import Testing

@testable import Upstream

@Suite("Hash")
struct HashTests {
    @Test(
        "Fixed values: gateways of different versions must agree",
        arguments: [
            ("", 0xF52A_15E9_A9B5_E89B as UInt64),
            ("a", 0x02C0_BDBF_4814_20F8),
            ("client-1", 0x38B3_FD24_3825_1CB2),
            ("10.0.0.1:1883", 0xA7B3_76F3_0453_9629),
            ("Zähler/Küche", 0x8053_C0AD_A3F0_99FD),
        ])
    func fixed(text: String, expected: UInt64) {
        #expect(Hash.of(text.utf8) == expected)
    }

    @Test(
        "The finaliser of SplitMix64",
        arguments: [(0, 0), (1, 0x5692_161D_100B_05E5), (0x9E37_79B9_7F4A_7C15, 0xE220_A839_7B1D_CDAF)])
    func mix(word: UInt64, expected: UInt64) {
        #expect(Hash.mix(word) == expected)
    }

    @Test("Each bit of the word turns about half of the bits")
    func avalanche() {
        var random = SeededGenerator(seed: 1)
        for bit in 0..<64 as Range<UInt64> {
            var turned = 0
            for _ in 0..<200 {
                let word = random.next()
                turned += (Hash.mix(word) ^ Hash.mix(word ^ 1 << bit)).nonzeroBitCount
            }
            #expect((28...36).contains(turned / 200), "bit \(bit): \(turned)")
        }
    }

    @Test("Client ids that count up have numbers of their own")
    func distinct() {
        #expect(Set((0..<100_000).map(key)).count == 100_000)
    }
}
