/// A JSON text (RFC 8259) as a value. Numbers keep their text, as a claim is compared by it.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As the text has it: `1`, `1.0` and `1e0` are three different ones.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Names are unique: a text that repeats one is refused.
    case object([String: JSONValue])

    /// The members, if this is an object.
    package var members: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The characters, if this is a string.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A string as it is, a number or boolean by its JSON text; nil for everything else.
    package var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

/// Why bytes are not a JSON text, or not one that is accepted.
package enum JSONError: Error, Sendable, Equatable {
    /// RFC 8259 does not allow what is at this offset, or the text ends there too early.
    case syntax(at: Int)
    /// Deeper than `JSONParser.deepest`.
    case tooDeep
    /// An object has a name twice (RFC 8259 §4 leaves open which counts, so none does).
    case duplicateName
}
