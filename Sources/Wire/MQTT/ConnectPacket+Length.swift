extension ConnectPacket {
    /// The length in bytes of the CONNECT at the start of `bytes`, fixed header included; nil: more bytes are needed.
    ///
    /// Fails on the first byte that shows a fault of the fixed header. A packet longer than `limit` bytes is refused
    /// as soon as its protocol level is there, so that a 5.0 client is told; any other is closed in silence.
    package static func length(_ bytes: Span<UInt8>, limit: Int) throws(ConnectError) -> Int? {
        guard let remaining = try remainingLength(bytes) else { return nil }
        let length = 1 + remaining.size + remaining.value
        guard length > limit else { return length }
        guard let version = try versionOfTooLarge(bytes, remaining) else { return nil }
        throw ConnectError(.tooLarge, version)
    }

    /// The Remaining Length of a fixed header that is CONNECT; nil: it is not whole yet.
    static func remainingLength(_ bytes: Span<UInt8>) throws(ConnectError) -> VariableByteInteger? {
        guard bytes.count > 0 else { return nil }
        guard bytes[0] == 0x10 else { throw ConnectError(guess(bytes)) }
        do {
            return try VariableByteInteger.read(bytes, at: 1, end: bytes.count)
        } catch {
            throw ConnectError(.remainingLength)  // 3.1.1 §2.2.3
        }
    }

    /// The version of a packet that is too large, if we have one to answer in; nil: more bytes are needed.
    private static func versionOfTooLarge(
        _ bytes: Span<UInt8>, _ remaining: VariableByteInteger
    ) throws(ConnectError) -> ProtocolVersion? {
        // Only the name `MQTT` has levels that are answered.
        let name: [UInt8] = [0x00, 0x04, 0x4D, 0x51, 0x54, 0x54]
        let start = 1 + remaining.size
        guard remaining.value > name.count else { throw ConnectError(.tooLarge) }
        for index in 0..<name.count {
            guard start + index < bytes.count else { return nil }
            guard bytes[start + index] == name[index] else { throw ConnectError(.tooLarge) }
        }
        guard start + name.count < bytes.count else { return nil }
        guard let version = ProtocolVersion(rawValue: bytes[start + name.count] & 0x7F), version != .v3_1 else {
            throw ConnectError(.tooLarge)
        }
        return version
    }

    // MARK: What else the first bytes may be

    /// The first bytes of other protocols, and how many of them are needed to tell.
    private static let signatures: [(kind: ConnectError.Kind, bytes: [UInt8], enough: Int)] = [
        (.looksLikeTLS, [0x16, 0x03], 1),  // a handshake record
        (.looksLikeProxyProtocol, Array("PROXY ".utf8), 4),
        (.looksLikeProxyProtocol, [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A], 4),
        (.looksLikeHTTP, Array("GET ".utf8), 4),
        (.looksLikeHTTP, Array("HEAD ".utf8), 4),
        (.looksLikeHTTP, Array("POST ".utf8), 4),
        (.looksLikeHTTP, Array("PUT ".utf8), 4),
        (.looksLikeHTTP, Array("DELETE ".utf8), 4),
        (.looksLikeHTTP, Array("CONNECT ".utf8), 4),
        (.looksLikeHTTP, Array("OPTIONS ".utf8), 4),
        (.looksLikeHTTP, Array("TRACE ".utf8), 4),
        (.looksLikeHTTP, Array("PATCH ".utf8), 4),
        (.looksLikeHTTP, Array("PRI * HTTP/2.0".utf8), 4),  // RFC 9113 §3.4
    ]

    /// What a first byte that is not 0x10 shows [MQTT-3.1.0-1]; a guess for the log only.
    private static func guess(_ bytes: Span<UInt8>) -> ConnectError.Kind {
        for signature in signatures where begins(bytes, with: signature.bytes, enough: signature.enough) {
            return signature.kind
        }
        return bytes[0] >> 4 == 0x01 ? .fixedHeaderFlags : .notConnect
    }

    private static func begins(_ bytes: Span<UInt8>, with signature: [UInt8], enough: Int) -> Bool {
        let count = min(bytes.count, signature.count)
        guard count >= enough else { return false }
        for index in 0..<count where bytes[index] != signature[index] { return false }
        return true
    }
}
