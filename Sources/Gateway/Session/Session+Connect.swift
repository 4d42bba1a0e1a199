import Configuration
import Reactor
import Tunnel
import Wire

/// The CONNECT gate: nothing reaches a broker before the CONNECT is whole and valid.
extension Session {
    /// WebSocket frames before the session is open: their payload is held.
    mutating func readBeforeOpen(_ bytes: UnsafeMutableRawPointer, count: Int) {
        let control = loop.pointee.buffers.control
        let block = uplink.decode(bytes, end: bytes + count, control: control)
        held.append(UnsafeRawBufferPointer(start: block.payload, count: block.count))
        bytesReceived(block.count)
        if phase == .awaitingConnect { examineConnect() }
        guard phase.rawValue < SessionMachine.Phase.closing.rawValue else { return }
        if let ping = block.ping, !sendControl(.pong, control, count: ping) { return clientLost() }
        if let end = block.end { endBeforeOpen(end) }
    }

    private mutating func endBeforeOpen(_ end: Uplink.End) {
        switch end {
        case .failure(let violation): webSocketBroke(violation)
        case .close(let code):
            // What the client sent behind its CONNECT still goes out before the close.
            if let pending, held.count > pending.size {
                endBehindHeld = .clientClosed
            } else {
                close(.clientClosed, code: code.flatMap(CloseCode.init) ?? .normal)
            }
        }
    }

    private mutating func examineConnect() {
        guard let route = record.route else { return }
        let settings = route.location
        let waiting = UnsafeBufferPointer(held.bytes.bindMemory(to: UInt8.self))
        let decision = ConnectGate.examine(waiting.span, limit: settings.mqtt.maxConnectSize) { version in
            settings.mqtt.allows(version)
        }
        switch decision {
        case .wait: break
        case .refuse(let refusal):
            log(.info, "CONNECT refused: \(refusal.detail)")
            refuseConnect(refusal.answer, refusal.cause)
        case .accept(let packet, let size):
            guard let pool = route.pool else { return }
            let pending = PendingConnect(packet, size: size, pool: pool)
            self.pending = pending
            note(pending, waiting)
            if machine.connectArrived() == .authenticate { authenticate(pending) }
        }
    }

    /// Keeps what the log and those who decide need of the CONNECT.
    private func note(_ pending: PendingConnect, _ bytes: UnsafeBufferPointer<UInt8>) {
        let packet = pending.packet
        record.version = packet.version
        record.keepAlive = packet.keepAlive
        record.cleanStart = packet.cleanStart
        record.takesReasonStrings = packet.requestProblemInformation
        record.maximumPacketSize = packet.maximumPacketSize.map { Int($0) } ?? .max
        pending.clientID = Self.text(bytes, packet.clientID)
        pending.username = packet.username.map { Self.text(bytes, $0) }
        record.note(clientID: pending.clientID)
        // A token is no name, and belongs in no log.
        if policy?.hasToken(in: .username) != true { record.note(username: pending.username ?? "") }
    }

    static func text(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> String {
        guard range.upperBound <= bytes.count else { return "" }
        return String(decoding: bytes[range], as: UTF8.self)
    }

    /// Answers the CONNECT with a refusal (nothing, when the version has no answer for it), then closes.
    mutating func refuseConnect(_ answer: [UInt8], _ cause: EndCause) {
        if !answer.isEmpty, client.isOpen, !sendMessage(answer) { client.close() }
        close(cause)
    }

    /// Sends one WebSocket message of our own.
    mutating func sendMessage(_ message: [UInt8]) -> Bool {
        bytes.sent &+= UInt64(message.count)
        return message.withUnsafeBytes { message in
            guard let start = message.baseAddress else { return true }
            return sendFrame(.binary, start, count: message.count)
        }
    }

    /// Sends a control frame of at most 125 bytes, which the caller knows to be between frames.
    mutating func sendControl(_ opcode: FrameHeader.Opcode, _ payload: UnsafeRawPointer, count: Int) -> Bool {
        sendFrame(opcode, payload, count: count) && flushTLS()
    }

    private mutating func sendFrame(_ opcode: FrameHeader.Opcode, _ payload: UnsafeRawPointer, count: Int) -> Bool {
        let room = loop.pointee.buffers.frame
        guard count + FrameHeader.headroom <= LoopBuffers.frameCapacity else { return false }
        let start = FrameHeader.write(opcode, count: count, to: room)
        start.copyMemory(from: payload, byteCount: count)
        return writeClient(room, count: start - room + count)
    }

    mutating func bytesReceived(_ count: Int) { bytes.received &+= UInt64(truncatingIfNeeded: count) }
}

extension MQTTSettings {
    func allows(_ version: ProtocolVersion) -> Bool {
        switch version {
        case .v3_1: versions.contains(.v3_1)
        case .v3_1_1: versions.contains(.v3_1_1)
        case .v5_0: versions.contains(.v5_0)
        }
    }
}
