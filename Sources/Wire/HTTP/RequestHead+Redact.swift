extension RequestHead {
    /// The same request with `***` in the place of some values, for logs.
    ///
    /// `arguments` of the query and `cookies` are case-sensitive; `fields` are lower-case names.
    package func redacting(arguments: Set<String>, cookies: Set<String>, fields: Set<String>) -> RequestHead {
        var values: [(index: Int, value: String)] = []
        for (index, field) in self.fields.enumerated() {
            if fields.contains(field.name) {
                values.append((index, Self.mask))
            } else if field.isNamed("cookie") {
                values.append((index, Self.redacting(field.value, separator: ";", cookies)))
            }
        }
        return replacing(
            target: redactingTarget(arguments: arguments),
            query: query.map { Self.redacting($0, separator: "&", arguments) }, values: values)
    }

    /// The target with `***` in the place of some arguments of its query.
    package func redactingTarget(arguments: Set<String>) -> String {
        guard let query, let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return String(target[...mark]) + Self.redacting(query, separator: "&", arguments)
    }

    private static let mask = "***"

    /// Pairs of a query or of a Cookie field; names are compared as the readers of both compare them.
    private static func redacting(_ text: String, separator: Character, _ names: Set<String>) -> String {
        guard !names.isEmpty else { return text }
        return text.split(separator: separator, omittingEmptySubsequences: false).map { pair in
            guard let end = pair.firstIndex(of: "=") else { return String(pair) }
            let name = pair[..<end]
            let plain =
                separator == "&" ? String(decoding: PercentCoding.decodeQuery(name.utf8), as: UTF8.self) : nil
            let isSecret = names.contains(plain ?? String(name.drop { $0 == " " || $0 == "\t" }))
            return isSecret ? "\(name)=\(mask)" : String(pair)
        }.joined(separator: String(separator))
    }
}
