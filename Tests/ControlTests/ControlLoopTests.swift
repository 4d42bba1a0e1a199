import Glibc
import Reactor
import TestSupport
import Testing

@testable import Control

@Suite("The control thread", .timeLimit(.minutes(1)))
struct ControlLoopTests {
    @Test("a second start changes nothing: jobs never overlap")
    func start() async throws {
        let control = try ControlLoop()
        try control.start()
        try control.start()
        defer { control.stop() }
        let (started, ended, mostAtOnce) = (Lock(0), Lock(0), Lock(0))
        for number in 1...10 {
            control.post {
                let count = started.withLock { started in
                    started += 1
                    return started
                }
                mostAtOnce.withLock { $0 = max($0, count - ended.withLock(\.self)) }
                poll(nil, 0, 10)
                ended.withLock { $0 += 1 }
            }
            // The others come while it runs.
            while number == 1, started.withLock(\.self) == 0 { sched_yield() }
        }
        await control.settle()
        #expect(mostAtOnce.withLock(\.self) == 1)
    }

    @Test("jobs run on one thread, in their order")
    func jobs() async throws {
        let control = try ControlLoop()
        try control.start()
        defer { control.stop() }
        let seen = Lock<[(Int, pthread_t)]>([])
        for number in 0..<1000 { control.post { seen.withLock { $0.append((number, pthread_self())) } } }
        await control.settle()
        let jobs = seen.withLock(\.self)
        #expect(jobs.map(\.0) == Array(0..<1000))
        #expect(Set(jobs.map(\.1)).count == 1)
        #expect(jobs.first?.1 != pthread_self())
    }

    @Test("a timer comes again and again, not too early")
    func timer() async throws {
        let control = try ControlLoop()
        try control.start()
        defer { control.stop() }
        let began = monotonicMilliseconds()
        let (ticks, continuation) = AsyncStream<Int64>.makeStream()
        control.every(milliseconds: 20) { continuation.yield(monotonicMilliseconds()) }
        var times: [Int64] = []
        for await time in ticks {
            times.append(time)
            if times.count == 5 { break }
        }
        for (tick, time) in times.enumerated() { #expect(time - began >= Int64(20 * (tick + 1))) }
    }

    @Test("waiting costs no processor time")
    func idle() async throws {
        try await withServer(HTTPServer.Script { _ in .silence }) { control, server in
            let before = await control.processorMilliseconds()
            let result = await control.answer(server.request(timeout: 500))
            #expect(result.failure?.kind == .timeout)
            #expect(await control.processorMilliseconds() - before < 100)
        }
    }

    @Test("stop ends requests that run and requests that wait, at once")
    func stop() async throws {
        let server = try HTTPServer { _ in .silence }
        let control = try ControlLoop()
        try control.start()
        let request = server.request("question", timeout: 60_000, pool: HTTPPool(connections: 2, queue: 8))
        let (results, continuation) = AsyncStream<FetchResult>.makeStream()
        for _ in 0..<10 { control.fetch(request) { continuation.yield($0) } }
        await server.wait(requests: 2)
        let began = monotonicMilliseconds()
        control.stop()
        #expect(monotonicMilliseconds() - began < 20_000)
        var count = 0
        for await result in results {
            #expect(result.failure?.kind == .cancelled)
            count += 1
            if count == 10 { break }
        }
        #expect(server.requests.count == 2)
        server.stop()
    }

    @Test("a request after the end, or without a thread, is cancelled")
    func late() async throws {
        let server = try HTTPServer { _ in .answer() }
        let control = try ControlLoop()
        let (results, continuation) = AsyncStream<FetchResult>.makeStream()
        control.fetch(server.request()) { continuation.yield($0) }
        control.stop()  // never started
        control.fetch(server.request()) { continuation.yield($0) }
        continuation.finish()
        #expect(await results.reduce(into: []) { $0.append($1.failure?.kind) } == [.cancelled, .cancelled])
        try control.start()
        #expect(await control.answer(server.request()).answer?.status == 200)
        control.stop()
        server.stop()
    }

    @Test("jobs, then requests, then both again on a thread of its own")
    func again() async throws {
        let server = try HTTPServer { _ in .answer() }
        let control = try ControlLoop()
        for _ in 0..<2 {
            try control.start()
            await control.settle()
            #expect(await control.answer(server.request()).answer?.status == 200)
            await control.settle()
            control.stop()
        }
        server.stop()
    }

    @Test("libcurl is loaded by whoever is first, and is there for all")
    func library() async throws {
        await withTaskGroup { group in
            for _ in 0..<8 { group.addTask { #expect(throws: Never.self) { try HTTPLibrary.load() } } }
        }
    }

    @Test("a cancelled request gives its place back")
    func places() throws {
        let control = try ControlLoop()
        let pool = HTTPPool(connections: 1, queue: 0)
        control.stop()
        for _ in 0..<3 {
            let kind = Lock<HTTPFailure.Kind?>(nil)
            control.fetch(HTTPRequest(url: "http://127.0.0.1:1/", pool: pool)) { result in
                kind.withLock { $0 = result.failure?.kind }
            }
            #expect(kind.withLock(\.self) == .cancelled)
        }
    }
}

extension ControlLoop {
    /// What the control thread has used of the processor so far.
    fileprivate func processorMilliseconds() async -> Int {
        await withCheckedContinuation { continuation in
            post {
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                continuation.resume(returning: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
            }
        }
    }
}
