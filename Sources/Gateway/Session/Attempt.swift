import Configuration
import Reactor
import Tunnel
import Upstream
import Wire

/// The way to a broker: which peers were tried, what came of it, and the leg to the one that is being tried. It owns that leg
/// until the session is open. Which state the way is in, the session's machine says.
struct Attempt: ~Copyable {
    var leg = Leg()
    /// The part of the broker's answer that has come so far.
    var answer = ByteQueue()
    /// Peers that were tried.
    private(set) var tried: [Int] = []
    /// Peers that a broker has named for this CONNECT, to be tried next.
    var named: [Int] = []
    /// What the last broker that answered has refused the CONNECT with.
    var refusal: [UInt8]?
    /// Why the last try failed.
    var lastFailure: AttemptFailure?
    /// When the current peer was sent the CONNECT, in microseconds of the monotonic clock.
    var connectSentAt: Int64 = 0
    /// Until when the current peer may be connected to, and until when any may be tried, on the loop's clock.
    var connectDeadline: Int64 = 0
    var triesDeadline: Int64 = .max

    /// A try that failed: why, and in words.
    struct Failure {
        let kind: AttemptFailure
        let detail: String

        init(_ kind: AttemptFailure, _ detail: String) {
            self.kind = kind
            self.detail = detail
        }
    }

    /// How a connect begins.
    enum Connecting {
        case underWay, connected
        /// The queue of a unix socket is full: it is to be tried again soon.
        case queueIsFull
        case failed(Failure)
    }

    /// Takes a place on the peer that a broker has named, or else on the one that the balancer gives.
    mutating func choosePeer(_ pool: inout Pool, key: UInt64, random: UInt64, now: Int64) -> Int? {
        defer { named = [] }
        let wanted = named.first { pool.take($0, tried: tried) }
        guard let peer = wanted ?? pool.choose(now: now, key: key, random: random, tried: tried) else { return nil }
        tried.append(peer)
        return peer
    }

    /// Starts to connect from one of the upstream's source addresses after the other, beginning with the one whose `turn` it
    /// is, until one has a port left for this peer.
    mutating func connect(
        to address: SocketAddress, from sources: [SocketAddress], turn: Int, exhausted: () -> Void
    ) -> Connecting {
        let sources = sources.filter { $0.family == address.family }
        guard !sources.isEmpty else { return connect(to: address, from: nil) }
        var last = Connecting.failed(Failure(SystemError("connect", code: SystemError.addressNotAvailable)))
        for step in sources.indices {
            last = connect(to: address, from: sources[(turn + step) % sources.count])
            guard case .failed(let failure) = last, failure.kind == .sourcePortsExhausted else { return last }
            exhausted()
        }
        return last
    }

    private mutating func connect(to address: SocketAddress, from source: SocketAddress?) -> Connecting {
        do throws(SystemError) {
            let socket = try Kernel.connect(address, from: source)
            leg.attach(socket.descriptor)
            return socket.isConnected ? .connected : .underWay
        } catch {
            // TCP would wait in the kernel; a unix socket says so at once, and means no harm by it.
            return address.isUnix && error.isQueueFull ? .queueIsFull : .failed(Failure(error))
        }
    }

    /// Gives up the current peer.
    mutating func closeLeg() {
        leg.close()
        answer.clear()
    }

    /// Hands the leg over to the pipe.
    mutating func takeLeg() -> Leg {
        var taken = Leg()
        swap(&taken, &leg)
        return taken
    }
}

extension Attempt.Failure {
    init(_ error: SystemError) {
        switch error.code {
        case _ where error.isOutOfPorts:
            self.init(
                .sourcePortsExhausted, "no source port is left for it: add addresses to proxy_bind (\(error))")
        case SystemError.connectionRefused: self.init(.connectRefused, "\(error)")
        case _ where error.isShortage: self.init(.shortage, "\(error)")
        default: self.init(.connectFailed, "\(error)")
        }
    }
}
