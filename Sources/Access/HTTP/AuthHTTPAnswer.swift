import Control
import Text

/// What the answer of `auth_http`'s service means.
///
/// - 2xx with a JSON object: its `result` is `allow`, `deny` or `ignore`.
/// - 2xx without content: allow. The words `allow`, `deny` and `ignore` alone mean what they say.
/// - 401 and 403: deny.
/// - Everything else is a failure of the service, and so is a field of the wrong type: nobody is let in by mistake, nor by
///   a proxy's error page.
enum AuthHTTPAnswer {
    struct Fault: Error, Equatable, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Bytes that a field of MQTT can hold.
    private static let longestField = 65_535
    /// Characters of a reason that go to the log.
    private static let longestReason = 256

    /// `now`: milliseconds since 1970.
    static func verdict(_ answer: HTTPAnswer, now: Int64) throws(Fault) -> Verdict {
        switch answer.status {
        case 401: return .deny(Denial(.credentials, reason(in: answer) ?? "the service answered 401"))
        case 403: return .deny(Denial(.notAuthorized, reason(in: answer) ?? "the service answered 403"))
        case 200..<300: break
        default: throw Fault("it answered with status \(answer.status)")
        }
        let text = trimmed(answer.body)
        if text.first == UInt8(ascii: "{") || isJSON(answer.contentType) && !text.isEmpty {
            return try verdict(object(Array(text)), now: now)
        }
        switch text.count <= 16 ? String(decoding: text, as: UTF8.self).lowercased() : nil {
        case "", "allow": return .allow(Identity())
        case "deny": return .deny(Denial(.credentials, "the service answered deny"))
        case "ignore": return .ignore
        default: throw unknown(text, answer.contentType)
        }
    }

    /// Content whose meaning is not defined.
    private static func unknown(_ text: ArraySlice<UInt8>, _ contentType: String) -> Fault {
        let type = contentType.isEmpty ? "no content type" : shown(contentType.utf8)
        return Fault(
            "its answer is neither a JSON object, nor empty, nor one of the words allow, deny and ignore:"
                + " \(type), starting with \"\(shown(text))\"")
    }

    /// The beginning of a text of the service, with everything but visible ASCII as a dot.
    private static func shown(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.prefix(40).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }

    /// Without white space around it, and without the byte order mark that some writers put first (RFC 8259 §8.1).
    private static func trimmed(_ body: [UInt8]) -> ArraySlice<UInt8> {
        var text = body.starts(with: [0xEF, 0xBB, 0xBF]) ? body.dropFirst(3) : body[...]
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }

    /// `application/json`, and what is built on it (RFC 6839 §3.1).
    private static func isJSON(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return type == "application/json" || type.hasSuffix("+json")
    }

    private static func object(_ body: [UInt8]) throws(Fault) -> [String: JSONValue] {
        guard let value = try? JSONParser.parse(body), case .object(let members) = value else {
            throw Fault("its answer is not a JSON object")
        }
        return members
    }

    private static func reason(in answer: HTTPAnswer) -> String? {
        (try? object(Array(trimmed(answer.body)))).flatMap(reason)
    }

    private static func reason(_ members: [String: JSONValue]) -> String? {
        guard case .string(let text)? = members["reason"], !text.isEmpty else { return nil }
        return String(text.prefix(longestReason))
    }

    private static func verdict(_ members: [String: JSONValue], now: Int64) throws(Fault) -> Verdict {
        guard case .string(let result)? = members["result"] else {
            throw Fault("its answer has no \"result\" that is a string")
        }
        switch result {
        case "allow": break
        // Whatever else it says: it must not become a failure, which `onFailure` may let in.
        case "deny": return .deny(Denial(.credentials, reason(members) ?? "the service answered deny"))
        case "ignore": return .ignore
        default: throw Fault("the \"result\" of its answer is not allow, deny or ignore")
        }
        _ = try string("reason", members)
        var identity = Identity()
        identity.username = try name("username", members)
        identity.clientID = try name("client_id", members)
        identity.expiresAt = try time(members["expires_at"])
        if let end = identity.expiresAt, end <= now {
            return .deny(Denial(.credentials, "expires_at of the service's answer has passed"))
        }
        return .allow(identity)
    }

    private static func string(_ field: String, _ members: [String: JSONValue]) throws(Fault) -> String? {
        switch members[field] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        default: throw Fault("the \"\(field)\" of its answer is not a string")
        }
    }

    private static func name(_ field: String, _ members: [String: JSONValue]) throws(Fault) -> String? {
        guard let text = try string(field, members) else { return nil }
        guard text.utf8.count <= longestField, !text.utf8.contains(0) else {
            throw Fault("the \"\(field)\" of its answer is too long, or contains a NUL")
        }
        return text
    }

    /// Seconds since 1970 as milliseconds.
    private static func time(_ value: JSONValue?) throws(Fault) -> Int64? {
        switch value {
        case nil, .null?: return nil
        case .number(let text)?:
            guard let seconds = Double(text), seconds.isFinite else { break }
            return Int64(min(max(seconds * 1000, 0), 4e15))
        default: break
        }
        throw Fault("the \"expires_at\" of its answer is not a number")
    }
}
