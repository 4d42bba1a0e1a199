/// Values of the `Origin` field. RFC 6454 §6.2
enum Origin {
    /// What browsers send for pages that have no host: RFC 6454 §6.1 step 1, and pages of an app's own files.
    private static let hostless: Set<String> = ["null", "file://"]

    /// `null` and `file://`, or the lower-case form of `scheme://host[:port]`, without a default port, which browsers leave out.
    ///
    /// The host may begin with the label `*`, which matches one or more labels.
    static func parsed(_ text: String) throws(ValueFault) -> String {
        let lower = text.lowercased()
        if hostless.contains(lower) { return lower }
        guard let colon = text.utf8.firstIndex(of: 0x3A), text[colon...].hasPrefix("://"), isScheme(text[..<colon])
        else { throw malformed(text) }
        let scheme = text[..<colon].lowercased()
        guard scheme != "file" else {
            throw malformed(text, hint: "the origin of pages from files is \"file://\", whatever their path")
        }
        let authority = text[colon...].dropFirst(3)
        guard !authority.contains("/") else {
            throw malformed(text, hint: "an origin has no path and no trailing \"/\"")
        }
        var host = authority
        var port: Int?
        if let mark = authority.utf8.lastIndex(of: 0x3A), !authority.hasSuffix("]") {
            let digits = authority[mark...].dropFirst()
            guard let number = Value.integer(digits), (1...65535).contains(number) else { throw malformed(text) }
            host = authority[..<mark]
            port = number
        }
        guard let host = canonicalHost(host) else { throw malformed(text) }
        if let port, defaultPorts[scheme] != port { return "\(scheme)://\(host):\(port)" }
        return "\(scheme)://\(host)"
    }

    private static let defaultPorts = ["http": 80, "https": 443]

    private static func canonicalHost(_ host: Substring) -> String? {
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), let address = Host.canonicalIPv6(host.dropFirst().dropLast()) else { return nil }
            return "[\(address)]"
        }
        let name = host.hasPrefix("*.") ? host.dropFirst(2) : host
        guard Host.isName(name) || Host.isIPv4(host) else { return nil }
        return host.lowercased()
    }

    /// RFC 3986 §3.1
    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "+" || $0 == "-" || $0 == ".") }
    }

    private static func malformed(_ text: String, hint: String? = nil) -> ValueFault {
        ValueFault(
            "must be scheme://host[:port], with \"*.\" allowed before the host, or null or file://, not \(quoted(text))",
            hint: hint ?? remedy(text))
    }

    private static func remedy(_ text: String) -> String? {
        if text == "*" || text == "any" { return "to allow every origin, write only \"any\"" }
        let bare = text.split(separator: "/", omittingEmptySubsequences: false).first ?? ""
        return !text.contains("://") && Host.isName(bare) ? "did you mean \"https://\(bare)\"?" : nil
    }
}
