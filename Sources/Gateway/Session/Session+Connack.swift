import Configuration
import Reactor
import Text
import Tunnel
import Wire

/// The broker's answer to the CONNECT: it opens the session, goes to the client as a refusal, or sends the CONNECT to another
/// peer.
extension Session {
    /// Bytes of the broker before its CONNACK has come.
    mutating func readConnack(_ bytes: UnsafeMutableRawPointer, count: Int) {
        guard !answer.isEmpty else { return examineAnswer(bytes, count: count) }
        answer.append(UnsafeRawBufferPointer(start: bytes, count: count))
        // The pipe frames in place: it wants the room of the loop's buffer around the bytes.
        let total = answer.count
        guard total <= loop.pointee.buffers.downCapacity, let waiting = answer.bytes.baseAddress else {
            return notConnack("its CONNACK does not end")
        }
        loop.pointee.buffers.down.copyMemory(from: waiting, byteCount: total)
        answer.clear()
        examineAnswer(loop.pointee.buffers.down, count: total)
    }

    private mutating func notConnack(_ detail: String) {
        // Behind an exchange of AUTH packets the pipe is open.
        guard phase == .awaitingConnack else { return close(.brokerProtocolError) }
        if attemptFailed(Failure(.connackInvalid, detail)) { tryNextPeer() }
    }

