/// Why bytes from a load balancer are not a PROXY header. The connection is closed: what follows cannot be trusted (§2).
package enum ProxyHeaderError: Error, Sendable, Equatable, CaseIterable {
    /// The bytes begin neither as version 1 nor as version 2 does.
    case notProxyHeader
    /// §2.1: neither TCP4 nor TCP6 nor UNKNOWN.
    case textProtocol
    /// §2.1: a CR or a LF alone.
    case textLineEnd
    /// §2.1: no CRLF in the first 107 bytes.
    case textTooLong
    /// §2.1: not two addresses and two ports with exactly one space between.
    case textFields
    /// §2.1: an address that is not of the family named, or not in its canonical form.
    case textAddress
    /// §2.1: not a decimal number of 0...65535 without leading zeros.
    case textPort
    /// §2.2: the upper half of the 13th byte is not 2.
    case binaryVersion
    /// §2.2: the lower half of the 13th byte is neither LOCAL nor PROXY.
    case binaryCommand
    /// §2.2: the 14th byte names no family or transport there is, or datagrams.
    case binaryFamily
    /// §2.2: the length has no room for the addresses of the family.
    case binaryLength
    /// Longer than `ProxyHeader.largest`.
    case binaryTooLong
    /// §2.2: a TLV that ends after the header, or a checksum that is not 4 bytes or is there twice.
    case binaryTLV
    /// §2.2.3: the CRC32c does not fit the bytes.
    case binaryChecksum
}

extension ProxyHeaderError: CustomStringConvertible {
    /// Words for the operator's log.
    package var description: String {
        switch self {
        case .notProxyHeader: "the connection does not begin with a PROXY protocol header (§2)"
        case .textProtocol: "PROXY v1: the protocol is not TCP4, TCP6 or UNKNOWN (§2.1)"
        case .textLineEnd: "PROXY v1: CR or LF alone instead of CRLF (§2.1)"
        case .textTooLong: "PROXY v1: no CRLF in the first \(ProxyHeader.largestLine) bytes (§2.1)"
        case .textFields: "PROXY v1: not two addresses and two ports with one space between (§2.1)"
        case .textAddress: "PROXY v1: an address is not valid for its family (§2.1)"
        case .textPort: "PROXY v1: a port is not a number from 0 to 65535 (§2.1)"
        case .binaryVersion: "PROXY v2: the version is not 2 (§2.2)"
        case .binaryCommand: "PROXY v2: the command is not LOCAL or PROXY (§2.2)"
        case .binaryFamily: "PROXY v2: the address family or the transport is not one of a stream (§2.2)"
        case .binaryLength: "PROXY v2: the length is too small for the addresses (§2.2)"
        case .binaryTooLong: "PROXY v2: the header is longer than \(ProxyHeader.largest) bytes (§2.2)"
        case .binaryTLV: "PROXY v2: a TLV is malformed (§2.2)"
        case .binaryChecksum: "PROXY v2: the CRC32c checksum is wrong (§2.2.3)"
        }
    }
}
