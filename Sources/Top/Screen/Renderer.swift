/// Makes of lines what a terminal is sent: only those that have changed since the last time (ECMA-48).
package struct Renderer: Sendable {
    private let hasColor: Bool
    private var last: [Line] = []
    private var lastColumns = 0

    /// `hasColor`: whether colours may be used; bold, dim and reverse are always.
    package init(hasColor: Bool) { self.hasColor = hasColor }

    /// The alternate screen, without a cursor, and without a new line after the last column.
    package static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    /// As it was.
    package static let leave = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// The screen has something else on it.
    package mutating func forget() { last = [] }

    /// What turns the last screen into this one.
    package mutating func render(_ lines: [Line], columns: Int) -> String {
        var output = ""
        if last.count != lines.count || lastColumns != columns {
            output = "\u{1B}[0m\u{1B}[2J"
            last = []
        }
        for (index, line) in lines.enumerated() where last.isEmpty || last[index] != line {
            output += "\u{1B}[\(index + 1);1H"
            // A terminal may take another width for a character than we do: what comes after it is put at its place.
            var (column, isCertain) = (1, true)
            for piece in line.pieces where !piece.text.isEmpty {
                if !isCertain { output += "\u{1B}[\(column)G" }
                column += piece.width
                isCertain = piece.text.utf8.allSatisfy { $0 < 0x80 }
                let code = code(piece.style)
                output += code.isEmpty ? piece.text : "\u{1B}[\(code)m\(piece.text)\u{1B}[0m"
            }
            // Not after the last column: there is no cell to the right of the cursor, and the last one would go.
            if line.width < columns { output += isCertain ? "\u{1B}[K" : "\u{1B}[\(column)G\u{1B}[K" }
        }
        (last, lastColumns) = (lines, columns)
        return output
    }

    private func code(_ style: Style) -> String {
        switch style {
        case .plain: ""
        case .dim: "2"
        case .bold: "1"
        case .title, .selected: "7"
        case .good: hasColor ? "32" : ""
        case .warning: hasColor ? "33" : ""
        case .bad: hasColor ? "1;31" : "1"
        case .alarm: hasColor ? "1;37;41" : "1;7"
        }
    }
}
