import TestSupport
import Testing

@testable import Wire

@Suite("RFC 6455 §5.1: Pong and Close without a mask, as paho-mqtt for Python sends them")
struct FrameDecoderUnmaskedTests {
    private static func unmasked(_ opcode: UInt8, _ payload: [UInt8] = []) -> ClientFrame {
        ClientFrame(opcode: opcode, payload: payload, key: nil)
    }

    private static let sizes = [0, 1, 2, 3, 4, 5, 124, 125]

    @Test("A Pong without a mask is taken as it is, at every cut", arguments: sizes)
    func pong(count: Int) {
        let payload = (0..<count).map { UInt8($0) }
        let stream = [.binary([1, 2]), Self.unmasked(10, payload), .binary([3]), Self.unmasked(10), .binary([4, 5])]
            .bytes
        for first in 0...stream.count {
            for second in first...min(first + 9, stream.count) {
                let result = FrameDecoding(of: stream, cuts: [first, second])
                let pongs = result.controls.map(\.payload)
                let isRight =
                    result.failure == nil && result.fault == nil && result.payload == [1, 2, 3, 4, 5]
                    && pongs == [payload, []] && result.isBetweenMessages
                if !isRight { Issue.record("cut at \(first), \(second): \(result)") }
            }
        }
    }

    @Test("It is allowed inside a fragmented message (§5.4)")
    func inside() {
        let stream = [.binary([1], isFinal: false), Self.unmasked(10, [9]), .continuation([2], isFinal: true)].bytes
        for cut in 0...stream.count {
            let result = FrameDecoding(of: stream, cuts: [cut])
            #expect(result.payload == [1, 2] && result.failure == nil && result.controls.count == 1, "cut at \(cut)")
        }
    }

    @Test("A Close without a mask keeps its code and reason, at every cut")
    func close() {
        let payload: [UInt8] = [0x03, 0xE8] + Array("bye".utf8)
        let stream = Self.unmasked(8, payload).bytes
        for cut in 0...stream.count {
            let result = FrameDecoding(of: stream, cuts: [cut])
            #expect(result.controls.map(\.payload) == [payload] && result.failure == nil, "cut at \(cut)")
        }
    }

    @Test("The rules of control frames hold without a mask too")
    func rules() {
        let broken: [(ClientFrame, WebSocketViolation)] = [
            (ClientFrame(isFinal: false, opcode: 10, key: nil), .controlFragmented),
            (ClientFrame(opcode: 10, payload: [UInt8](repeating: 0, count: 126), key: nil), .controlLength),
            (ClientFrame(reserved: 4, opcode: 8, key: nil), .reservedBits),
        ]
        for (frame, violation) in broken { #expect(FrameDecoding(of: frame.bytes).failure == violation) }
    }

    @Test("Data and Ping without a mask break the rule always", arguments: [2, 9])
    func refused(opcode: UInt8) {
        for count in [0, 1, 3, 4, 100] {
            let frame = ClientFrame(opcode: opcode, payload: [UInt8](repeating: 1, count: count), key: nil)
            for cut in 0...frame.bytes.count {
                #expect(FrameDecoding(of: frame.bytes, cuts: [cut]).failure == .unmasked)
            }
        }
    }

    @Test("Strict, they break it too", arguments: [8, 10])
    func strict(opcode: UInt8) {
        for count in [0, 2, 4, 100] {
            let frame = ClientFrame(opcode: opcode, payload: [UInt8](repeating: 65, count: count), key: nil)
            for cut in 0...frame.bytes.count {
                #expect(FrameDecoding(of: frame.bytes, cuts: [cut], isStrict: true).failure == .unmasked)
            }
        }
        #expect(FrameDecoding(of: ClientFrame.control(opcode).bytes, isStrict: true).failure == nil)
    }
}
