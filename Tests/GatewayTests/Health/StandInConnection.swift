import Glibc
import Reactor

/// The broker's side of a connection, for a behaviour to act on. Its methods block.
final class StandInConnection: Sendable {
    let descriptor: Int32
    /// From 1, in the order of their coming.
    let number: Int
    private let client: CompactAddress
    private let end: Int32
    private let state = Lock((reads: [[UInt8]](), isOrderly: false))

    init(_ descriptor: Int32, number: Int, client: CompactAddress, end: Int32) {
        self.descriptor = descriptor
        self.number = number
        self.client = client
        self.end = end
    }

    var visit: StandInBroker.Visit {
        state.withLock { .init(number: number, client: client, reads: $0.reads, isOrderly: $0.isOrderly) }
    }

    /// What comes next; nil: the client's end, or the broker's.
    func receive() -> [UInt8]? {
        guard Self.isReadable(descriptor, unless: end) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else {
            state.withLock { $0.isOrderly = count == 0 }
            return nil
        }
        let read = Array(bytes.prefix(count))
        state.withLock { $0.reads.append(read) }
        return read
    }

    /// Reads until the client leaves.
    func drain() { while receive() != nil {} }

    /// False: the client has left.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent < 0, errno == EAGAIN {
                guard Self.isReadable(descriptor, unless: end, events: POLLOUT) else { return false }
                continue
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Whether there is something to read (or what `events` says) before the broker's end.
    static func isReadable(_ descriptor: Int32, unless end: Int32, events: Int32 = POLLIN) -> Bool {
        var wait = [
            pollfd(fd: descriptor, events: Int16(events), revents: 0),
            pollfd(fd: end, events: Int16(POLLIN), revents: 0),
        ]
        return poll(&wait, 2, -1) > 0 && wait[1].revents == 0
    }
}

// MARK: What brokers do

extension StandInConnection {
    static let connack: [UInt8] = [0x20, 2, 0, 0]
    static let pingresp: [UInt8] = [0xD0, 0]

    /// Accepts, and says nothing.
    func beSilent() { drain() }

    /// Takes the CONNECT, answers with `bytes`, and waits for the client's end.
    func answer(_ bytes: [UInt8]) {
        guard receive() != nil else { return }
        send(bytes)
        drain()
    }

    /// What a broker does for a probe. Each packet of a probe is a write of its own, and waits for an answer.
    func serve() {
        while let read = receive() {
            if read.suffix(2) == [0xC0, 0] {
                send(Self.pingresp)
            } else if read.last != 0 || read.count > 2 {
                send(Self.connack)
            }
        }
    }

    /// The same, one byte a write.
    func serveByteByByte() {
        for packet in [Self.connack, Self.pingresp] {
            guard receive() != nil else { return }
            for byte in packet { send([byte]) }
        }
        drain()
    }
}
