import Configuration
import Reactor
import Tunnel
import Upstream
import Wire

/// The way to a broker: choose a peer, connect, send the CONNECT; and the next peer when that fails.
extension Session {
    var mqttSettings: MQTTSettings { record.route?.location.mqtt ?? MQTTSettings() }

    /// An attempt that failed: why, and in words.
    struct Failure {
        let kind: AttemptFailure
        let detail: String

        init(_ kind: AttemptFailure, _ detail: String) {
            self.kind = kind
            self.detail = detail
        }
    }

    /// Tries peers until one is being connected to, or none is left.
    mutating func tryNextPeer() {
        var failure = tryPeer()
        while let reason = failure, attemptFailed(reason) { failure = tryPeer() }
    }

    /// Chooses a peer and starts to connect; returns why that failed.
    private mutating func tryPeer() -> Failure? {
        guard phase == .connecting, let pending else { return nil }
        let now = loop.pointee.now
        guard record.tries == 0 || now < pending.triesDeadline else {
            noPeer("upstream_tries_timeout has passed")
            return nil
        }
        guard let peer = choosePeer(pending) else {
            noPeer(record.tries == 0 ? "no peer can take it" : "\(record.tries) tried")
            return nil
        }
        place = Place(pool: Int32(truncatingIfNeeded: pending.pool), peer: Int32(truncatingIfNeeded: peer))
        pending.tried.append(peer)
        record.tries += 1
        record.upstreamAddress = loop.pointee.upstreams[pending.pool].peers[peer].text
        pending.connectDeadline = now + mqttSettings.upstreamConnectTimeout.milliseconds
        return begin(peer, pending)
    }

    /// Takes a place on the peer that a broker has named, or else on the one that the balancer gives.
    private func choosePeer(_ pending: PendingConnect) -> Int? {
        let (pool, now) = (pending.pool, loop.pointee.now)
        defer { pending.named = [] }
        for peer in pending.named where loop.pointee.pools[pool].take(peer, now: now, tried: pending.tried) {
            return peer
        }
        let random = loop.pointee.randomWord()
        return loop.pointee.pools[pool].choose(now: now, key: record.hashKey, random: random, tried: pending.tried)
    }

    /// The current try ends `milliseconds` from now, or when the time for all tries is over.
    private mutating func limitTry(_ milliseconds: Int64) {
        limit(min(milliseconds, max(0, (pending?.triesDeadline ?? .max) - loop.pointee.now)))
    }

    /// Whether the peer's queue was full, so that the connect is to be tried again.
    var waitsForQueue: Bool { phase == .connecting && !upstream.isOpen && place != nil }

    /// Connects again to a peer whose queue was full.
    mutating func connectAgain() {
        guard let place, let pending else { return }
        var failure: Failure? = Failure(.queueFull, "its queue stayed full for upstream_connect_timeout")
        if loop.pointee.now < min(pending.connectDeadline, pending.triesDeadline) {
            failure = begin(Int(place.peer), pending)
        }
        if let failure, attemptFailed(failure) { tryNextPeer() }
    }

    /// Milliseconds between two connects to a peer whose queue is full.
    private static let queueInterval: Int64 = 20

    /// Starts to connect; returns why that failed.
    private mutating func begin(_ peer: Int, _ pending: PendingConnect) -> Failure? {
        let address = loop.pointee.upstreams[pending.pool].peers[peer].address
        switch connect(address, pending.pool) {
        case .success(let socket):
            upstream.attach(socket.descriptor)
            limitTry(mqttSettings.upstreamConnectTimeout.milliseconds)
            return socket.isConnected ? sendConnect() : nil
        case .failure(let error) where address.isUnix && error.isQueueFull:
            // TCP would wait in the kernel; a unix socket says so at once, and means no harm by it.
            limit(Self.queueInterval)
            return nil
        case .failure(let error):
            return Failure(error)
        }
    }

    /// Connects from one of the upstream's source addresses after the other, until one has a port left for this peer.
    private func connect(
        _ address: SocketAddress, _ pool: Int
    ) -> Result<(descriptor: Int32, isConnected: Bool), SystemError> {
        let sources = loop.pointee.upstreams[pool].sources.filter { $0.family == address.family }
        guard !sources.isEmpty else { return Self.connect(address, from: nil) }
        let first = loop.pointee.nextSource(of: pool)
        var last = SystemError("connect", code: SystemError.addressNotAvailable)
        for step in sources.indices {
            let source = sources[(first + step) % sources.count]
            switch Self.connect(address, from: source) {
            case .failure(let error) where error.isOutOfPorts:
                last = error
                loop.pointee.attempts.count(.sourcePortsExhausted)
            case let other: return other
            }
        }
        return .failure(last)
    }

    private static func connect(
        _ address: SocketAddress, from source: SocketAddress?
    ) -> Result<(descriptor: Int32, isConnected: Bool), SystemError> {
        do throws(SystemError) {
            return .success(try Socket.connect(address, from: source))
        } catch {
            return .failure(error)
        }
    }

