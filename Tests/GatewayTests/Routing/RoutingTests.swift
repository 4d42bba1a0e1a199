import Configuration
import Testing

@testable import Gateway

@Suite("Routes of a server")
struct RoutingTests {
    private func server(_ matches: [LocationSettings.Match]) -> VirtualServer {
        let site = Site(ServerSettings())
        return VirtualServer(
            site, routes: matches.map { Route(LocationSettings(match: $0, action: .mqtt(upstream: 0)), of: site) })
    }

    @Test(
        "An exact location before any prefix, else the longest prefix, in whatever order they are written",
        arguments: [
            ("/", "/"), ("/mqtt", "= /mqtt"), ("/mqtt/", "/mqtt/"), ("/mqtt/a", "/mqtt/"), ("/mqttx", "/mqtt"),
            ("/mqt", "/"), ("/mq", "/"), ("/static/a.js", "/static/"), ("/static", "/"), ("/only", "= /only"),
            ("/only/", "/"), ("/ONLY", "/"), ("/é", "/é"), ("/e\u{301}", "/"),
        ])
    func choice(path: String, expected: String) {
        let matches: [LocationSettings.Match] = [
            .prefix("/"), .prefix("/mqtt"), .exact("/mqtt"), .prefix("/mqtt/"), .prefix("/static/"), .exact("/only"),
            .prefix("/é"), .listener,
        ]
        for order in [matches, matches.reversed()] {
            let found = server(order).route(for: path).map { route in
                switch route.location.match {
                case .exact(let text): "= " + text
                case .prefix(let text): text
                case .listener: "no path"
                }
            }
            #expect(found == expected)
        }
    }

    @Test("Without a location that fits there is none")
    func none() {
        #expect(server([]).route(for: "/") == nil)
        #expect(server([.prefix("/a"), .exact("/b")]).route(for: "/c") == nil)
        #expect(server([.prefix("/a")]).route(for: "") == nil)
    }

    @Test("Fields of the request are kept when a log format of the server or of a location asks for one")
    func requestFields() {
        func log(_ variables: [Variable]) -> AccessLogSettings {
            let template = Template(segments: variables.map { .variable($0) })
            return AccessLogSettings(target: .stderr, format: .named("x", template))
        }
        var settings = ServerSettings()
        #expect(!Site(settings).logsRequestFields)
        settings.accessLog = AccessLogSettings(target: .stderr, format: .json)
        #expect(!Site(settings).logsRequestFields)
        settings.accessLog = log([.uri, .bytesIn])
        #expect(!Site(settings).logsRequestFields)
        for variable in [Variable.http("origin"), .cookie("id"), .argument("token")] {
            settings.accessLog = log([.uri, variable])
            #expect(Site(settings).logsRequestFields)
        }
        settings.accessLog = nil
        var location = LocationSettings(match: .prefix("/"), action: .mqtt(upstream: 0))
        location.accessLog = log([.http("user-agent")])
        settings.locations = [location]
        #expect(Site(settings).logsRequestFields)
    }

    @Test("Times are whole milliseconds")
    func times() {
        var settings = ServerSettings()
        settings.clientHeaderTimeout = .milliseconds(1_500)
        settings.handshakeTimeout = .seconds(86_400)
        #expect(Site(settings).headerTimeout == 1_500)
        #expect(Site(settings).handshakeTimeout == 86_400_000)
    }
}

@Suite("Server names")
struct ServerNamesTests {
    private static let names = [
        ["default.example"], ["a.example"], ["*.a.example", "b.example"], ["*.www.a.example"],
    ]

    @Test(
        "Exact names first, then the longest wildcard, then the first server",
        arguments: [
            ("a.example", 1), ("www.a.example", 2), ("x.y.a.example", 2), ("deep.www.a.example", 3), ("b.example", 2),
            ("c.example", 0), ("", 0), (".a.example", 0), ("xa.example", 0), ("example", 0), ("www.a.example.", 0),
            ("*.a.example", 2), ("a.example\0", 0),
        ])
    func choice(name: String, expected: Int) {
        let names = Self.names
        #expect(ServerNames(names).index(of: name) == expected)
        #expect(ServerNames([names[0], names[3], names[2], names[1]]).index(of: name) == [0, 3, 2, 1][expected])
    }

    @Test("Of two servers with one name the first has it")
    func twice() {
        #expect(ServerNames([["a.example"], ["a.example"]]).index(of: "a.example") == 0)
        #expect(ServerNames([["*.a"], ["*.a"]]).index(of: "x.a") == 0)
    }
}

@Suite("Listener")
struct ListenerTests {
    private func listener(_ servers: [Int], _ address: Address = .inet(host: "*", port: 8083)) -> Listener {
        let all = ["a.example", "b.example", "c.example"].map { name in
            var settings = ServerSettings()
            settings.names = [name]
            return VirtualServer(Site(settings), routes: [])
        }
        return Listener(ListenerSettings(address: address, isTLS: false, servers: servers), identity: 0, servers: all)
    }

    @Test("The first of the listener stands for unknown names, not the first of all")
    func fallback() {
        let listener = listener([2, 1])
        #expect(listener.defaultServer.site.name == "c.example")
        #expect(listener.server(named: "a.example") === listener.defaultServer)
        #expect(listener.server(named: "b.example").site.name == "b.example")
    }

    @Test("The context of a TLS handshake stands for the server at its place; one that is none for the default server")
    func context() {
        let listener = listener([2, 1])
        #expect(listener.server(ofContext: 0).site.name == "c.example")
        #expect(listener.server(ofContext: 1).site.name == "b.example")
        for index in [-1, 2, Int.max] { #expect(listener.server(ofContext: index) === listener.defaultServer) }
    }

    @Test("A unix socket has no port; a listener without a server answers for none")
    func edges() {
        #expect(listener([0]).port == 8083)
        #expect(listener([0], .unix(path: "/run/a.sock")).port == 0)
        #expect(listener([], .inet(host: "*", port: 1)).server(named: "a.example").site.name == "")
        #expect(listener([7]).defaultServer.routes.isEmpty)
    }
}
