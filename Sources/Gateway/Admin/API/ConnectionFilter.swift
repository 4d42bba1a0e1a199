import Text
import Wire

/// Which connections a request means. Pure.
struct ConnectionFilter: Sendable {
    /// A text that must be equal, or one that must begin so.
    struct Pattern: Sendable, Equatable {
        private let text: String
        private let isPrefix: Bool

        /// A "*" at the end stands for anything.
        init(_ pattern: String) {
            isPrefix = pattern.hasSuffix("*")
            text = isPrefix ? String(pattern.dropLast()) : pattern
        }

        /// Bytes are compared: two texts that look the same are different identifiers to a broker, too (5.0 §1.5.4).
        func matches(_ value: String) -> Bool {
            isPrefix ? value.utf8.starts(with: text.utf8) : value.utf8.elementsEqual(text.utf8)
        }
    }

    /// The names of its parameters.
    static let names = ["client_id", "username", "address", "upstream", "peer", "state", "listener", "q"]

    private var clientID: Pattern?
    private var username: Pattern?
    private var address: Pattern?
    private var upstream: Pattern?
    private var peer: Pattern?
    private var state: Pattern?
    private var listener: Pattern?
    private var search: Substring?

    /// Whether every connection matches.
    private(set) var isEmpty = true
    /// Whether those are meant that have ended.
    private(set) var wantsClosed = false

    init(_ parameters: QueryParameters) throws(Problem) {
        clientID = pattern(parameters["client_id"])
        username = pattern(parameters["username"])
        address = pattern(parameters["address"])
        upstream = pattern(parameters["upstream"])
        peer = pattern(parameters["peer"])
        listener = pattern(parameters["listener"])
        if let name = parameters["state"] {
            guard ConnectionState(rawValue: name) != nil else {
                let known = ConnectionState.allCases.map(\.rawValue).joined(separator: ", ")
                throw .badRequest("state: there is no state \"\(name)\"; known: \(known)")
            }
            state = pattern(name)
            wantsClosed = name == ConnectionState.closed.rawValue
        }
        if let text = parameters["q"], !text.isEmpty {
            search = Substring(text)
            isEmpty = false
        }
    }

    private mutating func pattern(_ text: String?) -> Pattern? {
        guard let text else { return nil }
        isEmpty = false
        return Pattern(text)
    }

    func matches(_ connection: APIConnection) -> Bool {
        func fits(_ pattern: Pattern?, _ value: @autoclosure () -> String) -> Bool { pattern?.matches(value()) ?? true }
        return fits(state, connection.state) && fits(clientID, connection.clientID)
            && fits(username, connection.username) && fits(upstream, connection.upstream?.name ?? "")
            && fits(peer, connection.upstream?.peer ?? "") && fits(listener, connection.listener)
            && fits(address, connection.address.host)
            && (search.map {
                $0.isIn(connection.clientID) || $0.isIn(connection.username) || $0.isIn(connection.address.host)
            }
                ?? true)
    }

    /// A part of a text, in any case of the letters A to Z.
    private struct Substring: Sendable {
        private let bytes: [UInt8]

        init(_ text: String) { bytes = text.utf8.map(Self.lowercased) }

        func isIn(_ text: String) -> Bool {
            guard let first = bytes.first else { return true }
            var text = text
            return text.withUTF8 { text in
                guard text.count >= bytes.count else { return false }
                for start in 0...(text.count - bytes.count) where Self.lowercased(text[start]) == first {
                    if bytes.indices.allSatisfy({ Self.lowercased(text[start + $0]) == bytes[$0] }) { return true }
                }
                return false
            }
        }

        private static func lowercased(_ byte: UInt8) -> UInt8 {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
    }
}
