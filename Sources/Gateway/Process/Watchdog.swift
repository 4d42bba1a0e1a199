import Reactor

/// systemd's watchdog is told that the process is alive as long as every loop has its turns.
struct Watchdog {
    private var next: Int64 = 0
    private var missing = 0

    /// When the loops are to be asked, on the monotonic clock; nil: nobody wants to know.
    func nextAt(_ manager: ServiceManager) -> Int64? { manager.watchdog == nil ? nil : next }

    func isDue(_ manager: ServiceManager) -> Bool { nextAt(manager).map { monotonicMilliseconds() >= $0 } ?? false }

    /// Begins to ask so many loops, unless one still has to answer. Returns whether all have answered.
    mutating func begin(_ loops: Int, every interval: Int64) -> Bool {
        next = monotonicMilliseconds() + interval
        guard missing <= 0 else { return false }
        missing = loops
        return true
    }

    mutating func answered() { missing -= 1 }

    /// A loop has ended, which may have been asked before: nobody is waited for until all are asked again.
    mutating func loopEnded() { missing = 0 }
}
