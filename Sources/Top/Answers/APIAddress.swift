/// Where the API is: the prefix of its location, as a URL that ends in a slash.
package struct APIAddress: Sendable, Equatable {
    package static let standard = "http://127.0.0.1:9090/api/"

    package let url: String
    package var isHTTPS: Bool { url.hasPrefix("https://") }

    /// Takes a URL of http or https, a slash at its end or not, or only a host and a port. Without a path it is /api/.
    /// The error says what is wrong with it.
    package init(_ text: String) throws(APIAddressError) {
        var rest = text[...]
        var scheme = "http"
        if let end = text.firstRange(of: "://") {
            scheme = text[..<end.lowerBound].lowercased()
            rest = text[end.upperBound...]
        }
        guard scheme == "http" || scheme == "https" else {
            throw APIAddressError("\"\(scheme)\" is neither http nor https")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw APIAddressError("it has a character that a URL does not: percent-encode it")
        }
        guard !rest.contains("?"), !rest.contains("#") else {
            throw APIAddressError("it must end with the location's path")
        }
        let host = rest.prefix { $0 != "/" }
        guard !host.isEmpty, host.first != ":" else { throw APIAddressError("it has no host") }
        // The command line is no place for a password: others can see it.
        guard !host.contains("@") else { throw APIAddressError("the user is named with --user, not in the URL") }
        var path = String(rest.dropFirst(host.count))
        if path.isEmpty { path = "/api/" }
        if !path.hasSuffix("/") { path += "/" }
        url = "\(scheme)://\(host)\(path)"
    }
}

/// Why a text is no address of an API.
package struct APIAddressError: Error, Sendable, Equatable {
    package let reason: String
    init(_ reason: String) { self.reason = reason }
}
