import Configuration
import Reactor
import Tunnel
import Upstream
import Wire

/// The way to a broker: choose a peer, connect, send the CONNECT, look at the CONNACK; and the next peer when it fails.
extension Session {
    private var settings: MQTTSettings {
        loop.pointee.site(record.server).locations[record.location ?? 0].mqtt
    }

    /// Tries peers until one is being connected to, or none is left.
    mutating func tryNextPeer() {
        var failure = tryPeer()
        while let reason = failure, attemptFailed(reason) { failure = tryPeer() }
    }

    /// Chooses a peer and starts to connect; returns why that failed.
    private mutating func tryPeer() -> String? {
        guard phase == .connecting, let pending else { return nil }
        let pool = pending.pool
        guard let peer = loop.pointee.pools[pool].choose(now: loop.pointee.now, tried: pending.tried) else {
            noPeer()
            return nil
        }
        place = Place(pool: Int32(truncatingIfNeeded: pool), peer: Int32(truncatingIfNeeded: peer))
        pending.tried.append(peer)
        record.tries += 1
        record.upstreamAddress = loop.pointee.upstreams[pool].peers[peer].text
        pending.connectDeadline = loop.pointee.now + settings.upstreamConnectTimeout.milliseconds
        return begin(loop.pointee.upstreams[pool].peers[peer].address)
    }

    /// Whether the peer's queue was full, so that the connect is to be tried again.
    var waitsForQueue: Bool { phase == .connecting && !upstream.isOpen && place != nil }

    /// Connects again to a peer whose queue was full.
    mutating func connectAgain() {
        guard let place, let pending else { return }
        var failure: String? = "its queue stayed full for upstream_connect_timeout"
        if loop.pointee.now < pending.connectDeadline {
            failure = begin(loop.pointee.upstreams[Int(place.pool)].peers[Int(place.peer)].address)
        }
        if let failure, attemptFailed(failure) { tryNextPeer() }
    }

    /// Milliseconds between two connects to a peer whose queue is full.
    private static let queueInterval: Int64 = 20

    /// Starts to connect; returns why that failed.
    private mutating func begin(_ address: SocketAddress) -> String? {
        switch Self.connect(address) {
        case .success(let socket):
            upstream.attach(socket.descriptor)
            limit(settings.upstreamConnectTimeout.milliseconds)
            return socket.isConnected ? sendConnect() : nil
        case .failure(let error) where address.isUnix && error.isQueueFull:
            // TCP would wait in the kernel; a unix socket says so at once, and means no harm by it.
            limit(Self.queueInterval)
            return nil
        case .failure(let error):
            return "\(error)"
        }
    }

    private static func connect(
        _ address: SocketAddress
    ) -> Result<(descriptor: Int32, isConnected: Bool), SystemError> {
        do throws(SystemError) { return .success(try Socket.connect(address)) } catch { return .failure(error) }
    }

    private mutating func noPeer() {
        let tried = record.tries == 0 ? "no peer can take it" : "\(record.tries) tried"
        log(.warn, "no upstream server for the CONNECT: \(tried)")
        let version = record.version ?? .v3_1_1
        refuseConnect(Connack.refusal(.serverUnavailable, version: version), .noUpstream)
    }

    /// The connecting socket is writable, or has failed.
    mutating func upstreamConnected() {
        let failure = Socket.connectError(upstream.descriptor).map { "\($0)" } ?? sendConnect()
        if let failure, attemptFailed(failure) { tryNextPeer() }
    }

    /// The peer is there: it gets the CONNECT. Returns why that failed.
    private mutating func sendConnect() -> String? {
        guard machine.peerConnected() == .sendConnect, let size = pending?.size else { return nil }
        guard let start = held.bytes.baseAddress, size <= held.count else { return "there is no CONNECT" }
        limit(settings.upstreamConnackTimeout.milliseconds)
        return upstream.send(start, count: size) ? nil : "the CONNECT could not be sent"
    }

    /// This attempt has failed. Returns whether there is another try. `isFault` says that the peer is to blame: brokers close
    /// without a word when they do not like a CONNECT, and one client must not take the pool from all others with it.
    mutating func attemptFailed(_ reason: String, isFault: Bool = true) -> Bool {
        let action = machine.attemptFailed()
        guard action != .ignore else { return false }
        if let place {
            let isOut =
                isFault && loop.pointee.pools[Int(place.pool)].failed(Int(place.peer), now: loop.pointee.now)
            log(.warn, "upstream server \(record.upstreamAddress) failed: \(reason)")
            if isOut {
                log(.warn, "upstream server \(record.upstreamAddress) is left alone for its fail_timeout")
            }
        }
        leavePeer()
        upstream.close()
        answer.clear()
        guard action == .choosePeer else {
            noPeer()
            return false
        }
        return true
    }

