import Wire

/// How MQTT travels on a client's channel: chosen once, when the session begins. Pure.
package enum Framing: Sendable, BitwiseCopyable, Equatable {
    /// In binary messages of WebSocket (RFC 6455). `isStrict` refuses a Pong or Close without a mask (§5.1), which
    /// widespread clients send.
    case webSocket(messages: Messages, isStrict: Bool)
    /// As it is, without frames.
    case raw

    /// How packets meet messages on the way to the client.
    package enum Messages: UInt8, Sendable, BitwiseCopyable, CaseIterable {
        /// Each packet is one message in one frame. Widespread clients take nothing else: they read the first packet of a
        /// message and lose the rest, or lose what comes in fragments.
        case packet
        /// A message holds whole packets, as many as are there.
        case packets
        /// A message per block, cut anywhere.
        case stream
    }

    /// A frame of the gateway's own.
    package enum OwnFrame {
        /// An MQTT packet.
        case message(UnsafeRawBufferPointer)
        case ping
        /// The answer to a ping, with its payload (RFC 6455 §5.5.3).
        case pong(UnsafeRawBufferPointer)
        /// `words` are ASCII; at most 123 bytes of them are sent (§5.5.1).
        case close(CloseCode, words: String)
    }

    /// Room for a frame of the gateway's own.
    package static let ownFrameCapacity = 4096

    /// Whether pings and a Close exist.
    package var hasControlFrames: Bool { self != .raw }

    /// Writes `frame` into `room`, which has `ownFrameCapacity` bytes, and returns what to send: bytes of `room`, or the
    /// packet itself where nothing has to be put around it. Nil: this framing has no such frame, or it does not fit.
    package func write(
        _ frame: OwnFrame, to room: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        guard hasControlFrames else {
            if case .message(let packet) = frame { return packet }
            return nil
        }
        switch frame {
        case .message(let packet): return Self.write(.binary, packet, to: room)
        case .ping: return Self.write(.ping, UnsafeRawBufferPointer(start: nil, count: 0), to: room)
        case .pong(let payload):
            guard payload.count <= Self.controlLimit else { return nil }
            return Self.write(.pong, payload, to: room)
        case .close(let code, let words): return Self.writeClose(code, words, to: room)
        }
    }

    /// The most payload that a control frame may have (RFC 6455 §5.5).
    static let controlLimit = 125

    private static func write(
        _ opcode: FrameHeader.Opcode, _ payload: UnsafeRawBufferPointer, to room: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        let size = FrameHeader.size(payload.count) + payload.count
        guard size <= room.count, let start = room.baseAddress else { return nil }
        let place = FrameHeader.write(opcode, count: payload.count, to: start)
        if let bytes = payload.baseAddress { place.copyMemory(from: bytes, byteCount: payload.count) }
        return UnsafeRawBufferPointer(start: start, count: size)
    }

    private static func writeClose(
        _ code: CloseCode, _ words: String, to room: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        let words = words.utf8.prefix(controlLimit - 2)
        let count = 2 + words.count
        let size = FrameHeader.size(count) + count
        guard size <= room.count, let start = room.baseAddress else { return nil }
        var place = FrameHeader.write(.close, count: count, to: start)
        place.storeBytes(of: code.rawValue.bigEndian, as: UInt16.self)
        place += 2
        for byte in words {
            place.storeBytes(of: byte, as: UInt8.self)
            place += 1
        }
        return UnsafeRawBufferPointer(start: start, count: size)
    }
}
