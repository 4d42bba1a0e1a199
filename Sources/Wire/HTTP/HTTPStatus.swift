/// A status code with its reason phrase, RFC 9110 §15.
package struct HTTPStatus: Sendable, Hashable {
    /// The three-digit code.
    package let code: Int

    package static let switchingProtocols = HTTPStatus(unchecked: 101)
    package static let ok = HTTPStatus(unchecked: 200)
    package static let noContent = HTTPStatus(unchecked: 204)
    package static let partialContent = HTTPStatus(unchecked: 206)
    package static let movedPermanently = HTTPStatus(unchecked: 301)
    package static let found = HTTPStatus(unchecked: 302)
    package static let seeOther = HTTPStatus(unchecked: 303)
    package static let notModified = HTTPStatus(unchecked: 304)
    package static let temporaryRedirect = HTTPStatus(unchecked: 307)
    package static let permanentRedirect = HTTPStatus(unchecked: 308)
    package static let badRequest = HTTPStatus(unchecked: 400)
    package static let unauthorized = HTTPStatus(unchecked: 401)
    package static let forbidden = HTTPStatus(unchecked: 403)
    package static let notFound = HTTPStatus(unchecked: 404)
    package static let methodNotAllowed = HTTPStatus(unchecked: 405)
    package static let requestTimeout = HTTPStatus(unchecked: 408)
    package static let conflict = HTTPStatus(unchecked: 409)
    package static let gone = HTTPStatus(unchecked: 410)
    package static let lengthRequired = HTTPStatus(unchecked: 411)
    package static let preconditionFailed = HTTPStatus(unchecked: 412)
    package static let contentTooLarge = HTTPStatus(unchecked: 413)
    package static let uriTooLong = HTTPStatus(unchecked: 414)
    package static let unsupportedMediaType = HTTPStatus(unchecked: 415)
    package static let rangeNotSatisfiable = HTTPStatus(unchecked: 416)
    package static let misdirectedRequest = HTTPStatus(unchecked: 421)
    package static let unprocessableContent = HTTPStatus(unchecked: 422)
    package static let upgradeRequired = HTTPStatus(unchecked: 426)
    package static let tooManyRequests = HTTPStatus(unchecked: 429)
    package static let requestHeaderFieldsTooLarge = HTTPStatus(unchecked: 431)
    package static let internalServerError = HTTPStatus(unchecked: 500)
    package static let notImplemented = HTTPStatus(unchecked: 501)
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
    package var reason: String { "\(phrase)" }

    /// Whether a response with this status never has content: 1xx, 204 and 304 (RFC 9110 §6.4.1).
    package var forbidsContent: Bool {
        code < 200 || code == 204 || code == 304
    }

    private init(unchecked code: Int) {
        self.code = code
    }
}

extension HTTPStatus {
    /// `reason` as it stands in the program.
    var phrase: StaticString {
        switch code {
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 423: "Locked"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: ""
        }
    }
}

extension HTTPStatus: CustomStringConvertible {
    /// Code and reason phrase, "404 Not Found".
    package var description: String {
        reason.isEmpty ? "\(code)" : "\(code) \(reason)"
    }
}
