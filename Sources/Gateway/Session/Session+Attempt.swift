import Configuration
import Reactor
import Tunnel
import Upstream
import Wire

/// The way to a broker: choose a peer, connect, send the CONNECT; and the next peer when that fails.
extension Session {
    /// Milliseconds between two connects to a peer whose queue is full.
    private static let queueInterval: Int64 = 20

    /// Tries peers until one is being connected to, or none is left.
    mutating func tryNextPeer() {
        var failure = tryPeer()
        while let reason = failure, attemptFailed(reason) { failure = tryPeer() }
    }

    /// Chooses a peer and starts to connect; returns why that failed.
    private mutating func tryPeer() -> Attempt.Failure? {
        guard phase == .connecting, let opening, let pool = route.pool else { return nil }
        let now = loop.pointee.now
        guard record.tries == 0 || now < opening.attempt.triesDeadline else {
            noPeer("upstream_tries_timeout has passed")
            return nil
        }
        let random = loop.pointee.randomWord()
        let peer = opening.attempt.choosePeer(&loop.pointee.pools[pool], key: record.hashKey, random: random, now: now)
        guard let peer else {
            noPeer(record.tries == 0 ? "none is available" : "\(record.tries) tried")
            return nil
        }
        place = Place(pool: Int32(truncatingIfNeeded: pool), peer: Int32(truncatingIfNeeded: peer))
        record.tries += 1
        if let place { loop.pointee.figures.attemptBegan(place, isFailover: record.tries > 1) }
        record.upstreamAddress = loop.pointee.upstreams[pool].peers[peer].text
        opening.attempt.connectDeadline = now + route.upstreamConnectTimeout
        return connect(opening)
    }

    /// The current try ends `milliseconds` from now, or when the time for all tries is over.
    private mutating func limitTry(_ milliseconds: Int64) {
        let deadline = opening?.attempt.triesDeadline ?? .max
        limit(min(milliseconds, max(0, deadline - loop.pointee.now)))
    }

    /// Starts to connect to the peer whose place is taken; returns why that failed.
    private mutating func connect(_ opening: Opening) -> Attempt.Failure? {
        guard let place else { return nil }
        let pool = Int(place.pool)
        let address = loop.pointee.upstreams[pool].peers[Int(place.peer)].address
        let (sources, turn) = (loop.pointee.upstreams[pool].sources, loop.pointee.nextSource(of: pool))
        let counters = loop.pointee.counters
        let step = opening.attempt.connect(to: address, from: sources, turn: turn) {
            counters.count(AttemptFailure.sourcePortsExhausted)
        }
        switch step {
        case .underWay:
            limitTry(route.upstreamConnectTimeout)
            return nil
        case .connected: return sendConnect(opening)
        case .queueIsFull:
            machine.queueIsFull()
            limit(Self.queueInterval)
            return nil
        case .failed(let failure): return failure
        }
    }

    /// Connects again to a peer whose queue was full.
    mutating func connectAgain() {
        guard let opening else { return }
        machine.connectAgain()
        var failure: Attempt.Failure? = Attempt.Failure(
            .queueFull, "its accept queue stayed full for upstream_connect_timeout")
        if loop.pointee.now < min(opening.attempt.connectDeadline, opening.attempt.triesDeadline) {
            failure = connect(opening)
        }
        if let failure, attemptFailed(failure) { tryNextPeer() }
    }

    /// No peer is left for the CONNECT. What the last broker has said of it is better than what we could say.
    private mutating func noPeer(_ detail: String) {
        log(loop.pointee.attemptLevel(), "no upstream server for the CONNECT: \(detail)")
        if let refusal = opening?.attempt.refusal { return pass(refusal: refusal) }
        let cause: EndCause =
            switch opening?.attempt.lastFailure {
            case .sourcePortsExhausted: .sourcePortsExhausted
            case .shortage: .outOfResources
            default: .noUpstream
            }
        refuseConnect(Connack.refusal(.serverUnavailable, version: record.version ?? .v3_1_1), cause)
    }

    // MARK: Events

    /// Something happened on the leg to the peer that is being tried.
    mutating func attemptEvent(_ events: Events) {
        guard let opening, opening.attempt.leg.isOpen else { return }
        if phase == .connecting { return peerConnected(opening) }
        if events.isWritable, !opening.attempt.leg.isFlushed, !opening.attempt.leg.flush() {
            return answerLost(opening, isReset: true)
        }
        guard events.isReadable else { return }
        let buffer = loop.pointee.buffers.down
        switch opening.attempt.leg.receive(into: buffer, capacity: loop.pointee.readSize) {
        case .bytes(let count): readConnack(buffer, count: count)
        case .nothing: break
        case .end: answerLost(opening, isReset: false)
        case .failed: answerLost(opening, isReset: true)
        }
    }

