import CShims
import Reactor
import TLS

/// Every system call that a loop makes for its connections, and the clocks that it reads.
///
/// In a debug build a thread can give itself a simulated kernel: the tests drive a whole loop through it, on a clock of
/// their own. In a release build nothing of that is there, and each function is its system call.
enum Kernel {
    /// What epoll_ctl does.
    enum Watch {
        case add, modify, delete

        @inline(__always)
        fileprivate var operation: Int32 {
            switch self {
            case .add: Int32(CShims_EPOLL_ADD)
            case .modify: Int32(CShims_EPOLL_MODIFY)
            case .delete: Int32(CShims_EPOLL_DELETE)
            }
        }
    }

    // MARK: Bytes

    /// Returns how many bytes were read, 0 at the end, or -errno.
    @inline(__always)
    static func receive(_ descriptor: Int32, into bytes: UnsafeMutableRawPointer, capacity: Int) -> Int {
        #if DEBUG
            if let simulated { return simulated.receive(descriptor, into: bytes, capacity: capacity) }
        #endif
        return CShims_recv(descriptor, bytes, capacity)
    }

    /// Returns how many bytes were taken, or -errno.
    @inline(__always)
    static func send(_ descriptor: Int32, _ bytes: UnsafeRawPointer, count: Int) -> Int {
        #if DEBUG
            if let simulated { return simulated.send(descriptor, bytes, count: count) }
        #endif
        return CShims_send(descriptor, bytes, count)
    }

    /// Sends bytes of a file from `offset` on, without bringing them here. Returns how many the socket took, 0 at the end of the
    /// file, or -errno.
    static func sendFile(_ descriptor: Int32, _ file: Int32, offset: Int, count: Int) -> Int {
        #if DEBUG
            if let simulated {
                return withUnsafeTemporaryAllocation(byteCount: min(count, 65_536), alignment: 16) { bytes in
                    guard let start = bytes.baseAddress else { return 0 }
                    let read = CShims_read_at(file, start, bytes.count, offset)
                    return read > 0 ? simulated.send(descriptor, start, count: read) : read
                }
            }
        #endif
        return CShims_send_file(descriptor, file, offset, count)
    }

    /// Sends FIN.
    @inline(__always)
    static func shutDownWriting(_ descriptor: Int32) {
        #if DEBUG
            if let simulated { return simulated.shutDownWriting(descriptor) }
        #endif
        _ = CShims_shutdown_write(descriptor)
    }

    /// Closes a socket, a file or the spare descriptor; epoll forgets it, too.
    @inline(__always)
    static func close(_ descriptor: Int32) {
        #if DEBUG
            if let simulated { return simulated.close(descriptor) }
        #endif
        Socket.close(descriptor)
    }

    // MARK: Events

    /// Changes what `poller`, the descriptor of an epoll instance, watches a descriptor for. Returns 0 or -errno.
    @inline(__always)
    static func watch(
        _ poller: Int32, _ change: Watch, _ descriptor: Int32, _ events: Events = Events(rawValue: 0), word: UInt64 = 0
    ) -> Int32 {
        #if DEBUG
            if let simulated { return simulated.watch(change, descriptor, events, word: word) }
        #endif
        return CShims_epoll_control(poller, change.operation, descriptor, events.rawValue, word)
    }

    /// Waits for events; `milliseconds` below zero waits forever. Returns how many there are, 0 after a signal.
    @inline(__always)
    static func wait(_ poller: inout Poller, milliseconds: Int32) throws(SystemError) -> Int {
        #if DEBUG
            if let simulated { return simulated.wait(milliseconds: milliseconds) }
        #endif
        return try poller.wait(milliseconds: milliseconds)
    }

    /// The word that the descriptor was registered with, and what happened to it. `index` is below what `wait` returned.
    @inline(__always)
    static func event(_ poller: borrowing Poller, _ index: Int) -> (word: UInt64, events: Events) {
        #if DEBUG
            if let simulated { return simulated.event(index) }
        #endif
        return poller.event(index)
    }

    // MARK: Connections

    /// Takes a connection that waits on a listening socket.
    @inline(__always)
    static func accept(_ listener: Int32) -> Socket.Accepted {
        #if DEBUG
            if let simulated { return simulated.accept(listener) }
        #endif
        return Socket.accept(listener)
    }

    /// Starts to connect, from `source` when there is one. `isConnected` says whether it is done already; else the socket
    /// becomes writable, or fails.
    @inline(__always)
    static func connect(
        _ address: SocketAddress, from source: SocketAddress? = nil
    ) throws(SystemError) -> (descriptor: Int32, isConnected: Bool) {
        #if DEBUG
            if let simulated { return try simulated.connect(address, from: source) }
        #endif
        return try Socket.connect(address, from: source)
    }

