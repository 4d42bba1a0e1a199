/// Client-to-server WebSocket frames (RFC 6455 §5): unmasks payloads in place and moves them together, so that what
/// many frames of one read carried leaves as one block.
///
/// Frames may be cut anywhere between two blocks. Data payloads are never kept; a header or a control frame that a block
/// cuts off is (at most `carryCapacity` bytes), and goes in front of the next block.
package struct FrameDecoder: ~Copyable {
    package enum Control: UInt8, Sendable, BitwiseCopyable {
        /// No frames: a compressed message is about to begin, after plain payload of the same block; one has ended.
        case compressedBegins = 0, compressedEnded = 1
        case close = 8, ping = 9, pong = 10
    }

    /// A block of input: `source..<end` is not decoded yet; the payloads so far lie below `payloadEnd`.
    package struct Cursor: BitwiseCopyable {
        package var source: UnsafeMutableRawPointer
        package var payloadEnd: UnsafeMutableRawPointer
        /// The start of the block: payloads lie from there on.
        package let start: UnsafeMutableRawPointer
        package let end: UnsafeMutableRawPointer

        @inline(__always)
        package init(start: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
            source = start
            payloadEnd = start
            self.start = start
            self.end = end
        }
    }

    /// A whole control frame, unmasked in place: read it before the cursor moves on.
    package struct ControlFrame: BitwiseCopyable {
        package let kind: Control
        package let payload: UnsafeMutableRawPointer
        package let count: Int
    }

    /// Room that a caller leaves in front of a block.
    package static let carryCapacity = 6 + 125

    private var carry: UnsafeMutableRawPointer?
    private var carryCount = 0
    private var remaining = 0  // payload of the current data frame still to come
    private var mask: UInt32 = 0  // rotated to the next payload byte
    private var isFragmented = false  // inside a message whose last frame is still to come
    /// Data frames that have begun.
    package private(set) var frames: UInt64 = 0
    /// Whether an unmasked Pong or Close is refused, as §5.1 requires. Widespread clients send both like this (paho-mqtt up to
    /// 2.2), and nothing of them enters MQTT.
    package var isStrict = false
    /// Whether messages may be compressed (RFC 7692 §6.1).
    package var allowsCompression = false
    /// Whether the message under way is compressed.
    package private(set) var isCompressed = false

    package init() {}

    deinit { carry?.deallocate() }

    /// Whether the input so far ends between two messages.
    package var isBetweenMessages: Bool { remaining == 0 && carryCount == 0 && !isFragmented }

    /// Puts what the last block left over in front of `block`; returns the new start.
    @inline(__always)
    package mutating func restoreCarry(before block: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        guard let carry else { return block }
        let start = block - carryCount
        start.copyMemory(from: carry, byteCount: carryCount)
        carry.deallocate()
        self.carry = nil
        carryCount = 0
        return start
    }

    /// Decodes up to and including the next control frame, or to the end of the block (nil).
    package mutating func next(_ cursor: inout Cursor) throws(WebSocketViolation) -> ControlFrame? {
        var source = cursor.source
        var destination = cursor.payloadEnd
        let end = cursor.end
        defer {
            cursor.source = source
            cursor.payloadEnd = destination
        }
        if isCompressed, remaining > 0 {
            takePayload(&source, &destination, end)
            guard remaining == 0 else { return nil }
            if !isFragmented { return compressedEnded(at: source) }
        }
        while true {
            if remaining > 0 {
                let count = min(remaining, end - source)
                mask = unmask(from: source, to: destination, count: count, mask: mask)
                source += count
                destination += count
                remaining &-= count
                if remaining > 0 { return nil }
            }
            let available = end - source
            guard available >= 6 else {
                if let frame = try shortControl(at: source, available) {
                    source = frame.payload + frame.count
                    return frame
                }
                try cutOff(&source, available)
                return nil
            }
            let first = source.load(as: UInt8.self)
            let second = (source + 1).load(as: UInt8.self)
            // The everyday frame: a whole binary message of less than 126 bytes.
            if first == 0x82, second &- 0x80 < 126, !isFragmented {
                mask = (source + 2).loadUnaligned(as: UInt32.self)
                remaining = Int(second & 0x7F)
                source += 6
                frames &+= 1
                continue
            }
            try check(first, second)
            // What is plain leaves first.
            if first & 0x40 != 0, destination > cursor.start {
                return ControlFrame(kind: .compressedBegins, payload: source, count: 0)
            }
            if first & 0x08 != 0 {
                guard let frame = control(first, second, at: source, available) else {
                    try cutOff(&source, available)
                    return nil
                }
                source = frame.payload + frame.count
                return frame
            }
            guard let header = try beginData(source, available, first, second) else {
                try cutOff(&source, available)
                return nil
            }
            source += header
            frames &+= 1
            if isCompressed {
                takePayload(&source, &destination, end)
                guard remaining == 0 else { return nil }
                if !isFragmented { return compressedEnded(at: source) }
            }
        }
    }

    /// Unmasks what is there of the frame under way.
    private mutating func takePayload(
        _ source: inout UnsafeMutableRawPointer, _ destination: inout UnsafeMutableRawPointer,
        _ end: UnsafeMutableRawPointer
    ) {
        let count = min(remaining, end - source)
        mask = unmask(from: source, to: destination, count: count, mask: mask)
        source += count
        destination += count
        remaining &-= count
    }

    private mutating func compressedEnded(at source: UnsafeMutableRawPointer) -> ControlFrame {
        isCompressed = false
        return ControlFrame(kind: .compressedEnded, payload: source, count: 0)
    }

    /// The rules that the first two bytes of a frame show.
    private func check(_ first: UInt8, _ second: UInt8) throws(WebSocketViolation) {
        let opcode = first & 0x0F
        // RSV1 is on the first frame of a message, RFC 7692 §6.1.
        guard first & 0x70 == 0 || allowsCompression && first & 0x78 == 0x40 && opcode != 0 else { throw .reservedBits }
        guard opcode <= 2 || 8...10 ~= opcode else { throw .opcode }
        guard second & 0x80 != 0 || !isStrict && (opcode == 8 || opcode == 10) else { throw .unmasked }
        if opcode >= 8 {
            guard first & 0x80 != 0 else { throw .controlFragmented }
            guard second & 0x7F < 126 else { throw .controlLength }
        } else {
            guard opcode != 1 else { throw .text }
            guard opcode == (isFragmented ? 0 : 2) else { throw isFragmented ? .interleaved : .continuation }
        }
    }

    /// A whole control frame of fewer than six bytes: without a mask.
    private func shortControl(
        at source: UnsafeMutableRawPointer, _ available: Int
    ) throws(WebSocketViolation) -> ControlFrame? {
        guard available >= 2 else { return nil }
        let (first, second) = (source.load(as: UInt8.self), (source + 1).load(as: UInt8.self))
        guard first & 0x08 != 0, second < 0x80 else { return nil }
        try check(first, second)
        return control(first, second, at: source, available)
    }

    /// The control frame at `source`; nil when it is not all there. `check` has passed its first two bytes.
    private func control(
        _ first: UInt8, _ second: UInt8, at source: UnsafeMutableRawPointer, _ available: Int
    ) -> ControlFrame? {
        let count = Int(second & 0x7F)
        let isMasked = second & 0x80 != 0
        let header = isMasked ? 6 : 2
        guard available >= header + count else { return nil }
        let payload = source + header
        if isMasked {
            let key = (source + 2).loadUnaligned(as: UInt32.self)
            _ = unmask(from: payload, to: payload, count: count, mask: key)
        }
        // `check` has let only these three through.
        return ControlFrame(kind: Control(rawValue: first & 0x0F) ?? .pong, payload: payload, count: count)
    }

    /// Reads the header of a data frame; returns its size, or nil when it is not all there.
    private mutating func beginData(
        _ source: UnsafeMutableRawPointer, _ available: Int, _ first: UInt8, _ second: UInt8
    ) throws(WebSocketViolation) -> Int? {
        var length = Int(second & 0x7F)
        var header = 6
        if length == 126 {
            header = 8
            guard available >= header else { return nil }
            length = Int(UInt16(bigEndian: (source + 2).loadUnaligned(as: UInt16.self)))
            guard length >= 126 else { throw .lengthForm }
        } else if length == 127 {
            header = 14
            guard available >= header else { return nil }
            guard let long = Int(exactly: UInt64(bigEndian: (source + 2).loadUnaligned(as: UInt64.self))) else {
                throw .length
            }
            guard long > 0xFFFF else { throw .lengthForm }
            length = long
        }
        if first & 0x0F != 0 { isCompressed = first & 0x40 != 0 }
        isFragmented = first & 0x80 == 0
        mask = (source + header - 4).loadUnaligned(as: UInt32.self)
        remaining = length
        return header
    }

    /// Keeps an incomplete header or control frame for the next block, unless what is there is wrong already.
    private mutating func cutOff(_ source: inout UnsafeMutableRawPointer, _ available: Int) throws(WebSocketViolation) {
        guard available > 0 else { return }
        let first = source.load(as: UInt8.self)
        // One byte shows all but the mask bit.
        let second = available > 1 ? (source + 1).load(as: UInt8.self) : 0x80
        try check(first, second)
        let copy = UnsafeMutableRawPointer.allocate(byteCount: Self.carryCapacity, alignment: 8)
        let count = min(available, Self.carryCapacity)
        copy.copyMemory(from: source, byteCount: count)
        carry = copy
        carryCount = count
        source += available
    }
}
