/// Status codes that the gateway sends in a Close frame (RFC 6455 §7.4.1 and the IANA registry). 1005, 1006 and 1015 never go
/// over the wire; 1014 (bad gateway) is registered, but several client libraries take it for an illegal code.
package enum CloseCode: UInt16, Sendable, BitwiseCopyable, CaseIterable {
    case normal = 1000
    case goingAway = 1001
    case protocolError = 1002
    case unsupportedData = 1003
    case invalidPayload = 1007
    case policyViolation = 1008
    case messageTooBig = 1009
    case internalError = 1011
    case serviceRestart = 1012
    case tryAgainLater = 1013

    /// RFC 6455 §7.4: may a client send this code?
    package static func isValidOnWire(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