    /// The error of a connect that has ended; nil when it succeeded.
    @inline(__always)
    static func connectError(_ descriptor: Int32) -> SystemError? {
        #if DEBUG
            if let simulated { return simulated.connectError(descriptor) }
        #endif
        return Socket.connectError(descriptor)
    }

    /// Whether the other side has ended or reset the connection; what it sent before may still be there to be read.
    @inline(__always)
    static func peerHasEnded(_ descriptor: Int32) -> Bool {
        #if DEBUG
            if let simulated { return simulated.peerHasEnded(descriptor) }
        #endif
        return Socket.peerHasEnded(descriptor)
    }

    /// Lets nobody into the queue of a listening socket any more who is not on the way.
    static func refuseNewcomers(_ listener: Int32) {
        #if DEBUG
            if simulated != nil { return }
        #endif
        Socket.refuseNewcomers(listener)
    }

    /// The address of this side of a socket; nil when it has none.
    @inline(__always)
    static func localAddress(_ descriptor: Int32) -> SocketAddress? {
        #if DEBUG
            if let simulated { return simulated.localAddress(descriptor) }
        #endif
        return Socket.localAddress(descriptor)
    }

    /// A descriptor in reserve for the day when there is no other; -1 when that is today.
    @inline(__always)
    static func openSpare() -> Int32 {
        #if DEBUG
            if let simulated { return simulated.openSpare() }
        #endif
        return Socket.openSpare()
    }

    // MARK: Clocks and chance

    /// The monotonic clock, in microseconds.
    @inline(__always)
    static func microseconds() -> Int64 {
        #if DEBUG
            if let simulated { return simulated.microseconds }
        #endif
        return monotonicMicroseconds()
    }

    /// The monotonic clock, in milliseconds.
    @inline(__always)
    static func milliseconds() -> Int64 {
        #if DEBUG
            if let simulated { return simulated.microseconds / 1000 }
        #endif
        return monotonicMilliseconds()
    }

    /// The time of day, in milliseconds since 1970.
    @inline(__always)
    static func wallClock() -> Int64 {
        #if DEBUG
            if let simulated { return simulated.wallClock }
        #endif
        return wallMilliseconds()
    }

    /// Eight random bytes.
    @inline(__always)
    static func randomWord() -> UInt64 {
        #if DEBUG
            if let simulated { return simulated.randomWord() }
        #endif
        return Digest.randomWord()
    }
}

#if DEBUG
    /// A kernel of the tests. Each call answers as the function of `Kernel` with its name does.
    protocol SimulatedKernel: AnyObject {
        func receive(_ descriptor: Int32, into bytes: UnsafeMutableRawPointer, capacity: Int) -> Int
        func send(_ descriptor: Int32, _ bytes: UnsafeRawPointer, count: Int) -> Int
        func shutDownWriting(_ descriptor: Int32)
        /// Descriptors that the simulation has not made may come, too, such as those of files.
        func close(_ descriptor: Int32)
        func watch(_ change: Kernel.Watch, _ descriptor: Int32, _ events: Events, word: UInt64) -> Int32
        func wait(milliseconds: Int32) -> Int
        func event(_ index: Int) -> (word: UInt64, events: Events)
        func accept(_ listener: Int32) -> Socket.Accepted
        func connect(
            _ address: SocketAddress, from source: SocketAddress?
        ) throws(SystemError) -> (descriptor: Int32, isConnected: Bool)
        func connectError(_ descriptor: Int32) -> SystemError?
        func peerHasEnded(_ descriptor: Int32) -> Bool
        func localAddress(_ descriptor: Int32) -> SocketAddress?
        func openSpare() -> Int32
        /// The monotonic clock.
        var microseconds: Int64 { get }
        /// The time of day, in milliseconds since 1970.
        var wallClock: Int64 { get }
        func randomWord() -> UInt64
    }

    extension Kernel {
        /// An object, as a thread-local variable holds one pointer and no existential.
        private final class Place {
            let kernel: any SimulatedKernel
            init(_ kernel: any SimulatedKernel) { self.kernel = kernel }
        }

        /// The kernel that stands in for the system's on this thread; nil: none does.
        fileprivate static var simulated: (any SimulatedKernel)? {
            CShims_simulation().map { Unmanaged<Place>.fromOpaque($0).takeUnretainedValue().kernel }
        }

        /// Runs `body` on a simulated kernel: all that this thread asks of the system's meanwhile, it asks of that one.
        static func simulate<Result>(_ kernel: any SimulatedKernel, _ body: () throws -> Result) rethrows -> Result {
            let place = Place(kernel)
            let before = CShims_simulation()
            CShims_set_simulation(Unmanaged.passUnretained(place).toOpaque())
            defer { CShims_set_simulation(before) }
            return try withExtendedLifetime(place, body)
        }
    }
#endif
