import CShims
import Reactor

/// One side of a session: a socket, the bytes it did not take, and what its loop's poller watches it for.
///
/// Everything is written at once; only what the socket does not take waits here.
struct Leg: ~Copyable {
    /// -1: there is no socket (any more).
    private(set) var descriptor: Int32 = -1
    private(set) var backlog = ByteQueue()
    private var interest = Events(reading: false, writing: false)
    private var isRegistered = false
    /// Its FIN is sent: nothing more can be written.
    private(set) var isShutDown = false
    /// The other side's FIN, or its end, has been seen.
    var isAtEnd = false

    /// Takes over a socket.
    mutating func attach(_ descriptor: Int32) { self.descriptor = descriptor }

    var isOpen: Bool { @inline(__always) get { descriptor >= 0 } }
    var isFlushed: Bool { @inline(__always) get { backlog.isEmpty } }

    // MARK: Interest

    /// Registers what is waited for now; does nothing when that has not changed.
    @inline(__always)
    mutating func watch(reading: Bool, writing: Bool, _ poller: Int32, word: UInt64) -> Bool {
        let wanted = Events(reading: reading, writing: writing)
        if wanted == interest && isRegistered { return true }
        return change(to: wanted, poller, word)
    }

    private mutating func change(to wanted: Events, _ poller: Int32, _ word: UInt64) -> Bool {
        if !isRegistered && wanted == Events(reading: false, writing: false) { return true }
        let result = Kernel.watch(poller, isRegistered ? .modify : .add, descriptor, wanted, word: word)
        isRegistered = isRegistered || result == 0
        interest = wanted
        return result == 0
    }

    /// Stops watching. A socket that is broken reports so without end, also while nothing is asked: it is watched again when
    /// something is, and then shows what is left to read, and its error.
    mutating func detach(_ poller: Int32) {
        guard isRegistered else { return }
        _ = Kernel.watch(poller, .delete, descriptor)
        isRegistered = false
        interest = Events(reading: false, writing: false)
    }

    // MARK: Bytes

    enum Received { case bytes(Int), nothing, end, failed }

    /// One recv of at most `capacity` bytes.
    @inline(__always)
    mutating func receive(into bytes: UnsafeMutableRawPointer, capacity: Int) -> Received {
        let count = Kernel.receive(descriptor, into: bytes, capacity: capacity)
        if count > 0 { return .bytes(count) }
        if count == -Int(EAGAIN) { return .nothing }
        isAtEnd = true
        return count == 0 ? .end : .failed
    }

    /// Sends what the socket takes and keeps the rest. False: the peer is gone.
    @inline(__always)
    mutating func send(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        guard backlog.isEmpty else {
            backlog.append(UnsafeRawBufferPointer(start: bytes, count: count))
            return true
        }
        let sent = Kernel.send(descriptor, bytes, count: count)
        if sent == count { return true }
        return keep(bytes, count, sent)
    }

    private mutating func keep(_ bytes: UnsafeRawPointer, _ count: Int, _ sent: Int) -> Bool {
        guard sent >= 0 || sent == -Int(EAGAIN) else { return false }
        let start = max(sent, 0)
        backlog.append(UnsafeRawBufferPointer(start: bytes + start, count: count - start))
        return true
    }

    enum SentOfFile { case bytes(Int), full, endOfFile, failed }

    /// Sends what the socket takes of a file, from `offset` on, while nothing else waits.
    mutating func send(file: Int32, offset: Int, count: Int) -> SentOfFile {
        let sent = Kernel.sendFile(descriptor, file, offset: offset, count: count)
        if sent > 0 { return .bytes(sent) }
        return sent == 0 ? .endOfFile : sent == -Int(EAGAIN) ? .full : .failed
    }

    /// Sends more of what waits. False: the peer is gone.
    mutating func flush() -> Bool {
        while !backlog.isEmpty {
            let waiting = UnsafeRawBufferPointer(backlog.bytes)
            guard let start = waiting.baseAddress else { return true }
            let sent = Kernel.send(descriptor, start, count: waiting.count)
            if sent < 0 { return sent == -Int(EAGAIN) }
            backlog.consume(sent)
        }
        return true
    }

    /// Sends FIN, once.
    mutating func shutDown() {
        guard isOpen, !isShutDown else { return }
        isShutDown = true
        Kernel.shutDownWriting(descriptor)
    }

    /// Closes the socket; the leg can be attached again.
    mutating func close() {
        guard isOpen else { return }
        Kernel.close(descriptor)  // takes it out of epoll too
        if !backlog.isEmpty { backlog.wipe(first: backlog.count) }  // a CONNECT may wait there, with its password
        self = Leg()
    }
}
