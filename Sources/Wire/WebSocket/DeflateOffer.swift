/// One offer of permessage-deflate (RFC 7692 §7.1), as far as it concerns the server. Pure.
package struct DeflateOffer: Equatable, Sendable {
    /// The window that the client wants the server to use, as a power of two: 9 to 15; nil: it is not limited.
    package let serverWindowBits: Int?

    /// What the server agrees to. Neither side keeps a window from one message to the next; a client has to take that (§7.1.1).
    /// `client_max_window_bits` is left out: it may be answered only where it was offered, and spares only the client's memory.
    package var answer: String {
        let window = serverWindowBits.map { "; server_max_window_bits=\($0)" } ?? ""
        return "permessage-deflate; server_no_context_takeover; client_no_context_takeover" + window
    }

    /// One element of Sec-WebSocket-Extensions. nil: another extension, or one that is to be declined: with a parameter that is
    /// unknown, wrong or there twice (§7.1), or with a window of 256 bytes, which zlib does not have.
    init?(_ element: String) {
        var parts = element.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)[...]
        guard parts.popFirst()?.lowercased() == "permessage-deflate" else { return nil }
        var seen: Set<String> = []
        var bits: Int?
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            let name = pair[0].lowercased()
            guard seen.insert(name).inserted else { return nil }
            switch (name, pair.count > 1 ? Self.unquoted(pair[1]) : nil) {
            case ("server_no_context_takeover", nil), ("client_no_context_takeover", nil),
                ("client_max_window_bits", nil):
                break
            case ("client_max_window_bits", let value?): guard Self.bits(value) != nil else { return nil }
            case ("server_max_window_bits", let value?):
                guard let number = Self.bits(value), number > 8 else { return nil }
                bits = number
            default: return nil
            }
        }
        serverWindowBits = bits
    }

    /// 8 to 15, without leading zeros (§7.1.2).
    private static func bits(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.first != 0x30, let number = Int(text),
            (8...15).contains(number)
        else { return nil }
        return number
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    /// A value may be a quoted string (RFC 6455 §9.1).
    private static func unquoted(_ text: Substring) -> Substring {
        text.utf8.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? text.dropFirst().dropLast() : text
    }
}

extension RequestHead {
    /// The first offer of permessage-deflate that can be agreed to: offers come in the order of the client's preference
    /// (RFC 7692 §5.1).
    var deflateOffer: DeflateOffer? {
        var offer: DeflateOffer?
        _ = firstElement(of: "sec-websocket-extensions") { element in
            offer = DeflateOffer(text(element))
            return offer != nil
        }
        return offer
    }
}
