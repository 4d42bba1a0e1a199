/// The page of keys.
enum Help {
    private static let keys: [(String, String)] = [
        ("q, Ctrl-C", "quit"),
        ("up, down, j, k", "the row above or below"),
        ("PgUp, PgDn", "a screen up or down"),
        ("Home, End, g, G", "the first or last row"),
        ("Enter", "all of a connection, and its packets"),
        ("Esc", "back; without the filter"),
        ("c", "connections"),
        ("u", "upstreams"),
        ("e", "what has ended recently, and why"),
        ("s or >, S or <", "sort by the next or previous column"),
        ("r", "sort the other way round"),
        ("/", "filter client id, user and address"),
        ("p", "pause"),
        ("space", "ask again now"),
        ("+, -", "ask less or more often"),
        ("Ctrl-Z", "suspend"),
    ]

    private static let notes = [
        "IN is what came from clients, OUT what went to them: bytes by powers of 1024, packets of MQTT by powers of 1000.",
        "The API does not sort by rates: those by rate are of the 1000 connections with the most bytes.",
        "What a client chose is shown with its control characters as bytes, such as \u{5C}x1B.",
    ]

    static func lines(width: Int) -> [Line] {
        var lines = [Line("sluice top: keys", .bold), Line()]
        for (key, meaning) in keys {
            lines.append(Line([Piece(key, .bold, width: 17), Piece(meaning)]))
        }
        lines.append(Line())
        for note in notes { lines += wrap(note, max(10, width)).map { Line([Piece(own: $0)]) } }
        return lines
    }

    private static func wrap(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.utf8.count + 1 + word.utf8.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
