import Wire

/// Which connections a request asks for, in which order, and which part of them. Pure.
struct ConnectionQuery: Sendable {
    let filter: ConnectionFilter
    let order: ConnectionOrder
    let offset: Int
    let limit: Int

    /// Connections in an answer, and connections before the first of it: what comes before has to be kept to be sorted.
    static let largestLimit = 1000
    static let largestOffset = 100_000
    static let names = ConnectionFilter.names + ["sort", "limit", "offset"]

    init(_ query: String?) throws(Problem) {
        let parameters = try QueryParameters.parse(query, known: Self.names)
        filter = try ConnectionFilter(parameters)
        order = try ConnectionOrder(parameters["sort"] ?? "id")
        limit = try Self.number("limit", parameters["limit"], 1...Self.largestLimit) ?? 100
        offset = try Self.number("offset", parameters["offset"], 0...Self.largestOffset) ?? 0
    }

    private static func number(_ name: String, _ text: String?, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text else { return nil }
        guard text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let number = Int(text),
            range.contains(number)
        else {
            throw .badRequest(
                "\(name): must be a number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
        }
        return number
    }
}

extension QueryParameters {
    /// As its initializer, with the fault as an answer.
    static func parse(_ query: String?, known: [String]) throws(Problem) -> QueryParameters {
        do throws(QueryError) { return try QueryParameters(query, known: known) } catch {
            throw .badRequest("\(error)")
        }
    }
}

/// Takes connections as they come, in any order, and has the part of them that a query asks for at the end. It keeps no more
/// than those up to the end of that part.
struct ConnectionSelection {
    private let query: ConnectionQuery
    /// Connections that match.
    private(set) var total = 0
    private var best: Best<Entry>

    private struct Entry {
        let value: ConnectionOrder.Value
        let connection: APIConnection
    }

    init(_ query: ConnectionQuery) {
        self.query = query
        let isDescending = query.order.isDescending
        best = Best(query.offset + query.limit) { one, other in
            guard one.value == other.value else { return (one.value < other.value) != isDescending }
            return one.connection.id < other.connection.id
        }
    }

    mutating func consider(_ connection: APIConnection) {
        guard query.filter.matches(connection) else { return }
        total += 1
        best.insert(Entry(value: query.order.value(of: connection), connection: connection))
    }

    /// Those that were asked for.
    var page: ArraySlice<APIConnection> { best.sorted.map(\.connection).dropFirst(query.offset) }
}
