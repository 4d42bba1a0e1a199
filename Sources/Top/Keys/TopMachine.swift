/// What `sluice top` shows, and what it does next: all of its state but the terminal and the network.
package struct TopMachine: Sendable {
    package enum View: Sendable, Equatable {
        case connections, upstreams, ended
    }

    package struct Size: Sendable, Equatable {
        package let columns: Int
        package let rows: Int

        package init(columns: Int, rows: Int) {
            self.columns = min(max(1, columns), 1000)
            self.rows = min(max(1, rows), 1000)
        }
    }

    /// Since when the gateway does not answer, and why.
    struct Silence: Sendable, Equatable {
        /// On the caller's clock, in milliseconds.
        let since: Int64
        var reason: String
    }

    /// The steps of + and -, in milliseconds.
    static let intervals: [Int64] = [200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000]
    /// Of a filter, in bytes.
    static let longestFilter = 256
    /// The most that the API lists at once: asked for when rates are sorted by, which it does not do itself.
    package static let mostConnections = 1000

    package let url: String
    package var size: Size
    package internal(set) var view = View.connections
    package internal(set) var order: SortOrder
    package internal(set) var filter: String
    /// In milliseconds.
    package internal(set) var interval: Int64
    package internal(set) var isPaused = false
    /// The id of the connection whose detail is shown.
    package internal(set) var detail: String?
    package internal(set) var isHelp = false
    /// What is being typed as a filter.
    package internal(set) var editing: String?
    /// The id of the row that is marked.
    package internal(set) var selected: String?
    /// The first row or line that is shown: of the table, of the detail or help.
    var first = 0
    var firstLine = 0

    package private(set) var look: Look?
    package private(set) var rates: Rates?
    /// Sorted and filtered.
    package private(set) var rows: [Connection] = []
    private(set) var silence: Silence?
    private let limit: Int
    private var hasSeenCertificates = false
    private var certificates: [Certificate]?

    package init(
        url: String, size: Size, order: SortOrder, limit: Int, filter: String, interval: Int64, isEnded: Bool = false
    ) {
        self.url = url
        self.size = size
        self.order = order
        self.limit = limit
        self.filter = filter
        self.interval = interval
        view = isEnded ? .ended : .connections
    }

    // MARK: The gateway

    /// What to ask next.
    package var queries: [Query] {
        var queries = [Query.status, .upstreams]
        if !hasSeenCertificates { queries.append(.certificates) }
        if let detail { queries.append(.connection(id: detail)) }
        switch view {
        case .upstreams: break
        case .connections:
            let count = order.field.isRate ? max(limit, Self.mostConnections) : limit
            queries.append(.connections(ConnectionQuery(order: order, limit: count, filter: filter)))
        case .ended:
            queries.append(
                .connections(ConnectionQuery(isEnded: true, order: order, limit: limit, filter: filter)))
        }
        return queries
    }

    /// The gateway has answered.
    package mutating func arrived(_ new: Look) {
        let isRestart = new.status.startedAt != look?.status.startedAt
        if let look { rates = Rates(from: look, to: new) ?? (isRestart ? nil : rates) }
        // Those of a process that is gone.
        if isRestart { (certificates, hasSeenCertificates) = (nil, false) }
        if let all = new.certificates { (certificates, hasSeenCertificates) = (all, true) }
        var new = new
        new.certificates = certificates
        if new.connections == nil, !isRestart {
            (new.connections, new.total, new.isEnded) = (look?.connections, look?.total ?? 0, look?.isEnded ?? false)
        }
        look = new
        silence = nil
        arrange()
    }

    /// The gateway has not answered, at `now` on a clock in milliseconds. What is known stays.
    package mutating func failed(_ reason: String, now: Int64) {
        guard silence == nil else {
            silence?.reason = reason
            return
        }
        silence = Silence(since: now, reason: reason)
    }

    // MARK: Rows

    /// Sorts and filters what is there, and keeps the mark on its row.
    mutating func arrange() {
        guard let look, look.isEnded == (view == .ended) else {
            rows = []
            return
        }
        let all = (look.connections ?? []).filter { filter.isEmpty || $0.matches(filter) }
        rows = view == .ended ? all.sortedByEnd : order.sort(all, rates)
        if !rows.contains(where: { $0.id == selected }) {
            selected = rows.isEmpty ? nil : rows[min(first, rows.count - 1)].id
        }
        scroll()
    }

    var selectedIndex: Int? { rows.firstIndex { $0.id == selected } }

    /// Moves the table so that the mark is on the screen.
    mutating func scroll() {
        let room = max(1, Screen.tableRoom(self))
        first = min(first, max(0, rows.count - room))
        guard let index = selectedIndex else { return }
        first = min(max(first, index - room + 1), index)
    }
}

extension Connection {
    /// As the API's `q`.
    func matches(_ filter: String) -> Bool {
        clientID.contains(filter) || username.contains(filter) || address.contains(filter)
    }
}
