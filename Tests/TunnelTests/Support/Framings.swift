@testable import Tunnel

/// The framings as tests name them: with clients that may send a Pong without a mask.
extension Framing {
    static let packet = Framing.webSocket(messages: .packet, isStrict: false)
    static let packets = Framing.webSocket(messages: .packets, isStrict: false)
    static let stream = Framing.webSocket(messages: .stream, isStrict: false)
    static let all: [Framing] = [.packets, .packet, .stream, .raw]

    /// Whether a block leaves as it comes, cut anywhere.
    var isStream: Bool { self == .stream || self == .raw }
}
