/// How a piece of a line looks. What it says is in the text, too: without colours nothing is lost.
package enum Style: Sendable, Equatable {
    case plain, dim, bold
    /// The titles of a table.
    case title
    case selected
    case good, warning, bad
    /// A message across the screen.
    case alarm
}

/// A piece of text of one style. The text is safe for a terminal, whoever wrote it.
package struct Piece: Sendable, Equatable {
    package let text: String
    package let style: Style
    /// In columns.
    package let width: Int

    /// The text of others, or our own: in its own width, or in `width` columns, cut off or padded.
    init(_ text: String, _ style: Style = .plain, width: Int? = nil, alignsRight: Bool = false) {
        self.style = style
        if let width {
            self.text = TerminalText.fit(text, width, alignsRight: alignsRight)
            self.width = max(0, width)
        } else {
            (self.text, self.width) = TerminalText.prefix(text, Self.widest)
        }
    }

    /// Our own text, with its backslashes as they are.
    init(own text: String, _ style: Style = .plain) {
        self.style = style
        (self.text, width) = TerminalText.prefix(text, Self.widest, isClean: true)
    }

    /// No terminal is wider.
    private static let widest = 2000
}

/// A line of the screen.
package struct Line: Sendable, Equatable {
    package var pieces: [Piece]

    init(_ pieces: [Piece] = []) { self.pieces = pieces }
    init(_ text: String, _ style: Style = .plain) { pieces = [Piece(text, style)] }

    var width: Int { pieces.reduce(0) { $0 + $1.width } }
    /// Without styles.
    package var text: String { pieces.map(\.text).joined() }

    /// The pieces that fit into `width` columns, with a gap between them, and blanks up to it. The first ones are the more
    /// important ones.
    static func joined(_ pieces: [Piece], width: Int, gap: Int = 2) -> Line {
        var (line, used) = (Line(), 0)
        for piece in pieces where piece.width > 0 {
            let space = used == 0 ? 0 : gap
            guard used + space + piece.width <= width else {
                if used == 0 { line.pieces.append(Piece(cutting: piece, to: width)) }
                break
            }
            if space > 0 { line.pieces.append(Piece("", width: space)) }
            line.pieces.append(piece)
            used += space + piece.width
        }
        return line
    }

    /// At most `width` columns of it.
    func cut(to width: Int) -> Line {
        guard self.width > width else { return self }
        var (line, left) = (Line(), width)
        for piece in pieces where left > 0 {
            line.pieces.append(piece.width <= left ? piece : Piece(cutting: piece, to: left))
            left -= piece.width
        }
        return line
    }

    /// All of it in one style, padded to `width`.
    func styled(_ style: Style, width: Int) -> Line {
        var pieces = self.pieces.map { Piece(restyling: $0, style) }
        if self.width < width { pieces.append(Piece("", style, width: width - self.width)) }
        return Line(pieces)
    }
}

extension Piece {
    /// At most `width` columns of a piece.
    init(cutting piece: Piece, to width: Int) {
        style = piece.style
        (text, self.width) = TerminalText.prefix(piece.text, width, isClean: true)
    }

    fileprivate init(restyling piece: Piece, _ style: Style) {
        text = piece.text
        width = piece.width
        self.style = style
    }
}
