import Text

/// The server's side of the opening handshake of WebSocket, RFC 6455 §4.2.
package enum Handshake {
    /// A handshake that may be answered with 101.
    package struct Accepted: Sendable, Hashable {
        /// The client's Sec-WebSocket-Key as sent.
        package let key: String
        /// The one subprotocol to echo, byte for byte as offered; nil if none was offered.
        package let subprotocol: String?
    }

    /// Checks a request against RFC 6455 §4.2.1 and the operator's rules. Extensions are never accepted, so an offer
    /// of them changes nothing (RFC 6455 §9.1).
    ///
    /// Throws the first refusal in the order of `HandshakeRefusal.Kind`.
    package static func evaluate(_ head: RequestHead, rules: HandshakeRules) throws(HandshakeRefusal) -> Accepted {
        try checkRequest(head)
        try checkVersion(head)
        let key = try key(of: head)
        try checkOrigin(head, rules: rules)
        return Accepted(key: key, subprotocol: try selectSubprotocol(head, rules: rules))
    }

    /// The bytes whose SHA-1 is the accept value: the key followed by the GUID of RFC 6455 §1.3. The caller hashes.
    package static func acceptInput(key: String) -> [UInt8] {
        [UInt8]((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    }

    /// The 101 response head, RFC 6455 §4.2.2.
    ///
    /// - Parameter digest: the SHA-1 of `acceptInput(key:)`, 20 bytes.
    /// - Parameter subprotocol: from `Accepted`; the field is left out if nil.
    package static func response(digest: Span<UInt8>, subprotocol: String?) -> [UInt8] {
        var head = HTTPHeadWriter(statusLine: .switchingProtocols)
        head.write("Upgrade", "websocket")
        head.write("Connection", "Upgrade")
        head.write("Sec-WebSocket-Accept", Base64.encode(digest))
        if let subprotocol { head.write("Sec-WebSocket-Protocol", subprotocol) }
        return head.finished()
    }
}

extension Handshake {
    /// RFC 9110 §15.5.22: an answer with 426 must name the protocol to upgrade to.
    private static let upgradeFields = [HTTPField("Upgrade", "websocket"), HTTPField("Connection", "Upgrade")]

    private static func checkRequest(_ head: RequestHead) throws(HandshakeRefusal) {
        // RFC 6455 §4.2.1 item 1.
        guard HTTPCharacter.same(head.method, "GET") else {
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
            throw HandshakeRefusal(.connection, .badRequest, "Connection does not name \"upgrade\"")
        }
    }

    /// RFC 6455 §4.2.1 item 6 and §4.4.
    private static func checkVersion(_ head: RequestHead) throws(HandshakeRefusal) {
        let versions = head.values("sec-websocket-version")
        guard versions.count == 1, let version = versions.first, HTTPCharacter.same(version, "13") else {
            let fields = [HTTPField("Sec-WebSocket-Version", "13")] + upgradeFields
            throw HandshakeRefusal(
                .webSocketVersion, .upgradeRequired, "Sec-WebSocket-Version is not 13", fields: fields)
        }
    }

    /// RFC 6455 §4.2.1 item 5: base64 of 16 bytes, once (§11.3.1).
    private static func key(of head: RequestHead) throws(HandshakeRefusal) -> String {
        let keys = head.values("sec-websocket-key")
        guard keys.count == 1, let key = keys.first, Base64.isEncoding(key, ofByteCount: 16) else {
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

    /// RFC 6455 §4.2.2 item 4 and §10.2. Browsers always send Origin; without one it is no browser, and a check
    /// that any other program can answer as it likes would protect nobody.
    private static func checkOrigin(_ head: RequestHead, rules: HandshakeRules) throws(HandshakeRefusal) {
        guard let allowed = rules.origins else { return }
        let origins = head.values("origin")
        guard origins.allSatisfy({ origin in allowed.contains { HandshakeOrigin.matches(origin, pattern: $0) } }),
            origins.count <= 1
        else {
            let origin = shortened(origins.first ?? "", limit: 200)
            throw HandshakeRefusal(.origin, .forbidden, "the origin \"\(origin)\" is not allowed")
        }
    }

    /// [MQTT-6.0.0-4] and RFC 6455 §4.2.2 item 5: `mqtt` if it can be had, else the first offered name that is
    /// configured.
    private static func selectSubprotocol(
        _ head: RequestHead, rules: HandshakeRules
    ) throws(HandshakeRefusal) -> String? {
        let offered = head.tokens("sec-websocket-protocol")
        if offered.isEmpty && !rules.requireSubprotocol { return nil }
        let common = offered.filter { name in rules.subprotocols.contains { HTTPCharacter.same($0, name) } }
        if let chosen = common.first(where: { HTTPCharacter.same($0, "mqtt") }) ?? common.first { return chosen }
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
