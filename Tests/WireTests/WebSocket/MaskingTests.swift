import TestSupport
import Testing

@testable import Wire

@Suite("RFC 6455 §5.3: masking")
struct MaskingTests {
    private static let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    @Test("Every alignment and length, in place and moved down", arguments: 0..<8)
    func everyAlignment(alignment: Int) {
        for count in 0...70 {
            for shift in [0, 1, 2, 3, 4, 6, 7, 8, 9, 14, 15, 16, 17, 33, 64, 100] {
                check(count: count, shift: shift, alignment: alignment)
            }
        }
    }

    @Test("Long payloads over overlapping memory", arguments: [0, 1, 2, 4, 6, 8, 14, 16, 31])
    func long(shift: Int) {
        for count in [1_000, 1_001, 4_095, 4_096, 20_003] { check(count: count, shift: shift, alignment: 3) }
    }

    /// Unmasks `count` bytes and moves them down by `shift`; nothing else may change.
    private func check(count: Int, shift: Int, alignment: Int) {
        let masked = (0..<count).map { UInt8(($0 &* 31 &+ 7) & 0xFF) }
        let margin = 16
        let buffer = GuardedBuffer(count: margin + shift + count + margin, offset: alignment)
        var expected = (0..<buffer.count).map { UInt8($0 & 0xFF) }
        expected.replaceSubrange((margin + shift)..<(margin + shift + count), with: masked)
        buffer.fill(expected)
        let plain = masked.enumerated().map { $1 ^ Self.key[$0 % 4] }
        expected.replaceSubrange(margin..<(margin + count), with: plain)
        let destination = buffer.start + margin
        let rotated = unmask(
            from: destination + shift, to: destination, count: count, mask: Self.word(Self.key, from: 0))
        let isRight =
            bytes(at: buffer.start, count: buffer.count) == expected && buffer.isIntact
            && rotated == Self.word(Self.key, from: count)
        if !isRight { Issue.record("count \(count), shift \(shift), alignment \(alignment)") }
    }

    /// The key as it lies in memory, when its byte `first` (modulo 4) is the next.
    private static func word(_ key: [UInt8], from first: Int) -> UInt32 {
        (0..<4).map { key[(first + $0) % 4] }.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }

    @Test("The key goes on where a block ended, whatever the length of each part")
    func rotation() {
        let plain = (0..<48).map { UInt8($0) }
        let stream = ClientFrame.binary(plain).masked(with: [0x01, 0x20, 0x83, 0xFC]).bytes
        for first in 6...stream.count {
            for second in first...stream.count {
                let result = FrameDecoding(of: stream, cuts: [first, second])
                if result.payload != plain { Issue.record("cut at \(first), \(second): \(result.payload)") }
            }
        }
    }

    @Test("Every key byte counts, and a key of zeros changes nothing")
    func keys() {
        for index in 0..<4 {
            for bit in 0..<8 {
                var key: [UInt8] = [0, 0, 0, 0]
                key[index] = 1 << UInt8(bit)
                let result = FrameDecoding(of: ClientFrame.binary(Array(0..<11)).masked(with: key).bytes)
                #expect(result.payload == Array(0..<11))
            }
        }
        #expect(FrameDecoding(of: [0x82, 0x83, 0, 0, 0, 0, 1, 2, 3]).payload == [1, 2, 3])
    }
}
