/// What a client's Close frame says (RFC 6455 §5.5.1).
package enum ClosePayload {
    /// The status code; nil when the frame is empty.
    package static func parse(_ bytes: Span<UInt8>) throws(WebSocketViolation) -> UInt16? {
        if bytes.count == 0 { return nil }
        guard bytes.count >= 2 else { throw .closeLength }
        let code = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        guard CloseCode.isValidOnWire(code) else { throw .closeCode }
        guard UTF8Validation.isWellFormed(bytes, 2..<bytes.count, allowingNull: true) else { throw .closeReason }
        return code
    }
}
