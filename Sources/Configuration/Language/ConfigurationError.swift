/// A place in a configuration file.
package struct Position: Sendable, Hashable, CustomStringConvertible {
    /// The path as given, or as the `include` resolved it.
    package var file: String
    /// From 1; 0 when the file as a whole is meant, as when it cannot be read.
    package var line: Int
    /// From 1, in Unicode scalars; 0 when the file as a whole is meant.
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// Of what no file says: a default.
    package static let none = Position(file: "", line: 0, column: 0)

    /// `file:line:column`, or `file` alone when the file as a whole is meant.
    package var description: String {
        line > 0 ? "\(file):\(line):\(column)" : file
    }
}

/// A value as the configuration names it, and where. Two are equal when the texts are: the place does not change the meaning.
package struct Written: Sendable, Equatable {
    /// A path is absolute.
    package var text: String
    /// Of the directive.
    package var position: Position

    package init(_ text: String, at position: Position) {
        self.text = text
        self.position = position
    }

    package static func == (a: Self, b: Self) -> Bool { a.text == b.text }
}

/// Why a configuration was refused: the first error, and its position.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    package var position: Position
    /// What is wrong and what is allowed, in one line.
    package var message: String
    /// What the operator may have meant, or the position of the other half of a conflict.
    package var hint: String?

    package init(at position: Position, _ message: String, hint: String? = nil) {
        self.position = position
        self.message = message
        self.hint = hint
    }

    /// `file:line:column: message`, then `; hint` when there is one.
    package var description: String {
        guard let hint else { return "\(position): \(message)" }
        return "\(position): \(message); \(hint)"
    }
}

/// An error in one value, before its position is known.
struct ValueFault: Error, Equatable {
    /// Reads on after the name of the directive: `must be …`.
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// `text` in quotes for a message: control characters escaped, and cut where it would fill the screen. A path is not cut
/// before PATH_MAX: its end says the most.
func quoted(_ text: String, limit: Int = 80) -> String {
    var result = "\""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        default: result.unicodeScalars.append(scalar)
        }
    }
    if text.unicodeScalars.dropFirst(limit).first != nil { result += "…" }
    return result + "\""
}

/// `a`, `a and b`, `a, b and c`.
func listed(_ names: [String], _ conjunction: String = "and") -> String {
    guard let last = names.last else { return "" }
    let others = names.dropLast()
    return others.isEmpty ? last : "\(others.joined(separator: ", ")) \(conjunction) \(last)"
}
