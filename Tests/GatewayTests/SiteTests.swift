import Configuration
import Testing

@testable import Gateway

@Suite("PlanSite")
struct SiteTests {
    private func site(_ matches: [LocationSettings.Match]) -> PlanSite {
        var settings = ServerSettings()
        settings.locations = matches.map { LocationSettings(match: $0, action: .mqtt(upstream: 0)) }
        return PlanSite(settings, policies: [])
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
            .prefix("/é"),
        ]
        for order in [matches, matches.reversed()] {
            let site = site(order)
            let found = site.location(for: path).map { index in
                switch site.locations[index].match {
                case .exact(let text): "= " + text
                case .prefix(let text): text
                }
            }
            #expect(found == expected)
        }
    }

    @Test("Without a location that fits there is none")
    func none() {
        #expect(site([]).location(for: "/") == nil)
        #expect(site([.prefix("/a"), .exact("/b")]).location(for: "/c") == nil)
        #expect(site([.prefix("/a")]).location(for: "") == nil)
    }

    @Test("Fields of the request are kept when a log format of the server or of a location asks for one")
    func requestFields() {
        func log(_ variables: [Variable]) -> AccessLogSettings {
            let template = Template(segments: variables.map { .variable($0) })
            return AccessLogSettings(path: "stderr", format: .named("x", template))
        }
        var settings = ServerSettings()
        #expect(!PlanSite(settings, policies: []).logsRequestFields)
        settings.accessLog = AccessLogSettings(path: "stderr", format: .json)
        #expect(!PlanSite(settings, policies: []).logsRequestFields)
        settings.accessLog = log([.uri, .bytesIn])
        #expect(!PlanSite(settings, policies: []).logsRequestFields)
        for variable in [Variable.http("origin"), .cookie("id"), .argument("token")] {
            settings.accessLog = log([.uri, variable])
            #expect(PlanSite(settings, policies: []).logsRequestFields)
        }
        settings.accessLog = nil
        var location = LocationSettings(match: .prefix("/"), action: .mqtt(upstream: 0))
        location.accessLog = log([.http("user-agent")])
        settings.locations = [location]
        #expect(PlanSite(settings, policies: []).logsRequestFields)
    }

    @Test("Times are whole milliseconds")
    func times() {
        var settings = ServerSettings()
        settings.clientHeaderTimeout = .milliseconds(1_500)
        settings.handshakeTimeout = .seconds(86_400)
        #expect(PlanSite(settings, policies: []).headerTimeout == 1_500)
        #expect(PlanSite(settings, policies: []).handshakeTimeout == 86_400_000)
    }
}

@Suite("Server names")
struct ServerNamesTests {
    private func server(_ names: String...) -> ServerSettings {
        var settings = ServerSettings()
        settings.names = names
        return settings
    }

    @Test(
        "Exact names first, then the longest wildcard, then the first server",
        arguments: [
            ("a.example", 1), ("www.a.example", 2), ("x.y.a.example", 2), ("deep.www.a.example", 3), ("b.example", 2),
            ("c.example", 0), ("", 0), (".a.example", 0), ("xa.example", 0), ("example", 0), ("www.a.example.", 0),
            ("*.a.example", 2), ("a.example\0", 0),
        ])
    func choice(name: String, expected: Int) {
        let settings = [
            server("default.example"), server("a.example"), server("*.a.example", "b.example"),
            server("*.www.a.example"),
        ]
        #expect(PlanServerNames([0, 1, 2, 3], settings).server(for: name) == expected)
        #expect(PlanServerNames([0, 3, 2, 1], settings).server(for: name) == expected)
    }

    @Test("The first of the listener stands for unknown names, not the first of all")
    func fallback() {
        let settings = [server("a.example"), server("b.example"), server("c.example")]
        let names = PlanServerNames([2, 1], settings)
        #expect(names.server(for: "a.example") == 2)
        #expect(names.server(for: "b.example") == 1)
        #expect(PlanServerNames([], settings).server(for: "a.example") == 0)
    }

    @Test("Of two servers with one name the first has it")
    func twice() {
        #expect(PlanServerNames([0, 1], [server("a.example"), server("a.example")]).server(for: "a.example") == 0)
        #expect(PlanServerNames([0, 1], [server("*.a"), server("*.a")]).server(for: "x.a") == 0)
    }
}
