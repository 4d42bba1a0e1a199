import Configuration
import HTTP2
import Limits
import Reactor
import TLS
import Telemetry
import Tunnel
import Upstream

typealias LoopPointer = UnsafeMutablePointer<LoopContext>

/// What the connections and sessions of one loop share. At a fixed address for the life of the process; its thread alone
/// touches it.
struct LoopContext: ~Copyable {
    /// Milliseconds of the monotonic clock, read once a turn of the loop.
    var now: Int64
    /// Which of the loops this is.
    let index: Int
    /// How many there are.
    let loops: Int
    /// The epoll descriptor.
    let poller: Int32
    /// Where other threads leave what sessions wait for.
    let mailbox: Mailbox<Loop.Order>
    let buffers: LoopBuffers
    let engineBuffers: TLSBuffersPointer
    let engine: TLSEngine
    /// What HTTP/2 connections have in common, and where their frames are gathered.
    let http2Options: HTTP2Options
    let frames: GatheredFramesPointer
    /// Whose frames are gathered there, while there are any.
    var gathering: ConnectionPointer?
    let log: ErrorLog
    let admin: AdminService
    let limits: LimitService
    let counters: LoopCounters.Writer
    /// What is counted off the data path.
    var figures: LoopFigures

    /// The configuration that new connections get.
    private(set) var generation: Generation
    /// By the identity of the pool, which is the same in every generation.
    private(set) var upstreams: [ResolvedUpstream] = []
    var pools: [Pool] = []
    /// Pools of which sessions are being moved.
    var rebalancing: [Int: Rebalancing] = [:]
    private var rebalancedAt: [Int: Int64] = [:]

    var connections = Slab<ClientConnection>()
    var sessions = Slab<Session>()
    var streams = Slab<HTTP2Stream>()
    /// Those that have ended in this turn: its batch may contain another event of theirs.
    var endedConnections: [SlabToken] = []
    var endedSessions: [SlabToken] = []
    var endedStreams: [SlabToken] = []
    var wheel: TimerWheel
    var recentEnds = RecentEnds()
    /// nil: no message was compressed yet.
    var compression: LoopCompression?
    /// Folders that files are served from.
    var folders = RootFolders()
    /// Packet traces that run, or ran last.
    var traces: [Trace] = []
    /// Legs that have bytes waiting.
    var stalled = 0
    /// Bytes that compressed messages have become in this turn.
    var inflated = 0
    /// Streams that hold input for the next turn.
    var deferred: [SlabToken] = []
    /// HTTP/2 connections that have something to send when the turn is over.
    var putOff: [ConnectionPointer] = []
    /// TLS handshakes under way.
    var handshakes: HandshakeWindow
    /// Connections that are closing, or closed and not given back yet.
    var closing = 0

    /// The loop comes to its end: no connection is kept open for another request.
    var isStopping = false
    /// Whether a drain has begun, or was announced.
    var isDraining = false

    private var sourceTurns: [Int] = []
    private var chance: UInt64
    private var warnedAt: Int64 = -1000
    private var dateSecond: Int64 = -1
    private var dateText = ""
    private let idBase: UInt64
    private var nextID: UInt64 = 0

    init(
        _ parts: Loop.Parts, _ first: Generation, poller: Int32, buffers: LoopBuffers, engine: TLSEngine,
        http2Options: HTTP2Options, frames: GatheredFramesPointer
    ) {
        self.http2Options = http2Options
        self.frames = frames
        now = Kernel.milliseconds()
        index = parts.index
        loops = parts.services.loops
        self.poller = poller
        mailbox = parts.mailbox
        self.buffers = buffers
        self.engine = engine
        engineBuffers = engine.buffers
        log = parts.services.logs.error
        admin = parts.services.admin
        limits = parts.services.limits
        counters = parts.counters.writer
        figures = LoopFigures(loop: parts.index)
        generation = first
        chance = Kernel.randomWord()
        wheel = TimerWheel(now: now)
        handshakes = HandshakeWindow(now: now)
        // Never the same twice in a process, and unlikely the same in two.
        idBase = Kernel.randomWord() & 0xFFFF_FFFF_0000_0000
        adopt(first)
    }

    /// Connections that are not closing yet.
    var staying: Int { connections.count - closing }

    /// Bytes to read at a time. A session holds at most one read that the other side does not take: when many sessions hold
    /// something they read less, so that memory stays flat.
    var readSize: Int { @inline(__always) get { stalled > 256 ? 16 * 1024 : LoopBuffers.readSize } }

