/// A complete response, written at once; the connection closes after it.
package struct HTTPResponse: Sendable, Equatable {
    /// The status of the answer.
    package let status: HTTPStatus
    /// Fields besides those that `bytes(date:omittingBody:)` writes itself.
    package let fields: [HTTPField]
    /// The content.
    package let body: [UInt8]

    /// A response with these parts. Date, Content-Length, Server and "Connection: close" are added when it is written.
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
    /// Connection field among them join "close". Control characters in values are dropped, so that no value can end
    /// its line (RFC 9110 §5.5); a field whose name is not a token is left out.
    ///
    /// - Parameters:
    ///   - date: when it is made, as an IMF-fixdate (RFC 9110 §6.6.1, §5.6.7).
    ///   - omittingBody: true answers HEAD: the same head, Content-Length included, without the content (RFC 9110 §9.3.2).
    package func bytes(date: String, omittingBody: Bool) -> [UInt8] {
        var head = HTTPHeadWriter(statusLine: status)
        head.write("Date", date)
        head.write("Server", "sluice")
        var options = ["close"]
        for field in fields {
            if field.isNamed("connection") {
                options.append(field.value)
            } else if !Self.isReserved(field) {
                head.write(field.name, field.value)
            }
        }
        // RFC 9110 §8.6: no Content-Length with 1xx and 204; content of 304 is that of another response.
        if !status.forbidsContent { head.write("Content-Length", "\(body.count)") }
        head.write("Connection", options.joined(separator: ", "))
        let omitted = omittingBody || status.forbidsContent
        return head.finished() + (omitted ? [] : body)
    }

    private static func isReserved(_ field: HTTPField) -> Bool {
        ["date", "content-length", "transfer-encoding", "server"].contains { field.isNamed($0) }
    }
}
