/// The parameters of a query whose names are all known, each given once at most: what an API takes, where a name with a typing
/// error must not pass for no filter at all.
///
/// As forms are sent (WHATWG URL, application/x-www-form-urlencoded): names and values are percent-encoded, "+" is a space.
package struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    /// Parameters that a query may have: more are refused without a look at them.
    private static let limit = 64

    /// Reads `query`, as it came; nil is a request without one.
    package init(_ query: String?, known: [String]) throws(QueryError) {
        let pairs = (query ?? "").utf8.split(separator: UInt8(ascii: "&"))
        guard pairs.count <= Self.limit else { throw QueryError("more than \(Self.limit) parameters") }
        for pair in pairs {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = try Self.decode(pair[..<end])
            guard known.contains(name) else {
                let list = known.isEmpty ? "there are none here" : "known: " + known.joined(separator: ", ")
                throw QueryError("unknown parameter \"\(name)\"; \(list)")
            }
            let value = try Self.decode(pair[end...].dropFirst())
            guard values.updateValue(value, forKey: name) == nil else {
                throw QueryError("the parameter \"\(name)\" is there twice; give it once")
            }
        }
    }

    /// The value of a parameter, decoded; empty for a name without "=", nil: it is not there.
    package subscript(name: String) -> String? { values[name] }

    private static func decode(_ text: some Sequence<UInt8>) throws(QueryError) -> String {
        let spaced = text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
        guard let bytes = PercentCoding.decode(spaced) else {
            throw QueryError("a \"%\" without two hexadecimal digits after it; a percent sign is %25")
        }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw QueryError("a name or value that is not UTF-8 text without NUL")
        }
        return text
    }
}

/// What is wrong with a query, in words for whoever has sent it.
package struct QueryError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
