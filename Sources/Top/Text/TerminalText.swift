import Text

/// Text of others on a terminal: nothing of it is taken for a command, turns the direction of writing, or moves a column.
///
/// What is not shown as it is, is shown as its bytes in UTF-8, like `\x1B`, as in the logs: control and format characters
/// (those that turn the direction, join or hide), what is not assigned, line separators, and the backslash itself.
package enum TerminalText {
    /// Marks that are shown on one character: more of them reach into other lines.
    private static let mostMarks = 2
    /// At the end of what is cut off.
    private static let cutMark = "~"

    /// The text in at most `width` columns, and padded to it with blanks. A text that is longer ends in `~`.
    package static func fit(_ text: String, _ width: Int, alignsRight: Bool = false) -> String {
        guard width > 0 else { return "" }
        let (shown, used) = prefix(text, width)
        let blanks = String(repeating: " ", count: max(0, width - used))
        return alignsRight ? blanks + shown : shown + blanks
    }

    /// The text in at most `width` columns, cut off with `~`, and how many columns it takes. `isClean`: it has been through
    /// this already, so its backslashes are ours.
    package static func prefix(_ text: String, _ width: Int, isClean: Bool = false) -> (text: String, width: Int) {
        var (shown, used) = ("", 0)
        // Where the mark is put if the text turns out to be too long.
        var (shortCount, shortWidth) = (0, 0)
        var marks = Marks()
        for scalar in text.unicodeScalars {
            let columns = isClean && scalar == "\\" ? marks.columns(1) : marks.columns(columns(of: scalar))
            let piece = columns.map { _ in String(scalar) } ?? escape(scalar)
            let count = columns ?? piece.utf8.count
            guard used + count <= width else {
                guard width > 0 else { return ("", 0) }
                return (String(decoding: shown.utf8.prefix(shortCount), as: UTF8.self) + cutMark, shortWidth + 1)
            }
            shown += piece
            used += count
            if used < width { (shortCount, shortWidth) = (shown.utf8.count, used) }
        }
        return (shown, used)
    }

    /// The columns that a text takes, up to `limit`.
    package static func width(_ text: String, limit: Int = 1000) -> Int {
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x5C }
        return isPlain ? min(text.utf8.count, limit) : prefix(text, limit).width
    }

    /// The whole text as one field of a line: blanks are escaped, too, and nothing is `-`.
    package static func word(_ text: String) -> String {
        guard !text.isEmpty else { return "-" }
        var word = ""
        var marks = Marks()
        for scalar in text.unicodeScalars {
            let isShown = !scalar.properties.isWhitespace && marks.columns(columns(of: scalar)) != nil
            word += isShown ? String(scalar) : escape(scalar)
        }
        return word
    }

    /// The columns that a text takes which has been cleaned.
    package static func columns(ofWord text: String) -> Int { prefix(text, .max, isClean: true).width }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf8.reduce(into: "") { $0 += "\\x" + Hexadecimal.encode($1, .upper) }
    }

    /// Counts the marks on one character.
    private struct Marks {
        /// A mark needs something before it, too.
        private var count = mostMarks

        /// The columns of a character that would take so many; nil: it is to be escaped.
        mutating func columns(_ columns: Int?) -> Int? {
            guard let columns else {
                count = mostMarks
                return nil
            }
            guard columns == 0 else {
                count = 0
                return columns
            }
            guard count < mostMarks else { return nil }
            count += 1
            return 0
        }
    }

    /// nil: it is not shown as it is.
    private static func columns(of scalar: Unicode.Scalar) -> Int? {
        switch scalar.value {
        case 0x20..<0x7F: return scalar == "\\" ? nil : 1
        case 0..<0xA0: return nil
        // The second and third parts of a Hangul syllable in pieces: terminals differ in how wide they are.
        case 0x1160...0x11FF, 0xD7B0...0xD7FB: return nil
        default: break
        }
        // Variation selectors, fillers and the like: they have no shape, or change that of another.
        if scalar.properties.isDefaultIgnorableCodePoint { return nil }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return nil
        case .nonspacingMark, .enclosingMark: return 0
        default: return WideCharacters.contains(scalar) ? 2 : 1
        }
    }
}
