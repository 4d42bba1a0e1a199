/// A parsed request line with its fields, RFC 9112 §2.1. Made by `parse`; every value has passed its checks.
///
/// It is one copy of the head's bytes with the places of its parts. A text is made each time it is asked for;
/// `has`, `isMethod`, `withPath` and `withHost` compare without making one.
package struct RequestHead: Sendable {
    /// The place of a field line.
    struct FieldPlace: Sendable {
        var name: Range<Int>
        var value: Range<Int>
    }

    /// The head as it came, then what has been appended to it: a path that had to be decoded, a host in lower case.
    private(set) var bytes: [UInt8]
    /// The places of the fields in the order they came.
    private(set) var fieldPlaces: [FieldPlace]
    private let methodPlace: Range<Int>
    private var targetPlace: Range<Int>
    private var pathPlace: Range<Int>
    private var queryPlace: Range<Int>?
    private var hostPlace: Range<Int>?
    /// The port beside `host`; nil: none is given, and the scheme has a default.
    package private(set) var port: UInt16?
    /// The y of "HTTP/1.y".
    package let minorVersion: Int
    /// Whether HTTP/2 has carried it.
    package internal(set) var isHTTP2 = false
    /// Whether it asks for a WebSocket by an extended CONNECT (RFC 8441 §5).
    package internal(set) var isExtendedConnect = false
    /// Whether content follows the head (RFC 9112 §6.3). Where it is not read, the connection cannot be used for another
    /// request.
    package internal(set) var hasBody = false
    /// The size of the content, in bytes, where Content-Length gives it; `.max` for a number that is larger than that. nil:
    /// there is none, or it comes in chunks.
    package internal(set) var contentLength: Int?

    /// A head of these lines, whose target and host are still to be set.
    init(_ bytes: [UInt8], _ line: RequestLine, _ fields: [FieldPlace]) {
        self.bytes = bytes
        fieldPlaces = fields
        methodPlace = line.method
        targetPlace = line.target
        pathPlace = line.target
        minorVersion = line.minorVersion
    }

    /// Sets path and query; the path is what the target has, unless it had to be decoded.
    mutating func set(_ target: RequestTarget) {
        pathPlace = target.decodedPath.map { append($0) } ?? target.path
        queryPlace = target.query
    }

    /// Sets the host.
    mutating func set(host: Authority.Host) {
        port = host.port
        hostPlace = host.isLowerCase ? host.place : append(bytes[host.place].map { HTTPCharacter.lowercased($0) })
    }

    private mutating func append(_ text: some Collection<UInt8>) -> Range<Int> {
        let start = bytes.count
        bytes += text
        return start..<bytes.count
    }
}

extension RequestHead {
    /// The method as sent; methods are case-sensitive (RFC 9110 §9.1).
    package var method: String { text(methodPlace) }

    /// The request target as sent.
    package var target: String { text(targetPlace) }

    /// The path of the target: percent-decoded once, dot segments and doubled slashes removed, valid UTF-8.
    /// Always begins with "/", never leads above it, and has no control character and no backslash.
    package var path: String { text(pathPlace) }

    /// The query as sent, without its "?"; nil if the target has no "?".
    package var query: String? { queryPlace.map(text) }

    /// The host the request is for, from an absolute-form target or else from Host (RFC 9112 §3.2.2): lower case,
    /// without port and final dot, IPv6 in brackets. Nil only for HTTP/1.0 without Host; empty if Host is empty.
    package var host: String? { hostPlace.map(text) }

    /// The fields in the order they came, names in lower case. Bytes of a value that are not UTF-8 became U+FFFD.
    package var fields: [HTTPField] {
        fieldPlaces.map { HTTPField(HTTPCharacter.lowercased(bytes[$0.name]), text($0.value)) }
    }

    /// Whether the method is `name`.
    package func isMethod(_ name: StaticString) -> Bool { isSame(methodPlace, name) }

    /// "1.1" or "2.0", for logs.
    package var httpVersion: String { isHTTP2 ? "2.0" : "1.\(minorVersion)" }

    /// How the client wants the connection to go on (RFC 9112 §9.3).
    package var persistence: HTTPPersistence {
        if has(token: "close", in: "connection") { return .close }
        if minorVersion > 0 { return .keepAlive }
        return has(token: "keep-alive", in: "connection") ? .announcedKeepAlive : .close
    }

    /// The text at a place; bytes that are not UTF-8 become U+FFFD.
    func text(_ place: Range<Int>) -> String { String(decoding: bytes[place], as: UTF8.self) }

    /// Whether the bytes at a place are those of `text`.
    func isSame(_ place: Range<Int>, _ text: StaticString) -> Bool {
        guard place.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { bytes[place].elementsEqual($0) }
    }
}

extension RequestHead: Equatable {
    /// Whether both say the same; where their bytes stand does not matter.
    package static func == (left: RequestHead, right: RequestHead) -> Bool {
        left.bytes[left.methodPlace] == right.bytes[right.methodPlace]
            && left.bytes[left.targetPlace] == right.bytes[right.targetPlace]
            && left.bytes[left.pathPlace] == right.bytes[right.pathPlace]
            && left.queryPlace.map { left.bytes[$0] } == right.queryPlace.map { right.bytes[$0] }
            && left.hostPlace.map { left.bytes[$0] } == right.hostPlace.map { right.bytes[$0] }
            && left.port == right.port && left.minorVersion == right.minorVersion && left.fields == right.fields
    }
}

// MARK: - Changes

extension RequestHead {
    /// The same request with another target, another query, or other values of some fields, for `redacting`.
    func replacing(target: String?, query: String?, values: [(index: Int, value: String)]) -> RequestHead {
        var head = self
        if let target { head.targetPlace = head.append(target.utf8) }
        if let query { head.queryPlace = head.append(query.utf8) }
        for (index, value) in values { head.fieldPlaces[index].value = head.append(value.utf8) }
        return head
    }
}
