internal import JWTKit

/// One block of PEM (RFC 7468 §2).
struct PEMBlock {
    let label: Substring
    /// From the opening line to the closing one.
    let text: String

    var isPrivate: Bool { label.hasSuffix("PRIVATE KEY") }

    /// Every block; what stands around them counts as a comment. One without its end is the last.
    static func all(in file: String) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var label: Substring?
        var lines: [Substring] = []
        for line in file.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if let opened = line.label(after: "-----BEGIN ") {
                label = opened
                lines = []
            }
            guard let current = label else { continue }
            lines.append(line)
            if line.label(after: "-----END ") == current {
                blocks.append(PEMBlock(label: current, text: lines.joined(separator: "\n")))
                label = nil
            }
        }
        if let label { blocks.append(PEMBlock(label: label, text: lines.joined(separator: "\n"))) }
        return blocks
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let front = drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return front[...last]
    }

    /// What stands between `opening` and the closing dashes, if this is such a line.
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
        case "PUBLIC KEY", "RSA PUBLIC KEY":  // RFC 7468 §13; PKCS #1
            guard let key = Self(publicKey: block.text) else { throw .value }
            self = key
        case "CERTIFICATE":  // RFC 7468 §5
            guard let key = Self(certificate: block.text) else { throw .certificate }
            self = key
        default: throw .block
        }
    }

    /// Each kind refuses what is not its own, so the order does not matter. RSA below 2048 bits is refused as well.
    private init?(publicKey text: String) {
        if let key = try? ES256PublicKey(pem: text) {
            self = .p256(key)
        } else if let key = try? ES384PublicKey(pem: text) {
            self = .p384(key)
        } else if let key = try? ES512PublicKey(pem: text) {
            self = .p521(key)
        } else if let key = try? EdDSA.PublicKey(pem: text) {
            self = .ed25519(key)
        } else if let key = try? Insecure.RSA.PublicKey(pem: text) {
            self = .rsa(key)
        } else {
            return nil
        }
    }

    private init?(certificate text: String) {
        if let key = try? ES256PublicKey(certificate: text) {
            self = .p256(key)
        } else if let key = try? ES384PublicKey(certificate: text) {
            self = .p384(key)
        } else if let key = try? ES512PublicKey(certificate: text) {
            self = .p521(key)
        } else if let key = try? Insecure.RSA.PublicKey(certificatePEM: text) {
            self = .rsa(key)
        } else {
            return nil
        }
    }
}
