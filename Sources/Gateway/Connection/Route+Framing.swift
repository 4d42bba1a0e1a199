import Configuration
import Tunnel

extension Route {
    /// How MQTT travels on the channels of this route's sessions.
    var framing: Framing {
        guard location.match != .listener else { return .raw }
        let settings = location.webSocket
        return .webSocket(messages: settings.frames.messages, isStrict: settings.isStrict)
    }
}

extension WebSocketSettings.Frames {
    fileprivate var messages: Framing.Messages {
        switch self {
        case .packet: .packet
        case .packets: .packets
        case .stream: .stream
        }
    }
}

extension Site {
    var keepaliveTimeout: Int64 { settings.keepaliveTimeout.milliseconds }
}
