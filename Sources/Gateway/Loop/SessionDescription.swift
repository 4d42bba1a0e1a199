import Reactor
import Telemetry
import Tunnel

/// What is known of one session at one moment, copied for another thread.
struct SessionDescription: Sendable {
    /// Names the connection in logs.
    let connectionID: UInt64
    let address: CompactAddress
    let serverName: String
    let serverPort: UInt16
    /// Empty: no TLS.
    let tlsVersion: String
    let tlsCipher: String
    let phase: SessionMachine.Phase
    /// nil: its CONNECT has not come yet.
    let mqttVersion: String?
    let clientID: String
    let username: String
    let keepAlive: UInt16
    let cleanStart: Bool
    let authMethod: String
    let upstreamName: String
    let upstreamAddress: String
    let tries: Int
    let bytes: ByteCounts
    let packetsIn: UInt64
    let packetsOut: UInt64
    /// Bytes that wait for the client, and for the broker.
    let clientBacklog: Int
    let upstreamBacklog: Int
    /// Milliseconds since the connection was accepted, and since anything came from either side.
    let age: Int64
    let idle: Int64
}

/// A part of a loop's sessions, as they were when the loop had its turn.
struct SessionPage: Sendable {
    var sessions: [SessionDescription] = []
    /// Where the next page begins; nil: this was the last.
    var nextSlot: Int?

    /// Sessions in a page, and slots that one turn looks at, at most: copying must not hold up the other events of the loop.
    static let limit = 128
    static let reach = 4096
}

extension Session {
    /// A copy of what is known of it.
    func describe() -> SessionDescription {
        SessionDescription(
            connectionID: client.id, address: record.request.address, serverName: record.request.site.name,
            serverPort: client.serverPort, tlsVersion: client.tlsVersion, tlsCipher: client.tlsCipher, phase: phase,
            mqttVersion: record.version?.name, clientID: record.clientID, username: record.username,
            keepAlive: record.keepAlive, cleanStart: record.cleanStart, authMethod: record.authMethod,
            upstreamName: record.upstreamName, upstreamAddress: record.upstreamAddress, tries: record.tries,
            bytes: pipe.bytes, packetsIn: pipe.uplink.packets + (record.version == nil ? 0 : 1),
            packetsOut: pipe.downlink.packets, clientBacklog: channel.backlog,
            upstreamBacklog: pipe.upstream.backlog.count, age: loop.pointee.now - client.acceptedAt,
            idle: loop.pointee.now - pipe.activeAt)
    }
}

extension LoopContext {
    /// The sessions from a slot on, as many as fit into a page.
    func describe(from slot: Int) -> SessionPage {
        var page = SessionPage()
        let end = min(sessions.slots, max(0, slot) + SessionPage.reach)
        for slot in max(0, slot)..<max(max(0, slot), end) {
            guard let session = sessions[slot: slot] else { continue }
            guard page.sessions.count < SessionPage.limit else {
                page.nextSlot = slot
                return page
            }
            page.sessions.append(session.pointee.describe())
        }
        if end < sessions.slots { page.nextSlot = end }
        return page
    }
}
