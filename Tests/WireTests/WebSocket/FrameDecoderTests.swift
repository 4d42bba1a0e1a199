import TestSupport
import Testing

@testable import Wire

@Suite("RFC 6455 §5: what client frames carry")
struct FrameDecoderTests {
    @Test("§5.7: the masked \"Hello\" of the specification, as a pong")
    func specificationPong() {
        let result = FrameDecoding(of: [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        #expect(result.controls == [.init(kind: .pong, payload: Array("Hello".utf8), position: 0)])
        #expect(result.payload.isEmpty && result.failure == nil)
    }

    @Test("§5.7: the masked \"Hello\" of the specification is text [MQTT-6.0.0-1]")
    func specificationText() {
        let result = FrameDecoding(of: [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        #expect(result.failure == .text)
    }

    @Test("§5.4: fragments join, and control frames between them come out in their place")
    func fragments() {
        let frames: [ClientFrame] = [
            .binary([1, 2], isFinal: false), .control(9, [7]), .continuation([], isFinal: false),
            .control(10, [8, 8]), .continuation([3], isFinal: false), .continuation([4, 5], isFinal: true),
            .control(8, [0x03, 0xE8]), .binary([6]),
        ]
        let result = FrameDecoding(of: frames.bytes)
        #expect(result.payload == [1, 2, 3, 4, 5, 6])
        #expect(
            result.controls == [
                .init(kind: .ping, payload: [7], position: 2), .init(kind: .pong, payload: [8, 8], position: 2),
                .init(kind: .close, payload: [0x03, 0xE8], position: 5),
            ])
        #expect(result.failure == nil && result.isBetweenMessages)
    }

    @Test("§5.4: a fragmented message of any number of empty fragments")
    func emptyFragments() {
        let frames =
            [ClientFrame.binary([], isFinal: false)]
            + (0..<50).map { _ in ClientFrame.continuation([], isFinal: false) }
        #expect(!FrameDecoding(of: frames.bytes).isBetweenMessages)
        let whole = FrameDecoding(of: (frames + [.continuation([], isFinal: true)]).bytes)
        #expect(whole.isBetweenMessages && whole.payload.isEmpty && whole.failure == nil)
    }

    @Test("§5.5: control frames of 0 to 125 bytes", arguments: [8, 9, 10] as [UInt8])
    func controls(opcode: UInt8) {
        for count in 0...125 {
            let payload = (0..<count).map { UInt8($0 &* 7 & 0xFF) }
            let result = FrameDecoding(of: [.binary([1]), .control(opcode, payload), .binary([2])].bytes)
            #expect(
                result.controls == [.init(kind: .init(rawValue: opcode) ?? .close, payload: payload, position: 1)])
            #expect(result.payload == [1, 2] && result.failure == nil && result.fault == nil)
        }
    }

    @Test(
        "§5.2: every length around the borders of the three forms",
        arguments: [0, 1, 124, 125, 126, 127, 65_535, 65_536])
    func lengths(count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        let payload = random.bytes(count)
        let result = FrameDecoding(of: [.binary(payload), .binary([1])].bytes)
        #expect(result.payload == payload + [1] && result.failure == nil && result.fault == nil)
    }

    @Test("§5.2: a message of 300,000 bytes in blocks of any size", arguments: [1_000, 4_096, 65_536, 299_999])
    func large(block: Int) {
        var random = SeededGenerator(seed: 5)
        let payload = random.bytes(300_000)
        let stream = ClientFrame.binary(payload).bytes
        let result = FrameDecoding(of: stream, cuts: Array(stride(from: block, to: stream.count, by: block)))
        #expect(result.payload == payload && result.mostCarried == 0 && result.fault == nil)
    }

    @Test("§5.2: a length that is not in its shortest form")
    func notMinimal() {
        for count in 0...125 as ClosedRange<UInt64> {
            #expect(FrameDecoding(of: ClientFrame(form: .sixteen, announced: count).bytes).failure == .lengthForm)
        }
        for count in [0, 1, 125, 126, 127, 65_534, 65_535] as [UInt64] {
            #expect(FrameDecoding(of: ClientFrame(form: .sixtyFour, announced: count).bytes).failure == .lengthForm)
        }
    }

    @Test("§5.2: the most significant bit of a 64 bit length must be 0", arguments: [1 << 63, 1 << 63 | 70_000, .max])
    func lengthOver63Bits(announced: UInt64) {
        #expect(FrameDecoding(of: ClientFrame(form: .sixtyFour, announced: announced).bytes).failure == .length)
    }

    @Test("§5.2: huge lengths are taken as they come", arguments: [1 << 40, 1 << 62, UInt64(Int64.max)])
    func huge(announced: UInt64) {
        var frame = ClientFrame(payload: Array(0..<200), form: .sixtyFour)
        frame.announced = announced
        let result = FrameDecoding(of: frame.bytes, cuts: [15, 100])
        #expect(result.payload == frame.payload && result.failure == nil && !result.isBetweenMessages)
        #expect(result.carried == [0, 0, 0])
    }

    @Test("§5.2: a broken length is found at every cut of its header")
    func lengthCut() {
        let broken: [(ClientFrame, WebSocketViolation)] = [
            (ClientFrame(form: .sixteen, announced: 125), .lengthForm),
            (ClientFrame(form: .sixtyFour, announced: 65_535), .lengthForm),
            (ClientFrame(form: .sixtyFour, announced: 1 << 63), .length),
        ]
        for (frame, violation) in broken {
            let stream = ClientFrame.binary([1]).bytes + frame.bytes
            for cut in 1..<stream.count {
                let result = FrameDecoding(of: stream, cuts: [cut])
                #expect(result.failure == violation && result.payload == [1] && result.fault == nil, "cut at \(cut)")
            }
        }
    }

    @Test("An empty block changes nothing, also between the bytes of a header")
    func emptyBlocks() {
        let stream = [ClientFrame.binary([1, 2, 3]), .control(9, [4])].bytes
        for cut in 0...stream.count {
            let result = FrameDecoding(of: stream, cuts: [cut, cut, cut])
            expectSame(result, FrameDecoding(of: stream), "cut at \(cut)")
        }
    }
}
