#if DEBUG
    /// What a client has read, checked as it comes: frames by the rules of WebSocket, MQTT bytes by what its brokers have sent.
    struct Inbox {
        var frames = Variant.Frames.packet
        /// The script is one of MQTT.
        var isSession = false
        var keepAlive: UInt16 = 0
        /// The paths of plain HTTP requests.
        var requests: [String] = []
        private(set) var isUpgraded = false
        private(set) var closeCode: UInt16?
        /// When the gateway's FIN was read.
        var endedAt: Int64?
        /// All that came of the broker.
        private(set) var mqtt: [UInt8] = []
        /// A packet that the gateway has made itself: nothing comes after it.
        private(set) var own: [UInt8]?
        /// Everything that came, of a client that speaks no WebSocket.
        private(set) var plain: [UInt8] = []
        private var reader = ServerReader()
        private var answers: [[UInt8]] = []
        private var frame: [UInt8] = []
        private var frameStart = 0
        private var candidates: [BrokerSession]?

        /// Frames up to this size are looked at whole.
        private static let wholeFrame = 256

        /// The broker's CONNACK, or the gateway's, has come.
        var hasAnswer: Bool { mqtt.count >= 4 || own != nil }
        /// The broker's bytes that came are those of one of these.
        var senders: [BrokerSession] { candidates ?? [] }

        mutating func takeAnswers() -> [[UInt8]] {
            defer { answers = [] }
            return answers
        }

        mutating func take(_ bytes: [UInt8], _ client: ScriptedClient) {
            guard isSession else {
                plain += bytes
                return
            }
            reader.append(bytes)
            while client.world.failure == nil, let item = reader.next() { take(item, client) }
        }

        private mutating func take(_ item: ServerReader.Item, _ client: ScriptedClient) {
            switch item {
            case .head(let head):
                isUpgraded = head.hasPrefix("HTTP/1.1 101 ")
                // Its time for the request can pass before it has written it.
                if !isUpgraded { isSession = false }
                if !isUpgraded, !head.hasPrefix("HTTP/1.1 408 ") {
                    client.world.violation("\(client.name) is answered \(head.prefix(30))")
                }
            case .payload(let part, let ends, let size): payload(part, ends: ends, size: size, client)
            case .ping(let bytes): answers.append(client.frame(10, bytes))
            case .pong: break
            case .close(let code):
                closeCode = code
                client.world.note("\(client.name) is closed: \(code ?? 0)")
            case .broken(let what): client.world.violation("\(client.name) gets \(what)")
            }
        }

        private mutating func payload(_ part: [UInt8], ends: Bool, size: Int, _ client: ScriptedClient) {
            if own != nil {
                return client.world.violation("\(client.name) gets a message after the gateway's last word")
            }
            guard size <= Self.wholeFrame else {
                compare(part, client)
                if ends { frameEnded(client) }
                return
            }
            frame += part
            guard ends else { return }
            if isOwn(frame, client) {
                own = frame
            } else {
                compare(frame, client)
                frameEnded(client)
            }
            frame = []
        }

        /// Whether no broker has sent this, and the gateway may say it here: a refusal first, or a DISCONNECT of MQTT 5 last.
        private func isOwn(_ packet: [UInt8], _ client: ScriptedClient) -> Bool {
            if client.brokerSessions.contains(where: { matches($0, packet) }) { return false }
            guard MQTTBytes.size(in: packet, at: 0) == packet.count else { return false }
            if mqtt.isEmpty { return packet[0] == 0x20 && packet.count >= 4 && packet[3] != 0 }
            return packet[0] == 0xE0 && client.isVersion5 && wholePackets(mqtt, from: 0)
        }

        private func matches(_ session: BrokerSession, _ part: [UInt8]) -> Bool {
            let end = mqtt.count + part.count
            return session.sent.count >= end && session.sent[mqtt.count..<end] == part[...]
        }

        /// In order, once, and of nobody else.
        private mutating func compare(_ part: [UInt8], _ client: ScriptedClient) {
            let left = (candidates ?? client.brokerSessions).filter { matches($0, part) }
            if left.isEmpty {
                client.world.violation(
                    "\(client.name) gets what none of its brokers has sent next, at byte \(mqtt.count): \(part.prefix(40))"
                )
            }
            candidates = left
            mqtt += part
        }

        private mutating func frameEnded(_ client: ScriptedClient) {
            defer { frameStart = mqtt.count }
            switch frames {
            case .stream: break
            case .packet:
                if MQTTBytes.size(in: mqtt, at: frameStart) != mqtt.count - frameStart {
                    client.world.violation("\(client.name) gets a message that is not one packet")
                }
            case .packets:
                if !wholePackets(mqtt, from: frameStart) {
                    client.world.violation("\(client.name) gets a message of packets that are not whole")
                }
            }
        }

        private func wholePackets(_ bytes: [UInt8], from start: Int) -> Bool {
            var position = start
            while position < bytes.count, let size = MQTTBytes.size(in: bytes, at: position) { position += size }
            return position == bytes.count
        }
    }
#endif
