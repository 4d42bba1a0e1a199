import Text

extension ProxyHeader {
    /// The longest version 1 header, in bytes with its CRLF (§2.1).
    package static let largestLine = 107

    /// §2.1.
    static func text(_ bytes: Span<UInt8>) throws(ProxyHeaderError) -> ProxyHeader? {
        switch match(bytes, from: 0, "PROXY ") {
        case .none: throw .notProxyHeader
        case .partly: return nil
        case .whole: break
        }
        guard let name = try protocolName(bytes) else { return nil }
        let start = 6 + name.rawValue.utf8.count
        guard let end = try endOfLine(bytes, from: start, name) else { return nil }
        var header = ProxyHeader(length: end + 2, command: .proxy)
        // "The receiver must ignore anything presented before the CRLF".
        guard name != .unknown else { return header }
        var line: [UInt8] = []
        line.append(bytes, start..<end)
        let pair = try endpoints(line, name)
        header.source = pair.source
        header.destination = pair.destination
        return header
    }

    private enum ProtocolName: String, CaseIterable {
        case tcp4 = "TCP4 "
        case tcp6 = "TCP6 "
        case unknown = "UNKNOWN"
    }

    private enum Match { case none, partly, whole }

    /// How much of `text` is in `bytes` at `start`; partly: the bytes end before it does.
    private static func match(_ bytes: Span<UInt8>, from start: Int, _ text: String) -> Match {
        var index = start
        for byte in text.utf8 {
            guard index < bytes.count else { return .partly }
            guard bytes[index] == byte else { return .none }
            index += 1
        }
        return .whole
    }

    /// The protocol named after "PROXY "; nil: it is not whole yet.
    private static func protocolName(_ bytes: Span<UInt8>) throws(ProxyHeaderError) -> ProtocolName? {
        var isPossible = false
        for name in ProtocolName.allCases {
            switch match(bytes, from: 6, name.rawValue) {
            case .none: continue
            case .partly: isPossible = true
            case .whole: return name
            }
        }
        guard isPossible else { throw .textProtocol }
        return nil
    }

    /// The offset of the CRLF; nil: it has not arrived yet. Fails on the first byte that is not allowed in the line.
    private static func endOfLine(
        _ bytes: Span<UInt8>, from start: Int, _ name: ProtocolName
    ) throws(ProxyHeaderError) -> Int? {
        for index in start..<min(bytes.count, largestLine) {
            switch bytes[index] {
            case HTTPCharacter.lineFeed:
                guard index > start, bytes[index - 1] == HTTPCharacter.carriageReturn else { throw .textLineEnd }
                return index - 1
            case _ where index > start && bytes[index - 1] == HTTPCharacter.carriageReturn:
                throw .textLineEnd
            case HTTPCharacter.carriageReturn:
                continue
            case let byte where name == .unknown:
                guard index > start || byte == HTTPCharacter.space else { throw .textProtocol }
            case let byte:
                guard byte == HTTPCharacter.space || HTTPCharacter.isIPv6Address(byte) else { throw .textFields }
            }
        }
        guard bytes.count < largestLine else { throw .textTooLong }
        return nil
    }

    /// What is between the name of the protocol and the CRLF.
    private static func endpoints(
        _ line: [UInt8], _ name: ProtocolName
    ) throws(ProxyHeaderError) -> (source: Endpoint, destination: Endpoint) {
        let fields = line.split(separator: HTTPCharacter.space, omittingEmptySubsequences: false)
        guard fields.count == 4, fields.allSatisfy({ !$0.isEmpty }) else { throw .textFields }
        return (
            Endpoint(address: try address(fields[0], name), port: try port(fields[2])),
            Endpoint(address: try address(fields[1], name), port: try port(fields[3]))
        )
    }

    private static func address(
        _ field: ArraySlice<UInt8>, _ name: ProtocolName
    ) throws(ProxyHeaderError) -> [UInt8] {
        let address = name == .tcp4 ? AddressText.ipv4(field) : AddressText.ipv6(field)
        guard let address else { throw .textAddress }
        return address
    }

    private static func port(_ field: ArraySlice<UInt8>) throws(ProxyHeaderError) -> UInt16 {
        guard let port = AddressText.decimal(field, upTo: 65_535) else { throw .textPort }
        return UInt16(truncatingIfNeeded: port)
    }
}
