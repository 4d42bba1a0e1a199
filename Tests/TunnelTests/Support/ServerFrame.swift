/// A server-to-client frame, read by a parser of its own that knows nothing of the gateway's (RFC 6455 §5.2).
struct ServerFrame: Equatable {
    let isFinal: Bool
    let opcode: UInt8
    let payload: [UInt8]

    struct Parsed {
        var whole: [ServerFrame] = []
        /// Bytes of those.
        var consumed = 0
        /// What is there of one that is not whole, and the length that it announces.
        var rest: (payload: [UInt8], length: Int)?
    }

    /// The frames in `bytes`; nil when a rule for servers is broken: RSV or mask
    /// set (§5.1), an unknown opcode, a length that is not in its shortest form (§5.2), or a header that is cut off.
    static func parse(_ bytes: [UInt8]) -> Parsed? {
        var parsed = Parsed()
        var rest = bytes[...]
        while let first = rest.popFirst() {
            guard first & 0x70 == 0, [0, 2, 8, 9, 10].contains(first & 0x0F) else { return nil }
            guard let second = rest.popFirst(), second < 0x80 else { return nil }
            var length = Int(second)
            let size = second == 126 ? 2 : second == 127 ? 8 : 0
            if size > 0 {
                guard rest.count >= size else { return nil }
                length = rest.prefix(size).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(size)
                guard length >= (size == 2 ? 126 : 65_536) else { return nil }
            }
            guard rest.count >= length else {
                // Only a whole message in one frame may be filled as it comes.
                parsed.rest = (Array(rest), length)
                return first == 0x82 ? parsed : nil
            }
            parsed.whole.append(
                ServerFrame(isFinal: first & 0x80 != 0, opcode: first & 0x0F, payload: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
            parsed.consumed = bytes.count - rest.count
        }
        return parsed
    }
}

/// A message out of data frames (RFC 6455 §5.4).
struct ServerMessage: Equatable {
    var payload: [UInt8]
    var fragments: Int
    var isComplete: Bool

    /// The messages that binary and continuation frames make; nil when they break §5.4.
    static func messages(_ frames: [ServerFrame]) -> [ServerMessage]? {
        var messages: [ServerMessage] = []
        for frame in frames {
            if frame.opcode == 2 {
                if let last = messages.last, !last.isComplete { return nil }
                messages.append(ServerMessage(payload: frame.payload, fragments: 1, isComplete: frame.isFinal))
            } else {
                guard frame.opcode == 0, var last = messages.popLast(), !last.isComplete else { return nil }
                last.payload += frame.payload
                last.fragments += 1
                last.isComplete = frame.isFinal
                messages.append(last)
            }
        }
        return messages
    }
}
