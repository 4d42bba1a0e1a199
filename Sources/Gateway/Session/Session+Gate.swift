import Configuration
import Reactor
import Tunnel
import Wire

/// The CONNECT gate: nothing reaches a broker before the CONNECT is whole and valid.
extension Session {
    /// What the client sends before the session is open: its MQTT is held.
    mutating func hold(_ bytes: UnsafeMutableRawPointer, count: Int) {
        let control = loop.pointee.buffers.control
        var cursor = pipe.uplink.begin(bytes, end: bytes + count)
        while let opening, let block = pipe.uplink.next(&cursor, control: control) {
            guard block.isCompressed ? inflate(block) : hold(block, opening) else { return }
            if block.ping != nil { loop.pointee.figures.pingCame() }
            if let ping = block.ping, !sendControl(.pong(UnsafeRawBufferPointer(start: control, count: ping))) {
                return clientLost()
            }
            if let end = block.end { return endBeforeOpen(end) }
        }
    }

    /// Holds MQTT. False: the session ends.
    mutating func hold(_ block: Uplink.Block, _ opening: Opening) -> Bool {
        opening.held.append(UnsafeRawBufferPointer(start: block.payload, count: block.count))
        pipe.bytes.received &+= UInt64(truncatingIfNeeded: block.count)
        loop.pointee.counters.add(.bytesReceived, UInt64(truncatingIfNeeded: block.count))
        if phase == .awaitingConnect { examineConnect(opening) }
        return !isClosing
    }

    private mutating func endBeforeOpen(_ end: Uplink.End) {
        switch end {
        case .failure(let violation): webSocketBroke(violation)
        case .close(let code):
            record.farewell.clientClosed(code)
            channel.clientHasClosed()
            // What the client sent after its CONNECT still goes out before the close.
            if let opening, opening.holdsMoreThanConnect {
                opening.endAfterHeld = .clientClosed
            } else {
                self.end(.clientClosed, code: code.flatMap(CloseCode.init) ?? .normal)
            }
        }
    }

    private mutating func examineConnect(_ opening: Opening) {
        let settings = route.location.mqtt
        let decision = ConnectGate.examine(
            opening.heldBytes.span, limit: settings.maxConnectSize, hasFrames: pipe.framing.hasControlFrames
        ) { version in
            settings.allows(version)
        }
        switch decision {
        case .wait: break
        case .refuse(let refusal):
            log(.info, "CONNECT refused: \(refusal.detail)")
            refuseConnect(refusal.answer, refusal.cause)
        case .accept(let packet, let size):
            let connect = GatedConnect(
                packet: packet, size: size, clientID: opening.text(packet.clientID),
                username: packet.username.map(opening.text))
            opening.connect = connect
            pipe.uplink.countConnect(size: size, totals: loop.pointee.counters.received)
            loop.pointee.figures.connectArrived(packet.version)
            // A token is no name, and belongs in no log.
            record.record(connect, showsUsername: route.policy?.hasToken(in: .username) != true)
            if !loop.pointee.traces.isEmpty { joinTraces(connectSize: size) }
            machine.connectArrived()
            if isWithinLimits(opening) { beginAdmission(opening, connect) }
        }
    }

    /// Answers the CONNECT with a refusal (nothing, when the version has no answer for it), then ends.
    mutating func refuseConnect(_ answer: [UInt8], _ cause: EndCause) {
        loop.pointee.figures.connectRefused(cause, connack: answer)
        record.farewell.refused(connack: answer)
        if !answer.isEmpty, channel.isOpen, !sendMessage(answer) { channel.close() }
        end(cause)
    }
}

extension MQTTSettings {
    fileprivate func allows(_ version: ProtocolVersion) -> Bool {
        switch version {
        case .v3_1: versions.contains(.v3_1)
        case .v3_1_1: versions.contains(.v3_1_1)
        case .v5_0: versions.contains(.v5_0)
        }
    }
}