    /// The connecting socket is writable, or has failed.
    private mutating func peerConnected(_ opening: Opening) {
        let failure =
            Kernel.connectError(opening.attempt.leg.descriptor).map(Attempt.Failure.init) ?? sendConnect(opening)
        if let failure, attemptFailed(failure) { tryNextPeer() }
    }

    /// The peer is there: it gets the CONNECT. Returns why that failed.
    private mutating func sendConnect(_ opening: Opening) -> Attempt.Failure? {
        machine.peerConnected()
        let count = opening.connectSize
        guard let start = opening.held.bytes.baseAddress, count > 0, count <= opening.held.count, let pool = route.pool
        else { return Attempt.Failure(.connectFailed, "there is no CONNECT") }
        limitTry(route.upstreamConnackTimeout)
        opening.attempt.connectSentAt = Kernel.microseconds()
        let isSent: Bool
        if let version = loop.pointee.upstreams[pool].settings.proxyProtocol.version.header {
            isSent = sendAfterProxyHeader(version, start, count: count, opening)
        } else {
            isSent = opening.attempt.leg.send(start, count: count)
        }
        return isSent ? nil : Attempt.Failure(.reset, "the CONNECT could not be sent")
    }

    /// The time for this try is over, or that for all of them.
    mutating func tryTimedOut() {
        let isConnecting = phase == .connecting
        let limit = isConnecting ? "upstream_connect_timeout" : "upstream_connack_timeout"
        let isOutOfTime = loop.pointee.now >= opening?.attempt.triesDeadline ?? .max
        let failure =
            isOutOfTime
            ? Attempt.Failure(.outOfTime, "no answer before upstream_tries_timeout passed")
            : Attempt.Failure(isConnecting ? .connectTimeout : .connackTimeout, "no answer within \(limit)")
        if attemptFailed(failure) { tryNextPeer() }
    }

    /// The broker has ended the connection before its CONNACK.
    private mutating func answerLost(_ opening: Opening, isReset: Bool) {
        // Where both sides end at once, and the client has nothing more to say, the broker is not to blame.
        if channel.peerHasEnded, !opening.holdsMoreThanConnect { return clientLost() }
        if attemptFailed(connackLost(opening, isReset: isReset)) { tryNextPeer() }
    }

    // MARK: Failures

    /// This try has failed. Returns whether there is another one.
    mutating func attemptFailed(_ failure: Attempt.Failure) -> Bool {
        let action = machine.attemptFailed()
        opening?.attempt.lastFailure = failure.kind
        loop.pointee.counters.count(failure.kind)
        if let place {
            loop.pointee.figures.attemptFailed(place, failure.kind)
            log(loop.pointee.attemptLevel(), "upstream server \(record.upstreamAddress) failed: \(failure.detail)")
            if isOut(place, by: failure.kind.blame) {
                log(.warn, "upstream server \(record.upstreamAddress) is skipped for its fail_timeout")
            }
        }
        leavePeer()
        opening?.attempt.closeLeg()
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
            let key = ClientKey(address: record.request.address.bytes)
            return loop.pointee.pools[pool].failed(peer, by: key, now: now)
        case .nobody: return false
        }
    }

    /// A PROXY header too many, or one too few, or a wrong port looks so, but not with a broker that is known to answer.
    private func connackLost(_ opening: Opening, isReset: Bool) -> Attempt.Failure {
        var detail = "it \(isReset ? "reset" : "closed") the connection before its CONNACK"
        if opening.attempt.answer.isEmpty, let place {
            let peer = loop.pointee.pools[Int(place.pool)].peers[Int(place.peer)]
            let sent = loop.pointee.upstreams[Int(place.pool)].settings.proxyProtocol.version.header
            if !peer.hasAnswered, !peer.isVouchedFor { detail += ForeignAnswer.silenceHint(sent: sent) }
        }
        return Attempt.Failure(isReset ? .reset : .closed, detail)
    }

    /// Gives the place on the peer back, if one is taken.
    mutating func leavePeer() {
        guard let place else { return }
        loop.pointee.pools[Int(place.pool)].release(Int(place.peer))
        self.place = nil
    }
}
