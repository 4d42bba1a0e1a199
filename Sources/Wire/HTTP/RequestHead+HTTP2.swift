/// A request that HTTP/2 has carried (RFC 9113 §8.3.1).
extension RequestHead {
    /// What the field block of a request says; no value has CR, LF or NUL (RFC 9113 §8.2.1).
    package struct FieldBlock {
        package var method: [UInt8]
        package var authority: [UInt8]
        package var path: [UInt8]
        /// `:protocol`; empty: there is none.
        package var connectProtocol: [UInt8]
        /// The Host field; empty: there is none.
        package var host: [UInt8]
        /// The other fields, as the lines of HTTP/1.1.
        package var lines: [UInt8]

        package init(
            method: [UInt8], authority: [UInt8], path: [UInt8], connectProtocol: [UInt8], host: [UInt8], lines: [UInt8]
        ) {
            self.method = method
            self.authority = authority
            self.path = path
            self.connectProtocol = connectProtocol
            self.host = host
            self.lines = lines
        }
    }

    /// The same head, checked by the same rules, as one of HTTP/1.1: the target is the path, and Host is the authority
    /// (RFC 9113 §8.3.1). An extended CONNECT for WebSocket is a GET (RFC 8441 §5). `hasBody`: content follows.
    package static func parse(_ block: FieldBlock, hasBody: Bool) throws(HTTPError) -> RequestHead {
        var isExtendedConnect = false
        if block.method.elementsEqual("CONNECT".utf8) {
            guard block.connectProtocol.elementsEqual("websocket".utf8) else {
                throw HTTPError(
                    status: .notImplemented, cause: .requestLine,
                    detail: block.connectProtocol.isEmpty
                        ? "CONNECT is not for proxying here" : "the only :protocol of CONNECT here is websocket")
            }
            isExtendedConnect = true
        }
        guard !block.method.contains(where: { $0 <= HTTPCharacter.space }),
            !block.path.contains(where: { $0 <= HTTPCharacter.space })
        else { throw .malformed(.requestLine, "a pseudo-header field has white space") }
        // RFC 9113 §8.3.1: where both are there they must not differ.
        guard block.host.isEmpty || block.authority.isEmpty || block.host == block.authority else {
            throw .malformed(.host, "Host and :authority are not the same")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            block.method.count + block.path.count + block.authority.count + block.host.count + block.lines.count + 64)
        if isExtendedConnect { bytes += "GET".utf8 } else { bytes += block.method }
        bytes.append(HTTPCharacter.space)
        bytes += block.path
        bytes += " HTTP/1.1\r\n".utf8
        if !block.authority.isEmpty || !block.host.isEmpty {
            bytes += "host: ".utf8
            bytes += block.authority.isEmpty ? block.host : block.authority
            bytes += "\r\n".utf8
        }
        bytes += block.lines
        bytes += "\r\n".utf8
        var head = try parse(bytes.span)
        head.isHTTP2 = true
        head.isExtendedConnect = isExtendedConnect
        head.hasBody = hasBody && !isExtendedConnect
        return head
    }
}