    /// Gives the place on the peer back, if one is taken.
    mutating func leavePeer() {
        guard let place else { return }
        loop.pointee.pools[Int(place.pool)].release(Int(place.peer))
        self.place = nil
    }

    // MARK: The answer

    /// Bytes of the broker before the session is open.
    mutating func readConnack(_ bytes: UnsafeMutableRawPointer, count: Int) {
        guard !answer.isEmpty else { return examineAnswer(bytes, count: count) }
        answer.append(UnsafeRawBufferPointer(start: bytes, count: count))
        // The pipe frames in place: it wants the room of the loop's buffer around the bytes.
        let total = answer.count
        guard total <= loop.pointee.buffers.downCapacity, let waiting = answer.bytes.baseAddress else {
            if attemptFailed("its CONNACK does not end") { tryNextPeer() }
            return
        }
        loop.pointee.buffers.down.copyMemory(from: waiting, byteCount: total)
        answer.clear()
        examineAnswer(loop.pointee.buffers.down, count: total)
    }

    /// Looks at all that the broker has sent, `count` bytes in the loop's `down` buffer.
    private mutating func examineAnswer(_ bytes: UnsafeMutableRawPointer, count: Int) {
        let view = UnsafeBufferPointer(
            start: UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)), count: count)
        let version = record.version ?? .v3_1_1
        if version == .v5_0, pending?.packet.authenticationMethod != nil, view.first == 0xF0 {
            // An exchange of AUTH packets comes before the CONNACK (5.0 §4.12): it is between the two of them.
            return openPipe(bytes, count: count, connack: nil)
        }
        switch Self.connack(view, version) {
        case .whole(let connack): openPipe(bytes, count: count, connack: connack)
        case .partial: answer.append(UnsafeRawBufferPointer(view))
        case .broken(let error):
            if attemptFailed("it answered the CONNECT with \(error)") { tryNextPeer() }
        }
    }

    private enum Answer { case whole(Connack.Parsed), partial, broken(ConnackError) }

    private static func connack(_ view: UnsafeBufferPointer<UInt8>, _ version: ProtocolVersion) -> Answer {
        do throws(ConnackError) {
            return try Connack.parse(view.span, version: version).map { .whole($0) } ?? .partial
        } catch {
            return .broken(error)
        }
    }

    /// The broker has answered: from here on bytes go both ways, or the refusal goes to the client.
    private mutating func openPipe(_ bytes: UnsafeMutableRawPointer, count: Int, connack: Connack.Parsed?) {
        guard let pending else { return }
        if let place, loop.pointee.pools[Int(place.pool)].succeeded(Int(place.peer)) {
            log(.notice, "upstream server \(record.upstreamAddress) is back")
        }
        let location = loop.pointee.site(record.server).locations[record.location ?? 0]
        downlink = Downlink(mode: location.webSocket.frames.mode, version: pending.packet.version)
        switch machine.connackArrived(isAccepted: connack?.isAccepted ?? true) {
        case .ignore: return
        case .passRefusal:
            log(.info, "refused by upstream server \(record.upstreamAddress), code \(connack?.code ?? 0)")
            pipeDown(bytes, count: connack?.length ?? count)
            close(.refusedByBroker)
        case .open:
            keepAlive = KeepAlive(
                seconds: connack?.serverKeepAlive ?? pending.packet.keepAlive,
                pingInterval: location.webSocket.ping.milliseconds)
            uplink.open(version: pending.packet.version, packetLimit: location.mqtt.maxPacketSize)
            deadline = .max
            limit(
                min(
                    keepAlive.idleLimit, keepAlive.pingInterval > 0 ? keepAlive.pingInterval : .max,
                    max(0, expiresAt - loop.pointee.now)))
            self.pending = nil
            // First what the client has sent already: the answer may find it gone.
            releaseHeld(pending.size)
            guard phase == .open else { return }
            passAnswer(bytes, count: count, connack, pending)
            endHeld()
        }
    }

    /// The broker's answer goes to the client, with the identifier that the gateway has given it, and what came behind it.
    private mutating func passAnswer(
        _ bytes: UnsafeMutableRawPointer, count: Int, _ connack: Connack.Parsed?, _ pending: PendingConnect
    ) {
        guard let connack, let changed = assigningConnack(bytes, connack, pending) else {
            return pipeDown(bytes, count: count)
        }
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

extension Duration {
    /// Whole milliseconds, as the loops count time.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? .max / 4 : product + attoseconds / 1_000_000_000_000_000
    }
}
