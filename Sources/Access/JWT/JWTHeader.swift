import Text

/// A compact JWS (RFC 7515 §3.1) taken apart: the header is read, the payload is not.
struct JWTHeader {
    let algorithm: SignatureAlgorithm
    let keyID: String?
    /// What is signed: header and payload as they are, with the dot between them.
    let signingInput: UnsafeRawBufferPointer
    /// Still base64url.
    let payload: UnsafeRawBufferPointer
    let signature: [UInt8]

    /// Of the header `alg` and `kid` count. A key or an address of keys in it (`jwk`, `jku`, `x5c`, `x5u`) never does.
    init(_ token: UnsafeRawBufferPointer) throws(JWTError) {
        guard token.count <= JWTKeySet.longestToken else { throw .tooLong }
        guard let header = token.upToDot(from: 0), let payload = token.upToDot(from: header.count + 1),
            token.upToDot(from: header.count + payload.count + 2) == nil
        else { throw .malformed(.parts) }
        let end = header.count + 1 + payload.count
        self.payload = payload
        signingInput = UnsafeRawBufferPointer(rebasing: token[..<end])

        guard let members = members(ofBase64URL: header) else { throw .malformed(.header) }
        for name in ["crit", "b64"] where members[name] != nil { throw .critical(name) }
        guard let name = members["alg"]?.text else { throw .malformed(.algorithmName) }
        guard name.lowercased() != "none" else { throw .algorithm(.none) }  // RFC 7518 §3.6, RFC 8725 §3.2
        guard let algorithm = SignatureAlgorithm(name: name) else { throw .algorithm(.unknown) }
        self.algorithm = algorithm
        let keyID = members["kid"]
        guard keyID == nil || keyID?.text != nil else { throw .malformed(.keyID) }
        self.keyID = keyID?.text
        let rest = UnsafeRawBufferPointer(rebasing: token[(end + 1)...])
        guard let signature = Base64URL.decode(rest) else { throw .malformed(.signature) }
        self.signature = signature
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes from `start` to the next dot; nil if there is none.
    fileprivate func upToDot(from start: Int) -> UnsafeRawBufferPointer? {
        guard let dot = self[start...].firstIndex(of: UInt8(ascii: ".")) else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[start..<dot])
    }
}

/// The members of a JSON object in base64url; nil if it is none.
func members(ofBase64URL text: UnsafeRawBufferPointer) -> [String: JSONValue]? {
    guard let bytes = Base64URL.decode(text) else { return nil }
    return try? JSONParser.parse(bytes).members
}
