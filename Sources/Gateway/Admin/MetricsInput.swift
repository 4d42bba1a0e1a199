/// All that a page of metrics is made of, collected by the admin thread. Times are milliseconds since 1970-01-01 UTC.
struct MetricsInput: Sendable {
    /// By loop: what each has answered to `Loop.Order.figures`. A loop that has ended is missing.
    var loops: [Loop] = []
    /// All loops' answers to `Loop.Order.census` together.
    var census = ConnectionCensus()
    /// By the identity of the listener: its address, as configured.
    var listeners: [String] = []
    var process = ProcessFigures()
    /// What has become of the process's configurations.
    var history = ProcessHistory.State()
    var certificates: [Certificate] = []
    /// Lines that were dropped, by where the log goes.
    var droppedLines: [(log: String, count: UInt64)] = []

    struct Loop: Sendable {
        let figures: LoopFigures
        let counters: LoopCounters
    }

    struct Certificate: Hashable, Sendable {
        /// The first name of its server; empty: it has none.
        let serverName: String
        /// As configured.
        let file: String
        let expiresAt: Int64
    }
}
