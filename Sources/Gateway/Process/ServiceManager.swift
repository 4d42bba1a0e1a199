import CShims
import Reactor

/// Tells systemd how the gateway is doing (sd_notify(3)), where it was started by one that wants to know.
struct ServiceManager: Sendable {
    /// nil: nobody wants to know.
    private let path = Environment["NOTIFY_SOCKET"]
    /// Milliseconds after which silence means that the process hangs; nil: nobody looks.
    let watchdog: Int64?

    init() {
        let isOurs = Environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        let limit = Environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
        watchdog = path != nil && isOurs && limit >= 2000 ? limit / 1000 : nil
    }

    /// The gateway serves. `status`: one line for people.
    func serving(_ status: String) {
        let limit = watchdog.map { "\nWATCHDOG_USEC=\($0 * 1000)" } ?? ""
        notify("READY=1\nMAINPID=\(getpid())\(limit)\nSTATUS=\(status)")
    }

    /// Until `serving` is said again the watchdog waits for ten minutes: a resolver that does not answer holds up the main thread.
    func reloading() {
        let limit = watchdog == nil ? "" : "\nWATCHDOG_USEC=600000000"
        notify("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())\(limit)\nSTATUS=reloading")
    }

    func stopping(_ status: String) { notify("STOPPING=1\nSTATUS=\(status)") }

    /// All loops have had their turn lately.
    func alive() { notify("WATCHDOG=1") }

    private func notify(_ text: String) {
        guard let path else { return }
        _ = CShims_notify(path, text)
    }
}
