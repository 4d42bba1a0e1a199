/// Writes the TLVs of a version 2 header (§2.2.1–§2.2.6) into the room that every broker has.
///
/// Mosquitto 2.1 closes a connection with more than 500 bytes after the first 16. The identifier of the connection
/// and the TLV of TLS always go in; then, each if it still fits whole, ALPN, the authority, the Common Name. None
/// is cut: a part of a name is another name. An authority or a Common Name with a character that is not printable is
/// left out: EMQX closes the connection.
enum ProxyTLVs {
    /// Bytes of all TLVs.
    static let largest = 480
    /// Bytes of addresses and TLVs.
    static let largestBody = 500
    /// Bytes of the identifier of the connection (§2.2.5).
    static let largestUniqueID = 128
    /// Bytes of the names of TLS version and cipher. No name in use has 40; the bound keeps the room for the rest.
    static let largestName = 64

    /// The TLVs that follow `addresses` bytes of addresses and ports.
    static func bytes(_ details: ProxyHeader.Details, addresses: Int) -> [UInt8] {
        let uniqueID = tlv(ProxyWire.uniqueID, details.uniqueID, largest: largestUniqueID)
        let tls = details.tls.map(tlsContents)
        let fixed = uniqueID.count + (tls.map { $0.count + 3 } ?? 0)
        var room = min(largest, largestBody - addresses) - fixed
        let alpn = fitting(tlv(ProxyWire.alpn, details.alpn), &room)
        let authority = fitting(tlv(ProxyWire.authority, printable(details.authority)), &room)
        var bytes = alpn + authority + uniqueID
        if let tls {
            let commonName = fitting(tlv(ProxyWire.tlsCommonName, printable(commonName(details.tls))), &room)
            bytes.append(ProxyWire.tls)
            bytes.append(field: tls + commonName)
        }
        return bytes
    }

    /// What the TLV of TLS holds, but the Common Name (§2.2.6).
    private static func tlsContents(_ tls: ProxyHeader.TLS) -> [UInt8] {
        var client = ProxyWire.clientTLS
        var isVerified = false
        switch tls.certificate {
        case .none:
            break
        case .presented(let verified):
            client |= ProxyWire.clientCertificateOnConnection | ProxyWire.clientCertificateInSession
            isVerified = verified
        case .resumed(let verified):
            client |= ProxyWire.clientCertificateInSession
            isVerified = verified
        }
        // 0 says that a certificate was presented and verified (§2.2.6); else 1, as nginx writes.
        return [client, 0, 0, 0, isVerified ? 0 : 1]
            + tlv(ProxyWire.tlsVersion, tls.version, largest: largestName)
            + tlv(ProxyWire.tlsCipher, tls.cipher, largest: largestName)
    }

    private static func commonName(_ tls: ProxyHeader.TLS?) -> String? {
        tls?.certificate == ProxyHeader.TLS.Certificate.none ? nil : tls?.commonName
    }

    /// A TLV; nothing when there is no text, or more of it than `largest` bytes.
    private static func tlv(_ type: UInt8, _ text: String?, largest: Int = Self.largest) -> [UInt8] {
        let contents = Array((text ?? "").utf8)
        guard (1...largest).contains(contents.count) else { return [] }
        var bytes = [type]
        bytes.append(field: contents)
        return bytes
    }

    /// `tlv` if there is room for it, which it takes.
    private static func fitting(_ tlv: [UInt8], _ room: inout Int) -> [UInt8] {
        guard tlv.count <= room else { return [] }
        room -= tlv.count
        return tlv
    }

    /// The text if each of its characters can be printed.
    private static func printable(_ text: String?) -> String? {
        guard let text, text.unicodeScalars.allSatisfy(isPrintable) else { return nil }
        return text
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}
