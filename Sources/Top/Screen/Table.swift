/// A column of a table.
struct Column<Row> {
    let title: String
    /// In columns of the terminal: with less it is not shown.
    let minimum: Int
    /// What it takes, if its texts are that long, before a column of lower priority is shown.
    var preferred: Int?
    /// What it takes if there is room left. A longer text is cut off.
    let maximum: Int
    /// The smaller, the later it goes when the screen is narrow.
    let priority: Int
    var alignsRight = false
    /// What a click on it would sort by.
    var field: SortField?
    var style: (Row) -> Style = { _ in .plain }
    let value: (Row) -> String
}

extension Column {
    /// The columns that its longest text takes, up to `limit`.
    fileprivate func widest(_ rows: some Collection<Row>, limit: Int) -> Int {
        var widest = 0
        for row in rows where widest < limit { widest = max(widest, TerminalText.width(value(row), limit: limit)) }
        return widest
    }
}

/// The columns that a screen has room for, and how wide they are.
struct TableLayout<Row> {
    let columns: [(column: Column<Row>, width: Int)]

    /// Takes columns by priority, with the widths that they prefer; what is left goes to those that have more to show, in
    /// the same order.
    init(_ all: [Column<Row>], rows: some Collection<Row>, width: Int) {
        let order = all.indices.sorted { all[$0].priority < all[$1].priority }
        var widths: [Int: Int] = [:]
        var used = 0
        for index in order {
            let column = all[index]
            let least = max(column.minimum, column.title.utf8.count + (column.field == nil ? 0 : 1))
            let wanted = column.preferred.map { max(least, column.widest(rows, limit: $0)) } ?? least
            let room = used == 0 ? width : width - used - 1
            // The first one has what there is.
            guard least <= room || used == 0 else { break }
            widths[index] = min(wanted, room)
            used += min(wanted, room) + (used == 0 ? 0 : 1)
        }
        var left = width - used
        for index in order where left > 0 {
            guard let width = widths[index], all[index].maximum > width else { continue }
            let more = min(max(0, all[index].widest(rows, limit: all[index].maximum) - width), left)
            widths[index] = width + more
            left -= more
        }
        columns = all.indices.compactMap { index in widths[index].map { (all[index], $0) } }
    }

    /// The titles; the sorted column's has the direction before it, as the API writes it.
    func titles(_ order: SortOrder?) -> Line {
        var pieces: [Piece] = []
        for (column, width) in columns {
            let isSorted = column.field != nil && column.field == order?.field
            let mark = isSorted ? (order?.isDescending == true ? "-" : "+") : ""
            if !pieces.isEmpty { pieces.append(Piece(" ", .title)) }
            pieces.append(Piece(mark + column.title, .title, width: width, alignsRight: column.alignsRight))
        }
        return Line(pieces)
    }

    func line(_ row: Row) -> Line {
        var pieces: [Piece] = []
        for (column, width) in columns {
            if !pieces.isEmpty { pieces.append(Piece(" ")) }
            pieces.append(
                Piece(column.value(row), column.style(row), width: width, alignsRight: column.alignsRight))
        }
        return Line(pieces)
    }
}
