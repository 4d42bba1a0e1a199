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

    /// Waits for events; `milliseconds` below zero waits for ever. Returns how many there are, 0 after a signal.
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

/// What epoll reports, or is asked for.
package struct Events: OptionSet, Sendable, BitwiseCopyable {
    package let rawValue: UInt32

    @inline(__always)
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static var readable: Events { Events(rawValue: CShims_EPOLLIN) }
    package static var writable: Events { Events(rawValue: CShims_EPOLLOUT) }
    /// The peer has sent its FIN.
    package static var peerClosed: Events { Events(rawValue: CShims_EPOLLRDHUP) }
    /// Both directions are closed. Reported whether asked for or not.
    package static var hangup: Events { Events(rawValue: CShims_EPOLLHUP) }
    /// The socket has an error. Reported whether asked for or not.
    package static var error: Events { Events(rawValue: CShims_EPOLLERR) }
    /// One of several pollers is woken for a shared listening socket.
    package static var exclusive: Events { Events(rawValue: CShims_EPOLLEXCLUSIVE) }
}
