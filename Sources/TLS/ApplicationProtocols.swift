import COpenSSL

/// What may be spoken inside the connections of a context, and the choice among it (ALPN, RFC 7301). OpenSSL asks again in each
/// handshake, resumed ones included.
final class ApplicationProtocols: Sendable {
    private let names: [[UInt8]]
    private let isRequired: Bool

    /// `names`: the best first. `isRequired`: a client that offers only others is refused.
    init(_ names: [String], isRequired: Bool) {
        self.names = names.map { [UInt8]($0.utf8) }
        self.isRequired = isRequired
    }

    /// The server's choice (RFC 7301 §3.2): the first of its own that the client offers; else the alert
    /// no_application_protocol (120), where one is required. A client that offers none is never asked.
    static let select:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
            UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
        ) -> Int32 = { _, selected, selectedCount, offered, offeredCount, context in
            guard let selected, let selectedCount, let offered, let context else { return SSL_TLSEXT_ERR_NOACK }
            let own = Unmanaged<ApplicationProtocols>.fromOpaque(context).takeUnretainedValue()
            let list = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
            for name in own.names {
                guard let place = find(name, in: list) else { continue }
                selected.pointee = offered + place
                selectedCount.pointee = UInt8(truncatingIfNeeded: name.count)
                return SSL_TLSEXT_ERR_OK
            }
            return own.isRequired ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK
        }

    /// Where `name` stands in a list of names, each with its length in a byte in front.
    private static func find(_ name: [UInt8], in list: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        while index < list.count {
            let count = Int(list[index])
            guard index + 1 + count <= list.count else { return nil }
            if count == name.count, list[(index + 1)...].prefix(count).elementsEqual(name) { return index + 1 }
            index += 1 + count
        }
        return nil
    }
}
