/// A complete response, written at once.
package struct HTTPResponse: Sendable, Equatable {
    /// The status of the answer.
    package let status: HTTPStatus
    /// Fields besides those that `bytes` writes itself.
    package let fields: [HTTPField]
    /// The content.
    package let body: [UInt8]

    /// A response with these parts. Date, Content-Length, Server and Connection are added when it is written.
    package init(status: HTTPStatus, fields: [HTTPField] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A short answer for people: "400 Bad Request: no Host field" and a line feed, as plain text.
    package init(status: HTTPStatus, detail: String, fields: [HTTPField] = []) {
        let line = detail.isEmpty ? "\(status)\n" : "\(status): \(detail)\n"
        self.init(
            status: status,
            fields: fields + [
                HTTPField("Content-Type", "text/plain; charset=utf-8"),
                HTTPField("X-Content-Type-Options", "nosniff"),  // A detail may name what the client sent.
            ],
            body: [UInt8](line.utf8))
    }

    /// The answer to a request head that was refused.
    package init(_ error: HTTPError) {
        self.init(status: error.status, detail: error.detail)
    }

    /// The response as it goes over the wire, RFC 9112 §4.
    ///
    /// Framing is ours: Date, Content-Length, Transfer-Encoding and Server among `fields` are ignored, and options of a
    /// Connection field among them join ours. Control characters in values are dropped, so that no value can end its line
    /// (RFC 9110 §5.5); a field whose name is not a token is left out.
    ///
    /// - Parameters:
    ///   - date: when it is made, as an IMF-fixdate (RFC 9110 §6.6.1, §5.6.7).
    ///   - omittingBody: true answers HEAD: the same head, Content-Length included, without the content (RFC 9110 §9.3.2).
    ///   - persistence: what becomes of the connection.
    package func bytes(
        date: String, omittingBody: Bool, persistence: HTTPPersistence = .close
    ) -> [UInt8] {
        let content = omittingBody || status.forbidsContent ? [] : body
        let named = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        let capacity = Self.ownRoom + date.utf8.count + named + content.count
        return [UInt8](unsafeUninitializedCapacity: capacity) { bytes, count in
            let room = UnsafeMutableRawBufferPointer(bytes)
            guard let head = writeHead(into: room, date, persistence) else { return }
            UnsafeMutableRawBufferPointer(rebasing: room[head...]).copyBytes(from: content)
            count = head + content.count
        }
    }

    /// The head of a response whose content comes in parts, after it: in chunks (RFC 9112 §7.1), or, for a client of
    /// HTTP/1.0, up to the end of the connection. `body` is not part of it.
    package func streamHead(date: String, isChunked: Bool, persistence: HTTPPersistence) -> [UInt8] {
        let named = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        let capacity = Self.ownRoom + date.utf8.count + named
        return [UInt8](unsafeUninitializedCapacity: capacity) { bytes, count in
            let room = UnsafeMutableRawBufferPointer(bytes)
            count = writeHead(into: room, date, persistence, isChunked ? .chunks : .connection) ?? 0
        }
    }

    /// One chunk of a response (RFC 9112 §7.1); an empty one ends it.
    package static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](String(bytes.count, radix: 16).utf8) + [0x0D, 0x0A] + bytes + [0x0D, 0x0A]
    }

    /// What tells the end of the content.
    private enum Framing { case length, chunks, connection }

    /// Room for a status line and the fields that every response has.
    private static let ownRoom = 256

    private func writeHead(
        into room: UnsafeMutableRawBufferPointer, _ date: String, _ persistence: HTTPPersistence,
        _ framing: Framing = .length
    ) -> Int? {
        var head = HeadWriter(status, into: room)
        head.write("Date", value: date)
        head.write("Server", "sluice")
        for field in fields where !Self.isReserved(field) { head.write(field.name, field.value) }
        // RFC 9110 §8.6: no Content-Length with 1xx and 204; content of 304 is that of another response.
        switch framing {
        case .length where !status.forbidsContent: head.write("Content-Length", body.count)
        case .chunks: head.write("Transfer-Encoding", "chunked")
        case .length, .connection: break
        }
        writeConnection(persistence, to: &head)
        return head.finish()
    }

    /// One field for all options, RFC 9110 §7.6.1.
    private func writeConnection(_ persistence: HTTPPersistence, to head: inout HeadWriter) {
        let others = fields.filter { $0.isNamed("connection") }
        guard !others.isEmpty else { return head.write(persistence) }
        head.begin("Connection")
        var isFirst = true
        if let option = persistence.option {
            head.append(option)
            isFirst = false
        }
        for field in others {
            if !isFirst { head.append(", ") }
            head.appendValue(field.value.utf8)
            isFirst = false
        }
        head.append("\r\n")
    }

    private static func isReserved(_ field: HTTPField) -> Bool {
        ["date", "content-length", "transfer-encoding", "server", "connection"].contains { field.isNamed($0) }
    }
}
