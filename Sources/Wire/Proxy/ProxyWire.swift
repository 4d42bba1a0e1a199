/// The numbers of a version 2 header (§2.2).
enum ProxyWire {
    /// The 13th byte: version 2 and the command.
    static let local: UInt8 = 0x20
    static let proxy: UInt8 = 0x21

    /// The 14th byte: the address family above, the transport below.
    static let unspecified: UInt8 = 0x00
    static let tcp4: UInt8 = 0x11
    static let tcp6: UInt8 = 0x21

    /// Types of TLVs.
    static let alpn: UInt8 = 0x01
    static let authority: UInt8 = 0x02
    static let checksum: UInt8 = 0x03
    static let uniqueID: UInt8 = 0x05
    static let tls: UInt8 = 0x20

    /// Types of the TLVs inside the one of TLS (§2.2.6).
    static let tlsVersion: UInt8 = 0x21
    static let tlsCommonName: UInt8 = 0x22
    static let tlsCipher: UInt8 = 0x23

    /// Bits of the first byte of the TLV of TLS (§2.2.6).
    static let clientTLS: UInt8 = 0x01
    static let clientCertificateOnConnection: UInt8 = 0x02
    static let clientCertificateInSession: UInt8 = 0x04
}

extension ProxyHeader {
    /// What a version 2 header begins with (§2.2).
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
}
