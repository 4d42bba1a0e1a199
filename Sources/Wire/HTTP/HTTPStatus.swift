/// A status code with its reason phrase, RFC 9110 §15.
package struct HTTPStatus: Sendable, Hashable {
    /// The three-digit code.
    package let code: Int

    package static let switchingProtocols = HTTPStatus(unchecked: 101)
    package static let ok = HTTPStatus(unchecked: 200)
    package static let noContent = HTTPStatus(unchecked: 204)
    package static let movedPermanently = HTTPStatus(unchecked: 301)
    package static let found = HTTPStatus(unchecked: 302)
    package static let notModified = HTTPStatus(unchecked: 304)
    package static let temporaryRedirect = HTTPStatus(unchecked: 307)
    package static let permanentRedirect = HTTPStatus(unchecked: 308)
    package static let badRequest = HTTPStatus(unchecked: 400)
    package static let unauthorized = HTTPStatus(unchecked: 401)
    package static let forbidden = HTTPStatus(unchecked: 403)
    package static let notFound = HTTPStatus(unchecked: 404)
    package static let methodNotAllowed = HTTPStatus(unchecked: 405)
    package static let requestTimeout = HTTPStatus(unchecked: 408)
    package static let uriTooLong = HTTPStatus(unchecked: 414)
    package static let misdirectedRequest = HTTPStatus(unchecked: 421)
    package static let upgradeRequired = HTTPStatus(unchecked: 426)
    package static let tooManyRequests = HTTPStatus(unchecked: 429)
    package static let requestHeaderFieldsTooLarge = HTTPStatus(unchecked: 431)
    package static let internalServerError = HTTPStatus(unchecked: 500)
    package static let badGateway = HTTPStatus(unchecked: 502)
    package static let serviceUnavailable = HTTPStatus(unchecked: 503)
    package static let gatewayTimeout = HTTPStatus(unchecked: 504)
    package static let httpVersionNotSupported = HTTPStatus(unchecked: 505)

    /// A status with this code, or nil outside 100...599 (RFC 9110 §15).
    package init?(code: Int) {
        guard (100...599).contains(code) else { return nil }
        self.code = code
    }

    /// The reason phrase of the codes named above; empty for any other, as RFC 9112 §4 allows.
    package var reason: String {
        Self.reasons[code] ?? ""
    }

    /// Whether a response with this status never has content: 1xx, 204 and 304 (RFC 9110 §6.4.1).
    package var forbidsContent: Bool {
        code < 200 || code == 204 || code == 304
    }

    private init(unchecked code: Int) {
        self.code = code
    }

    private static let reasons: [Int: String] = [
        101: "Switching Protocols",
        200: "OK",
        204: "No Content",
        301: "Moved Permanently",
        302: "Found",
        304: "Not Modified",
        307: "Temporary Redirect",
        308: "Permanent Redirect",
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        408: "Request Timeout",
        414: "URI Too Long",
        421: "Misdirected Request",
        426: "Upgrade Required",
        429: "Too Many Requests",
        431: "Request Header Fields Too Large",
        500: "Internal Server Error",
        502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout",
        505: "HTTP Version Not Supported",
    ]
}

extension HTTPStatus: CustomStringConvertible {
    /// Code and reason phrase, "404 Not Found".
    package var description: String {
        reason.isEmpty ? "\(code)" : "\(code) \(reason)"
    }
}
