/// One question to the API.
package enum Query: Sendable, Hashable {
    case status
    case connections(ConnectionQuery)
    case connection(id: String)
    case upstreams
    case certificates

    /// What follows the API's prefix in the URL.
    package var path: String {
        switch self {
        case .status: "status"
        case .connections(let query): "connections?" + query.text
        case .connection(let id): "connections/" + Self.encode(id)
        case .upstreams: "upstreams"
        case .certificates: "certificates"
        }
    }

    /// Percent-encodes all but RFC 3986's unreserved characters.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.isASCII,
                scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || "-._~".utf8.contains(byte)
            {
                encoded.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.utf8.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return encoded
    }
}

/// Which connections are asked for.
package struct ConnectionQuery: Sendable, Hashable {
    /// Those that have ended recently, in place of those that are there.
    package var isEnded = false
    package var order: SortOrder
    package var limit: Int
    /// A part of client identifier, user name or address; empty: all.
    package var filter = ""

    package init(isEnded: Bool = false, order: SortOrder, limit: Int, filter: String = "") {
        self.isEnded = isEnded
        self.order = order
        self.limit = limit
        self.filter = filter
    }

    var text: String {
        var text = "sort=\(order.apiText)&limit=\(limit)"
        if isEnded { text = "state=closed&limit=\(limit)" }
        if !filter.isEmpty { text += "&q=" + Query.encode(filter) }
        return text
    }
}
