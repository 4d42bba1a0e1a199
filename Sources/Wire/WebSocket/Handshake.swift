import Text

/// The server's side of the opening handshake of WebSocket, RFC 6455 §4.2.
package enum Handshake {
    /// A handshake that may be answered with 101, or with 200 over HTTP/2.
    package struct Accepted: Sendable {
        private let head: RequestHead
        private let keyPlace: Range<Int>?
        private let subprotocolPlace: Range<Int>?

        /// The offer of permessage-deflate that is agreed to; nil: there is none.
        package let deflate: DeflateOffer?

        init(_ head: RequestHead, key: Range<Int>?, subprotocol: Range<Int>?, deflate: DeflateOffer?) {
            self.head = head
            self.deflate = deflate
            keyPlace = key
            subprotocolPlace = subprotocol
        }

        /// The client's Sec-WebSocket-Key as sent; nil: HTTP/2 has carried the request, and it has none.
        package var key: String? { keyPlace.map { head.text($0) } }

        /// The value of Sec-WebSocket-Extensions in the answer; nil: the field is left out.
        package var extensions: String? { deflate?.answer }

        /// The one subprotocol to echo, byte for byte as offered; nil if none was offered.
        package var subprotocol: String? { subprotocolPlace.map { head.text($0) } }
    }

    /// Checks a request against RFC 6455 §4.2.1, or RFC 8441 §5 for an extended CONNECT, and the operator's rules. Of extensions
    /// only permessage-deflate may be agreed on (RFC 7692): an offer of any other changes nothing (RFC 6455 §9.1).
    ///
    /// Throws the first refusal in the order of `HandshakeRefusal.Kind`.
    package static func evaluate(_ head: RequestHead, rules: HandshakeRules) throws(HandshakeRefusal) -> Accepted {
        try checkRequest(head)
        try checkVersion(head)
        let key = try head.isExtendedConnect ? optionalKey(of: head) : key(of: head)
        try checkOrigin(head, rules: rules)
        return Accepted(
            head, key: key, subprotocol: try selectSubprotocol(head, rules: rules),
            deflate: rules.allowsDeflate ? head.deflateOffer : nil)
    }
}

extension Handshake.Accepted {
    /// Writes the 101 response head, RFC 6455 §4.2.2, into `room`. Returns how many bytes it has; nil: there is not enough
    /// room.
    ///
    /// - Parameter sha1: puts the SHA-1 of its first argument into the second, which has 20 bytes.
    package func writeResponse(
        into room: UnsafeMutableRawBufferPointer, sha1: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void
    ) -> Int? {
        guard let keyPlace else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: Self.digestSize, alignment: 8) { digest in
            hash(keyPlace, into: digest, sha1)
            var head = HeadWriter(.switchingProtocols, into: room)
            head.write("Upgrade", "websocket")
            head.write("Connection", "Upgrade")
            head.writeBase64("Sec-WebSocket-Accept", UnsafeRawBufferPointer(digest).bindMemory(to: UInt8.self).span)
            if let subprotocolPlace { head.write("Sec-WebSocket-Protocol", bytes: self.head.bytes[subprotocolPlace]) }
            if let extensions { head.write("Sec-WebSocket-Extensions", value: extensions) }
            return head.finish()
        }
    }

    /// The value of Sec-WebSocket-Accept; nil: the request has no key. A proxy that has turned HTTP/1.1 into HTTP/2 passes the key on
    /// and wants it answered (Envoy 1.40).
    package func acceptValue(
        sha1: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void
    ) -> [UInt8]? {
        guard let keyPlace else { return nil }
        var value: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: Self.digestSize, alignment: 8) { digest in
            hash(keyPlace, into: digest, sha1)
            Base64.encode(UnsafeRawBufferPointer(digest).bindMemory(to: UInt8.self).span) { value.append($0) }
        }
        return value
    }

    private static let digestSize = 20

    /// Hashes the key followed by the GUID of RFC 6455 §1.3.
    private func hash(
        _ keyPlace: Range<Int>, into digest: UnsafeMutableRawBufferPointer,
        _ sha1: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void
    ) {
        let guid: StaticString = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        let size = keyPlace.count + guid.utf8CodeUnitCount
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { input in
            input.copyBytes(from: head.bytes[keyPlace])
            guid.withUTF8Buffer {
                UnsafeMutableRawBufferPointer(rebasing: input[keyPlace.count...]).copyBytes(from: $0)
            }
            sha1(UnsafeRawBufferPointer(input), digest)
        }
    }
}

extension Handshake {
    /// RFC 9110 §15.5.22: an answer with 426 must name the protocol to upgrade to.
    private static let upgradeFields = [HTTPField("Upgrade", "websocket"), HTTPField("Connection", "Upgrade")]

