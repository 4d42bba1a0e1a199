import Text

/// Writes the head of a response into memory of the caller, RFC 9112 §2.1, and lets no value break out of its line. What does
/// not fit is left out, and `finish` says so.
package struct HeadWriter: ~Copyable, FieldSink {
    private let room: UnsafeMutableRawBufferPointer
    private var count = 0
    private var isFull = false

    /// A head that begins with the status line, RFC 9112 §4.
    package init(_ status: HTTPStatus, into room: UnsafeMutableRawBufferPointer) {
        self.room = room
        append("HTTP/1.1 ")
        append(status.code)
        append(" ")
        append(status.phrase)
        append("\r\n")
    }

    /// Appends a field line. Drops control characters of the value, and the whole line if the name is not a token.
    package mutating func write(_ name: String, _ value: String) {
        guard HTTPCharacter.isToken(name.utf8) else { return }
        append(name.utf8)
        append(": ")
        appendValue(value.utf8)
        append("\r\n")
    }

    /// Appends a field line of ours, whose name is in order.
    package mutating func write(_ name: StaticString, _ value: StaticString) {
        begin(name)
        append(value)
        append("\r\n")
    }

    /// The same with a value that is not ours.
    package mutating func write(_ name: StaticString, value: String) {
        begin(name)
        appendValue(value.utf8)
        append("\r\n")
    }

    /// The same with a value that was made for this response.
    package mutating func write(_ name: StaticString, _ value: ShortText) {
        begin(name)
        value.withBytes { append($0) }
        append("\r\n")
    }

    /// The same with bytes that are not ours.
    mutating func write(_ name: StaticString, bytes: ArraySlice<UInt8>) {
        begin(name)
        appendValue(bytes)
        append("\r\n")
    }

    /// The same with the base64 of some bytes.
    mutating func writeBase64(_ name: StaticString, _ bytes: Span<UInt8>) {
        begin(name)
        Base64.encode(bytes) { append($0) }
        append("\r\n")
    }

    /// The same with a number that is not negative.
    package mutating func write(_ name: StaticString, _ number: Int) {
        begin(name)
        append(number)
        append("\r\n")
    }

    /// What the response says about its connection.
    package mutating func write(_ persistence: HTTPPersistence) {
        if let option = persistence.option { write("Connection", option) }
    }

    /// Ends the head with its empty line. Returns how many bytes it has; nil: there was not enough room.
    package consuming func finish() -> Int? {
        append("\r\n")
        return isFull ? nil : count
    }

    // MARK: Parts

    /// Begins a field line.
    mutating func begin(_ name: StaticString) {
        append(name)
        append(": ")
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append($0) }
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        guard bytes.count <= room.count - count else {
            isFull = true
            return
        }
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyBytes(from: bytes)
        count += bytes.count
    }

    /// Appends the bytes that a field value may hold.
    mutating func appendValue(_ value: some Sequence<UInt8>) {
        for byte in value where HTTPCharacter.isFieldValue(byte) { append(byte) }
    }

    mutating func append(_ byte: UInt8) {
        guard count < room.count else {
            isFull = true
            return
        }
        room[count] = byte
        count += 1
    }

    private mutating func append(_ number: Int) {
        var (rest, unit) = (max(number, 0), 1)
        while rest / unit >= 10 { unit *= 10 }
        while unit > 0 {
            append(UInt8(truncatingIfNeeded: rest / unit) + UInt8(ascii: "0"))
            rest %= unit
            unit /= 10
        }
    }
}
