import Telemetry
import Wire

/// What is wrong with a request, for whoever has sent it (RFC 9457).
struct Problem: Error, Sendable, Equatable {
    let status: HTTPStatus
    /// What is wrong, and what would be right.
    let detail: String
    /// More for the response, as RFC 9110 asks for the status.
    var fields: [HTTPField] = []

    static func badRequest(_ detail: String) -> Problem { Problem(status: .badRequest, detail: detail) }

    static func notFound(_ detail: String) -> Problem { Problem(status: .notFound, detail: detail) }

    /// The request was understood, and what it says cannot be done (RFC 9110 §15.5.21).
    static func unprocessable(_ detail: String) -> Problem { Problem(status: .unprocessableContent, detail: detail) }

    /// The type that browsers and clients tell it by.
    static let mediaType = "application/problem+json"

    /// What goes to the client.
    var response: AdminResponse {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("type", "about:blank")
            writer.field("title", status.reason)
            writer.field("status", status.code)
            writer.field("detail", detail)
        }
        return AdminResponse(
            status: status, fields: [HTTPField("Content-Type", Self.mediaType)] + fields, body: writer.bytes)
    }
}
