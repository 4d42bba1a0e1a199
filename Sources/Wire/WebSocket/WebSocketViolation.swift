/// A rule of RFC 6455 that a client's frame breaks.
package enum WebSocketViolation: Error, Equatable, Sendable, BitwiseCopyable, CaseIterable {
    /// RSV bits without a negotiated extension, §5.2.
    case reservedBits
    /// A reserved opcode, §5.2.
    case opcode
    /// A client frame that is not masked, §5.1.
    case unmasked
    /// A length that is not in its shortest form, §5.2.
    case lengthForm
    /// A length of 2^63 or more, §5.2.
    case length
    /// A control frame without FIN, §5.5.
    case controlFragmented
    /// A control frame of more than 125 bytes, §5.5.
    case controlLength
    /// A continuation frame outside a fragmented message, §5.4.
    case continuation
    /// A new message inside a fragmented one, §5.4.
    case interleaved
    /// A text frame: MQTT is binary [MQTT-6.0.0-1].
    case text
    /// The payload of a Close is one byte, §5.5.1.
    case closeLength
    /// A status code that may not go over the wire, §7.4.
    case closeCode
    /// The reason of a Close is not UTF-8, §5.5.1.
    case closeReason
    /// A compressed message that is not DEFLATE, or is cut off, RFC 7692 §7.2.2.
    case deflate
    /// A compressed message that is, or would be, too large.
    case deflateSize

    /// The code of the Close that answers it (§7.4.1, §8.1).
    package var code: CloseCode {
        switch self {
        case .text: .unsupportedData
        case .closeReason, .deflate: .invalidPayload
        case .deflateSize: .messageTooBig
        default: .protocolError
        }
    }

    /// The rule in words, for the log and as the reason of the Close; at most 123 bytes.
    package var words: String {
        switch self {
        case .reservedBits: "a reserved bit (RSV) is set without a negotiated extension (RFC 6455 section 5.2)"
        case .opcode: "unknown opcode (RFC 6455 section 5.2)"
        case .unmasked: "the frame is not masked (RFC 6455 section 5.1)"
        case .lengthForm: "the length is not in its shortest form (RFC 6455 section 5.2)"
        case .length: "the length has its highest bit set (RFC 6455 section 5.2)"
        case .controlFragmented: "a control frame is fragmented (RFC 6455 section 5.5)"
        case .controlLength: "a control frame is longer than 125 bytes (RFC 6455 section 5.5)"
        case .continuation: "a continuation frame without a message to continue (RFC 6455 section 5.4)"
        case .interleaved: "a new message inside a fragmented one (RFC 6455 section 5.4)"
        case .text: "a text frame: MQTT is binary (MQTT 5.0 section 6)"
        case .closeLength: "the payload of the Close frame is a single byte (RFC 6455 section 5.5.1)"
        case .closeCode: "the Close frame has a status code that may not be sent (RFC 6455 section 7.4)"
        case .closeReason: "the reason of the Close frame is not UTF-8 (RFC 6455 section 5.5.1)"
        case .deflate: "the compressed message is not DEFLATE (RFC 7692 section 7.2.2)"
        case .deflateSize: "the compressed message is too large (RFC 6455 section 7.4.1)"
        }
    }
}
