import Testing

@testable import Gateway

@Suite("health: whether clients are to be sent here")
struct ReadinessTests {
    private static let text = """
        worker_threads 1; error_log /dev/null; access_log off;
        upstream a { server 127.0.0.1:11; server 127.0.0.1:12 backup; }
        upstream b { server 127.0.0.1:13; }
        upstream c { server 127.0.0.1:14; }
        upstream nobody { server 127.0.0.1:15; }
        server { listen 127.0.0.1:1; location /a { mqtt_pass a; } location /b { mqtt_pass b; } }
        server { listen 127.0.0.1:2 mqtt; mqtt_pass c; }
        server { listen 127.0.0.1:3; location / { health; } }
        """

    /// What each server says.
    private func readiness(_ loop: LoopPointer) -> [Readiness] {
        loop.pointee.generation.listeners.map { loop.pointee.readiness(pools: $0.defaultServer.pools) }
    }

    @Test("A server speaks for its own upstreams, one without any for those of all; one that is usable is enough")
    func upstreams() throws {
        let loop = try LoopFixture.makeLoop(Self.text)
        let context = loop.context
        let pools = context.pointee.generation.listeners.map { Set($0.defaultServer.pools) }
        #expect(pools == [[0, 1], [2], [0, 1, 2]])
        #expect(readiness(context) == [.ready, .ready, .ready])
        func record(_ pool: Int, _ peer: Int, isHealthy: Bool) {
            context.pointee.pools[pool].record(peer, isHealthy: isHealthy, now: 0)
        }
        record(0, 0, isHealthy: false)
        record(1, 0, isHealthy: false)
        #expect(readiness(context) == [.ready, .ready, .ready], "the backup is there")
        record(0, 1, isHealthy: false)
        #expect(readiness(context) == [.noHealthyUpstream, .ready, .ready])
        record(2, 0, isHealthy: false)
        #expect(readiness(context) == [.noHealthyUpstream, .noHealthyUpstream, .noHealthyUpstream])
        record(1, 0, isHealthy: true)
        #expect(readiness(context) == [.ready, .noHealthyUpstream, .ready])
        context.pointee.isDraining = true
        #expect(readiness(context) == [.draining, .draining, .draining])
    }

    @Test("Where no client needs a broker none is missing")
    func none() throws {
        let loop = try LoopFixture.makeLoop(
            "worker_threads 1; error_log /dev/null; server { listen 127.0.0.1:1; location / { health; } }")
        #expect(readiness(loop.context) == [.ready])
    }
}
