/// What failed attempts say about a peer, as one loop has seen them. "Down" is the operator's wish and kept elsewhere.
///
/// A failure to connect is the peer's, whoever meets it. What comes after the CONNECT (a reset, a close, silence, an answer
/// that is none, "server unavailable") a client can bring about by what it sends: it counts once for each client, and
/// nothing follows from it before `witnesses` different ones have met it.
package struct PassiveCheck: Sendable, Equatable {
    /// So many different clients make it probable that the peer is at fault: one household or phone easily has two addresses.
    package static let witnesses = 3
    /// Clients that are remembered; with more of them the oldest is forgotten.
    static let memory = 16

    private var fails = 0
    private var clients: [ClientKey] = []
    private var windowStart: Int64 = 0
    /// The time until which the peer is left alone.
    package private(set) var unavailableUntil: Int64 = 0

    package func isAvailable(now: Int64) -> Bool { now >= unavailableUntil }

    /// An attempt has failed: to connect, or, if `client` is given, after the CONNECT of that one. Returns whether this one
    /// takes the peer out.
    package mutating func failed(now: Int64, _ settings: Peer.Settings, by client: ClientKey? = nil) -> Bool {
        guard settings.maxFails > 0 else { return false }
        if fails == 0 && clients.isEmpty || now - windowStart > settings.failTimeout {
            (fails, clients) = (0, [])
            windowStart = now
        }
        guard counts(client), isEnough(settings, isOfClient: client != nil) else { return false }
        let wasAvailable = isAvailable(now: now)
        unavailableUntil = now + settings.failTimeout
        // After that time one more failure is enough, of a client that has met none: it has shown nothing good since.
        fails = min(fails, settings.maxFails - 1)
        windowStart = unavailableUntil
        return wasAvailable
    }

    /// Notes the failure. Returns whether it is another one: the same client has nothing new to say.
    private mutating func counts(_ client: ClientKey?) -> Bool {
        guard let client else {
            fails += 1
            return true
        }
        guard !clients.contains(client) else { return false }
        if clients.count == Self.memory { clients.removeFirst() }
        clients.append(client)
        return true
    }

    private func isEnough(_ settings: Peer.Settings, isOfClient: Bool) -> Bool {
        isOfClient
            ? clients.count >= min(max(settings.maxFails, Self.witnesses), Self.memory) : fails >= settings.maxFails
    }

    /// An attempt has succeeded. Returns whether the peer was out before.
    package mutating func succeeded() -> Bool {
        let wasOut = unavailableUntil != 0
        self = PassiveCheck()
        return wasOut
    }
}