    /// No peer is left for the CONNECT. What the last broker has said of it is better than what we could say.
    private mutating func noPeer(_ detail: String) {
        log(loop.pointee.attemptLevel(), "no upstream server for the CONNECT: \(detail)")
        if let refusal = pending?.refusal { return pass(refusal: refusal) }
        let cause: EndCause =
            switch pending?.lastFailure {
            case .sourcePortsExhausted: .sourcePortsExhausted
            case .shortage: .outOfResources
            default: .noUpstream
            }
        refuseConnect(Connack.refusal(.serverUnavailable, version: record.version ?? .v3_1_1), cause)
    }

    /// The connecting socket is writable, or has failed.
    mutating func upstreamConnected() {
        let failure = Socket.connectError(upstream.descriptor).map(Failure.init) ?? sendConnect()
        if let failure, attemptFailed(failure) { tryNextPeer() }
    }

    /// The peer is there: it gets the CONNECT. Returns why that failed.
    private mutating func sendConnect() -> Failure? {
        guard machine.peerConnected() == .sendConnect, let pending else { return nil }
        guard let start = held.bytes.baseAddress, pending.size <= held.count else {
            return Failure(.connectFailed, "there is no CONNECT")
        }
        limitTry(mqttSettings.upstreamConnackTimeout.milliseconds)
        let isSent: Bool
        if let version = loop.pointee.upstreams[pending.pool].settings.proxyProtocol.version.header {
            isSent = sendBehindProxyHeader(version, start, count: pending.size)
        } else {
            isSent = upstream.send(start, count: pending.size)
        }
        return isSent ? nil : Failure(.reset, "the CONNECT could not be sent")
    }

    /// The time for this try is over, or that for all of them.
    mutating func tryTimedOut() {
        let isConnecting = phase == .connecting
        let limit = isConnecting ? "upstream_connect_timeout" : "upstream_connack_timeout"
        let isOutOfTime = loop.pointee.now >= pending?.triesDeadline ?? .max
        let failure =
            isOutOfTime
            ? Failure(.outOfTime, "no answer when upstream_tries_timeout had passed")
            : Failure(isConnecting ? .connectTimeout : .connackTimeout, "no answer within \(limit)")
        if attemptFailed(failure) { tryNextPeer() }
    }

    /// This attempt has failed. Returns whether there is another try.
    mutating func attemptFailed(_ failure: Failure) -> Bool {
        let action = machine.attemptFailed()
        guard action != .ignore else { return false }
        pending?.lastFailure = failure.kind
        loop.pointee.attempts.count(failure.kind)
        if let place {
            log(loop.pointee.attemptLevel(), "upstream server \(record.upstreamAddress) failed: \(failure.detail)")
            if isOut(place, by: failure.kind.blame) {
                log(.warn, "upstream server \(record.upstreamAddress) is left alone for its fail_timeout")
            }
        }
        leavePeer()
        upstream.close()
        answer.clear()
        guard action == .choosePeer else {
            noPeer("\(record.tries) tried")
            return false
        }
        return true
    }

    /// Tells the pool of a failed attempt. Returns whether that takes the peer out for a while.
    private func isOut(_ place: Place, by blame: AttemptFailure.Blame) -> Bool {
        let (pool, peer, now) = (Int(place.pool), Int(place.peer), loop.pointee.now)
        switch blame {
        case .peer: return loop.pointee.pools[pool].failed(peer, now: now)
        case .peerOrClient:
            return loop.pointee.pools[pool].failed(peer, by: ClientKey(address: clientAddress.bytes), now: now)
        case .nobody: return false
        }
    }

    /// The broker has ended the connection before its CONNACK. A PROXY header too many, or one too few, or a wrong port looks so,
    /// but not with a broker that is known to answer.
    func connackLost(isReset: Bool) -> Failure {
        var detail = "it \(isReset ? "reset" : "closed") the connection before its CONNACK"
        if answer.isEmpty, let place {
            let peer = loop.pointee.pools[Int(place.pool)].peers[Int(place.peer)]
            let sent = loop.pointee.upstreams[Int(place.pool)].settings.proxyProtocol.version.header
            if !peer.hasAnswered, !peer.isVouchedFor { detail += ForeignAnswer.silenceHint(sent: sent) }
        }
        return Failure(isReset ? .reset : .closed, detail)
    }

    /// Gives the place on the peer back, if one is taken.
    mutating func leavePeer() {
        guard let place else { return }
        loop.pointee.pools[Int(place.pool)].release(Int(place.peer))
        self.place = nil
    }
}

extension Session.Failure {
    init(_ error: SystemError) {
        switch error.code {
        case _ where error.isOutOfPorts:
            self.init(
                .sourcePortsExhausted, "no source port is left towards it: add addresses to proxy_bind (\(error))")
        case SystemError.connectionRefused: self.init(.connectRefused, "\(error)")
        case _ where error.isShortage: self.init(.shortage, "\(error)")
        default: self.init(.connectFailed, "\(error)")
        }
    }
}
