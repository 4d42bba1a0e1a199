import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Framing: frames of the gateway's own")
struct FramingTests {
    /// A frame of the gateway's own, with its bytes. A struct: LeakSanitizer does not find arrays in an enum's payload.
    struct Frame: Sendable {
        enum Kind { case message, ping, pong, close }

        let kind: Kind
        var bytes: [UInt8] = []
        var code = CloseCode.normal

        static let ping = Frame(kind: .ping)
        static func message(_ packet: [UInt8]) -> Frame { Frame(kind: .message, bytes: packet) }
        static func pong(_ payload: [UInt8]) -> Frame { Frame(kind: .pong, bytes: payload) }
        static func close(_ code: CloseCode, _ words: String) -> Frame {
            Frame(kind: .close, bytes: Array(words.utf8), code: code)
        }
    }

    /// What `framing` makes of `frame`, in a room of `capacity` bytes; nil: nothing.
    private static func write(
        _ frame: Frame, as framing: Framing, capacity: Int = Framing.ownFrameCapacity, offset: Int = 0
    ) -> [UInt8]? {
        let room = GuardedBuffer(count: capacity, offset: offset)
        let view = UnsafeMutableRawBufferPointer(start: room.start, count: capacity)
        let written = frame.bytes.withUnsafeBytes { bytes in
            let own: Framing.OwnFrame =
                switch frame.kind {
                case .message: .message(bytes)
                case .ping: .ping
                case .pong: .pong(bytes)
                case .close: .close(frame.code, words: String(decoding: bytes, as: UTF8.self))
                }
            return framing.write(own, to: view).map { Array($0) }
        }
        #expect(room.isIntact)
        return written
    }

    static let webSocket = [Framing.packet, .packets, .stream, .webSocket(messages: .packet, isStrict: true)]

    static let frames: [(Frame, [UInt8])] = [
        (.message([0xD0, 0x00]), [0x82, 0x02, 0xD0, 0x00]),
        (.message([]), [0x82, 0x00]),
        (.ping, [0x89, 0x00]),
        (.pong([]), [0x8A, 0x00]),
        (.pong([1, 2, 3]), [0x8A, 0x03, 1, 2, 3]),
        (.pong([UInt8](repeating: 7, count: 125)), [0x8A, 0x7D] + [UInt8](repeating: 7, count: 125)),
        (.close(.normal, ""), [0x88, 0x02, 0x03, 0xE8]),
        (.close(.protocolError, "no"), [0x88, 0x04, 0x03, 0xEA, 0x6E, 0x6F]),
        (.close(.tryAgainLater, "later"), [0x88, 0x07, 0x03, 0xF5] + Array("later".utf8)),
        // §5.5.1: the words are cut, so that the frame stays a control frame
        (
            .close(.goingAway, String(repeating: "a", count: 123)),
            [0x88, 0x7D, 0x03, 0xE9] + [UInt8](repeating: 0x61, count: 123)
        ),
        (
            .close(.goingAway, String(repeating: "a", count: 5_000)),
            [0x88, 0x7D, 0x03, 0xE9] + [UInt8](repeating: 0x61, count: 123)
        ),
    ]

    @Test("RFC 6455 §5.2, §5.5: every frame of WebSocket, byte by byte", arguments: frames)
    func webSocketFrames(frame: Frame, expected: [UInt8]) {
        for framing in Self.webSocket {
            for offset in 0..<3 { #expect(Self.write(frame, as: framing, offset: offset) == expected) }
        }
    }

    @Test("§5.2: the lengths of messages", arguments: [125, 126, 127, 4_092])
    func lengths(count: Int) {
        let packet = (0..<count).map { UInt8($0 & 0xFF) }
        let header = count < 126 ? [0x82, UInt8(count)] : [0x82, 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        #expect(Self.write(.message(packet), as: .packet) == header + packet)
    }

    @Test("What does not fit is not written", arguments: frames)
    func tooSmall(frame: Frame, expected: [UInt8]) {
        #expect(Self.write(frame, as: .packets, capacity: expected.count) == expected)
        for capacity in [0, 1, expected.count - 1] {
            #expect(Self.write(frame, as: .packets, capacity: capacity) == nil)
        }
    }

    @Test("A message of more than the room, and a pong of more than 125 bytes (§5.5)")
    func tooLarge() {
        let packet = [UInt8](repeating: 1, count: Framing.ownFrameCapacity - 4)
        #expect(Self.write(.message(packet), as: .packet)?.count == Framing.ownFrameCapacity)
        #expect(Self.write(.message(packet + [1]), as: .packet) == nil)
        #expect(Self.write(.pong([UInt8](repeating: 1, count: 126)), as: .packet) == nil)
    }

    @Test("The largest frames of the gateway's own fit, with every cause's words", arguments: EndCause.allCases)
    func goodbyes(cause: EndCause) {
        let goodbye = cause.goodbye
        let bytes = Self.write(.close(goodbye.code, goodbye.words), as: .packet)
        let code = goodbye.code.rawValue
        #expect(
            bytes == [0x88, UInt8(2 + goodbye.words.utf8.count), UInt8(code >> 8), UInt8(code & 0xFF)]
                + goodbye.words.utf8)
    }

    @Test("Without frames a message is the packet itself, and nothing else is sent", arguments: [0, 2, 10_000])
    func raw(count: Int) {
        let packet = [UInt8](repeating: 3, count: count)
        // In no room at all: nothing is copied.
        #expect(Self.write(.message(packet), as: .raw, capacity: 0) == packet)
        for frame in [Frame.ping, .pong([1]), .close(.normal, "bye")] {
            #expect(Self.write(frame, as: .raw) == nil)
        }
    }

    @Test("Only WebSocket has control frames")
    func controlFrames() {
        for framing in Self.webSocket { #expect(framing.hasControlFrames) }
        #expect(!Framing.raw.hasControlFrames)
    }
}
