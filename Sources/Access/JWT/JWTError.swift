/// Why a token is not accepted. The description is for the operator's log: it holds neither the token nor the value of
/// a claim.
package enum JWTError: Error, Sendable, Equatable {
    /// Longer than `JWTKeySet.longestToken`.
    case tooLong
    case malformed(Malformation)
    case algorithm(AlgorithmFault)
    /// `crit` or `b64`, by name: extensions that change what is signed (RFC 7515 §4.1.11, RFC 7797 §6).
    case critical(String)
    /// No key has the `kid` of the header, given here. Newer keys may help.
    case unknownKey(String)
    /// There are no keys yet.
    case noKeys
    case signature
    case expired
    case notYetValid
    /// This claim is missing, or is not what is required.
    case claim(String)

    package enum Malformation: String, Sendable, Equatable {
        case parts = "not three parts"
        case header = "the header is not base64url of a JSON object"
        case algorithmName = "the header's alg is not a string"
        case keyID = "the header's kid is not a string"
        case signature = "the signature is not base64url"
        case payload = "the payload is not base64url of a JSON object"
        case time = "exp or nbf is not a number"
    }

    package enum AlgorithmFault: String, Sendable, Equatable {
        case none = "alg is none"
        case unknown = "alg is unknown"
        case notOfKey = "alg does not match the key"
    }
}

extension JWTError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLong: "the token is longer than \(JWTKeySet.longestToken) bytes"
        case .malformed(let what): "malformed token: \(what.rawValue)"
        case .algorithm(let fault): "the token's \(fault.rawValue)"
        case .critical(let name): "the token's header has \(name)"
        case .unknownKey(let id): "no key has the token's kid \(printable(id))"
        case .noKeys: "there are no keys yet"
        case .signature: "the token's signature is wrong"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .claim(let name): "the token's claim \(printable(name)) is not as required"
        }
    }
}

/// Why a file or an answer contains no keys that can be used.
package struct JWTKeyError: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Larger than `JWTKeySet.largestFile`, in bytes.
        case tooLarge
        /// Neither a JSON object nor PEM.
        case unknownFormat
        case json
        /// The JSON object is no JWK Set and no JWK.
        case notKeys
        /// A PEM block holds a private key: this is a verifier, and has no business with it.
        case privateKey
        /// Every key was skipped; there may have been none.
        case noUsableKey([JWTSkippedKey])
    }
    /// The file or URL.
    package var name: String
    package var kind: Kind
}

extension JWTKeyError: CustomStringConvertible {
    package var description: String {
        switch kind {
        case .tooLarge: "\(name): larger than \(JWTKeySet.largestFile) bytes"
        case .unknownFormat: "\(name): neither a JSON Web Key Set nor PEM"
        case .json: "\(name): not JSON"
        case .notKeys: "\(name): a JSON object that is neither a key set (\"keys\") nor a key (\"kty\")"
        case .privateKey: "\(name): contains a private key; use the public one"
        case .noUsableKey(let skipped) where skipped.isEmpty: "\(name): contains no key"
        case .noUsableKey(let skipped):
            "\(name): contains no usable key: \(skipped.prefix(8).map(\.description).joined(separator: "; "))"
        }
    }
}

/// A key that is not used, and why. For a log line.
package struct JWTSkippedKey: Sendable, Equatable, CustomStringConvertible {
    /// The key's `kid`, or its place: "#2".
    package var name: String
    package var reason: String

    package init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }

    package var description: String { "key \(printable(name)): \(reason)" }
}

/// `text` as far as a log line can show it: printable ASCII, 64 characters, in quotation marks.
private func printable(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(64).map { scalar in
        scalar.value >= 0x20 && scalar.value < 0x7F && scalar != "\"" ? Character(scalar) : "?"
    }
    return "\"\(String(shown))\""
}
