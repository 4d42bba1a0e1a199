import Text

/// Text of a peer in a log line: no byte of it can end the line or the field, or reach the terminal as a control code.
package enum LogText {
    /// Escapes the bytes of quotes, backslashes and control characters as `\xHH`, as nginx does.
    package static func escape(_ value: String) -> String {
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

    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        isControl(scalar) || scalar == "\"" || scalar == "\\"
    }

    /// C0, DEL and C1: a terminal takes U+009B for the start of a control sequence (ECMA-48 §5.3).
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    /// Sixteen digits, lower case: how a connection is named.
    package static func connectionID(_ value: UInt64) -> String { Hexadecimal.encode(value) }

    /// Milliseconds as seconds with three places.
    package static func seconds(_ milliseconds: Int64) -> String {
        let value = max(0, milliseconds)
        return "\(value / 1000)." + padded(value % 1000, 3)
    }

    static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
