/// Words as a configuration writes them.
enum Quoting {
    /// A word that the lexer reads as `text`: quoted where it must be. `special`: more characters that are quoted.
    static func word(_ text: String, also special: Set<Unicode.Scalar> = []) -> String {
        guard text.isEmpty || text.unicodeScalars.contains(where: { always.contains($0) || special.contains($0) })
        else {
            return text
        }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static let always: Set<Unicode.Scalar> = [" ", "\t", "\r", "\n", ";", "{", "}", "\"", "'", "\\", "#"]
}
