import Configuration
import Reactor
import TLS
import Telemetry
import Tunnel
import Upstream

typealias LoopPointer = UnsafeMutablePointer<LoopContext>

/// What the sessions of one loop share. At a fixed address for the life of the process; its thread alone touches it.
struct LoopContext: ~Copyable {
    /// Milliseconds of the monotonic clock, read once a turn of the loop.
    var now: Int64
    /// The epoll descriptor.
    let poller: Int32
    /// Where other threads leave what sessions wait for.
    let mailbox: Mailbox<Loop.Order>
    let buffers: LoopBuffers
    let engineBuffers: TLSBuffersPointer
    let engine: TLSEngine
    private(set) var generation: Generation
    /// By the pool's identity; upstreams that are gone keep theirs, for sessions that still mean them.
    private(set) var upstreams: [ResolvedUpstream] = []
    let log: ErrorLog
    var listeners: [ListenerState]
    var pools: [Pool] = []
    var sessions = SessionTable()
    var wheel: TimerWheel
    var tally = Tally<EndCause>()
    /// Attempts to reach a broker that failed.
    var attempts = Tally<AttemptFailure>()
    /// Pools of which sessions are being moved.
    var rebalancing: [Int: Rebalancing] = [:]
    /// Which of the loops this is, and how many there are.
    let index: Int
    private var loops: Int { generation.tlsNames.count }
    private var sourceTurns: [Int] = []
    private var chance: UInt64
    private var warnedAt: Int64 = -1000
    private var rebalancedAt: [Int: Int64] = [:]
    /// Sessions of which a leg has bytes waiting.
    var stalled = 0
    /// Sessions that are closing, and in the table until both legs have closed.
    var closing = 0
    private var dateSecond: Int64 = -1
    private var dateText = ""
    private let idBase: UInt64
    private var nextID: UInt64 = 0

    init(
        poller: Int32, mailbox: Mailbox<Loop.Order>, buffers: LoopBuffers, engine: TLSEngine,
        generation: Generation, index: Int, log: ErrorLog, listeners: [ListenerState]
    ) {
        now = monotonicMilliseconds()
        self.poller = poller
        self.mailbox = mailbox
        self.buffers = buffers
        self.engine = engine
        engineBuffers = engine.buffers
        self.generation = generation
        self.index = index
        self.log = log
        self.listeners = listeners
        chance = Digest.randomWord()
        wheel = TimerWheel(now: now)
        // Never the same twice in a process, and unlikely the same in two.
        idBase = Digest.randomWord() & 0xFFFF_FFFF_0000_0000
        adopt(generation)
    }

    /// Bytes to read at a time. A session holds at most one read that the other side does not take: when many sessions hold
    /// something they read less, so that memory stays flat.
    var readSize: Int { @inline(__always) get { stalled > 256 ? 16 * 1024 : LoopBuffers.readSize } }

    /// The time of day as HTTP writes it (RFC 9110 §6.6.1), made once a second at most.
    mutating func httpDate() -> String {
        let wall = wallMilliseconds()
        if wall / 1000 != dateSecond { (dateSecond, dateText) = (wall / 1000, Timestamp.http(wall)) }
        return dateText
    }

    /// Sessions that are not closing yet.
    var staying: Int { sessions.count - closing }

    /// New connections and their routes are this generation's from now on.
    mutating func adopt(_ new: Generation) {
        generation = new
        for pool in pools.indices where new.upstreams[pool] == nil { stopRebalancing(pool) }
        for (pool, upstream) in new.upstreams.sorted(by: { $0.key < $1.key }) {
            if pools.indices.contains(pool) {
                replace(pool, upstream)
            } else {
                upstreams.append(upstream)
                pools.append(
                    Pool(upstream.peers.map(\.settings), balancer: upstream.balancer, counts: upstream.counts))
                sourceTurns.append(0)
            }
        }
    }

    /// A word of chance, good enough to spread sessions.
    mutating func randomWord() -> UInt64 {
        chance &+= 0x9E37_79B9_7F4A_7C15
        return Hash.mix(chance)
    }

