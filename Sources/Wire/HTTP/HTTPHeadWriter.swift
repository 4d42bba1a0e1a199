/// Writes a response head line by line, RFC 9112 §2.1, and lets no value break out of its line.
struct HTTPHeadWriter {
    private var bytes: [UInt8]

    /// A head that begins with the status line, RFC 9112 §4.
    init(statusLine status: HTTPStatus) {
        bytes = [UInt8]("HTTP/1.1 \(status.code) \(status.reason)\r\n".utf8)
    }

    /// Appends a field line. Drops control characters of the value, and the whole line if the name is not a token.
    mutating func write(_ name: String, _ value: String) {
        guard HTTPCharacter.isToken(name.utf8) else { return }
        bytes += name.utf8
        bytes += ": ".utf8
        bytes += value.utf8.filter(HTTPCharacter.isFieldValue)
        bytes += "\r\n".utf8
    }

    /// The head with the empty line that ends it.
    consuming func finished() -> [UInt8] {
        bytes + "\r\n".utf8
    }
}
