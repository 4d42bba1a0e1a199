import Testing
import Text

@testable import Top

@Suite struct AnswerTests {
    @Test("A whole round is understood")
    func round() throws {
        let look = try look(connections: [connectionText(1), connectionText(2)])
        #expect(look.status.version == "0.1.0" && look.status.generation == 2 && look.status.loops.count == 2)
        #expect(look.status.ends == [Count(name: "client_lost", count: 4), Count(name: "client_disconnect", count: 3)])
        let first = try #require(look.connections?.first)
        #expect(first.remote == "192.0.2.1:50001" && first.clientID == "client-1" && first.sent.bytes == 2000)
        #expect(look.total == 2 && look.upstreams.map(\.failureCount) == [3, 0])
        #expect(look.upstreams.map(\.isHealthy) == [true, nil] && look.upstreams[0].changed == ["weight"])
    }

    @Test("An IPv6 address has brackets before its port; a unix socket has no port")
    func remotes() throws {
        func remote(_ address: String, _ port: Int) throws -> String? {
            Connection(try json("{\"id\":\"1\",\"remote_addr\":\"\(address)\",\"remote_port\":\(port)}"))?.remote
        }
        #expect(try remote("2001:db8::1", 50000) == "[2001:db8::1]:50000")
        #expect(try remote("unix:", 0) == "unix:")
    }

    @Test(
        "What is missing, too large or of another type is nothing, and nothing traps",
        arguments: [
            "1e400", "-5", "\"x\"", "null", "[]", "{}", "true", "9223372036854775808", "1e308", "-1e308", "0.5",
            "1e-400",
        ])
    func strangeNumbers(text: String) throws {
        let flow = "{\"bytes\":\(text),\"packets\":\(text),\"idle\":\(text),\"by_type\":{\"x\":\(text)}}"
        let connection = """
            {"id":"1","age":\(text),"remote_port":\(text),"state":\(text),"received":\(flow),"sent":\(text),"mqtt":\(text),
             "end":{"at":\(text),"cause":\(text),"websocket_code":\(text),"mqtt_reason":\(text)}}
            """
        let status = """
            {"version":"v","uptime":1,"loops":[\(text),{"index":\(text),"busy_seconds":\(text)}],"ends":{"x":\(text)},
             "received":\(flow),"process":{"memory_bytes":\(text),"max_fds":\(text),"cpu_seconds":\(text)},
             "connections":{"current":\(text),"by_state":\(text)},"generation":{"number":\(text)}}
            """
        let later = status.replacing("\"uptime\":1,", with: "\"uptime\":2,")
        let peers = """
            {"upstreams":[\(text),{"name":\(text),"peers":[\(text),{"weight":\(text),"share":\(text),"effective_weight":\(text),
             "sessions":\(text),"max_conns":\(text),"failures":{"x":\(text),"y":\(text)},"changed":\(text)}]}]}
            """
        let certificates = "{\"certificates\":[{\"expires_in\":\(text)},\(text)]}"
        for isEnded in [false, true] {
            var machine = machine(200, 50)
            if isEnded { _ = machine.press(.character("e")) }
            for status in [status, later] {
                machine.arrived(
                    try look(
                        status: status, connections: [connection, text], isEnded: isEnded, upstreams: peers,
                        certificates: certificates))
                #expect(screen(machine).count == 50)
            }
            _ = machine.press(.enter)
            #expect(machine.detail == "1" && screen(machine).count == 50)
            let shown = PlainText.text(
                try #require(machine.look), machine.rates, order: SortOrder(.age, isDescending: true), limit: 10)
            #expect(!shown.isEmpty)
        }
    }

    @Test(
        "An answer that is none of the API's is refused",
        arguments: ["{}", "[]", "{\"version\":1,\"uptime\":2}", "{\"version\":\"1\"}", "null"])
    func otherAnswers(text: String) throws {
        #expect(throws: AnswerError(query: .status)) { try look(status: text) }
        #expect(throws: AnswerError(query: .upstreams)) { try look(upstreams: text) }
    }

    @Test("Queries name what is asked for, with everything encoded")
    func queries() {
        let order = SortOrder(.sentBytes, isDescending: true)
        #expect(
            Query.connections(ConnectionQuery(order: order, limit: 5)).path == "connections?sort=-sent_bytes&limit=5")
        let odd = ConnectionQuery(isEnded: true, order: order, limit: 5, filter: "a&b=ü#/ %\n")
        #expect(Query.connections(odd).path == "connections?state=closed&limit=5&q=a%26b%3D%C3%BC%23%2F%20%25%0A")
        #expect(Query.connection(id: "../x?y").path == "connections/..%2Fx%3Fy")
        let rate = SortOrder(.receivedRate, isDescending: false)
        #expect(rate.apiText == "-received_bytes" && SortOrder("-sent_rate")?.apiText == "-sent_bytes")
        #expect(SortOrder("nothing") == nil && SortOrder("-age") == SortOrder(.age, isDescending: true))
    }
}

@Suite struct APIAddressTests {
    @Test(
        "What is left out is filled in",
        arguments: [
            ("127.0.0.1:9090", "http://127.0.0.1:9090/api/"), ("http://a", "http://a/api/"), ("http://a/", "http://a/"),
            ("HTTPS://a/x", "https://a/x/"), ("https://[::1]:1/x/y/", "https://[::1]:1/x/y/"),
        ])
    func addresses(text: String, url: String) throws {
        #expect(try APIAddress(text).url == url)
    }

    @Test(
        "What cannot be one",
        arguments: [
            "", "ftp://a", "http://", "http:///x", "http://u:p@a/", "http://a/?q", "http://a b/", "http://a/ü", ":90",
        ])
    func refused(text: String) {
        #expect(throws: APIAddressError.self) { try APIAddress(text) }
    }
}

@Suite struct RefusalTests {
    private func reason(_ status: Int, _ type: String = "text/html", _ body: String = "", credentials: Bool = false)
        -> String?
    {
        Refusal.reason(
            url: "http://a/api/status", status: status, contentType: type, body: Array(body.utf8),
            hasCredentials: credentials)
    }

    @Test("An answer of the API is none; every other says what came, and what would be right")
    func reasons() throws {
        #expect(reason(200, "application/json") == nil)
        #expect(try #require(reason(200)).contains("`api;`"))
        #expect(try #require(reason(404)).contains("there is no API at http://a/api/status: status 404"))
        #expect(try #require(reason(401)).contains("--user NAME, or --token-file FILE"))
        #expect(try #require(reason(401, credentials: true)).contains("not the right one"))
        #expect(try #require(reason(301)).contains("give the URL"))
        let body = "{\"title\":\"Forbidden\",\"detail\":\"192.0.2.1 is not allowed\\u001b[31m\"}"
        let forbidden = try #require(reason(403, "application/problem+json", body))
        #expect(forbidden.contains("status 403, 192.0.2.1 is not allowed"))
        #expect(try #require(reason(500, "application/problem+json", "nonsense")).contains("status 500"))
    }
}
