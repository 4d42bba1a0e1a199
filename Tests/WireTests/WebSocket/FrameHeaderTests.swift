import TestSupport
import Testing

@testable import Wire

@Suite("RFC 6455 §5.2: headers of server frames")
struct FrameHeaderTests {
    /// Lengths at the borders, and their headers as the specification draws them, of a final binary frame.
    private static let table: [(count: Int, header: [UInt8])] = [
        (0, [0x82, 0x00]),
        (1, [0x82, 0x01]),
        (125, [0x82, 0x7D]),
        (126, [0x82, 0x7E, 0x00, 0x7E]),
        (127, [0x82, 0x7E, 0x00, 0x7F]),
        (256, [0x82, 0x7E, 0x01, 0x00]),
        (65_535, [0x82, 0x7E, 0xFF, 0xFF]),
        (65_536, [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]),
        (0x0102_0304_0506, [0x82, 0x7F, 0, 0, 1, 2, 3, 4, 5, 6]),
        (Int.max, [0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
    ]

    @Test("The length is in its shortest form, at every alignment", arguments: 0..<8)
    func lengths(offset: Int) {
        for (count, header) in Self.table {
            let written = GuardedBuffer(count: header.count, offset: offset)
            let payload = FrameHeader.write(.binary, count: count, to: written.start)
            #expect(payload == written.start + header.count)
            #expect(bytes(at: written.start, count: header.count) == header && written.isIntact)

            let before = GuardedBuffer(count: header.count, offset: offset)
            let start = FrameHeader.prepend(.binary, before: before.start + header.count, count: count)
            #expect(start == before.start)
            #expect(bytes(at: start, count: header.count) == header && before.isIntact)

            #expect(FrameHeader.size(count) == header.count && header.count <= FrameHeader.headroom)
        }
    }

    @Test(
        "FIN and opcode; the mask bit and RSV stay 0 (§5.1)",
        arguments: [
            (.continuation, 0), (.binary, 2), (.close, 8), (.ping, 9), (.pong, 10),
        ] as [(FrameHeader.Opcode, UInt8)])
    func firstByte(opcode: FrameHeader.Opcode, value: UInt8) {
        for isFinal in [false, true] {
            let buffer = GuardedBuffer(count: 2)
            _ = FrameHeader.write(opcode, isFinal: isFinal, count: 5, to: buffer.start)
            #expect(bytes(at: buffer.start, count: 2) == [value + (isFinal ? 128 : 0), 5])
            _ = FrameHeader.prepend(opcode, isFinal: isFinal, before: buffer.start + 2, count: 6)
            #expect(bytes(at: buffer.start, count: 2) == [value + (isFinal ? 128 : 0), 6])
            #expect(buffer.isIntact)
        }
    }
}
