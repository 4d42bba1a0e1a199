import Text

/// Fields of the API's answers. Whatever is missing, or of another type, reads as nil, zero or empty: a gateway of another
/// version can be watched, too.
extension JSONValue {
    subscript(_ name: String) -> JSONValue? { members?[name] }

    /// Its number; nil for everything else.
    var number: Double? {
        guard case .number(let text) = self, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    /// The number `name`, at least zero: zero where there is none.
    func double(_ name: String) -> Double { max(0, self[name]?.number ?? 0) }

    /// The whole number `name`, at least zero, and never more than 2^53, which a double has exactly.
    func integer(_ name: String) -> Int { Int(min(double(name), 9_007_199_254_740_992)) }

    /// The string `name`; empty where there is none.
    func string(_ name: String) -> String { self[name]?.text ?? "" }

    func isTrue(_ name: String) -> Bool { self[name] == .bool(true) }

    /// The elements of the array `name`.
    func elements(_ name: String) -> [JSONValue] {
        if case .array(let values)? = self[name] { values } else { [] }
    }

    /// The object `name` as counts by name, largest first, then by name.
    func counts(_ name: String) -> [Count] {
        guard let object = self[name] else { return [] }
        return (object.members ?? [:]).keys.map { Count(name: $0, count: object.integer($0)) }
            .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }
}

/// How often something occurred.
package struct Count: Sendable, Equatable {
    package let name: String
    package let count: Int
}
