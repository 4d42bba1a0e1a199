import Testing

@testable import Configuration

@Suite struct DirectiveTableTests {
    private static let contexts: [Contexts] = [.main, .upstream, .server, .location]

    @Test(arguments: contexts) func nameIsUniqueInItsContext(context: Contexts) {
        let names = DirectiveTable.all.filter { $0.contexts.contains(context) }.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(!names.isEmpty)
    }

    @Test(arguments: DirectiveTable.all) func lineIsWhole(directive: Directive) {
        #expect(!directive.contexts.isEmpty)
        #expect(directive.meaning.hasSuffix("."))
        #expect(directive.opens == nil || directive.isRepeatable, "blocks may be given more than once")
        #expect(directive.phase != .block || directive.opens != nil)
    }

    @Test func defaultsAreThoseOfTheModel() throws {
        let text = "server { listen 80; location /m { mqtt_pass b:1; } location / { root w; } }"
        let snapshot = try load(text).get()
        let server = try #require(snapshot.servers.first)
        #expect(snapshot.process == ProcessSettings())
        #expect(server.handshakeTimeout == ServerSettings().handshakeTimeout)
        #expect(server.clientHeaderTimeout == ServerSettings().clientHeaderTimeout)
        #expect(server.clientHeaderBufferSize == ServerSettings().clientHeaderBufferSize)
        #expect(server.keepaliveTimeout == ServerSettings().keepaliveTimeout)
        #expect(server.keepaliveRequests == ServerSettings().keepaliveRequests)
        #expect(server.tls == nil)
        #expect(server.locations.map(\.mqtt) == [MQTTSettings(), MQTTSettings()])
        #expect(server.locations.map(\.webSocket) == [WebSocketSettings(), WebSocketSettings()])
        #expect(server.locations.map(\.accessLog) == [nil, nil])
    }
}
