/// What the operator allows of an opening handshake; made once for a route, not for a request.
package struct HandshakeRules: Sendable, Equatable {
    /// Names of subprotocols that may be selected, compared byte for byte.
    package let subprotocols: [String]
    /// Whether a client that offers no subprotocol is refused ([MQTT-6.0.0-3]).
    package let requireSubprotocol: Bool
    /// Origins that may connect; nil allows any.
    let origins: [OriginPattern]?
    /// Whether permessage-deflate may be agreed on.
    let allowsDeflate: Bool
    private let names: [[UInt8]]

    /// Rules with these values; see the properties. Origins are "https://example.com", "https://*.example.com" or "null".
    package init(
        subprotocols: [String] = ["mqtt", "mqttv3.1"], requireSubprotocol: Bool = true, origins: [String]? = nil,
        allowsDeflate: Bool = false
    ) {
        self.subprotocols = subprotocols
        self.requireSubprotocol = requireSubprotocol
        self.allowsDeflate = allowsDeflate
        // A pattern that is none matches nothing.
        self.origins = origins.map { $0.compactMap(OriginPattern.init) }
        names = subprotocols.map { [UInt8]($0.utf8) }
    }

    /// Whether a subprotocol may be selected.
    func allows(_ name: ArraySlice<UInt8>) -> Bool { names.contains { $0[...] == name } }

    /// The same for one that the program knows.
    func allows(_ name: StaticString) -> Bool {
        name.withUTF8Buffer { name in names.contains { $0.elementsEqual(name) } }
    }
}
