/// The field block of a request as it came, checked by nghttp2 (RFC 9113 §8.2 and §8.3): pseudo-header fields apart, the others
/// as the lines that they would be in HTTP/1.1.
package struct HTTP2Head: Sendable {
    package var method: [UInt8] = []
    package var authority: [UInt8] = []
    package var path: [UInt8] = []
    /// `:protocol` of an extended CONNECT (RFC 8441 §4); empty: there is none.
    package var connectProtocol: [UInt8] = []
    /// The Host field, which stands for the authority, or repeats it; empty: there is none.
    package var host: [UInt8] = []
    /// "name: value" and CR LF for each other field, names in lower case; cookies are one field, the last (RFC 9113 §8.2.3).
    package var lines: [UInt8] = []
    /// Names and values together, and what each field costs besides (RFC 9113 §6.5.2).
    package private(set) var size = 0
    private var cookie: [UInt8] = []

    package init() { lines.reserveCapacity(512) }

    mutating func add(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        size += name.count + value.count + 32
        if name.first == UInt8(ascii: ":") { return addPseudo(name, value) }
        if name.count == 4, name.elementsEqual("host".utf8) {
            // A second one makes a host that is none, and is refused as such.
            if !host.isEmpty { host.append(UInt8(ascii: ",")) }
            return host.append(contentsOf: value)
        }
        if name.count == 6, name.elementsEqual("cookie".utf8) {
            if !cookie.isEmpty { cookie += [UInt8(ascii: ";"), UInt8(ascii: " ")] }
            return cookie.append(contentsOf: value)
        }
        addLine(name, value)
    }

    private mutating func addPseudo(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        switch name.count {
        case 5 where name[1] == UInt8(ascii: "p"): path = Array(value)
        case 7 where name[1] == UInt8(ascii: "m"): method = Array(value)
        case 9: connectProtocol = Array(value)
        case 10: authority = Array(value)
        default: break  // :scheme says nothing that the connection does not
        }
    }

    private mutating func addLine(_ name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
        lines.append(contentsOf: name)
        lines.append(UInt8(ascii: ":"))
        lines.append(UInt8(ascii: " "))
        lines.append(contentsOf: value)
        lines.append(0x0D)
        lines.append(0x0A)
    }

    /// The block is whole.
    mutating func finish() {
        if !cookie.isEmpty { addLine("cookie".utf8, cookie) }
        cookie = []
    }
}
