/// What a client's Close frame says (RFC 6455 §5.5.1).
package enum ClosePayload {
    /// The status code, nil when the frame is empty. Throws the code to answer a broken one with: 1002, or 1007 for a
    /// reason that is not UTF-8.
    package static func parse(_ bytes: Span<UInt8>) throws(ClosePayloadError) -> UInt16? {
        if bytes.count == 0 { return nil }
        guard bytes.count >= 2 else { throw ClosePayloadError(code: .protocolError) }
        let code = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        guard CloseCode.isValidOnWire(code) else { throw ClosePayloadError(code: .protocolError) }
        guard UTF8Validation.isWellFormed(bytes, 2..<bytes.count, allowingNull: true) else {
            throw ClosePayloadError(code: .invalidPayload)
        }
        return code
    }
}

package struct ClosePayloadError: Error, Equatable, Sendable {
    package let code: CloseCode
}
