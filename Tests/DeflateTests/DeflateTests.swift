import Testing

@testable import Deflate

@Suite("DEFLATE of single messages (RFC 7692 §7.2)")
struct DeflateTests {
    private struct Message: Equatable {
        var bytes: [UInt8] = []
        var parts = 0
        var result = Inflater.Result.whole
    }

    private func inflate(
        _ message: [UInt8], with inflater: Inflater, limit: Int = 1 << 20, room: Int = 4096, stopAfter: Int = .max
    ) -> Message {
        var inflated = Message()
        withUnsafeTemporaryAllocation(byteCount: room, alignment: 8) { room in
            inflated.result = message.withUnsafeBytes { bytes in
                inflater.inflate(bytes, limit: limit, into: room) { start, count in
                    inflated.bytes += UnsafeRawBufferPointer(start: start, count: count)
                    inflated.parts += 1
                    return inflated.parts < stopAfter
                }
            }
        }
        return inflated
    }

    private func deflate(_ message: [UInt8], with deflater: Deflater, room: Int? = nil) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: room ?? message.count + 64)
        let count = output.withUnsafeMutableBytes { room in message.withUnsafeBytes { deflater.deflate($0, into: room) }
        }
        return count.map { Array(output[..<$0]) }
    }

    /// §7.2.3: the same "Hello" in several forms.
    static let hello: [(name: String, bytes: [UInt8])] = [
        ("one block, §7.2.3.1", [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]),
        ("no compression, §7.2.3.3", [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]),
        ("BFINAL, §7.2.3.4", [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]),
        ("two blocks, §7.2.3.5", [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]),
    ]

    @Test("Known answers, one after the other with one inflater, in rooms of every size")
    func known() throws {
        let inflater = try #require(Inflater())
        for room in 1...8 {
            for (name, bytes) in Self.hello {
                let message = inflate(bytes, with: inflater, room: room)
                #expect(message.bytes == Array("Hello".utf8) && message.result == .whole, "\(name)")
            }
        }
        #expect(inflate([0x00], with: inflater) == Message())  // §7.2.3.6: an empty message
    }

    @Test("§7.2.3.2: a window is not kept from one message to the next")
    func noTakeover() throws {
        let inflater = try #require(Inflater())
        _ = inflate(Self.hello[0].bytes, with: inflater)
        #expect(inflate([0xF2, 0x00, 0x11, 0x00, 0x00], with: inflater).result == .malformed)
        #expect(inflate(Self.hello[0].bytes, with: inflater).result == .whole)
    }

    @Test("A message that is cut off anywhere, or is no DEFLATE, is malformed, and the next one is sound")
    func truncated() throws {
        let inflater = try #require(Inflater())
        let deflater = try #require(Deflater(windowBits: 15))
        let text = Array((0..<200).flatMap { "line \($0 * $0), ".utf8 })
        let whole = try #require(deflate(text, with: deflater))
        #expect(inflate(whole, with: inflater).bytes == text)
        for count in 1..<whole.count {
            let part = inflate(Array(whole[..<count]), with: inflater)
            #expect(part.result == .malformed, "\(count) bytes")
        }
        for first in UInt8.min...UInt8.max {
            _ = inflate([first, 0xFF, 0x00, 0x12, first], with: inflater, limit: 1000)
        }
        #expect(inflate([0x07], with: inflater).result == .malformed)  // a block of the type that does not exist
        #expect(inflate(whole, with: inflater).bytes == text)
    }

    @Test("A limit holds to the byte, and a bomb costs no more than it")
    func limit() throws {
        let inflater = try #require(Inflater())
        let deflater = try #require(Deflater(windowBits: 15))
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let bomb = try #require(deflate(zeros, with: deflater))
        #expect(bomb.count < 8_000)
        #expect(inflate(bomb, with: inflater, limit: 1 << 20).result == .whole)
        for limit in [0, 1, 4095, 4096, 4097, (1 << 20) - 1] {
            let message = inflate(bomb, with: inflater, limit: limit)
            #expect(message.result == .tooLarge && message.bytes.count <= limit, "\(limit)")
        }
        let stopped = inflate(bomb, with: inflater, stopAfter: 3)
        #expect(stopped.result == .stopped && stopped.bytes.count == 3 * 4096)
    }

    @Test("A message comes back, with every window", arguments: 9...15)
    func roundTrip(windowBits: Int) throws {
        let inflater = try #require(Inflater())
        let deflater = try #require(Deflater(windowBits: windowBits))
        for count in [1, 126, 1000, 100_000] {
            let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 3 % 7 + $0 % 11) }
            guard let short = deflate(text, with: deflater) else {
                #expect(count == 1)
                continue
            }
            #expect(short.count < count)
            #expect(inflate(short, with: inflater).bytes == text)
        }
    }

    @Test("What does not become shorter, or does not fit, is left as it is")
    func incompressible() throws {
        var random = SystemRandomNumberGenerator()
        let deflater = try #require(Deflater(windowBits: 15))
        let noise = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(deflate(noise, with: deflater) == nil)
        let text = [UInt8](repeating: 0x61, count: 100_000)
        #expect(deflate(text, with: deflater, room: 50) == nil)
        #expect(deflate(text, with: deflater) != nil)
    }

    @Test(
        "Blocks that say they are the last: a few are taken, as each costs a copy of the window; not as many as there may be"
    )
    func lastBlocks() throws {
        let inflater = try #require(Inflater())
        let last: [UInt8] = [0x03, 0x00]  // an empty block with BFINAL
        let hello = Self.hello[0].bytes
        for count in [1, 16] {
            let message = Array(repeatElement(last, count: count).joined()) + hello
            #expect(inflate(message, with: inflater).bytes == Array("Hello".utf8), "\(count)")
        }
        let many = Array(repeatElement(last, count: 1_000_000).joined())
        #expect(inflate(many, with: inflater).result == .malformed)
    }
}
