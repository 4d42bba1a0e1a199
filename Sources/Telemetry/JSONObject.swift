import Text

/// Writes one JSON object (RFC 8259), field by field, in the order of the calls.
package struct JSONObject: Sendable {
    private var text = "{"
    private var isEmpty = true
    private let stringLimit: Int

    /// Of a string longer than `stringLimit`, in bytes as they are written, the rest is left out, with "…" in its place.
    package init(stringLimit: Int = .max) { self.stringLimit = stringLimit }

    package mutating func field(_ name: StaticString, _ value: String) {
        begin(name)
        text += "\""
        escape(value)
        text += "\""
    }

    package mutating func field(_ name: StaticString, _ value: some BinaryInteger) {
        begin(name)
        text += String(value)
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        begin(name)
        text += value ? "true" : "false"
    }

    /// A number that is written already, such as "1.250".
    package mutating func field(_ name: StaticString, number: String) {
        begin(name)
        text += number
    }

    /// An object inside this one.
    package mutating func field(_ name: StaticString, object: JSONObject) {
        begin(name)
        text += object.closed
    }

    /// A string whose name comes from outside.
    package mutating func field(_ name: String, _ value: String) {
        text += isEmpty ? "\"" : ",\""
        isEmpty = false
        escape(name)
        text += "\":\""
        escape(value)
        text += "\""
    }

    /// The whole object.
    package var closed: String { text + "}" }

    private mutating func begin(_ name: StaticString) {
        text += isEmpty ? "\"\(name)\":" : ",\"\(name)\":"
        isEmpty = false
    }

    private mutating func escape(_ value: String) {
        let mayCut = value.utf8.count > stringLimit / 6  // no character takes more than six times its bytes
        var room = stringLimit
        for scalar in value.unicodeScalars {
            let escaped = Self.escaped(scalar)
            if mayCut {
                room -= escaped?.utf8.count ?? scalar.utf8.count
                guard room >= 0 else {
                    text += LogText.ellipsis
                    return
                }
            }
            if let escaped { text += escaped } else { text.unicodeScalars.append(scalar) }
        }
    }

    /// nil: the character is written as it is.
    private static func escaped(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case _ where LogText.isUnsafe(scalar):  // all of them have four digits
            "\\u" + Hexadecimal.encode(UInt8(truncatingIfNeeded: scalar.value >> 8), .upper)
                + Hexadecimal.encode(UInt8(truncatingIfNeeded: scalar.value), .upper)
        default: nil
        }
    }
}
