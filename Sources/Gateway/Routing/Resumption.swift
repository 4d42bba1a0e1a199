import Configuration
import Reactor
import TLS

/// What lets clients resume TLS sessions: the same for all loops, and beyond a reload. Any thread uses it.
struct Resumption: Sendable {
    let ticketKeys = TicketKeys(period: Resumption.seconds(TLSSettings().sessionTimeout))
    private let caches = Lock<[String: SessionCache]>([:])

    /// The cache of this name.
    func cache(_ settings: TLSSettings.SessionCache) -> SessionCache {
        caches.withLock { caches in
            let cache = caches[settings.name.text] ?? SessionCache(limit: settings.size)
            caches[settings.name.text] = cache
            return cache
        }
    }

    /// A configuration is in use: its sizes and times apply.
    func adopt(_ snapshot: Snapshot) {
        let settings = snapshot.servers.compactMap(\.tls)
        if let longest = settings.map(\.sessionTimeout).max() {
            ticketKeys.change(period: Self.seconds(longest))
        }
        let sizes = settings.compactMap(\.sessionCache)
        caches.withLock { caches in
            for size in sizes { caches[size.name.text]?.change(limit: size.size) }
            let names = Set(sizes.map(\.name.text))
            caches = caches.filter { names.contains($0.key) }
        }
    }

    static func seconds(_ time: Duration) -> Int { Int(time.components.seconds) }
}
