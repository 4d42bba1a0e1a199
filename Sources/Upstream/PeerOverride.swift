/// What an operator has changed of a peer while the gateway runs; nil: as configured.
package struct PeerOverride: Sendable, Equatable {
    package var weight: Int?
    package var maxConnections: Int?
    package var isDown: Bool?
    package var isDraining: Bool?

    package init(
        weight: Int? = nil, maxConnections: Int? = nil, isDown: Bool? = nil, isDraining: Bool? = nil
    ) {
        self.weight = weight
        self.maxConnections = maxConnections
        self.isDown = isDown
        self.isDraining = isDraining
    }

    /// Whether everything is as configured.
    package var isEmpty: Bool { self == PeerOverride() }

    /// `settings` with the changes.
    package func applied(to settings: Peer.Settings) -> Peer.Settings {
        var settings = settings
        if let weight { settings.weight = min(max(1, weight), 65_535) }
        if let maxConnections { settings.maxConnections = max(0, maxConnections) }
        if let isDown { settings.isDown = isDown }
        if let isDraining { settings.isDraining = isDraining }
        return settings
    }
}
