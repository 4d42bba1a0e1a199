import CShims
import Reactor

/// What the admin thread can see of the process.
struct AdminWorld: Sendable {
    /// The one that new connections are served by.
    var generation: Generation
    let services: Services
    let loops: [LoopHandle]
    let reports: Mailbox<Loop.Report>
}

/// A running loop, as others see it.
struct LoopHandle: Sendable {
    let index: Int
    let mailbox: Mailbox<Loop.Order>
    let counters: LoopCounters
}

/// What another thread answers to a question, for one that waits.
final class Reply<Value: Sendable>: Sendable {
    private let value = Lock<Value?>(nil)
    /// Readable when the answer is there.
    private let ready: Int32

    init() throws(SystemError) { ready = try SystemError.check("eventfd", CShims_eventfd()) }

    deinit { _ = CShims_close(ready) }

    /// Gives the answer. Any thread; never blocks.
    func set(_ answer: Value) {
        value.withLock { $0 = answer }
        CShims_eventfd_signal(ready)
    }

    /// Waits for the answer; nil: it has not come after so many milliseconds, or nobody wants it any longer.
    func wait(milliseconds: Int32, isWanted: () -> Bool = { true }) -> Value? {
        var left = milliseconds
        while left > 0, isWanted() {
            let part = min(left, 100)
            if CShims_wait_readable(ready, part) > 0 { return value.withLock { $0 } }
            left -= part
        }
        return nil
    }
}

extension AdminWorld {
    /// Milliseconds that a loop has for one answer. A turn takes a few at most: one that takes longer is stuck, or over.
    private static let patience: Int32 = 5000

    /// Asks something of a loop, and waits. nil: it does not answer, because it has ended.
    func ask<Value: Sendable>(
        _ loop: LoopHandle, _ order: (@escaping @Sendable (Value) -> Void) -> Loop.Order
    ) -> Value? {
        do throws(SystemError) {
            let reply = try Reply<Value>()
            loop.mailbox.post(order { reply.set($0) })
            return wait(for: reply)
        } catch {
            services.logs.error.write(.error, "\(error)")
            return nil
        }
    }

    /// Asks the same of all loops at once; those that do not answer are left out.
    func askAll<Value: Sendable>(_ order: (@escaping @Sendable (Value) -> Void) -> Loop.Order) -> [Value] {
        do throws(SystemError) {
            var replies: [Reply<Value>] = []
            for loop in loops {
                let reply = try Reply<Value>()
                replies.append(reply)
                loop.mailbox.post(order { reply.set($0) })
            }
            return replies.compactMap { wait(for: $0) }
        } catch {
            services.logs.error.write(.error, "\(error)")
            return []
        }
    }

    /// A loop that has ended answers nobody: when the gateway stops there is no point in waiting for it.
    private func wait<Value: Sendable>(for reply: Reply<Value>) -> Value? {
        reply.wait(milliseconds: Self.patience) { !services.admin.isStopping }
    }

    /// Every connection, page by page, as each loop knows them when it has its turn.
    func forEachPage(_ body: (ConnectionPage) -> Void) {
        for loop in loops {
            var slot = Int?.some(0)
            while let first = slot {
                guard let page: ConnectionPage = ask(loop, { .describe(from: first, reply: $0) }) else { break }
                body(page)
                slot = page.nextSlot
            }
        }
    }

    /// The connections that ended last, of all loops.
    func recentEnds() -> [ConnectionDescription] { askAll { .recentEnds(reply: $0) }.flatMap(\.self) }
}
