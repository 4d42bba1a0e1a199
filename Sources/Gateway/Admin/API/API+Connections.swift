import Reactor
import Telemetry
import Tunnel
import Wire

/// Connections: the list, one of them, and their end.
extension API {
    /// Connections that one turn of a loop ends, as in a drain.
    private static let endsPerTurn = Drain.endsPerTurn

    func connections(_ query: ConnectionQuery) throws(Problem) -> JSONWriter {
        let describe = describer()
        var selection = ConnectionSelection(query)
        if query.filter.wantsClosed {
            for description in world.recentEnds() { selection.consider(describe(description)) }
        } else {
            world.forEachPage { for description in $0.connections { selection.consider(describe(description)) } }
        }
        let page = selection.page
        var writer = JSONWriter(capacity: 256 + 1500 * page.count)
        writer.object { writer in
            writer.field("total", selection.total)
            writer.field("offset", query.offset)
            writer.field("limit", query.limit)
            writer.array("connections") { writer in for connection in page { writer.value(connection) } }
        }
        return writer
    }

    func connection(_ id: UInt64) throws(Problem) -> JSONWriter {
        var found = find(id)
        // What a connection that is closing has carried is known from its end only.
        if found == nil || found?.session == nil && found?.phase == .closing {
            found = world.recentEnds().first { $0.id == id } ?? found
        }
        guard let description = found else { throw Self.unknown(id) }
        var writer = JSONWriter(capacity: 2000)
        writer.value(describer()(description))
        return writer
    }

    func endConnection(_ id: UInt64, _ request: APIRequest) throws(Problem) {
        guard let description = find(id), end([description]) > 0 else { throw Self.unknown(id) }
        note("ended the connection \(LogText.connectionID(id)) of client \(description.address.text)", request)
    }

    /// Those that match at least one filter. A connection that waits for an answer of the API is left alone: it is, as a
    /// rule, the one that has asked.
    func endConnections(_ request: APIRequest) throws(Problem) -> JSONWriter {
        let filter = try ConnectionFilter(QueryParameters.parse(request.query, known: ConnectionFilter.names))
        guard !filter.isEmpty else {
            throw .badRequest(
                "Ending connections needs at least one filter: \(ConnectionFilter.names.joined(separator: ", ")). "
                    + "For all of them, use client_id=*.")
        }
        let describe = describer()
        var matching: [ConnectionDescription] = []
        world.forEachPage { page in
            matching += page.connections.filter { $0.phase != .answering && filter.matches(describe($0)) }
        }
        let count = end(matching)
        note("ended \(count) connections that match \(LogText.escape(request.query ?? ""))", request)
        var writer = JSONWriter()
        writer.object { $0.field("closed", count) }
        return writer
    }

    // MARK: Parts

    private func describer() -> (ConnectionDescription) -> APIConnection {
        let (listeners, now) = (world.generation.addresses.map(\.text), wallMilliseconds())
        return { APIConnection($0, listeners: listeners, now: now) }
    }

    private static func unknown(_ id: UInt64) -> Problem {
        .notFound("There is no connection \(LogText.connectionID(id)), and it is not among those that ended last.")
    }

    private func find(_ id: UInt64) -> ConnectionDescription? {
        for loop in world.loops {
            var slot = Int?.some(0)
            while let first = slot {
                guard let page: ConnectionPage = world.ask(loop, { .describe(from: first, only: id, reply: $0) }) else {
                    break
                }
                if let connection = page.connections.first { return connection }
                slot = page.nextSlot
            }
        }
        return nil
    }

    /// Ends them a few a turn, so that the others of the loop have their turns in between. Returns how many were not ending yet.
    private func end(_ connections: [ConnectionDescription]) -> Int {
        var count = 0
        for loop in world.loops {
            var tokens = connections.filter { $0.loop == loop.index }.map(\.handle)[...]
            while !tokens.isEmpty {
                let part = Array(tokens.prefix(Self.endsPerTurn))
                tokens = tokens.dropFirst(part.count)
                count += world.ask(loop) { .end(part, .kicked, reply: $0) } ?? 0
            }
        }
        return count
    }
}
