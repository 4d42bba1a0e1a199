import Text

/// One block of PEM (RFC 7468 §2).
struct PEMBlock {
    let label: Substring
    /// What the lines between the opening one and the closing one encode; nil if that is not base64, or the end is missing.
    let contents: [UInt8]?

    var isPrivate: Bool { label.hasSuffix("PRIVATE KEY") }

    /// Every block; anything around them is a comment. A block without its end can only be the last.
    static func all(in file: String) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var label: Substring?
        var body: [UInt8] = []
        for line in file.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if let opened = line.label(after: "-----BEGIN ") {
                (label, body) = (opened, [])
            } else if let current = label {
                if line.label(after: "-----END ") == current {
                    blocks.append(PEMBlock(label: current, contents: Base64.decode(body)))
                    label = nil
                } else {
                    body += line.utf8
                }
            }
        }
        if let label { blocks.append(PEMBlock(label: label, contents: nil)) }
        return blocks
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let front = drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return front[...last]
    }

    /// The text between `opening` and the closing dashes, if this is such a line.
    fileprivate func label(after opening: String) -> Substring? {
        guard hasPrefix(opening), hasSuffix("-----"), count >= opening.count + 5 else { return nil }
        return dropFirst(opening.count).dropLast(5)
    }
}

extension FoundKey {
    /// A key from PEM has no id. That a certificate has expired does not matter here: only its key is used.
    init(_ block: PEMBlock) {
        id = nil
        do throws(KeyFault) {
            let material = try KeyMaterial(block)
            guard let key = JWTKey(material, id: nil) else { throw .value }
            result = .success(key)
        } catch {
            result = .failure(error)
        }
    }
}

extension KeyMaterial {
    fileprivate init(_ block: PEMBlock) throws(KeyFault) {
        switch block.label {
        case "PUBLIC KEY":  // RFC 7468 §13
            guard let key = block.contents.flatMap({ PublicKey($0) }) else { throw .value }
            self = .publicKey(key)
        case "RSA PUBLIC KEY":  // PKCS #1
            guard let key = block.contents.flatMap({ PublicKey(pkcs1: $0) }) else { throw .value }
            self = .publicKey(key)
        case "CERTIFICATE":  // RFC 7468 §5
            guard let key = block.contents.flatMap({ PublicKey(certificate: $0) }), key.kind != .ed25519 else {
                throw .certificate
            }
            self = .publicKey(key)
        default: throw .block
        }
    }
}
