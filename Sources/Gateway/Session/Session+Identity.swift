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
    /// The client is allowed in.
    mutating func admit(_ identity: Identity, method: String, _ opening: Opening) {
        // Its connection may be older than the list.
        if let number = client.certificate?.number, loop.pointee.generation.revoked.contains(number) {
            return refuse(.accessRevoked, .notAuthorized, "the certificate has been revoked")
        }
        record.authMethod = method
        record.claims = identity.claims
        // Before anything gives the client another name.
        if method.contains(Deliberation.Method.passwordFile.rawValue) {
            record.passwordUser = opening.connect?.username
        }
        if let end = identity.expiresAt {
            let left = end.subtractingReportingOverflow(Kernel.wallClock())
            if !left.overflow, left.partialValue < .max - loop.pointee.now {
                pipe.expiresAt = loop.pointee.now + max(0, left.partialValue)
            }
        }
        let settings = route.location.mqtt
        let changes = connectChanges(identity, settings, opening)
        if !changes.isEmpty, !rewriteConnect(changes, opening) { return }
        guard isWithinLimitsOfNames(opening.connect) else { return }
        opening.admission = nil
        opening.attempt.triesDeadline = loop.pointee.now + route.upstreamTriesTimeout
        recordHashKey(opening)
        opening.request = nil
        machine.admitted(tries: settings.upstreamTries)
        tryNextPeer()
    }

    /// What the balancer knows the session by. Sessions without a key, such as those to which the broker gives an identifier, are
    /// spread by chance.
    private func recordHashKey(_ opening: Opening) {
        guard let key = route.pool.flatMap({ loop.pointee.upstreams[$0].hashKey }) else { return }
        let text = values(opening).text(key)
        record.hashKey = text.isEmpty ? Hash.mix(client.id) : Hash.of(text.utf8)
    }

    /// What methods and `mqtt_set_connect` change. A directive sees the names that a method has given, and has the last word.
    private func connectChanges(
        _ identity: Identity, _ settings: MQTTSettings, _ opening: Opening
    ) -> ConnectChanges {
        var changes = ConnectChanges()
        if let username = identity.username {
            changes.username = .set(Array(username.utf8))
            opening.connect?.username = username
        }
        if let clientID = identity.clientID {
            changes.clientID = .set(Array(clientID.utf8))
            opening.connect?.clientID = clientID
        }
        if settings.assignsClientID, opening.connect?.clientID.isEmpty ?? false {
            let clientID = Self.makeClientID()
            opening.connect?.clientID = clientID
            changes.clientID = .set(Array(clientID.utf8))
        }
        guard !settings.setConnect.isEmpty else { return changes }
        let values = self.values(opening)
        for change in settings.setConnect {
            let value = Array(values.text(change.value).utf8)
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
        "sluice" + LogText.connectionID(Kernel.randomWord())
    }

    /// Puts the changed CONNECT in the place of the one that came. False: it would not be a valid one, and the client is
    /// refused.
    private mutating func rewriteConnect(_ changes: ConnectChanges, _ opening: Opening) -> Bool {
        let waiting = opening.heldBytes
        guard let connect = opening.connect, connect.size <= waiting.count else { return false }
        do throws(ConnectRewriteError) {
            var bytes = try connect.packet.rewritten(waiting.extracting(0..<connect.size).span, changes)
            defer { bytes.withUnsafeMutableBytes { bytes in bytes.baseAddress.map { CShims_wipe($0, bytes.count) } } }
            // The gate itself is the judge of what goes out.
            guard let packet = try? ConnectPacket.parse(bytes.span), packet.version == connect.packet.version else {
                throw .notValid
            }
            opening.held.replace(first: connect.size, with: bytes)
            take(packet, size: bytes.count, changes, opening)
            return true
        } catch {
            refuse(.identityRefused, error.reason, "the CONNECT for the broker would not be valid: \(error)")
            return false
        }
    }

    private func take(_ packet: ConnectPacket, size: Int, _ changes: ConnectChanges, _ opening: Opening) {
        guard var connect = opening.connect else { return }
        let hadClientID = !connect.packet.clientID.isEmpty
        (connect.packet, connect.size) = (packet, size)
        if changes.clientID != .keep {
            connect.clientID = opening.text(packet.clientID)
            record.record(clientID: connect.clientID)
            if !hadClientID, !packet.clientID.isEmpty {
                connect.assignedClientID = Array(opening.heldBytes[packet.clientID])
            }
        }
        if changes.username != .keep {
            connect.username = packet.username.map(opening.text)
            record.record(username: connect.username ?? "")
        }
        opening.connect = connect
    }

    // MARK: The answer

    /// The broker's CONNACK with the client identifier that the gateway has assigned (5.0 §3.2.2.3.7); nil: it stays as it is.
    func assigningConnack(
        _ bytes: UnsafeMutableRawPointer, _ connack: Connack.Parsed, _ connect: GatedConnect
    ) -> [UInt8]? {
        guard let clientID = connect.assignedClientID, connect.packet.version == .v5_0 else { return nil }
        let view = UnsafeBufferPointer(
            start: UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)), count: connack.length)
        return Connack.assigning(clientID, to: view.span, connack, limit: connect.packet.maximumPacketSize)
    }
}
