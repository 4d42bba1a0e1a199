import Testing

@testable import Wire

@Suite("FrameDecoder: compressed messages (RFC 7692 §6)")
struct FrameDecoderCompressionTests {
    private static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let mask: [UInt8] = [1, 2, 3, 4]
        return [first, 0x80 | UInt8(payload.count)] + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// Blocks as `Uplink` sees them: plain payload, and whole compressed messages.
    private static func messages(_ stream: [UInt8], cuts: [Int]) -> [String] {
        var decoder = FrameDecoder()
        decoder.allowsCompression = true
        var (parts, plain, compressed): ([String], [UInt8], [UInt8]) = ([], [], [])
        let room = UnsafeMutableRawPointer.allocate(byteCount: FrameDecoder.carryCapacity + stream.count, alignment: 8)
        defer { room.deallocate() }
        let ends = cuts + [stream.count]
        for (start, end) in zip([0] + cuts, ends) {
            let block = room + FrameDecoder.carryCapacity
            Array(stream[start..<end]).withUnsafeBytes { bytes in
                if let base = bytes.baseAddress { block.copyMemory(from: base, byteCount: bytes.count) }
            }
            var position = decoder.restoreCarry(before: block)
            let blockEnd = block + (end - start)
            repeat {
                var cursor = FrameDecoder.Cursor(start: position, end: blockEnd)
                var boundary: FrameDecoder.Control?
                while boundary == nil, let frame = try? decoder.next(&cursor) {
                    if frame.kind == .compressedBegins || frame.kind == .compressedEnded { boundary = frame.kind }
                }
                let payload = Array(UnsafeRawBufferPointer(start: position, count: cursor.payloadEnd - position))
                if boundary == .compressedEnded || decoder.isCompressed {
                    compressed += payload
                } else {
                    plain += payload
                }
                if boundary != nil, !plain.isEmpty {
                    parts.append("plain \(plain)")
                    plain = []
                }
                if boundary == .compressedEnded {
                    parts.append("compressed \(compressed)")
                    compressed = []
                }
                position = cursor.source
            } while position < blockEnd
        }
        return parts + (plain.isEmpty ? [] : ["plain \(plain)"])
    }

    @Test("Plain and compressed messages in turn, in fragments, with pings between them: any two cuts give the same")
    func cuts() {
        let stream =
            Self.frame(0x82, [1, 2]) + Self.frame(0xC2, [3, 4, 5]) + Self.frame(0x42, [6]) + Self.frame(0x89, [9])
            + Self.frame(0x00, []) + Self.frame(0x80, [7, 8]) + Self.frame(0xC2, []) + Self.frame(0x02, [9])
            + Self.frame(0x80, [10]) + Self.frame(0x82, [11]) + Self.frame(0xC2, [12]) + Self.frame(0xC2, [13])
        let expected = [
            "plain [1, 2]", "compressed [3, 4, 5]", "compressed [6, 7, 8]", "compressed []", "plain [9, 10, 11]",
            "compressed [12]", "compressed [13]",
        ]
        for first in 0...stream.count {
            for second in first...stream.count {
                let found = Self.messages(stream, cuts: [first, second])
                #expect(found == expected, "cut at \(first), \(second)")
            }
        }
    }

    @Test("RSV1 is for the first frame of a message, and for data alone; others stay forbidden")
    func rules() {
        let wrong: [[UInt8]] = [
            Self.frame(0xC9, []), Self.frame(0x42, [1]) + Self.frame(0xC0, [2]), Self.frame(0xA2, [1]),
            Self.frame(0xE2, [1]),
            Self.frame(0xC8, []),
        ]
        for stream in wrong {
            #expect(FrameDecoding(of: stream, allowsCompression: true).failure == .reservedBits)
        }
        #expect(FrameDecoding(of: Self.frame(0xC1, [1]), allowsCompression: true).failure == .text)
        #expect(FrameDecoding(of: Self.frame(0xC2, [1])).failure == .reservedBits)
    }
}
