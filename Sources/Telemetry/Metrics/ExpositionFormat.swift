/// The two texts that metrics are written in.
package enum ExpositionFormat: Sendable, Equatable, CaseIterable {
    /// Prometheus text format, version 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// For the Content-Type field of the response.
    package var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// What a client that sends this Accept field is to get (RFC 9110 §12.5.1): OpenMetrics if it prefers that by name, else
    /// the format that everything reads. nil: there is no such field.
    package init(accept: String?) {
        let ranges = (accept ?? "").split(separator: ",").compactMap(MediaRange.init)
        let openMetrics = ranges.filter { $0.isOpenMetrics }.map(\.quality).max() ?? 0
        let text = ranges.filter { $0.textRank != nil }
        let rank = text.compactMap(\.textRank).max()
        let plain = text.filter { $0.textRank == rank }.map(\.quality).max() ?? 0
        self = openMetrics > plain ? .openMetrics : .prometheus
    }
}

/// One element of an Accept field.
private struct MediaRange {
    /// Lower case.
    let type: String
    let version: String?
    /// From 0 to 1.
    let quality: Double

    /// nil: it is malformed.
    init?(_ text: Substring) {
        let parts = text.lowercased().split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        guard let type = parts.first, !type.isEmpty else { return nil }
        var (version, quality) = (String?.none, 1.0)
        for part in parts.dropFirst() {
            if part.hasPrefix("q=") {
                guard let value = Double(part.dropFirst(2)), (0...1).contains(value) else { return nil }
                quality = value
            } else if part.hasPrefix("version=") {
                version = part.dropFirst(8).filter { $0 != "\"" }
            }
        }
        (self.type, self.version, self.quality) = (type, version, quality)
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return String(text)
    }

    var isOpenMetrics: Bool {
        type == "application/openmetrics-text" && (version ?? "1.0.0") == "1.0.0"
    }

    /// How closely it names the text format: the closest range counts. nil: it does not match.
    var textRank: Int? {
        switch type {
        case "text/plain" where version == "0.0.4": 3
        case "text/plain" where version == nil: 2
        case "text/*": 1
        case "*/*": 0
        default: nil
        }
    }
}
