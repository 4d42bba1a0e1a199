import Text

/// Text of a peer in a log line: no byte of it can end the line or the field, or reach the terminal as a control code.
package enum LogText {
    /// Escapes the bytes of quotes, backslashes and characters that are `isUnsafe` as `\xHH`, as nginx does.
    package static func escape(_ value: String) -> String {
        escape(value) { isUnsafe($0) || $0 == "\"" || $0 == "\\" }
    }

    /// Escapes only what would end a line or change how it is shown, for text of the operator's: a path, a message.
    package static func oneLine(_ value: String) -> String { escape(value, isUnsafe) }

    private static func escape(_ value: String, _ needsEscape: (Unicode.Scalar) -> Bool) -> String {
        guard value.unicodeScalars.contains(where: needsEscape) else { return value }
        var text = ""
        for scalar in value.unicodeScalars {
            if needsEscape(scalar) {
                for byte in String(scalar).utf8 { text += "\\x" + Hexadecimal.encode(byte, .upper) }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// What is not shown as it is: C0, DEL and C1, as a terminal takes U+009B for the start of a control sequence (ECMA-48
    /// §5.3); the line and paragraph separators, at which many tools end a line; and what changes the order in which a line
    /// is shown (Unicode UAX #9 §2).
    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// The first bytes of `text` and "…", at most `limit` bytes of UTF-8 together; `text` itself if it is no longer than that.
    package static func cut(_ text: String, limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var room = max(0, limit - ellipsis.utf8.count)
        var end = text.startIndex
        for index in text.unicodeScalars.indices {
            room -= text.unicodeScalars[index].utf8.count
            guard room >= 0 else { break }
            end = text.unicodeScalars.index(after: index)
        }
        return text[..<end] + ellipsis
    }

    /// What stands for the rest of a text.
    static let ellipsis = "…"

    /// Sixteen digits, lower case: how a connection is named.
    package static func connectionID(_ value: UInt64) -> String { Hexadecimal.encode(value) }

    /// Milliseconds as seconds with three places.
    package static func seconds(_ milliseconds: Int64) -> String {
        let value = max(0, milliseconds)
        return "\(value / 1000)." + padded(value % 1000, 3)
    }

    /// Microseconds as seconds with six places.
    package static func seconds(microseconds: Int64) -> String {
        let value = max(0, microseconds)
        return "\(value / 1_000_000)." + padded(value % 1_000_000, 6)
    }

    static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
