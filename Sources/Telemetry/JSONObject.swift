import Text

/// Writes one JSON object (RFC 8259), field by field, in the order of the calls.
package struct JSONObject: Sendable {
    private var text = "{"
    private var isEmpty = true

    package init() {}

    package mutating func field(_ name: StaticString, _ value: String) {
        begin(name)
        text += "\""
        Self.escape(value, into: &text)
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
        Self.escape(name, into: &text)
        text += "\":\""
        Self.escape(value, into: &text)
        text += "\""
    }

    /// The whole object.
    package var closed: String { text + "}" }

    private mutating func begin(_ name: StaticString) {
        text += isEmpty ? "\"\(name)\":" : ",\"\(name)\":"
        isEmpty = false
    }

    private static func escape(_ value: String, into text: inout String) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where LogText.isControl(scalar):
                text += "\\u00" + Hexadecimal.encode(UInt8(truncatingIfNeeded: scalar.value), .upper)
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
