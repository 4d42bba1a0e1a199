/// What an epoll data word says: the address of a connection, or of a session, whose upstream leg it is about; or, when the
/// address is 0, something of the loop's own.
enum LoopWord {
    private static let sessionTag: UInt64 = 1
    private static let listenerTag: UInt64 = 2
    private static let mask: UInt64 = 3
    static let mailbox: UInt64 = 3

    static func client(_ connection: ConnectionPointer) -> UInt64 { UInt64(UInt(bitPattern: connection)) }
    static func upstream(_ session: SessionPointer) -> UInt64 { UInt64(UInt(bitPattern: session)) | sessionTag }
    static func listener(_ descriptor: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: descriptor)) << 2 | listenerTag
    }

    enum Target {
        case client(ConnectionPointer)
        case upstream(SessionPointer)
        /// The descriptor of a listening socket.
        case listener(Int32)
        case mailbox
    }

    /// Both are aligned to 8 bytes or more and lie above the first 64 KiB, which the system never maps.
    @inline(__always)
    static func target(_ word: UInt64) -> Target {
        switch word & mask {
        case listenerTag: return .listener(Int32(truncatingIfNeeded: word >> 2))
        case mailbox: return .mailbox
        case sessionTag:
            return SessionPointer(bitPattern: UInt(word & ~mask)).map { .upstream($0) } ?? .mailbox
        default:
            return ConnectionPointer(bitPattern: UInt(word & ~mask)).map { .client($0) } ?? .mailbox
        }
    }
}
