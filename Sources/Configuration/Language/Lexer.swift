import Text

/// A word of the text: a directive's name or one of its arguments, unquoted and unescaped.
package struct Word: Sendable, Equatable {
    package var text: String
    package var position: Position
}

enum Token: Equatable {
    case word(Word)
    /// `;`
    case semicolon(Position)
    /// `{`
    case open(Position)
    /// `}`
    case close(Position)
    /// The end of the file.
    case end(Position)
}

/// Cuts one file into tokens, by nginx's rules.
///
/// - A word ends at white space, `;`, `{` or `}`; `${name}` stays in it whole.
/// - `'` and `"` quote only at the start of a word. In and out of quotes `\"`, `\'` and `\\` stand for the second
///   character and `\t`, `\r`, `\n` for the control character; before any other character the backslash stays.
/// - `#` at the start of a word begins a comment, which ends with the line.
/// - The text is UTF-8, with no control characters except tab, carriage return and line feed.
struct Lexer {
    private let bytes: [UInt8]
    private let file: String
    private var index = 0
    private var line = 1
    private var column = 1

    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }  // byte order mark
    }

    /// The next token; after the last one, `.end` again and again.
    mutating func next() throws(ConfigurationError) -> Token {
        try skipBlanks()
        let start = position
        switch current {
        case nil: return .end(start)
        case UInt8(ascii: ";"):
            _ = try take()
            return .semicolon(start)
        case UInt8(ascii: "{"):
            _ = try take()
            return .open(start)
        case UInt8(ascii: "}"):
            _ = try take()
            return .close(start)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .word(try quotedWord(start))
        default:
            return .word(try plainWord(start))
        }
    }
}

// MARK: - Words

extension Lexer {
    private mutating func quotedWord(_ start: Position) throws(ConfigurationError) -> Word {
        let quote = current
        var text: [UInt8] = []
        _ = try take()
        while let byte = current {
            if byte == quote {
                _ = try take()
                // nginx's `if ($a = "b")` may go on like this.
                guard endsWord(current) || current == UInt8(ascii: ")") else {
                    throw ConfigurationError(at: position, "expected a space, \";\" or \"{\" after the closing quote")
                }
                return Word(text: String(decoding: text, as: UTF8.self), position: start)
            }
            if byte == UInt8(ascii: "\\") {
                try escape(into: &text)
            } else {
                text += try take()
            }
        }
        throw ConfigurationError(at: start, "the quote that opens here is never closed")
    }

    private mutating func plainWord(_ start: Position) throws(ConfigurationError) -> Word {
        var text: [UInt8] = []
        while let byte = current, !endsWord(byte) {
            if byte == UInt8(ascii: "\\") {
                try escape(into: &text)
            } else if byte == UInt8(ascii: "$"), following == UInt8(ascii: "{") {
                try bracedVariable(into: &text)
            } else {
                text += try take()
            }
        }
        return Word(text: String(decoding: text, as: UTF8.self), position: start)
    }

    /// Takes `${name}` whole: its braces open and close no block.
    private mutating func bracedVariable(into text: inout [UInt8]) throws(ConfigurationError) {
        let start = position
        while let byte = current {
            text += try take()
            if byte == UInt8(ascii: "}") { return }
            if let next = current, isBlank(next) || next == UInt8(ascii: ";") { break }
        }
        throw ConfigurationError(at: start, "\"${\" is never closed", hint: "a variable is written ${name}")
    }

    private mutating func escape(into text: inout [UInt8]) throws(ConfigurationError) {
        let backslash = try take()
        switch current {
        case nil: text += backslash
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): text += try take()
        case UInt8(ascii: "t"): try replace(with: "\t", in: &text)
        case UInt8(ascii: "r"): try replace(with: "\r", in: &text)
        case UInt8(ascii: "n"): try replace(with: "\n", in: &text)
        default: text += backslash + (try take())
        }
    }

    private mutating func replace(
        with scalar: Unicode.Scalar, in text: inout [UInt8]
    ) throws(ConfigurationError) {
        _ = try take()
        text += Array(UTF8.encode(scalar) ?? .init())
    }
}

// MARK: - Characters

extension Lexer {
    private var position: Position { Position(file: file, line: line, column: column) }
    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }
    private var following: UInt8? { index + 1 < bytes.count ? bytes[index + 1] : nil }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private func endsWord(_ byte: UInt8?) -> Bool {
        guard let byte else { return true }
        return isBlank(byte) || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}")
    }

    private mutating func skipBlanks() throws(ConfigurationError) {
        while let byte = current {
            if byte == UInt8(ascii: "#") {
                while let next = current, next != 0x0A { _ = try take() }
            } else if isBlank(byte) {
                _ = try take()
            } else {
                return
            }
        }
    }

    /// Takes one character, checks it and advances the position.
    private mutating func take() throws(ConfigurationError) -> ArraySlice<UInt8> {
        guard let first = current else { return [] }
        guard let length = utf8Length(at: index) else {
            throw ConfigurationError(at: position, "this is not valid UTF-8")
        }
        if first < 0x20 && !isBlank(first) || first == 0x7F {
            throw ConfigurationError(
                at: position, "there is a control character U+00\(Hexadecimal.encode(first, .upper)) in the text")
        }
        let character = bytes[index..<index + length]
        index += length
        if first == 0x0A {
            line += 1
            column = 1
        } else {
            column += 1
        }
        return character
    }

    /// Length of the well-formed sequence at an offset, nil when there is none. RFC 3629 §4
    private func utf8Length(at offset: Int) -> Int? {
        let first = bytes[offset]
        var second: ClosedRange<UInt8> = 0x80...0xBF
        let length: Int
        switch first {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if first == 0xE0 { second = 0xA0...0xBF }  // no overlong form
            if first == 0xED { second = 0x80...0x9F }  // no surrogate
        case 0xF0...0xF4:
            length = 4
            if first == 0xF0 { second = 0x90...0xBF }
            if first == 0xF4 { second = 0x80...0x8F }  // no scalar above U+10FFFF
        default: return nil
        }
        guard offset + length <= bytes.count, second.contains(bytes[offset + 1]) else { return nil }
        let rest = bytes[offset + 2..<offset + length]
        return rest.allSatisfy { (0x80...0xBF).contains($0) } ? length : nil
    }
}
