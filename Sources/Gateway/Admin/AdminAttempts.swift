import Reactor
import Synchronization
import Text

/// How often credentials may be tried: a few wrong ones from an address, then one every few seconds; and few hashes at a
/// time over all addresses, so that those who guess do not take the threads that clients need. For any thread.
final class AdminAttempts: Sendable {
    enum Permit: Sendable, Equatable {
        case granted
        /// Milliseconds until the next one.
        case tooMany(wait: Int64)
        case busy
    }

    private struct State {
        /// When all wrong attempts of an address will be forgiven: each adds `pause`.
        var failures: [[UInt8]: Int64] = [:]
        var underWay = 0
    }

    /// Wrong attempts that may follow each other, and the milliseconds after which one is forgiven.
    static let burst: Int64 = 10
    static let pause: Int64 = 5000
    /// Passwords that are hashed at the same time.
    static let concurrent = 4
    /// Addresses that are remembered. With more of them the one that is forgiven next is forgotten.
    static let mostAddresses = 4096

    private let state = Lock(State())
    private let refusedCount = Atomic<UInt64>(0)

    /// Requests with wrong credentials, and those that were not even looked at, since the start.
    var refused: UInt64 { refusedCount.load(ordering: .relaxed) }

    /// Addresses whose wrong attempts are remembered.
    var rememberedCount: Int { state.withLock(\.failures.count) }

    /// Asks to check one password. `now`: milliseconds of the monotonic clock. Whoever is granted it calls `end` once.
    func begin(_ address: CompactAddress, now: Int64) -> Permit {
        let permit = state.withLock { state -> Permit in
            let until = state.failures[Self.key(address)] ?? now
            let wait = until - now - (Self.burst - 1) * Self.pause
            guard wait <= 0 else { return .tooMany(wait: wait) }
            guard state.underWay < Self.concurrent else { return .busy }
            state.underWay += 1
            return .granted
        }
        if permit != .granted { refusedCount.add(1, ordering: .relaxed) }
        return permit
    }

    /// The password has been checked, or nobody waits for it any longer.
    func end() { state.withLock { $0.underWay -= 1 } }

    /// The credentials that came from an address were wrong.
    func failed(_ address: CompactAddress, now: Int64) {
        refusedCount.add(1, ordering: .relaxed)
        let key = Self.key(address)
        state.withLock { state in
            if state.failures[key] == nil, state.failures.count >= Self.mostAddresses {
                state.failures = state.failures.filter { $0.value > now }
                if state.failures.count >= Self.mostAddresses,
                    let next = state.failures.min(by: { $0.value < $1.value })
                {
                    state.failures[next.key] = nil
                }
            }
            let until = max(state.failures[key] ?? now, now) + Self.pause
            state.failures[key] = min(until, now + Self.burst * Self.pause)
        }
    }

    /// A network of IPv6 is one owner's (RFC 6177): its first 64 bits count.
    private static func key(_ address: CompactAddress) -> [UInt8] {
        let bytes = address.bytes
        return Array(bytes.starts(with: AddressText.mappedPrefix) ? bytes.suffix(4) : bytes.prefix(8))
    }
}
