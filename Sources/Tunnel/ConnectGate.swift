import Wire

/// The gate in front of every broker: nothing passes before the CONNECT is whole and valid. Pure.
package enum ConnectGate {
    /// What to do with what the client has sent so far.
    package enum Decision {
        /// The CONNECT is not whole yet.
        case wait
        /// It is whole and valid, and is this many bytes long; what follows it waits for the broker.
        case accept(ConnectPacket, size: Int)
        /// It breaks a rule.
        case refuse(Refusal)
    }

    /// How a CONNECT that breaks a rule is refused.
    package struct Refusal: Equatable, Sendable {
        /// Why the session ends.
        package let cause: EndCause
        /// A CONNACK for the client's version; empty: it is closed without an answer.
        package let answer: [UInt8]
        /// Which rule it was, for the log.
        package let detail: String
    }

    /// Looks at what the client has sent so far. `limit` is the largest CONNECT in bytes; `versions` says which versions of
    /// MQTT are allowed; `hasFrames`: they have come in frames of WebSocket.
    package static func examine(
        _ bytes: Span<UInt8>, limit: Int, hasFrames: Bool = true, versions: (ProtocolVersion) -> Bool
    ) -> Decision {
        do throws(ConnectError) {
            guard let size = try ConnectPacket.length(bytes, limit: limit), size <= bytes.count else { return .wait }
            let connect = try ConnectPacket.parse(bytes.extracting(0..<size))
            guard versions(connect.version) else {
                return .refuse(
                    Refusal(
                        cause: .versionRefused,
                        answer: Connack.refusal(.unsupportedProtocolVersion, version: connect.version),
                        detail: "MQTT \(connect.version.name) is not in mqtt_versions"))
            }
            return .accept(connect, size: size)
        } catch {
            return .refuse(
                Refusal(
                    cause: cause(error.kind), answer: error.answer, detail: error.kind.description(hasFrames: hasFrames)
                ))
        }
    }

    private static func cause(_ kind: ConnectError.Kind) -> EndCause {
        switch kind {
        case .tooLarge: .connectTooLarge
        case .protocolLevel: .versionRefused
        case .clientIDEmpty: .clientIDRefused
        default: .connectMalformed
        }
    }
}
