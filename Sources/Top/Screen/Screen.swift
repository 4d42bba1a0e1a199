/// The whole screen, line by line.
package enum Screen {
    /// Exactly as many lines as the screen has rows, none wider than it. `now`: milliseconds on the clock of
    /// `TopMachine.failed`.
    package static func lines(_ machine: TopMachine, now: Int64) -> [Line] {
        let size = machine.size
        var lines = body(machine)
        lines = Array(lines.prefix(max(0, size.rows - 1)))
        while lines.count < size.rows - 1 { lines.append(Line()) }
        lines.append(footer(machine, now: now))
        return lines.map { $0.cut(to: size.columns) }
    }

    private static func body(_ machine: TopMachine) -> [Line] {
        if let page = page(machine) { return Array(page.dropFirst(machine.firstLine)) }
        var lines = Header.lines(machine)
        guard machine.look != nil else { return lines }
        lines += overview(machine)
        let room = tableRoom(machine)
        switch machine.view {
        case .upstreams: lines += upstreams(machine, room: room)
        case .connections:
            lines += table(machine, layout: connectionLayout(machine), order: machine.order, room: room)
        case .ended:
            let layout = TableLayout(ConnectionColumns.ended, rows: machine.rows, width: machine.size.columns)
            lines += table(machine, layout: layout, order: nil, room: room)
        }
        return lines
    }

    // MARK: Pages

    /// Help or detail, if one is shown.
    private static func page(_ machine: TopMachine) -> [Line]? {
        if machine.isHelp { return Help.lines(width: machine.size.columns) }
        guard let id = machine.detail else { return nil }
        return Detail.lines(machine, id: id)
    }

    static func lastFirstLine(_ machine: TopMachine) -> Int {
        max(0, (page(machine)?.count ?? 0) - (machine.size.rows - 1))
    }

    // MARK: Tables

    /// What is between header and table: peers over connections, causes over those that have ended.
    private static func overview(_ machine: TopMachine) -> [Line] {
        guard let look = machine.look, machine.size.rows >= 20 else { return [] }
        let width = machine.size.columns
        switch machine.view {
        case .upstreams: return []
        case .connections:
            let most = (machine.size.rows - 8) / 3
            let peers = look.upstreams.count > most ? Array(look.upstreams.prefix(most - 1)) : look.upstreams
            guard !peers.isEmpty else { return [] }
            let layout = TableLayout(PeerColumns.all, rows: peers, width: width)
            var lines = [layout.titles(nil).styled(.title, width: width)] + peers.map(layout.line)
            let left = look.upstreams.count - peers.count
            if left > 0 { lines.append(Line("\(left) more: press u", .dim)) }
            return lines
        case .ended:
            let causes = look.status.ends.filter { $0.count > 0 }
            guard !causes.isEmpty else { return [] }
            return [Line.joined(causes.map { Piece("\($0.name) \($0.count)") }, width: width)]
        }
    }

    /// Rows of the table, without its titles.
    static func tableRoom(_ machine: TopMachine) -> Int {
        max(0, machine.size.rows - Header.lines(machine).count - overview(machine).count - 2)
    }

    private static func visible(_ machine: TopMachine, _ room: Int) -> ArraySlice<Connection> {
        machine.rows.dropFirst(machine.first).prefix(room)
    }

    /// Of all rows, so that columns stay where they are while somebody scrolls.
    private static func connectionLayout(_ machine: TopMachine) -> TableLayout<Connection> {
        TableLayout(ConnectionColumns.current(machine.rates), rows: machine.rows, width: machine.size.columns)
    }

    /// The fields of the columns that the screen has room for.
    static func sortFields(_ machine: TopMachine) -> [SortField] {
        connectionLayout(machine).columns.compactMap(\.column.field)
    }

    private static func table(
        _ machine: TopMachine, layout: TableLayout<Connection>, order: SortOrder?, room: Int
    ) -> [Line] {
        let width = machine.size.columns
        var lines = [layout.titles(order).styled(.title, width: width)]
        for connection in visible(machine, room) {
            let line = layout.line(connection)
            lines.append(connection.id == machine.selected ? line.styled(.selected, width: width) : line)
        }
        if machine.rows.isEmpty { lines.append(Line(nothing(machine), .dim)) }
        return lines
    }

    private static func nothing(_ machine: TopMachine) -> String {
        guard machine.look?.isEnded == (machine.view == .ended) else { return "asking" }
        let filter = machine.filter.isEmpty ? "" : " with \"\(machine.filter)\" in client id, user or address"
        return machine.view == .ended ? "no connection has ended recently\(filter)" : "no connection\(filter)"
    }

    private static func upstreams(_ machine: TopMachine, room: Int) -> [Line] {
        let all = machine.look?.upstreams ?? []
        let peers = all.dropFirst(machine.first).prefix(room)
        let layout = TableLayout(PeerColumns.all, rows: all, width: machine.size.columns)
        let titles = layout.titles(nil).styled(.title, width: machine.size.columns)
        if all.isEmpty { return [titles, Line("no upstream is configured", .dim)] }
        return [titles] + peers.map(layout.line)
    }

    // MARK: The last line

    private static func footer(_ machine: TopMachine, now: Int64) -> Line {
        let width = machine.size.columns
        if let text = machine.editing {
            let title = Piece("filter: ", .bold)
            // The end of a long one is what is being typed.
            var shown = text.unicodeScalars.suffix(max(1, width - title.width - 1))
            while TerminalText.width(String(shown)) >= max(2, width - title.width) { shown.removeFirst() }
            return Line([title, Piece(String(shown)), Piece("_", .selected)])
        }
        if let silence = machine.silence {
            let seconds = Double(max(0, now - silence.since)) / 1000
            let time = Figures.time(seconds.rounded())
            return Line(" no answer for \(time), trying again: \(silence.reason)", .alarm).cut(to: width)
                .styled(.alarm, width: width)
        }
        return Line.joined(hints(machine), width: width)
    }

    private static func hints(_ machine: TopMachine) -> [Piece] {
        if machine.isHelp { return [Piece("any key: back", .dim)] }
        if machine.detail != nil {
            return [Piece("Esc back", .dim), Piece("arrows scroll", .dim), Piece("q quit", .dim)]
        }
        var pieces: [Piece] = []
        if machine.view != .upstreams, let look = machine.look, !machine.rows.isEmpty {
            let index = (machine.selectedIndex ?? 0) + 1
            pieces.append(Piece("\(index) of \(max(look.total, machine.rows.count))", .bold))
        }
        // Where its column is not on the screen to say so.
        if machine.view == .connections, !sortFields(machine).contains(machine.order.field) {
            pieces.append(Piece("by \(machine.order.text)", .bold))
        }
        if !machine.filter.isEmpty, machine.view != .upstreams {
            pieces.append(Piece("filter: \(machine.filter)", .warning))
        }
        if machine.isPaused { pieces.append(Piece("paused", .warning)) }
        let keys = [
            "q quit", "? help", "c connections", "u upstreams", "e ended", "/ filter", "s sort", "r reverse", "p pause",
        ]
        return pieces + keys.map { Piece($0, .dim) }
    }
}
