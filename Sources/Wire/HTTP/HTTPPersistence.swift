/// What becomes of a connection after a response, and what the response says about it (RFC 9112 §9.3).
package enum HTTPPersistence: Sendable {
    /// It closes: "Connection: close".
    case close
    /// It stays, as HTTP/1.1 has it unless told otherwise: nothing is said.
    case keepAlive
    /// It stays for a client of HTTP/1.0, which must be told: "Connection: keep-alive".
    case announcedKeepAlive

    /// The option of the Connection field; nil: there is none.
    var option: StaticString? {
        switch self {
        case .close: "close"
        case .keepAlive: nil
        case .announcedKeepAlive: "keep-alive"
        }
    }
}
