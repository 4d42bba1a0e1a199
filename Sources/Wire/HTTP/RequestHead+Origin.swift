/// Where the page comes from that sends a request, compared with where the request goes (RFC 6454 §5, §7).
package enum OriginRelation: Sendable, Hashable {
    /// There is no Origin field.
    case none
    /// The same scheme, host and port.
    case own
    /// The same host and port by https, while the request came without TLS: a proxy in front may have terminated it.
    case ownBehindTLS
    /// Another, "null", no origin at all, or more than one field.
    case foreign
}

extension RequestHead {
    /// How the Origin field compares with the scheme, host and port that this request was sent to.
    package func originRelation(isTLS: Bool) -> OriginRelation {
        let field = field("origin")
        guard let place = field.first else { return .none }
        guard field.count == 1, let host, !host.isEmpty, let origin = Origin(bytes.span, place) else { return .foreign }
        if isSame(origin, as: isTLS ? "https" : "http", host) { return .own }
        return !isTLS && isSame(origin, as: "https", host) ? .ownBehindTLS : .foreign
    }

    private func isSame(_ origin: Origin, as scheme: String, _ host: String) -> Bool {
        let own = Array("\(scheme)://\(host)\(port.map { ":\($0)" } ?? "")".utf8)
        guard let parsed = Origin(own.span, 0..<own.count) else { return false }
        return parsed.port == origin.port
            && ByteScan.isSameIgnoringCase(bytes.span, origin.scheme, own[parsed.scheme])
            && ByteScan.isSameIgnoringCase(bytes.span, origin.host, own[parsed.host])
    }
}