    /// The source address whose turn it is.
    mutating func nextSource(of pool: Int) -> Int {
        sourceTurns[pool] = (sourceTurns[pool] + 1) % max(1, upstreams[pool].sources.count)
        return sourceTurns[pool]
    }

    // MARK: What happens to pools

    /// A failed attempt is worth a warning, but not a thousand a second when a pool is down.
    mutating func attemptLevel() -> ErrorLog.Level {
        guard now - warnedAt >= 1000 else { return .info }
        warnedAt = now
        return .warn
    }

    /// An upstream has other peers.
    mutating func replace(_ pool: Int, _ upstream: ResolvedUpstream) {
        upstreams[pool] = upstream
        let isChanged = pools[pool].update(
            upstream.peers.map(\.settings), balancer: upstream.balancer, counts: upstream.counts, now: now)
        if upstream.settings.rebalance == nil {
            stopRebalancing(pool)
        } else if isChanged {
            rebalance(pool, after: Self.rebalancePause)
        }
    }

    private mutating func stopRebalancing(_ pool: Int) {
        rebalancing[pool] = nil
        pools[pool].isRebalancing = false
    }

    /// Probes have found out something about a peer.
    mutating func note(_ pool: Int, peer: Int, _ health: PeerHealth) {
        let wasHealthy = pools[pool].peers.indices.contains(peer) && pools[pool].peers[peer].isHealthy
        pools[pool].note(peer, isHealthy: health.isHealthy, isVouchedFor: health.isVouchedFor, now: now)
        if health.isHealthy, !wasHealthy { rebalance(pool) }
    }

    /// Milliseconds between two rebalancings that failed attempts or names have begun: a peer that is busy now and then, or a
    /// name that answers with other addresses each time, must not send sessions round and round.
    static let rebalancePause: Int64 = 60_000

    /// A peer has come, or come back: those that have too many sessions give some up, if the operator wants it; not before
    /// `pause` milliseconds behind the last time.
    mutating func rebalance(_ pool: Int, after pause: Int64 = 0) {
        guard let settings = upstreams[pool].settings.rebalance else { return }
        let begin = max(now, rebalancedAt[pool].map { $0 + pause } ?? now)
        let total = max(pools[pool].total, rebalancing[pool]?.total ?? 0)
        rebalancedAt[pool] = begin
        rebalancing[pool] = Rebalancing(settings, loops: loops, total: total, begin: begin)
    }

    /// Sessions have found out that a peer answers again. Where there are probes, they say when it is back.
    mutating func noteRecovery(_ pool: Int) {
        guard upstreams[pool].settings.healthCheck == nil else { return }
        rebalance(pool, after: Self.rebalancePause)
    }

    mutating func makeConnectionID() -> UInt64 {
        nextID &+= 1
        return idBase ^ nextID
    }
}

/// What an epoll data word says: the address of a session, with the leg in its low bits; or, when the address is 0, something
/// of the loop's own.
enum LoopWord {
    static let upstream: UInt64 = 1
    private static let legMask: UInt64 = 3
    private static let listenerTag: UInt64 = 2
    static let mailbox: UInt64 = 3

    static func listener(_ index: Int) -> UInt64 { UInt64(index) << 2 | listenerTag }

    enum Target {
        case client(SessionPointer)
        case upstream(SessionPointer)
        case listener(Int)
        case mailbox
    }

    /// Sessions are aligned to 16 bytes and lie above the first 64 KiB, which the system never maps; listeners are fewer.
    @inline(__always)
    static func target(_ word: UInt64) -> Target {
        switch word & legMask {
        case listenerTag: return .listener(Int(word >> 2))
        case mailbox: return .mailbox
        case let leg:
            guard let session = SessionPointer(bitPattern: UInt(word & ~legMask)) else { return .mailbox }
            return leg == upstream ? .upstream(session) : .client(session)
        }
    }
}