    private static func checkRequest(_ head: RequestHead) throws(HandshakeRefusal) {
        guard !head.isExtendedConnect else { return }  // nghttp2 has checked what RFC 8441 §4 demands
        // RFC 6455 §4.2.1 item 1.
        guard head.isMethod("GET") else {
            let allow = [HTTPField("Allow", "GET")]
            throw HandshakeRefusal(.method, .methodNotAllowed, "only GET is served here", fields: allow)
        }
        guard head.minorVersion >= 1 else {
            let detail = "WebSocket needs HTTP/1.1; does a proxy in front speak HTTP/1.0?"
            throw HandshakeRefusal(.httpVersion, .httpVersionNotSupported, detail)
        }
        // RFC 6455 §4.2.1 item 3.
        guard head.has(token: "websocket", in: "upgrade") else {
            let detail = "no \"Upgrade: websocket\": this address serves WebSocket only"
            throw HandshakeRefusal(.notWebSocket, .upgradeRequired, detail, fields: upgradeFields)
        }
        // RFC 6455 §4.2.1 item 4.
        guard head.has(token: "upgrade", in: "connection") else {
            throw HandshakeRefusal(.connection, .badRequest, "the Connection field does not contain \"upgrade\"")
        }
    }

    /// RFC 6455 §4.2.1 item 6 and §4.4.
    private static func checkVersion(_ head: RequestHead) throws(HandshakeRefusal) {
        let version = head.field("sec-websocket-version")
        guard version.count == 1, version.first.map({ head.isSame($0, "13") }) == true else {
            let fields = [HTTPField("Sec-WebSocket-Version", "13")] + upgradeFields
            throw HandshakeRefusal(
                .webSocketVersion, .upgradeRequired, "Sec-WebSocket-Version is not 13", fields: fields)
        }
    }

    /// RFC 6455 §4.2.1 item 5: base64 of 16 bytes, once (§11.3.1).
    private static func key(of head: RequestHead) throws(HandshakeRefusal) -> Range<Int> {
        let keys = head.field("sec-websocket-key")
        guard keys.count == 1, let key = keys.first, Base64.isEncoding(head.bytes.span, key, ofByteCount: 16) else {
            let detail =
                switch keys.count {
                case 0: "no Sec-WebSocket-Key"
                case 1: "Sec-WebSocket-Key is not base64 of 16 bytes"
                default: "more than one Sec-WebSocket-Key"
                }
            throw HandshakeRefusal(.key, .badRequest, detail)
        }
        return key
    }

    /// RFC 8441 §5: there is none; but a proxy in front may pass on that of its own client.
    private static func optionalKey(of head: RequestHead) -> Range<Int>? {
        let keys = head.field("sec-websocket-key")
        guard keys.count == 1, let key = keys.first, Base64.isEncoding(head.bytes.span, key, ofByteCount: 16) else {
            return nil
        }
        return key
    }

    /// RFC 6455 §4.2.2 item 4 and §10.2. Browsers always send Origin; without one it is no browser, and a check
    /// that any other program can answer as it likes would protect nobody.
    private static func checkOrigin(_ head: RequestHead, rules: HandshakeRules) throws(HandshakeRefusal) {
        guard let allowed = rules.origins else { return }
        let origins = head.field("origin")
        guard let origin = origins.first else { return }
        guard origins.count == 1, allowed.contains(where: { $0.matches(head.bytes.span, origin) }) else {
            let origin = shortened(head.text(origin), limit: 200)
            throw HandshakeRefusal(.origin, .forbidden, "the origin \"\(origin)\" is not allowed")
        }
    }

    /// [MQTT-6.0.0-4] and RFC 6455 §4.2.2 item 5: `mqtt` if it can be had, else the first offered name that is
    /// configured.
    private static func selectSubprotocol(
        _ head: RequestHead, rules: HandshakeRules
    ) throws(HandshakeRefusal) -> Range<Int>? {
        let field: StaticString = "sec-websocket-protocol"
        if rules.allows("mqtt"), let mqtt = head.firstElement(of: field, where: { head.isSame($0, "mqtt") }) {
            return mqtt
        }
        let common = head.firstElement(of: field) { rules.allows(head.bytes[$0]) }
        if let common { return common }
        let offered = head.tokens("sec-websocket-protocol")
        if offered.isEmpty && !rules.requireSubprotocol { return nil }
        let allowed = rules.subprotocols.joined(separator: ", ")
        let names = offered.prefix(8).map { shortened($0, limit: 24) }.joined(separator: ", ")
        let detail =
            offered.isEmpty
            ? "no subprotocol offered, allowed: \(allowed)"
            : "no offered subprotocol is allowed, offered: \(names); allowed: \(allowed)"
        throw HandshakeRefusal(.subprotocol, .badRequest, detail)
    }

    /// A text of the client for a message. A long one is only counted: clients pass tokens as subprotocols, and a
    /// token must not reach a log.
    private static func shortened(_ text: String, limit: Int) -> String {
        text.utf8.count <= limit ? text : "(\(text.utf8.count) bytes)"
    }
}
