import Access
import CShims
import Configuration
import Reactor
import TLS
import Telemetry
import Tunnel
import Upstream
import Wire

/// What the broker is told about the client: the CONNECT as it came, or rewritten (`mqtt_set_connect`).
extension Session {
    /// The client may in.
    mutating func admit(_ identity: Identity, method: String, _ pending: PendingConnect) {
        record.authMethod = method
        record.claims = identity.claims
        if let end = identity.expiresAt {
            let left = end.subtractingReportingOverflow(wallMilliseconds())
            if !left.overflow, left.partialValue < .max - loop.pointee.now {
                expiresAt = loop.pointee.now + max(0, left.partialValue)
            }
        }
        let settings = mqttSettings
        let changes = connectChanges(identity, settings, pending)
        if !changes.isEmpty, !rewriteConnect(changes, pending) { return }
        pending.triesDeadline = loop.pointee.now + settings.upstreamTriesTimeout.milliseconds
        noteHashKey(pending)
        record.request = nil
        if machine.admitted(tries: settings.upstreamTries) == .choosePeer { tryNextPeer() }
    }

    /// What the balancer knows the session by. Sessions without a key, such as those to which the broker gives an identifier, are
    /// spread by chance.
    private func noteHashKey(_ pending: PendingConnect) {
        guard let key = loop.pointee.upstreams[pending.pool].hashKey else { return }
        let text = facts(pending).text(key)
        record.hashKey = text.isEmpty ? Hash.mix(id) : Hash.of(text.utf8)
    }

    /// What methods and `mqtt_set_connect` change. A directive sees the names that a method has given, and has the last word.
    private func connectChanges(
        _ identity: Identity, _ settings: MQTTSettings, _ pending: PendingConnect
    ) -> ConnectChanges {
        var changes = ConnectChanges()
        if let username = identity.username {
            changes.username = .set(Array(username.utf8))
            pending.username = username
        }
        if let clientID = identity.clientID {
            changes.clientID = .set(Array(clientID.utf8))
            pending.clientID = clientID
        }
        if settings.assignsClientID, pending.clientID.isEmpty {
            pending.clientID = Self.makeClientID()
            changes.clientID = .set(Array(pending.clientID.utf8))
        }
        guard !settings.setConnect.isEmpty else { return changes }
        let facts = self.facts(pending)
        for change in settings.setConnect {
            let value = Array(facts.text(change.value).utf8)
            let field: ConnectChanges.Field = value.isEmpty ? .remove : .set(value)
            switch change.field {
            case .clientID: changes.clientID = field
            case .username: changes.username = field
            case .password: changes.password = field
            case .userProperty(let name):
                if !value.isEmpty { changes.userProperties.append(.init(name: Array(name.utf8), value: value)) }
            }
        }
        return changes
    }

    /// 22 characters of those that every broker takes [MQTT-3.1.3-5]; never the same twice.
    private static func makeClientID() -> String {
        "sluice" + LogText.connectionID(Digest.randomWord())
    }

    /// Puts the changed CONNECT in the place of the one that came. False: it would not be a valid one, and the client is
    /// refused.
    private mutating func rewriteConnect(_ changes: ConnectChanges, _ pending: PendingConnect) -> Bool {
        let waiting = UnsafeBufferPointer(held.bytes.bindMemory(to: UInt8.self))
        guard pending.size <= waiting.count else { return false }
        let hadClientID = !pending.packet.clientID.isEmpty
        do throws(ConnectRewriteError) {
            var bytes = try pending.packet.rewritten(waiting.extracting(0..<pending.size).span, changes)
            defer { bytes.withUnsafeMutableBytes { bytes in bytes.baseAddress.map { CShims_wipe($0, bytes.count) } } }
            // The gate itself is the judge of what goes out.
            guard let packet = try? ConnectPacket.parse(bytes.span), packet.version == pending.packet.version else {
                throw .notValid
            }
            held.replace(first: pending.size, with: bytes)
            (pending.packet, pending.size) = (packet, bytes.count)
            note(packet, pending, changes, hadClientID: hadClientID)
            return true
        } catch {
            refuse(.identityRefused, error.reason, "what the broker is to be told is not valid: \(error)")
            return false
        }
    }

    private func note(
        _ packet: ConnectPacket, _ pending: PendingConnect, _ changes: ConnectChanges, hadClientID: Bool
    ) {
        let bytes = UnsafeBufferPointer(held.bytes.bindMemory(to: UInt8.self))
        if changes.clientID != .keep {
            pending.clientID = Self.text(bytes, packet.clientID)
            record.note(clientID: pending.clientID)
            if !hadClientID, !packet.clientID.isEmpty { pending.assignedClientID = Array(bytes[packet.clientID]) }
        }
        if changes.username != .keep {
            pending.username = packet.username.map { Self.text(bytes, $0) }
            record.note(username: pending.username ?? "")
        }
    }

    // MARK: The answer

    /// The broker's CONNACK with the client identifier that the gateway has assigned (5.0 §3.2.2.3.7); nil: it stays as it is.
    func assigningConnack(
        _ bytes: UnsafeMutableRawPointer, _ connack: Connack.Parsed, _ pending: PendingConnect
    ) -> [UInt8]? {
        guard let clientID = pending.assignedClientID, pending.packet.version == .v5_0 else { return nil }
        let view = UnsafeBufferPointer(
            start: UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)), count: connack.length)
        return Connack.assigning(clientID, to: view.span, connack, limit: pending.packet.maximumPacketSize)
    }
}
