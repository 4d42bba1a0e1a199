/// What the operator allows of an opening handshake.
package struct HandshakeRules: Sendable, Equatable {
    /// Names of subprotocols that may be selected, compared byte for byte.
    package let subprotocols: [String]
    /// Whether a client that offers no subprotocol is refused ([MQTT-6.0.0-3]).
    package let requireSubprotocol: Bool
    /// Origins that may connect, "https://example.com", "https://*.example.com" or "null"; nil allows any.
    package let origins: [String]?

    /// Rules with these values; see the properties.
    package init(
        subprotocols: [String] = ["mqtt", "mqttv3.1"], requireSubprotocol: Bool = true, origins: [String]? = nil
    ) {
        self.subprotocols = subprotocols
        self.requireSubprotocol = requireSubprotocol
        self.origins = origins
    }
}
