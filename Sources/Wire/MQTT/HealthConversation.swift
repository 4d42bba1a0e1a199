import Text

/// What a health check says to a broker, and what it wants to hear: CONNECT and CONNACK 0, PINGREQ and PINGRESP, then
/// DISCONNECT. Pure.
package struct HealthConversation: Sendable {
    package enum Action: Equatable, Sendable {
        /// More bytes have to come.
        case wait
        case send([UInt8])
        /// The broker serves. `goodbye` is to be sent before the end, so that it sees an orderly one.
        case passed(goodbye: [UInt8])
        case failed(Failure)
    }

    /// Why a broker does not serve.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// A CONNACK with this code.
        case refused(UInt8)
        /// Something else than a CONNACK: what came, in words.
        case notConnack(String)
        /// A DISCONNECT of 5.0 with this code.
        case disconnected(UInt8)
        /// A packet that is too long, or none at all.
        case unreadable
        /// Packets without end, and no PINGRESP among them.
        case tooMuch

        package var description: String {
            switch self {
            case .refused(let code): Self.refusal(code)
            case .notConnack(let words): words
            case .disconnected(let code): "it sent DISCONNECT \(Hexadecimal.code(code))"
            case .unreadable: "what it sends is not MQTT"
            case .tooMuch: "it sends more than a client without subscriptions should receive"
            }
        }

        private static func refusal(_ code: UInt8) -> String {
            let hint =
                switch ReasonCode(connack: code) {
                case .badUserNameOrPassword, .notAuthorized, .banned:
                    "; configure a user that is allowed to connect: health_check username=… password_file=…"
                case .clientIdentifierNotValid: "; choose another client identifier: health_check client_id=…"
                case .unsupportedProtocolVersion: "; choose a version of MQTT that it supports: health_check version=…"
                default: ""
                }
            return "it refused the probe's CONNECT with code \(Hexadecimal.code(code))" + hint
        }
    }

    /// The first bytes to send.
    package let connect: [UInt8]
    private let version: ProtocolVersion
    private var isAccepted = false
    private var waiting: [UInt8] = []
    /// Bytes of the packets in between.
    private var skipped = 0

    /// More, in one packet or in several, makes no sense to a client without subscriptions.
    private static let longest = 64 * 1024

    /// Fields are cut to the 65,535 bytes that a packet has room for. 3.x allows no password without a user name
    /// [MQTT-3.1.2-22]: it is left out then.
    package init(version: ProtocolVersion, clientID: String, username: String?, password: [UInt8]?) {
        self.version = version
        let password = username == nil && version != .v5_0 ? nil : password
        var body: [UInt8] = []
        body.append(field: Array((version == .v3_1 ? "MQIsdp" : "MQTT").utf8))
        body.append(version == .v3_1 ? 3 : version == .v3_1_1 ? 4 : 5)
        // Clean: nothing remains at the broker.
        body.append(0x02 | (username == nil ? 0 : 0x80) | (password == nil ? 0 : 0x40))
        body += [0, 30]  // keep alive, in seconds
        if version == .v5_0 { body.append(0) }  // no properties
        body.append(field: Self.cut(Array(clientID.utf8)))
        if let username { body.append(field: Self.cut(Array(username.utf8))) }
        if let password { body.append(field: Self.cut(password)) }
        connect = [0x10] + (VariableByteInteger.encoded(body.count) ?? []) + body
    }

    private static func cut(_ field: [UInt8]) -> [UInt8] { Array(field.prefix(65_535)) }

    /// Whether the broker has said anything yet.
    package var hasAnswer: Bool { isAccepted || !waiting.isEmpty }

    /// What to say when nothing, or not enough, has come within so many milliseconds.
    package func timeoutWords(milliseconds: Int64) -> String {
        guard !isAccepted else { return "no PINGRESP within \(milliseconds) ms" }
        let words = "no CONNACK within \(milliseconds) ms"
        guard milliseconds <= Self.longestPenalty, !hasAnswer else { return words }
        return words
            + "; it hangs, or it is RabbitMQ 4, which delays a refusal by 3 s: health_check timeout=5s would show it"
    }

    /// RabbitMQ 4 answers a wrong user, or none, after 3 s; some time for the way.
    private static let longestPenalty: Int64 = 3500

    /// The broker has sent `bytes`.
    package mutating func received(_ bytes: Span<UInt8>) -> Action {
        waiting.append(bytes, 0..<bytes.count)
        guard isAccepted else { return readConnack() }
        return readPackets()
    }

    private mutating func readConnack() -> Action {
        do throws(ConnackError) {
            guard let connack = try Connack.parse(waiting.span, version: version) else { return .wait }
            guard connack.isAccepted else { return .failed(.refused(connack.code)) }
            waiting.removeFirst(connack.length)
            isAccepted = true
            // What came with it may be an end already.
            if case .failed(let failure) = readPackets() { return .failed(failure) }
            return .send([0xC0, 0x00])  // PINGREQ
        } catch {
            return .failed(.notConnack(ForeignAnswer.words(waiting.span, error)))
        }
    }

    private mutating func readPackets() -> Action {
        while let first = waiting.first {
            let remaining: VariableByteInteger?
            do {
                remaining = try VariableByteInteger.read(waiting.span, at: 1, end: waiting.count)
            } catch {
                return .failed(.unreadable)
            }
            guard let remaining else { return .wait }
            let length = 1 + remaining.size + remaining.value
            guard length <= Self.longest else { return .failed(.unreadable) }
            guard waiting.count >= length else { return .wait }
            if first == 0xD0 { return .passed(goodbye: [0xE0, 0x00]) }
            if first == 0xE0 { return .failed(.disconnected(remaining.value > 0 ? waiting[1 + remaining.size] : 0)) }
            waiting.removeFirst(length)
            skipped += length
            guard skipped <= Self.longest else { return .failed(.tooMuch) }
        }
        return .wait
    }
}
