import Configuration
import Reactor
import Text
import Tunnel
import Wire

/// The broker's answer to the CONNECT: it opens the session, goes to the client as a refusal, or sends the CONNECT to another
/// peer.
extension Session {
    /// Bytes of the broker before its CONNACK has come, `count` in the loop's `down` buffer.
    mutating func readConnack(_ bytes: UnsafeMutableRawPointer, count: Int) {
        guard let opening else { return }
        guard !opening.attempt.answer.isEmpty else { return examineAnswer(bytes, count: count, opening) }
        opening.attempt.answer.append(UnsafeRawBufferPointer(start: bytes, count: count))
        // The pipe frames in place: it wants the room of the loop's buffer around the bytes.
        let total = opening.attempt.answer.count
        guard total <= loop.pointee.buffers.downCapacity, let waiting = opening.attempt.answer.bytes.baseAddress else {
            return notConnack("its CONNACK does not end")
        }
        loop.pointee.buffers.down.copyMemory(from: waiting, byteCount: total)
        opening.attempt.answer.clear()
        examineAnswer(loop.pointee.buffers.down, count: total, opening)
    }

    private mutating func notConnack(_ detail: String) {
        // After an exchange of AUTH packets the pipe is open.
        guard phase == .awaitingConnack else { return end(.brokerProtocolError) }
        if attemptFailed(Attempt.Failure(.connackInvalid, detail)) { tryNextPeer() }
    }

    /// Looks at all that the broker has sent, `count` bytes in the loop's `down` buffer.
    private mutating func examineAnswer(_ bytes: UnsafeMutableRawPointer, count: Int, _ opening: Opening) {
        let passed = passAuthPackets(bytes, count: count, opening)
        guard let connect = opening.connect, passed < count, phase == .awaitingConnack || phase == .exchanging else {
            return
        }
        let (bytes, count) = (bytes + passed, count - passed)
        let view = Self.view(bytes, count: count)
        if connect.hasAuthenticationMethod, view.first == 0xF0 {
            return opening.attempt.answer.append(UnsafeRawBufferPointer(view))
        }
        switch Self.connack(view, connect.packet.version) {
        case .whole(let connack): answered(bytes, count: count, connack, connect, opening)
        case .partial: opening.attempt.answer.append(UnsafeRawBufferPointer(view))
        case .broken where phase == .exchanging:
            // The pipe finds out which rule it breaks.
            _ = machine.connackArrived(isAccepted: true)
            self.opening = nil
            pipeDown(bytes, count: count)
        case .broken(let error): notConnack(ForeignAnswer.words(view.span, error))
        }
    }

