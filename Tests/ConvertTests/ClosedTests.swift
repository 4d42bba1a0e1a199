import Testing

@testable import Configuration
@testable import Convert

/// What stands beside a rule of nginx's is not open in the result either.
@Suite struct ClosedTests {
    /// nginx asks conditions before it answers with `return`.
    @Test(arguments: [
        "server { listen 80; location / { if ($arg_k != s) { return 403; } return 200 secret; } }",
        "server { listen 80; if ($blocked) { return 403; } location / { return 200 secret; } root /srv; }",
        "server { listen 80; if ($blocked) { return 403; } return 200 secret; }",
        "server { listen 80; location / { internal; return 200 secret; } }",
    ])
    func anAnswerBehindAConditionIsNotTold(text: String) throws {
        let result = try converted(text).text
        let servers = try load(result).get().servers
        for location in servers.flatMap(\.locations) {
            guard case .fixed(let answer) = location.action else { continue }
            #expect(answer.code == 403, "\(result)")
        }
    }

    @Test(arguments: [
        "return 200 ok;", "auth_basic a; return 200 ok;", "if ($host = a) { return 403; } return 200 ok;",
    ])
    func anAnswerForEverybodyStays(text: String) throws {
        #expect(try converted("server { listen 80; location / { \(text) } }").text.contains("return 200 ok;\n"))
    }

    @Test(arguments: [("POST", true), ("GET", false), ("GET POST", false)])
    func methodsThatAreDenied(methods: String, isClosed: Bool) throws {
        let text = "server { listen 80; location / { root /srv; limit_except \(methods) { deny all; } } }"
        #expect(try rules(text).first?.first?.isAllowed == (isClosed ? false : nil))
    }

    // MARK: Addresses

    /// nginx's default is X-Real-IP: without it rules are about the load balancer.
    @Test(arguments: [
        "http { set_real_ip_from 10.0.0.0/8; server { listen 80; allow 10.1.0.0/16; deny all; root /srv; } }",
        "server { listen 80; set_real_ip_from 10.0.0.0/8; allow 10.1.0.0/16; deny all; root /srv; }",
    ])
    func theHeaderOfTheAddressIsNamed(text: String) throws {
        #expect(try load(converted(text).text).get().servers.first?.realIP.header == "x-real-ip")
    }

    @Test func aProxyHeaderIsTheOnlyOne() throws {
        let text = "server { listen 80 proxy_protocol; set_real_ip_from 10.0.0.0/8; root /srv; }"
        #expect(try load(converted(text).text).get().servers.first?.realIP.header == nil)
    }

    /// Rules about addresses that are not the client's, and about clients that nobody has checked.
    @Test(arguments: [
        "set_real_ip_from lb.example; real_ip_header X-Real-IP;",
        "set_real_ip_from 10.0.0.0/8; real_ip_header Forwarded;",
        "ssl_client_certificate c; ssl_verify_client yes;",
    ])
    func whatIsRefusedClosesTheListsBelow(refused: String) throws {
        let server = "listen 443 ssl; ssl_certificate a; ssl_certificate_key a; root /srv;"
        let lists = "allow 10.1.0.0/16; deny all; location /a { allow 10.2.0.0/16; deny all; } location /b { }"
        for order in [refused + lists, lists + refused] {
            let all = try rules("server { \(server) \(order) }")
            #expect(all.count >= 2 && all.allSatisfy { $0.first?.isAllowed == false }, "\(all)")
        }
        let outer = "http { \(refused) server { \(server) \(lists) } server { \(server) server_name b; \(lists) } }"
        #expect(try rules(outer).allSatisfy { $0.first?.isAllowed == false })
    }

    @Test func anAddressThatNoRuleIsAboutClosesNothing() throws {
        let text = try converted("server { listen 80; set_real_ip_from lb.example; root /srv; }").text
        #expect(!text.contains("deny all"))
    }

    // MARK: Places

    @Test func filesAreNotServedInThePlaceOfAnyApplication() throws {
        let text = try converted("server { listen 80; root /srv; location /app/ { proxy_pass http://a:3000; } }").text
        let location = try #require(try load(text).get().servers.first?.locations.first, "\(text)")
        guard case .fixed(let answer) = location.action else { throw Unexpected(text: text) }
        #expect(location.match == .prefix("/app/") && answer.code == 403)
    }

    @Test func capitalLettersAreNamed() throws {
        for (expression, count) in [("~* ^/adm", 1), ("~ ^/adm", 0)] {
            let result = try converted("server { listen 80; root /srv; location \(expression) { deny all; } }")
            #expect(result.guards.count == count && result.text.contains("location /adm {"), "\(result.text)")
        }
    }

    /// Whoever names no server gets no other one's.
    @Test(arguments: [
        ("listen 80 default_server;", true), ("listen 80;", true), ("listen *:80;", true), ("listen 0.0.0.0;", true),
        ("listen 81;", false), ("listen 127.0.0.1:80;", false),
    ])
    func aDefaultServerThatIsAnApplicationRefuses(listen: String, isThere: Bool) throws {
        let application = "server { \(listen) location / { proxy_pass http://a:3000; } }"
        let other = "server { listen 80; server_name a; root /srv; }"
        let text = try converted("http { \(application) \(other) }").text
        let servers = try load(text).get().servers
        #expect(servers.count == (isThere ? 2 : 1), "\(text)")
        #expect(servers.first?.names.isEmpty == isThere)
        // One that is not the default was never asked.
        let reverse = try converted("http { \(other) server { listen 80; location / { proxy_pass http://a:3000; } } }")
        #expect(try load(reverse.text).get().servers.count == 1)
    }

    @Test func aDefaultServerWithTLSHasACertificate() throws {
        let tls = "listen 443 ssl; ssl_certificate a; ssl_certificate_key a;"
        let text = try converted(
            "http { server { \(tls) location / { proxy_pass http://a:3000; } } server { \(tls) server_name a; root /s; } }"
        ).text
        #expect(try load(text).get().servers.count == 2)
    }

    private struct Unexpected: Error { var text: String }

    /// The lists of rules of all locations.
    private func rules(_ text: String) throws -> [[AddressRule]] {
        let result = try converted(text).text
        return try load(result).get().servers.flatMap(\.locations).map(\.access.addressRules)
    }
}
