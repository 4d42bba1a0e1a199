import CShims

/// Values for a loop from other threads: put in anywhere, taken out by the loop when its descriptor is readable.
package final class Mailbox<Message: Sendable>: Sendable {
    /// An eventfd, for the loop's poller.
    package let descriptor: Int32
    private let messages = Lock<[Message]>([])

    package init() throws(SystemError) {
        descriptor = try SystemError.check("eventfd", CShims_eventfd())
    }

    deinit { _ = CShims_close(descriptor) }

    /// Any thread. Never blocks for longer than a copy of the list takes.
    package func post(_ message: Message) {
        let wasEmpty = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if wasEmpty { CShims_eventfd_signal(descriptor) }
    }

    /// The loop's thread: everything posted so far, in order.
    package func take() -> [Message] {
        CShims_eventfd_clear(descriptor)
        return messages.withLock { messages in
            defer { messages.removeAll() }
            return messages
        }
    }
}