    /// Looks at all that the broker has sent, `count` bytes in the loop's `down` buffer.
    private mutating func examineAnswer(_ bytes: UnsafeMutableRawPointer, count: Int) {
        let passed = passAuthPackets(bytes, count: count)
        guard let pending, passed < count, phase == .awaitingConnack || phase == .open else { return }
        let (bytes, count) = (bytes + passed, count - passed)
        let view = UnsafeBufferPointer(
            start: UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)), count: count)
        let isExchange = pending.packet.version == .v5_0 && pending.packet.authenticationMethod != nil
        if isExchange, view.first == 0xF0 { return answer.append(UnsafeRawBufferPointer(view)) }
        switch Self.connack(view, pending.packet.version) {
        case .whole(let connack): answered(bytes, count: count, connack, pending)
        case .partial: answer.append(UnsafeRawBufferPointer(view))
        case .broken where phase == .open:
            self.pending = nil
            pipeDown(bytes, count: count)
        case .broken(let error): notConnack(ForeignAnswer.words(view.span, error))
        }
    }

    /// An exchange of AUTH packets comes before the CONNACK (5.0 §4.12): it is between the client and the broker, and opens the
    /// pipe. Passes on those that are whole; returns how many bytes they are.
    private mutating func passAuthPackets(_ bytes: UnsafeMutableRawPointer, count: Int) -> Int {
        guard let pending, pending.packet.version == .v5_0, pending.packet.authenticationMethod != nil else { return 0 }
        let view = UnsafeBufferPointer(
            start: UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)), count: count)
        let length = WholePackets.length(of: 0xF0, in: view.span)
        guard length > 0 else { return 0 }
        guard phase == .awaitingConnack else {
            pipeDown(bytes, count: length)
            return length
        }
        if open(pending, nil) {
            pipeDown(bytes, count: length)
            endHeld()
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
        _ bytes: UnsafeMutableRawPointer, count: Int, _ connack: Connack.Parsed, _ pending: PendingConnect
    ) {
        guard phase == .awaitingConnack else { return exchangeEnded(bytes, count: count, connack, pending) }
        let answer = UnsafeRawBufferPointer(start: bytes, count: connack.length)
        switch connack.meaning {
        case .accepted:
            guard open(pending, connack) else { return }
            passAnswer(bytes, count: count, connack, pending)
            endHeld()
        case .notNow:
            // 3.x has one code for all: it may be a quota of this client.
            let kind: AttemptFailure = connack.code == 0x88 ? .unavailable : .busy
            pending.refusal = Self.refusal(answer, connack, pending)
            let failure = Failure(kind, "it refused the CONNECT with code \(Hexadecimal.code(connack.code)): not now")
            if attemptFailed(failure) { tryNextPeer() }
        case .useAnotherServer:
            pending.named = namedPeers(answer, connack, pending)
            guard !pending.named.isEmpty else { return passRefusal(answer, connack, pending) }
            pending.refusal = Self.refusal(answer, connack, pending)
            let failure = Failure(.redirected, "it sends the client to another server of the pool")
            if attemptFailed(failure) { tryNextPeer() }
        case .aboutClient: passRefusal(answer, connack, pending)
        }
    }

    /// Peers of the pool that a Server Reference names, and that were not tried: browsers do not follow it, so the gateway
    /// does.
    private func namedPeers(
        _ bytes: UnsafeRawBufferPointer, _ connack: Connack.Parsed, _ pending: PendingConnect
    ) -> [Int] {
        guard let range = connack.serverReference, range.upperBound <= bytes.count else { return [] }
        let text = UnsafeBufferPointer(rebasing: bytes.bindMemory(to: UInt8.self)[range])
        let references = ServerReference.list(text.span)
        return loop.pointee.upstreams[pending.pool].peers(named: references).filter { !pending.tried.contains($0) }
    }

    /// What a broker has refused the CONNECT with goes to the client.
    mutating func pass(refusal: [UInt8]) {
        let (down, capacity) = (loop.pointee.buffers.down, loop.pointee.buffers.downCapacity)
        if !refusal.isEmpty, refusal.count <= capacity {
            down.copyMemory(from: refusal, byteCount: refusal.count)
            if phase != .open { downlink = Downlink(mode: frames.mode, version: record.version ?? .v3_1_1) }
            pipeDown(down, count: refusal.count)
        }
        close(.refusedByBroker)
    }

    private mutating func passRefusal(
        _ answer: UnsafeRawBufferPointer, _ connack: Connack.Parsed, _ pending: PendingConnect
    ) {
        noteAnswer()
        guard machine.connackArrived(isAccepted: false) == .passRefusal else { return }
        logRefusal(connack)
        pass(refusal: Self.refusal(answer, connack, pending))
    }

    /// The broker's refusal as the client is to see it: as it is, or, if it is not one that the client's version knows, what that
    /// has for it. Empty: it has nothing, and the connection is closed without a CONNACK.
    private static func refusal(
        _ answer: UnsafeRawBufferPointer, _ connack: Connack.Parsed, _ pending: PendingConnect
    ) -> [UInt8] {
        guard connack.isForeign else { return Array(answer) }
        return Connack.refusal(connack.reason, version: pending.packet.version)
    }

    private func logRefusal(_ connack: Connack.Parsed) {
        let note = connack.isForeign ? ", which the client's version of MQTT does not have" : ""
        log(
            .info, "refused by upstream server \(record.upstreamAddress), code \(Hexadecimal.code(connack.code))\(note)"
        )
    }

    private var frames: WebSocketSettings.Frames {
        loop.pointee.site(record.server).locations[record.location ?? 0].webSocket.frames
    }

    /// The peer has answered as a broker does.
    private func noteAnswer() {
        guard let place,
            loop.pointee.pools[Int(place.pool)].succeeded(Int(place.peer), now: loop.pointee.now)
        else { return }
        log(.notice, "upstream server \(record.upstreamAddress) is back")
        loop.pointee.noteRecovery(Int(place.pool))
    }

    /// From here on bytes go both ways. Returns whether the client is still there to get the answer.
    private mutating func open(_ pending: PendingConnect, _ connack: Connack.Parsed?) -> Bool {
        noteAnswer()
        guard machine.connackArrived(isAccepted: true) == .open else { return false }
        let location = loop.pointee.site(record.server).locations[record.location ?? 0]
        downlink = Downlink(mode: location.webSocket.frames.mode, version: pending.packet.version)
        uplink.open(version: pending.packet.version, packetLimit: location.mqtt.maxPacketSize)
        beginKeepAlive(connack, pending, location)
        // Behind an exchange the CONNACK is still to come.
        if connack != nil { self.pending = nil }
        // First what the client has sent already: the answer may find it gone.
        releaseHeld(pending.size)
        return phase == .open
    }

    private mutating func beginKeepAlive(
        _ connack: Connack.Parsed?, _ pending: PendingConnect, _ location: LocationSettings
    ) {
        keepAlive = KeepAlive(
            seconds: connack?.serverKeepAlive ?? pending.packet.keepAlive,
            pingInterval: location.webSocket.ping.milliseconds)
        deadline = .max
        limit(min(keepAlive.firstLook, max(0, expiresAt - loop.pointee.now)))
    }

    /// The CONNACK behind an exchange of AUTH packets: the pipe is open, and it passes; what it says of the session counts as
    /// ever.
    private mutating func exchangeEnded(
        _ bytes: UnsafeMutableRawPointer, count: Int, _ connack: Connack.Parsed, _ pending: PendingConnect
    ) {
        self.pending = nil
        guard connack.isAccepted else {
            logRefusal(connack)
            return pass(
                refusal: Self.refusal(UnsafeRawBufferPointer(start: bytes, count: connack.length), connack, pending))
        }
        beginKeepAlive(connack, pending, loop.pointee.site(record.server).locations[record.location ?? 0])
        passAnswer(bytes, count: count, connack, pending)
    }

    /// The broker's answer goes to the client, with the identifier that the gateway has given it, and what came behind it.
    private mutating func passAnswer(
        _ bytes: UnsafeMutableRawPointer, count: Int, _ connack: Connack.Parsed, _ pending: PendingConnect
    ) {
        guard let changed = assigningConnack(bytes, connack, pending) else { return pipeDown(bytes, count: count) }
        let down = loop.pointee.buffers.down
        let rest = [UInt8](UnsafeRawBufferPointer(start: bytes + connack.length, count: count - connack.length))
        for part in [changed, rest] where phase == .open && !part.isEmpty {
            guard part.count <= loop.pointee.buffers.downCapacity else { return close(.brokerProtocolError) }
            down.copyMemory(from: part, byteCount: part.count)
            pipeDown(down, count: part.count)
        }
    }

    /// What the client sent behind its CONNECT goes to the broker.
    private mutating func releaseHeld(_ connectSize: Int) {
        held.wipe(first: connectSize)  // it may hold a password
        held.consume(connectSize)
        if let start = held.bytes.baseAddress, held.count > 0 {
            let scan = uplink.scan(start, count: held.count)
            heldViolation = scan.violation
            if scan.forward > 0, !upstream.send(start, count: scan.forward) { upstreamLost() }
        }
        held.clear()
    }

    /// The client's end, or its fault, that came before the session was open.
    private mutating func endHeld() {
        if let violation = heldViolation {
            close(violation)
        } else if uplink.isDone {
            close(.clientDisconnect)
        } else if let end = endBehindHeld {
            close(end)
        }
    }
}

extension WebSocketSettings.Frames {
    var mode: Downlink.Mode {
        switch self {
        case .packets: .packets
        case .packet: .packet
        case .stream: .stream
        }
    }
}
