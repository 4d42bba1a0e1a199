import TestSupport
import Testing

@testable import Wire

@Suite("RFC 6455 §5: frames cut anywhere")
struct FrameDecoderCutTests {
    /// Every kind of frame and of header, with different keys.
    private static let frames: [ClientFrame] = [
        .binary([0x10, 0x02, 0x00]).masked(with: [0x00, 0x00, 0x00, 0x01]),
        .binary([]),
        .control(9, [0xA1, 0xA2, 0xA3]),
        .binary(Array(0..<13), isFinal: false).masked(with: [0xFF, 0x80, 0x01, 0x7E]),
        .control(10),
        .continuation([], isFinal: false),
        .continuation(Array(13..<18), isFinal: false).masked(with: [0x11, 0x22, 0x33, 0x44]),
        .control(8, [0x03, 0xE8, 0x62, 0x79, 0x65]),
        .continuation([18], isFinal: true),
        ClientFrame(payload: Array(0..<126)),
    ]

    private static let payload = frames.filter { $0.opcode < 8 }.flatMap(\.payload)

    @Test("Whole: the fixed stream gives what its frames were made of")
    func whole() {
        let result = FrameDecoding(of: Self.frames.bytes)
        #expect(result.payload == Self.payload)
        #expect(result.controls.map(\.kind) == [.ping, .pong, .close])
        #expect(result.controls.map(\.position) == [3, 16, 21])
        #expect(result.failure == nil && result.isBetweenMessages && result.fault == nil)
    }

    @Test("Every single cut", arguments: 0..<8)
    func oneCut(offset: Int) {
        let stream = Self.frames.bytes
        let whole = FrameDecoding(of: stream)
        for cut in 0...stream.count {
            expectSame(FrameDecoding(of: stream, cuts: [cut], offset: offset), whole, "cut at \(cut)")
        }
    }

    @Test("Every pair of cuts", arguments: 0..<4)
    func twoCuts(part: Int) {
        let stream = Self.frames.bytes
        let whole = FrameDecoding(of: stream)
        for first in stride(from: part, to: stream.count, by: 4) {
            for second in first...stream.count {
                expectSame(FrameDecoding(of: stream, cuts: [first, second]), whole, "cut at \(first), \(second)")
            }
        }
    }

    @Test("Byte by byte")
    func byteByByte() {
        let stream = Self.frames.bytes
        expectSame(FrameDecoding(of: stream, cuts: Array(1..<stream.count)), FrameDecoding(of: stream), "byte by byte")
    }

    @Test("Random frames in random blocks", arguments: 0..<64 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let frames = Self.randomFrames(&random)
        let stream = frames.bytes
        let whole = FrameDecoding(of: stream)
        #expect(whole.payload == frames.filter { $0.opcode < 8 }.flatMap(\.payload))
        #expect(whole.controls.map(\.payload) == frames.filter { $0.opcode >= 8 }.map(\.payload))
        for largest in [2, 7, 40, 300] {
            let cuts = random.cuts(stream.count, largest: largest)
            let offset = Int.random(in: 0..<16, using: &random)
            let result = FrameDecoding(of: stream, cuts: cuts, offset: offset)
            expectSame(result, whole, "seed \(seed), cuts \(cuts)")
        }
    }

    /// A sound stream of messages, some in fragments, with control frames in between.
    private static func randomFrames(_ random: inout SeededGenerator) -> [ClientFrame] {
        var frames: [ClientFrame] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let count = Int.random(in: 1...4, using: &random)
            for index in 0..<count {
                let size = [0, 1, 5, 70, 125, 126, 200, 1500].randomElement(using: &random) ?? 0
                let payload = random.bytes(Int.random(in: 0...size, using: &random))
                let frame = ClientFrame(
                    isFinal: index == count - 1, opcode: index == 0 ? 2 : 0, payload: payload, key: random.bytes(4))
                frames.append(frame)
                if Int.random(in: 0..<4, using: &random) == 0 {
                    let kind = ([8, 9, 10] as [UInt8]).randomElement(using: &random) ?? 9
                    let size = Int.random(in: 0...125, using: &random)
                    frames.append(.control(kind, random.bytes(size)).masked(with: random.bytes(4)))
                }
            }
        }
        return frames
    }

    @Test("isBetweenMessages, at every prefix")
    func betweenMessages() {
        // Behind a frame that ends a message, or behind a control frame that stands between two.
        var ends: Set<Int> = [0]
        var position = 0
        var isInside = false
        for frame in Self.frames {
            position += frame.bytes.count
            if frame.opcode < 8 { isInside = !frame.isFinal }
            if !isInside { ends.insert(position) }
        }
        let stream = Self.frames.bytes
        for count in 0...stream.count {
            let result = FrameDecoding(of: Array(stream.prefix(count)))
            #expect(result.isBetweenMessages == ends.contains(count), "\(count) bytes")
        }
    }

    @Test("Only a cut header is carried, never a data payload")
    func carriesNoPayload() {
        for count in [1, 125, 126, 65_535, 65_536] {
            let frame = ClientFrame.binary([UInt8](repeating: 0x5A, count: count))
            let header = frame.header.count
            for cut in 1...(header + min(count, 40)) {
                let result = FrameDecoding(of: frame.bytes, cuts: [cut])
                #expect(result.carried.last == (cut < header ? cut : 0), "\(count) bytes, cut at \(cut)")
            }
        }
    }

    @Test("A cut control frame is carried, and fits in carryCapacity", arguments: [8, 9, 10] as [UInt8])
    func carriesControl(opcode: UInt8) {
        var most = 0
        for count in 0...125 {
            let frame = ClientFrame.control(opcode, [UInt8](repeating: 0x5A, count: count)).bytes
            for cut in 1..<frame.count {
                let result = FrameDecoding(of: frame, cuts: [cut])
                #expect(result.carried == [0, cut])
                #expect(result.controls.map(\.payload.count) == [count])
                most = max(most, result.mostCarried)
            }
        }
        #expect(most == FrameDecoder.carryCapacity - 1)
    }
}
