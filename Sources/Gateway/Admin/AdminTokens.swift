import Reactor
import TLS

/// The tokens of one `api_token_file`, as it was when it was read: their SHA-256 alone.
struct AdminTokens: Sendable {
    /// Characters that a token has at least: 16 of Base64 are 96 bits.
    static let shortest = 16
    static let longest = 1024
    /// In bytes.
    static let largestFile = 1 << 20

    private struct Token {
        let digest: [UInt8]
        let line: Int
    }

    private let tokens: [Token]
    var count: Int { tokens.count }

    /// Reads the text of a file: a token on each line; empty lines and lines that begin with `#` are comments. `path` is
    /// for messages, which never show a token.
    init(_ bytes: [UInt8], path: String) throws(StartError) {
        guard bytes.count <= Self.largestFile else {
            throw StartError("api_token_file \(path): larger than \(Self.largestFile >> 20) MiB")
        }
        var tokens: [Token] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let token = line.drop(while: Self.isBlank).reversed().drop(while: Self.isBlank).reversed()
            guard let first = token.first, first != UInt8(ascii: "#") else { continue }
            guard (Self.shortest...Self.longest).contains(token.count), token.allSatisfy(Self.isTokenByte) else {
                throw StartError(
                    "api_token_file \(path):\(index + 1): a token has from \(Self.shortest) to \(Self.longest) letters, "
                        + "digits and -._~+/=; \"openssl rand -base64 32\" makes one")
            }
            tokens.append(Token(digest: Digest.sha256(Array(token)), line: index + 1))
        }
        guard !tokens.isEmpty else { throw StartError("api_token_file \(path): there is no token in it") }
        self.tokens = tokens
    }

    /// The line of a token; nil: it is none of them. Takes the same time wherever the two differ.
    func line(of token: [UInt8]) -> Int? {
        let digest = Digest.sha256(token)
        var line: Int?
        for known in tokens {
            let difference = zip(known.digest, digest).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
            if difference == 0 { line = known.line }
        }
        return line
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    /// token68, RFC 6750 §2.1.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}

/// The tokens of an `api_token_file`.
typealias AdminTokenFile = WatchedFile<AdminTokens>

extension WatchedFile<AdminTokens> {
    /// Reads the tokens.
    convenience init(_ path: String) throws(StartError) {
        try self.init(path) { path throws(StartError) in
            let bytes = try Self.bytes(of: path, "api_token_file", largest: AdminTokens.largestFile)
            return try AdminTokens(bytes, path: path)
        } describe: { tokens in
            "api_token_file \(path): \(tokens.count) tokens"
        }
    }

    var tokens: AdminTokens { content }
}
