import CShims
import Text

/// A transport address as the system knows it.
package struct SocketAddress: Sendable {
    package var storage: sockaddr_storage
    package var length: socklen_t

    package var family: Int32 { Int32(storage.ss_family) }
    package var isUnix: Bool { family == AF_UNIX }

    /// A unix socket; nil when the path does not fit (107 bytes).
    package init?(unixPath path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        self.init(copying: address)
    }

    /// The path of a unix socket.
    package var unixPath: String? {
        guard isUnix else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            let path = bytes.dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 }
            return String(decoding: path, as: UTF8.self)
        }
    }

    /// Whether both name the same place.
    package func isSame(as other: SocketAddress) -> Bool {
        isUnix ? other.isUnix && unixPath == other.unixPath : CompactAddress(self) == CompactAddress(other)
    }

    /// The same host with another port; a unix socket as it is.
    package func withPort(_ port: UInt16) -> SocketAddress {
        var copy = self
        withUnsafeMutableBytes(of: &copy.storage) { bytes in
            // sin_port and sin6_port have the same offset.
            guard !isUnix else { return }
            bytes.storeBytes(
                of: port.bigEndian, toByteOffset: MemoryLayout<sockaddr_in>.offset(of: \.sin_port) ?? 2, as: UInt16.self
            )
        }
        return copy
    }

    /// Every address of a literal or of a name (this one asks the resolver, and may block).
    package static func resolve(host: String, port: UInt16) throws(ResolveError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw ResolveError(host: host, reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = SocketAddress(entry.pointee.ai_addr, length: entry.pointee.ai_addrlen) {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }

    package init(storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    private init<Address>(copying address: Address) {
        storage = sockaddr_storage()
        length = socklen_t(MemoryLayout<Address>.size)
        withUnsafeBytes(of: address) { source in
            withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: source) }
        }
    }

    private init?(_ pointer: UnsafeMutablePointer<sockaddr>?, length: socklen_t) {
        guard let pointer, length <= socklen_t(MemoryLayout<sockaddr_storage>.size) else { return nil }
        storage = sockaddr_storage()
        self.length = length
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: Int(length)))
        }
    }
}

/// A name that did not resolve.
package struct ResolveError: Error, Equatable, Sendable, CustomStringConvertible {
    package let host: String
    package let reason: String

    package init(host: String, reason: String) {
        self.host = host
        self.reason = reason
    }

    package var description: String { "\(host): \(reason)" }
}

/// An address small enough to be kept by every session: 19 bytes instead of 128.
package struct CompactAddress: Sendable, Equatable, BitwiseCopyable {
    private enum Family: UInt8 { case unix, v4, v6 }
    private var family = Family.unix
    /// 0 for a unix socket.
    package private(set) var port: UInt16 = 0
    private var high: UInt64 = 0  // network byte order in memory
    private var low: UInt64 = 0

    /// A client of a unix socket: it has no address.
    package init() {}

    package init(_ address: SocketAddress) {
        withUnsafeBytes(of: address.storage) { bytes in
            switch address.family {
            case AF_INET:
                let v4 = bytes.loadUnaligned(as: sockaddr_in.self)
                family = .v4
                port = UInt16(bigEndian: v4.sin_port)
                withUnsafeMutableBytes(of: &high) { high in
                    withUnsafeBytes(of: v4.sin_addr) { high.copyMemory(from: $0) }
                }
            case AF_INET6:
                let v6 = bytes.loadUnaligned(as: sockaddr_in6.self)
                family = .v6
                port = UInt16(bigEndian: v6.sin6_port)
                withUnsafeBytes(of: v6.sin6_addr) {
                    high = $0.loadUnaligned(as: UInt64.self)
                    low = $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                }
            default:
                family = .unix
            }
        }
    }

    /// 4 or 16 bytes in network order; nil for any other number.
    package init?(bytes: [UInt8], port: UInt16) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        family = bytes.count == 4 ? .v4 : .v6
        self.port = port
        withUnsafeMutableBytes(of: &high) { $0.copyBytes(from: bytes.prefix(8)) }
        withUnsafeMutableBytes(of: &low) { $0.copyBytes(from: bytes.dropFirst(8)) }
    }

    /// A literal IPv4 or IPv6 address, without brackets; nil for anything else.
    package init?(literal text: String, port: UInt16 = 0) {
        guard let bytes = AddressText.bytes(text) else { return nil }
        self.init(bytes: bytes, port: port)
    }

    /// 4 or 16 bytes in network order; none for a unix socket.
    package var bytes: [UInt8] {
        switch family {
        case .unix: []
        case .v4: withUnsafeBytes(of: high) { Array($0.prefix(4)) }
        case .v6: withUnsafeBytes(of: high) { Array($0) } + withUnsafeBytes(of: low) { Array($0) }
        }
    }

    /// "192.0.2.1", "2001:db8::1", or "unix:".
    package var host: String {
        guard family != .unix else { return "unix:" }
        return withUnsafeBytes(of: (high, low)) {
            AddressText.text(UnsafeRawBufferPointer(rebasing: $0[..<(family == .v4 ? 4 : 16)])) ?? ""
        }
    }

    /// "192.0.2.1:1883", "[2001:db8::1]:1883", or "unix:".
    package var text: String {
        switch family {
        case .unix: host
        case .v4: "\(host):\(port)"
        case .v6: "[\(host)]:\(port)"
        }
    }
}

extension CompactAddress: Comparable {
    /// By family, address and port: 10.0.0.2 comes before 10.0.0.10.
    package static func < (one: CompactAddress, other: CompactAddress) -> Bool {
        func order(_ address: CompactAddress) -> (UInt64, UInt64, UInt64, UInt64) {
            (
                UInt64(address.family.rawValue), UInt64(bigEndian: address.high), UInt64(bigEndian: address.low),
                UInt64(address.port)
            )
        }
        return order(one) < order(other)
    }
}
