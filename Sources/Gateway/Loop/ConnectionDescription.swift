import Reactor
import Tunnel

/// What is known of one connection at one moment, copied for another thread. Times are milliseconds.
struct ConnectionDescription: Sendable {
    /// Finds the connection again in its loop.
    let handle: ConnectionHandle
    let loop: Int
    /// Names the connection in logs.
    let id: UInt64
    let address: CompactAddress
    let listenerIdentity: Int
    let serverName: String
    let uri: String
    let httpVersion: String
    let isTLS: Bool
    /// There is no HTTP, and no WebSocket.
    let carriesMQTT: Bool
    /// Empty: no handshake (yet).
    let tlsVersion: String
    let tlsCipher: String
    let tlsGroup: String
    /// The name that the client has asked for (SNI).
    let tlsServerName: String
    let isResumed: Bool
    /// Empty: the client has shown no certificate.
    let clientCommonName: String
    let phase: ConnectionMachine.Phase
    /// Since it was accepted.
    let age: Int64
    /// nil: there has been no upgrade.
    let session: SessionDescription?
    /// nil: it has not ended.
    var end: End?

    /// How a connection has ended.
    struct End: Sendable {
        let cause: EndCause
        /// Since 1970-01-01 UTC.
        let at: Int64
        /// What was said last; nothing without a session.
        let farewell: Farewell
    }
}

/// A connection, or a stream of one, for those who must not keep its address.
enum ConnectionHandle: Equatable, Sendable, BitwiseCopyable {
    case connection(SlabToken)
    case stream(SlabToken)
}

/// A part of a loop's connections, as they were when the loop had its turn.
struct ConnectionPage: Sendable {
    var connections: [ConnectionDescription] = []
    /// Where the next page begins; nil: this was the last.
    var nextSlot: Int?

    /// Connections in a page, and slots that one turn looks at, at most: copying must not hold up the other events of the loop.
    static let limit = 128
    static let reach = 4096
}

extension ClientConnection {
    /// A copy of what is known of it; `session`: of the session that it carries.
    func describe(_ session: SessionDescription?, request: RequestFacts?) -> ConnectionDescription {
        describe(session, request: request, of: client, .connection(token), machine.phase)
    }

    /// The same of a stream: `client` is its own, and `phase`.
    func describe(
        _ session: SessionDescription?, request: RequestFacts?, of client: ClientFacts, _ handle: ConnectionHandle,
        _ phase: ConnectionMachine.Phase
    ) -> ConnectionDescription {
        ConnectionDescription(
            handle: handle, loop: loop.pointee.index, id: client.id, address: request?.address ?? client.address,
            listenerIdentity: client.listenerIdentity, serverName: request?.site.name ?? "", uri: request?.uri ?? "",
            httpVersion: request?.httpVersion ?? "", isTLS: client.isTLS, carriesMQTT: client.carriesMQTT,
            tlsVersion: client.tlsVersion, tlsCipher: client.tlsCipher, tlsGroup: client.tlsGroup,
            tlsServerName: client.tlsServerName, isResumed: client.isResumed,
            clientCommonName: client.certificate?.commonName ?? "", phase: phase,
            age: loop.pointee.now - client.acceptedAt, session: session)
    }
}

extension ConnectionPointer {
    /// Copies of what is known of the connection, and of the session that it carries; of HTTP/2, one for each session.
    func describe() -> [ConnectionDescription] {
        let sessions = (pointee.http2?.pointee.streams ?? []).filter { $0.pointee.session != nil }
        guard sessions.isEmpty else { return sessions.map { $0.describe() } }
        guard let session = pointee.session else {
            return [pointee.describe(nil, request: pointee.exchange?.request)]
        }
        let (description, request) = (session.pointee.describe(), session.pointee.record.request)
        return [pointee.describe(description, request: request)]
    }
}

extension StreamPointer {
    /// A copy of what is known of the stream, and of the session that it carries.
    fileprivate func describe() -> ConnectionDescription {
        describe(
            pointee.session?.pointee.describe(), pointee.session?.pointee.record.request ?? pointee.exchange?.request)
    }

    func describe(_ session: SessionDescription?, _ request: RequestFacts?) -> ConnectionDescription {
        pointee.connection.pointee.describe(
            session, request: request, of: pointee.client, .stream(pointee.token), pointee.machine.phase)
    }
}

extension LoopContext {
    /// The connections from a slot on, as many as fit into a page; `id`: only the one with this identifier.
    func describe(from slot: Int, only id: UInt64? = nil) -> ConnectionPage {
        var page = ConnectionPage()
        let first = max(0, slot)
        let end = min(connections.slots, first > Int.max - ConnectionPage.reach ? .max : first + ConnectionPage.reach)
        for slot in first..<max(first, end) {
            guard let connection = connections[slot: slot] else { continue }
            // The streams of a connection stay together.
            guard page.connections.count < ConnectionPage.limit else {
                page.nextSlot = slot
                return page
            }
            page.connections += connection.describe().filter { id == nil || $0.id == id }
        }
        if end < connections.slots { page.nextSlot = end }
        return page
    }
}

/// The connections of a loop that ended last: a bounded number, the oldest gives way.
struct RecentEnds: Sendable {
    static let capacity = 512
    private var ends: [ConnectionDescription] = []
    private var oldest = 0

    /// The connection has ended now.
    mutating func record(_ description: ConnectionDescription, _ cause: EndCause, _ farewell: Farewell = Farewell()) {
        var description = description
        description.end = ConnectionDescription.End(cause: cause, at: Kernel.wallClock(), farewell: farewell)
        guard ends.count == Self.capacity else { return ends.append(description) }
        ends[oldest] = description
        oldest = (oldest + 1) % Self.capacity
    }

    /// The latest first.
    var latest: [ConnectionDescription] { (ends[oldest...] + ends[..<oldest]).reversed() }
}
