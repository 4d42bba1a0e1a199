import CDashboard

/// The dashboard: one document, with its style and its script inside. It asks the API for everything that it shows.
struct DashboardPage: Sendable {
    /// UTF-8.
    let html: [UInt8]
    /// How a Content-Security-Policy names its only script, quotes included; inline handlers and anything else stay
    /// forbidden.
    let scriptHash: String
    /// The same for its only style sheet. The page has no style attributes.
    let styleHash: String

    /// The page that finds the API below `apiPrefix`, a path of the same origin: "/api/".
    static func document(apiPrefix: String) -> DashboardPage {
        let style = text(CDashboard_style())
        let script = text(CDashboard_script())
        let values = ["api": escaped(apiPrefix), "style": style, "script": script]
        return DashboardPage(
            html: Array(filled(text(CDashboard_document()), values).utf8), scriptHash: AdminGate.sourceHash(script),
            styleHash: AdminGate.sourceHash(style))
    }

    /// `template` with a value in the place of each {{name}}; what a value contains is left alone.
    private static func filled(_ template: String, _ values: [String: String]) -> String {
        var pieces = template.split(separator: "{{", omittingEmptySubsequences: false)[...]
        var result = String(pieces.popFirst() ?? "")
        for piece in pieces {
            let parts = piece.split(separator: "}}", maxSplits: 1, omittingEmptySubsequences: false)
            result += values[String(parts[0])] ?? ""
            if parts.count == 2 { result += parts[1] }
        }
        return result
    }

    /// Text inside a quoted attribute of HTML.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    private static func text(_ part: CDashboard_part) -> String {
        String(decoding: UnsafeBufferPointer(start: part.bytes, count: part.count), as: UTF8.self)
    }
}
