import CShims
import Testing

@testable import Reactor

@Suite("Mailbox")
struct MailboxTests {
    /// How many events wait on a mailbox's descriptor; waits for one when `patience` is given.
    private func events(_ poller: inout Poller, patience: Int32 = 0) throws -> Int {
        try poller.wait(milliseconds: patience)
    }

    @Test("In order, once, and readable while something waits")
    func order() throws {
        let mailbox = try Mailbox<Int>()
        var poller = try Poller()
        try poller.add(mailbox.descriptor, Events(reading: true, writing: false), word: 9)
        #expect(try events(&poller) == 0)
        for value in 1...3 { mailbox.post(value) }
        #expect(try events(&poller) == 1)
        #expect(mailbox.take() == [1, 2, 3])
        #expect(mailbox.take() == [])
        #expect(try events(&poller) == 0)
        mailbox.post(4)
        #expect(try events(&poller) == 1)
        #expect(mailbox.take() == [4])
    }

    @Test("From several threads nothing is lost, repeated, or out of its thread's order, and every wake-up comes")
    func threads() throws {
        let (writers, each) = (4, 5_000)
        let mailbox = try Mailbox<[Int]>()
        var poller = try Poller()
        try poller.add(mailbox.descriptor, Events(reading: true, writing: false), word: 0)
        var threads: [Thread] = []
        for writer in 0..<writers {
            threads.append(
                try Thread.start(name: "mailbox test") {
                    for value in 0..<each { mailbox.post([writer, value]) }
                })
        }
        var next = Array(repeating: 0, count: writers)
        while next != Array(repeating: each, count: writers) {
            // A lost wake-up shows as a wait that ends without an event.
            guard try poller.wait(milliseconds: 30_000) == 1 else {
                Issue.record("no wake-up; taken so far: \(next)")
                break
            }
            for message in mailbox.take() {
                #expect(message[1] == next[message[0]])
                next[message[0]] = message[1] + 1
            }
        }
        for thread in threads { thread.join() }
        #expect(mailbox.take().isEmpty)
    }

    @Test("A thread runs its closure once, and join waits for it")
    func thread() throws {
        let mailbox = try Mailbox<Int>()
        let thread = try Thread.start(name: "a name that is longer than fifteen bytes") { mailbox.post(1) }
        thread.join()
        #expect(mailbox.take() == [1])
    }
}