    private static func view(_ bytes: UnsafeMutableRawPointer, count: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)), count: count)
    }

    /// An exchange of AUTH packets comes before the CONNACK (5.0 §4.12): it is between the client and the broker, and opens the
    /// pipe. Passes on those that are whole; returns how many bytes they are.
    private mutating func passAuthPackets(
        _ bytes: UnsafeMutableRawPointer, count: Int, _ opening: Opening
    ) -> Int {
        guard let connect = opening.connect, connect.hasAuthenticationMethod else { return 0 }
        let length = WholePackets.length(of: 0xF0, in: Self.view(bytes, count: count).span)
        guard length > 0 else { return 0 }
        if phase == .awaitingConnack {
            recordAnswer()
            machine.exchangeBegan()
            openPipe(opening, connect, connack: nil)
            guard phase == .exchanging else { return length }
            pipeDown(bytes, count: length)
            endHeld(opening)
        } else {
            pipeDown(bytes, count: length)
        }
        return length
    }

    private enum Answer { case whole(Connack.Parsed), partial, broken(ConnackError) }

    private static func connack(_ view: UnsafeBufferPointer<UInt8>, _ version: ProtocolVersion) -> Answer {
        do throws(ConnackError) {
            return try Connack.parse(view.span, version: version).map { .whole($0) } ?? .partial
        } catch {
            return .broken(error)
        }
    }

    /// The CONNACK is whole, at the start of `count` bytes.
    private mutating func answered(
        _ bytes: UnsafeMutableRawPointer, count: Int, _ connack: Connack.Parsed, _ connect: GatedConnect,
        _ opening: Opening
    ) {
        record.connackTime = max(0, Kernel.microseconds() - opening.attempt.connectSentAt)
        let answer = UnsafeRawBufferPointer(start: bytes, count: connack.length)
        if phase == .exchanging {
            return connack.isAccepted
                ? accepted(bytes, count: count, connack, connect, opening) : passRefusal(answer, connack, connect)
        }
        if let place, let time = record.connackTime {
            loop.pointee.figures.connackCame(place, after: time)
        }
        switch connack.meaning {
        case .accepted: accepted(bytes, count: count, connack, connect, opening)
        case .aboutClient: passRefusal(answer, connack, connect)
        case .notNow:
            // 3.x has one code for all: it may be a quota of this client.
            let kind: AttemptFailure = connack.code == 0x88 ? .unavailable : .busy
            opening.attempt.refusal = Self.refusal(answer, connack, connect)
            let detail = "it refused the CONNECT with code \(Hexadecimal.code(connack.code)) (unavailable or busy)"
            if attemptFailed(Attempt.Failure(kind, detail)) { tryNextPeer() }
        case .useAnotherServer:
            opening.attempt.named = namedPeers(answer, connack, opening)
            guard !opening.attempt.named.isEmpty else { return passRefusal(answer, connack, connect) }
            opening.attempt.refusal = Self.refusal(answer, connack, connect)
            let detail = "it redirected the client to another server of the pool"
            if attemptFailed(Attempt.Failure(.redirected, detail)) { tryNextPeer() }
        }
    }

    /// The peer has answered as a broker does.
    private func recordAnswer() {
        guard let place,
            loop.pointee.pools[Int(place.pool)].succeeded(Int(place.peer), now: loop.pointee.now)
        else { return }
        log(.notice, "upstream server \(record.upstreamAddress) is available again")
        loop.pointee.recovered(Int(place.pool))
    }

    // MARK: Accepted

    /// The broker has accepted the client: the session is open.
    private mutating func accepted(
        _ bytes: UnsafeMutableRawPointer, count: Int, _ connack: Connack.Parsed, _ connect: GatedConnect,
        _ opening: Opening
    ) {
        let wasExchanging = phase == .exchanging
        if !wasExchanging { recordAnswer() }
        _ = machine.connackArrived(isAccepted: true)
        if let place { loop.pointee.figures.sessionOpened(place) }
        record.openedAt = loop.pointee.now
        if wasExchanging {
            beginKeepAlive(connack, connect)
        } else {
            openPipe(opening, connect, connack: connack)
        }
        if phase == .open { passAnswer(bytes, count: count, connack, connect) }
        if phase == .open { endHeld(opening) }
        self.opening = nil
        // It may have been taken away on the way.
        if phase == .open, let reason = lostAccess(loop.pointee.generation.revoked) {
            log(.notice, reason)
            end(.accessRevoked)
        }
    }

    /// From here on bytes go both ways. `connack` is nil when an exchange comes before it.
    private mutating func openPipe(_ opening: Opening, _ connect: GatedConnect, connack: Connack.Parsed?) {
        pipe.upstream = opening.attempt.takeLeg()
        pipe.downlink = Downlink(
            framing: pipe.framing, version: connect.packet.version,
            compressibleSize: pipe.compression?.minimum ?? .max)
        pipe.uplink.open(version: connect.packet.version, packetLimit: route.location.mqtt.maxPacketSize)
        beginKeepAlive(connack, connect)
        // First what the client has sent already: the answer may find it gone.
        releaseHeld(opening)
    }

    private mutating func beginKeepAlive(_ connack: Connack.Parsed?, _ connect: GatedConnect) {
        pipe.keepAlive = KeepAlive(
            seconds: connack?.serverKeepAlive ?? connect.packet.keepAlive,
            pingInterval: pipe.framing.hasControlFrames ? route.pingInterval : 0)
        if route.offloadsKeepAlive {
            pipe.offload = KeepAliveOffload(seconds: connack?.serverKeepAlive ?? connect.packet.keepAlive)
            pipe.forwardedAt = loop.pointee.now
        }
        let firstLook = min(pipe.keepAlive.firstLook, pipe.offload.silence)
        limit(min(firstLook, max(0, pipe.expiresAt - loop.pointee.now)))
    }

    /// The broker's answer goes to the client, with the identifier that the gateway has given it, and what came after it.
    private mutating func passAnswer(
        _ bytes: UnsafeMutableRawPointer, count: Int, _ connack: Connack.Parsed, _ connect: GatedConnect
    ) {
        guard let changed = assigningConnack(bytes, connack, connect) else { return pipeDown(bytes, count: count) }
        let down = loop.pointee.buffers.down
        let rest = [UInt8](UnsafeRawBufferPointer(start: bytes + connack.length, count: count - connack.length))
        for part in [changed, rest] where phase == .open && !part.isEmpty {
            guard part.count <= loop.pointee.buffers.downCapacity else { return end(.brokerProtocolError) }
            down.copyMemory(from: part, byteCount: part.count)
            pipeDown(down, count: part.count)
        }
    }

    /// What the client sent after its CONNECT goes to the broker.
    private mutating func releaseHeld(_ opening: Opening) {
        opening.held.wipe(first: opening.connectSize)  // it may hold a password
        opening.held.consume(opening.connectSize)
        if let start = opening.held.bytes.baseAddress, opening.held.count > 0 {
            if trace != nil { traceReceived(start, count: opening.held.count) }
            let scan = pipe.uplink.scan(
                start, count: opening.held.count, totals: loop.pointee.counters.received)
            opening.heldViolation = scan.violation
            if scan.forward > 0, !pipe.upstream.send(start, count: scan.forward) { upstreamLost() }
        }
        opening.held.clear()
    }

    /// The client's end, or its fault, that came before the session was open.
    private mutating func endHeld(_ opening: Opening) {
        if let violation = opening.heldViolation {
            end(violation)
        } else if pipe.uplink.isDone {
            end(.clientDisconnect)
        } else if let cause = opening.endAfterHeld {
            end(cause)
        }
    }

    // MARK: Refused

    /// Peers of the pool that a Server Reference names, and that were not tried: browsers do not follow it, so the gateway
    /// does.
    private func namedPeers(
        _ bytes: UnsafeRawBufferPointer, _ connack: Connack.Parsed, _ opening: Opening
    ) -> [Int] {
        guard let range = connack.serverReference, range.upperBound <= bytes.count, let pool = route.pool else {
            return []
        }
        let text = UnsafeBufferPointer(rebasing: bytes.bindMemory(to: UInt8.self)[range])
        let references = ServerReference.list(text.span)
        return loop.pointee.upstreams[pool].peers(named: references).filter { !opening.attempt.tried.contains($0) }
    }

    private mutating func passRefusal(
        _ answer: UnsafeRawBufferPointer, _ connack: Connack.Parsed, _ connect: GatedConnect
    ) {
        if phase == .awaitingConnack { recordAnswer() }
        _ = machine.connackArrived(isAccepted: false)
        let note = connack.isForeign ? ", which the client's version of MQTT does not define" : ""
        log(
            .info, "refused by upstream server \(record.upstreamAddress), code \(Hexadecimal.code(connack.code))\(note)"
        )
        pass(refusal: Self.refusal(answer, connack, connect))
    }

    /// What a broker has refused the CONNECT with goes to the client.
    mutating func pass(refusal: [UInt8]) {
        loop.pointee.figures.connectRefused(.refusedByBroker, connack: refusal)
        record.farewell.refused(connack: refusal)
        let (down, capacity) = (loop.pointee.buffers.down, loop.pointee.buffers.downCapacity)
        if !refusal.isEmpty, refusal.count <= capacity {
            down.copyMemory(from: refusal, byteCount: refusal.count)
            if phase != .exchanging {
                pipe.downlink = Downlink(framing: pipe.framing, version: record.version ?? .v3_1_1)
            }
            pipeDown(down, count: refusal.count)
        }
        end(.refusedByBroker)
    }

    /// The broker's refusal as the client is to see it: as it is, or, if it is not one that the client's version knows, what that
    /// has for it. Empty: it has nothing, and the connection is closed without a CONNACK.
    private static func refusal(
        _ answer: UnsafeRawBufferPointer, _ connack: Connack.Parsed, _ connect: GatedConnect
    ) -> [UInt8] {
        guard connack.isForeign else { return Array(answer) }
        return Connack.refusal(connack.reason, version: connect.packet.version)
    }
}
