import CCurl
import CShims
import DequeModule
import Reactor

/// The requests that run, and those that wait for a place in their pool. The control thread's.
struct Transfers: ~Copyable {
    /// nil: there was no request yet.
    private var multi: Multi?
    private var queues: [ObjectIdentifier: Queue] = [:]
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    private var idle: [Transfer] = []

    private static let mostIdle = 256

    /// Takes a request on: it starts, or waits for its turn.
    mutating func add(_ order: Transfer.Order) {
        let queue = queue(order.request.pool)
        queue.append(order)
        startNext(queue)
    }

    /// There from the first request of a pool to the last.
    private mutating func queue(_ pool: HTTPPool) -> Queue {
        if let queue = queues[ObjectIdentifier(pool)] { return queue }
        let queue = Queue(pool)
        queues[ObjectIdentifier(pool)] = queue
        return queue
    }

    /// Starts what may run of a pool.
    private mutating func startNext(_ queue: Queue) {
        while queue.running < queue.pool.connections, let order = queue.next() {
            if start(order) { queue.running += 1 }
        }
        if queue.first == nil, queue.running == 0 { queues[ObjectIdentifier(queue.pool)] = nil }
    }

    /// False: it ended at once.
    private mutating func start(_ order: Transfer.Order) -> Bool {
        let now = monotonicMilliseconds()
        guard order.isWanted() else {
            order.request.pool.leave()
            return false
        }
        guard order.deadline > now else {
            fail(order, HTTPFailure(kind: .timeout, detail: "no answer in time: the request waited in the queue"))
            return false
        }
        let multi: Multi
        do throws(HTTPLibrary.Fault) { multi = try readyMulti() } catch {
            fail(order, HTTPFailure(kind: .broken, detail: error.description))
            return false
        }
        guard let transfer = idle.popLast() ?? Transfer(), transfer.begin(order, now: now),
            CCurlShims_multi_add_handle(multi.handle, transfer.handle) == CURLM_OK
        else {
            fail(order, HTTPFailure(kind: .broken, detail: "libcurl rejected the request"))
            return false
        }
        running[transfer.handle] = transfer
        return true
    }

    private mutating func readyMulti() throws(HTTPLibrary.Fault) -> Multi {
        if let multi { return multi }
        let made = try Multi()
        multi = made
        return made
    }

    private func fail(_ order: Transfer.Order, _ failure: HTTPFailure) {
        order.request.pool.leave()
        order.reply(.failure(failure))
    }

    /// Moves bytes, and ends what has come to its end.
    mutating func advance() {
        guard let multi else { return }  // then nothing runs or waits
        var count: Int32 = 0
        CCurlShims_multi_perform(multi.handle, &count)
        let now = monotonicMilliseconds()
        var left: Int32 = 0
        while let message = CCurlShims_multi_info_read(multi.handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            ended(easy, message.pointee.data.result, multi, now: now)
        }
        for queue in queues.values { expire(queue, now: now) }
    }

    private mutating func ended(
        _ easy: UnsafeMutableRawPointer, _ code: CURLcode, _ multi: Multi, now: Int64
    ) {
        guard let transfer = running[easy] else { return }
        CCurlShims_multi_remove_handle(multi.handle, easy)
        if code != CURLE_OK, transfer.beginAgain(after: code, now: now),
            CCurlShims_multi_add_handle(multi.handle, easy) == CURLM_OK
        {
            return
        }
        running[easy] = nil
        guard let order = transfer.order else { return }
        let result = transfer.end(code)
        if idle.count < Self.mostIdle { idle.append(transfer) }
        order.request.pool.leave()
        let queue = queue(order.request.pool)
        queue.running -= 1
        order.reply(result)
        startNext(queue)
    }

    /// Ends those that have waited until their time was over, or that nobody waits for any longer. Orders of a pool wait
    /// in the order of their coming, and most often have the same timeout.
    private func expire(_ queue: Queue, now: Int64) {
        while let first = queue.first {
            if !first.isWanted() {
                first.request.pool.leave()
            } else if first.deadline <= now {
                fail(first, HTTPFailure(kind: .timeout, detail: "no answer in time: the request never left the queue"))
            } else {
                return
            }
            _ = queue.next()
        }
    }

    /// When to look again for requests whose time is over, on the monotonic clock; nil: libcurl knows when.
    var nextDeadline: Int64? {
        let waiting = queues.values.lazy.compactMap(\.first?.deadline).min()
        let trying = running.values.lazy.compactMap(\.secondDeadline).min()
        return [waiting, trying].compactMap(\.self).min()
    }

    /// Sleeps until a connection or `descriptor` is ready, or so many milliseconds have passed.
    func wait(for descriptor: Int32, milliseconds: Int64) {
        if let multi {
            multi.wait(for: descriptor, milliseconds: milliseconds)
        } else {
            _ = CShims_wait_readable(descriptor, Int32(clamping: milliseconds))
        }
    }

    /// Ends all of them.
    mutating func cancelAll() {
        for (easy, transfer) in running {
            if let multi { CCurlShims_multi_remove_handle(multi.handle, easy) }
            if let order = transfer.order { fail(order, .cancelled) }
        }
        running = [:]
        for queue in queues.values {
            while let order = queue.next() { fail(order, .cancelled) }
        }
        queues = [:]
        idle = []
    }
}

extension HTTPFailure {
    static let cancelled = HTTPFailure(kind: .cancelled, detail: "the gateway is stopping")
}

/// The requests of one pool: first in, first out.
private final class Queue {
    let pool: HTTPPool
    var running = 0
    private var orders: Deque<Transfer.Order> = []

    init(_ pool: HTTPPool) { self.pool = pool }

    var first: Transfer.Order? { orders.first }

    func append(_ order: Transfer.Order) { orders.append(order) }

    /// Takes the first. Nothing of it stays: its body is wiped as soon as it is done with.
    func next() -> Transfer.Order? { orders.popFirst() }
}
