import Reactor
import Testing

@testable import Control

@Suite("A request over TLS", .timeLimit(.minutes(1)))
struct TLSFetchTests {
    private func fetch(from server: TLSServer, authorities: String?) async throws -> FetchResult {
        let control = try ControlLoop()
        try control.start()
        defer { control.stop() }
        var request = HTTPRequest(url: server.url, pool: HTTPPool(connections: 1, queue: 0))
        request.authorities = authorities
        return await control.answer(request)
    }

    @Test("a certificate of the given authorities is good; one that only the server knows, or no file at all, is not")
    func authorities() async throws {
        let server = try TLSServer()
        defer { server.stop() }
        #expect(try await fetch(from: server, authorities: server.authorities).answer?.status == 200)
        for authorities in [nil, server.authorities + ".missing"] {
            #expect(try await fetch(from: server, authorities: authorities).failure?.kind == .broken)
        }
    }

    @Test("a handle that trusted a file before does not trust it for the next request")
    func reuse() async throws {
        let server = try TLSServer()
        defer { server.stop() }
        let control = try ControlLoop()
        try control.start()
        defer { control.stop() }
        var request = HTTPRequest(url: server.url, pool: HTTPPool(connections: 1, queue: 0))
        request.authorities = server.authorities
        #expect(await control.answer(request).answer?.status == 200)
        request.authorities = nil
        #expect(await control.answer(request).failure?.kind == .broken)
    }

    @Test("the certificate must name the host (RFC 9110 §4.3.4)", arguments: ["IP:127.0.0.2", "DNS:auth.example"])
    func name(_ name: String) async throws {
        let server = try TLSServer(name: name)
        defer { server.stop() }
        #expect(try await fetch(from: server, authorities: server.authorities).failure?.kind == .broken)
    }
}