    /// Whether compressed messages have had their share of this turn: a few bytes may become a thousand times as many, and others
    /// have their turn in between.
    var hasInflatedEnough: Bool { @inline(__always) get { inflated > 4 << 20 } }
    /// The same for the last words of a stream that is gone, for which there is no next turn.
    var hasInflatedTooMuch: Bool { inflated > 16 << 20 }

    /// The time of day as HTTP writes it (RFC 9110 §6.6.1), made once a second at most.
    mutating func httpDate() -> String {
        let wall = Kernel.wallClock()
        if wall / 1000 != dateSecond { (dateSecond, dateText) = (wall / 1000, Timestamp.http(wall)) }
        return dateText
    }

    /// A word of chance, good enough to spread sessions.
    mutating func randomWord() -> UInt64 {
        chance &+= 0x9E37_79B9_7F4A_7C15
        return Hash.mix(chance)
    }

    mutating func makeConnectionID() -> UInt64 {
        nextID &+= 1
        return idBase ^ nextID
    }

    /// The source address whose turn it is.
    mutating func nextSource(of pool: Int) -> Int {
        sourceTurns[pool] = (sourceTurns[pool] + 1) % max(1, upstreams[pool].sources.count)
        return sourceTurns[pool]
    }

    /// A failed attempt is worth a warning, but not a thousand a second when a pool is down.
    mutating func attemptLevel() -> ErrorLog.Level {
        guard now - warnedAt >= 1000 else { return .info }
        warnedAt = now
        return .warn
    }

    // MARK: Generations and pools

    /// New connections get this generation; sessions keep what they have. Pools go on with what they know.
    mutating func adopt(_ generation: Generation) {
        self.generation = generation
        folders.removeAll()
        for (pool, upstream) in generation.upstreams.sorted(by: { $0.key < $1.key }) {
            if pool < pools.count {
                replace(pool, upstream)
            } else {
                upstreams.append(upstream)
                pools.append(Pool(upstream.peers.map(\.settings), balancer: upstream.balancer, counts: upstream.counts))
                sourceTurns.append(0)
                figures.adopt(upstream, pool)
            }
        }
        // A pool that is gone keeps its sessions, and so does one whose operator no longer wants rebalancing.
        for pool in rebalancing.keys where generation.upstreams[pool]?.settings.rebalance == nil {
            rebalancing[pool] = nil
            pools[pool].isRebalancing = false
        }
    }

    /// An upstream has other peers, or other settings.
    mutating func replace(_ pool: Int, _ upstream: ResolvedUpstream) {
        upstreams[pool] = upstream
        figures.adopt(upstream, pool)
        let isChanged = pools[pool].update(
            upstream.peers.map(\.settings), balancer: upstream.balancer, counts: upstream.counts, now: now)
        if isChanged { rebalance(pool, after: Self.rebalancePause) }
    }

    /// Probes have found out something about a peer.
    mutating func record(_ health: PeerHealth, of peer: Int, in pool: Int) {
        let wasHealthy = pools[pool].peers.indices.contains(peer) && pools[pool].peers[peer].isHealthy
        pools[pool].record(peer, isHealthy: health.isHealthy, isVouchedFor: health.isVouchedFor, now: now)
        if health.isHealthy, !wasHealthy { rebalance(pool) }
    }

    /// Milliseconds between two rebalancings that failed attempts or names have begun: a peer that is busy now and then, or a
    /// name that answers with other addresses each time, must not send sessions round and round.
    static let rebalancePause: Int64 = 60_000

    /// A peer has come, or come back: those that have too many sessions give some up, if the operator wants it; not before
    /// `pause` milliseconds after the last time.
    mutating func rebalance(_ pool: Int, after pause: Int64 = 0) {
        guard let settings = upstreams[pool].settings.rebalance else { return }
        let begin = max(now, rebalancedAt[pool].map { $0 + pause } ?? now)
        let total = max(pools[pool].total, rebalancing[pool]?.total ?? 0)
        rebalancedAt[pool] = begin
        rebalancing[pool] = Rebalancing(settings, loops: loops, total: total, begin: begin)
    }

    /// Sessions have found out that a peer answers again. Where there are probes, they say when it is back.
    mutating func recovered(_ pool: Int) {
        guard upstreams[pool].settings.healthCheck == nil else { return }
        rebalance(pool, after: Self.rebalancePause)
    }
}
