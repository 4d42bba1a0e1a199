import CShims

/// An epoll instance, level-triggered, with room for one batch of events. Used by the thread of its loop alone.
///
/// Level-triggered on purpose: edge-triggered measured the same and cost a lost wake-up (docs/decisions/0002).
package struct Poller: ~Copyable {
    private let epoll: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private static let batch = 512

    package init() throws(SystemError) {
        epoll = try SystemError.check("epoll_create1", CShims_epoll_create())
        events = .allocate(capacity: Self.batch)
    }

    deinit {
        _ = CShims_close(epoll)
        events.deallocate()
    }

    /// The descriptor of the epoll instance, for legs that change their own interest.
    package var descriptor: Int32 { epoll }

    /// Waits for events; `milliseconds` below zero waits forever. Returns how many there are, 0 after a signal.
    package mutating func wait(milliseconds: Int32) throws(SystemError) -> Int {
        let count = CShims_epoll_wait(epoll, events, Int32(Self.batch), milliseconds)
        return Int(try SystemError.check("epoll_wait", count))
    }

    /// The word that the descriptor was registered with, and what happened to it. `index` is below what `wait` returned.
    @inline(__always)
    package func event(_ index: Int) -> (word: UInt64, events: Events) {
        (CShims_event_word(events + index), Events(rawValue: events[index].events))
    }

    package func add(_ descriptor: Int32, _ interest: Events, word: UInt64) throws(SystemError) {
        try SystemError.check(
            "epoll_ctl", CShims_epoll_control(epoll, Int32(CShims_EPOLL_ADD), descriptor, interest.rawValue, word))
    }

    package func remove(_ descriptor: Int32) {
        _ = CShims_epoll_control(epoll, Int32(CShims_EPOLL_DELETE), descriptor, 0, 0)
    }
}

/// What epoll reports, or is asked for. Plain bits, and inlinable: every event of the data path passes through here, and the
/// generic set algebra of OptionSet costs more there than the event itself.
package struct Events: Equatable, Sendable, BitwiseCopyable {
    package var rawValue: UInt32

    @inlinable
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// What a leg or a listener asks for.
    @inlinable
    package init(reading: Bool, writing: Bool) {
        rawValue = (reading ? CShims_EPOLLIN : 0) | (writing ? CShims_EPOLLOUT : 0)
    }

    /// Waits for input on a listening socket that several pollers share: one of them is woken.
    @inlinable
    package static var accepting: Events { Events(rawValue: CShims_EPOLLIN | CShims_EPOLLEXCLUSIVE) }

    /// There is room to write.
    @inlinable
    package var isWritable: Bool { rawValue & CShims_EPOLLOUT != 0 }

    /// There is something to read: bytes, an end, or an error. The last two are reported whether asked for or not.
    @inlinable
    package var isReadable: Bool { rawValue & (CShims_EPOLLIN | CShims_EPOLLHUP | CShims_EPOLLERR) != 0 }
}
