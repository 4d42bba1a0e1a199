import Testing

@testable import Configuration
@testable import Convert

/// What nginx keeps closed is not open in the result.
@Suite struct GuardTests {
    /// A server's own files have no location here; nginx guards them, or never serves them.
    @Test(arguments: [
        "server { listen 80; root /srv; auth_basic \"x\"; auth_basic_user_file f; }",
        "server { listen 80; root /srv; if ($arg_k != \"s\") { return 403; } location /p/ { root /p; } }",
        "http { auth_request /a; server { listen 80; root /srv; location = / { auth_request off; } } }",
        "server { listen 80; root /srv; location / { auth_basic x; proxy_pass http://a:3000; } location /s/ { } }",
        "http { root /srv; server { listen 80; location /s/ { root /s; } location ~ \\.php$ { fastcgi_pass a:9; }"
            + " location /mqtt { proxy_pass http://a:8083; proxy_set_header Upgrade a; } } }",
    ])
    func filesOfAServerAreClosed(text: String) throws {
        let result = try converted(text).text
        let server = try #require(try load(result).get().servers.first)
        let rest = try #require(server.locations.first { $0.match == .prefix("/") }, "\(result)")
        #expect(rest.access.addressRules.first?.isAllowed == false, "\(result)")
    }

    @Test func filesOfAServerWithoutGuardsAreOpen() throws {
        let result = try converted("server { listen 80; root /; location /s/ { expires 1d; } }").text
        #expect(!result.contains("deny all") && !result.contains("403"), "\(result)")
    }

    /// Switching one kind of guard off leaves the others.
    @Test(arguments: [
        "secure_link $arg_a;", "if ($arg_a != b) { return 403; }", "auth_request /a;", "auth_digest a;",
        "auth_jwt_enabled on;",
    ])
    func oneOffLeavesTheOthers(rule: String) throws {
        for (outer, inner) in [(rule, ""), ("", rule)] {
            let text = "server { listen 80; auth_basic a; \(outer) location / { \(inner) auth_basic off; root /srv; } }"
            #expect(try isClosed(text), "\(rule)")
        }
    }

    /// Guards of modules, and conditions that only look like harmless ones.
    @Test(arguments: [
        "auth_digest a; auth_digest_user_file f;", "auth_pam a;", "access_by_lua_file a.lua;", "js_access a.b;",
        "perl_access a;", "modsecurity on;", "if ($host_allowed = 0) { return 403; }",
        "if ($uri_denied) { return 403; }",
        "if ($cookie_session = \"\") { return 302 /login; }", "if ($arg_token = \"\") { return 444; }",
        "if ($cookie_a = \"\") { return https://login.example.com; }", "if ($http_origin !~ a$) { return 403; }",
        "if (\"$host$cookie_a\" = b) { return 403; }", "if (${host_a} = b) { return 403; }",
        "if ($cookie_session = \"\") { rewrite ^ /login redirect; }", "if ($blocked) { rewrite ^ /no last; }",
    ])
    func guardsOfModulesAndConditions(rule: String) throws {
        #expect(try isClosed("server { listen 80; \(rule) location / { root /srv; } }"))
        #expect(try isClosed("server { listen 80; location / { root /srv; \(rule) } }"))
    }

    @Test(arguments: [
        "if ($host != a.example) { return 444; }", "if ($scheme = http) { return 301 https://$host$request_uri; }",
        "if ($http_x_forwarded_proto = http) { return 301 https://$host$request_uri; }", "modsecurity off;",
        "if ($request_method !~ ^(GET|HEAD)$) { return 405; }", "if (!-e $request_filename) { return 404; }",
        "auth_digest off; auth_digest_user_file f;", "if ($arg_a = b) { set $c d; }", "auth_jwt_key_file f;",
        "if (-f $document_root/maintenance.html) { rewrite ^ /maintenance.html last; }",
        "if ($args ~ id=1) { rewrite ^ /one last; }", "if ($http_user_agent ~ a) { rewrite ^ /b; }",
    ])
    func harmlessRulesCloseNothing(rule: String) throws {
        #expect(try !isClosed("server { listen 80; \(rule) location / { root /srv; } }"))
    }

    @Test func aGuardOfALocationHoldsForThoseInIt() throws {
        let text = try converted("server { listen 80; location / { js_access a; location /a/ { root /a; } } }").text
        let locations = try #require(try load(text).get().servers.first).locations
        let inner = try #require(locations.first { $0.match == .prefix("/a/") })
        #expect(inner.access.addressRules.first?.isAllowed == false, "\(text)")
    }

    @Test func aNoteNamesWebsocketOrigins() throws {
        let text = try converted("server { listen 80; root /s; location / { if ($http_origin = a) { return 403; } } }")
            .text
        #expect(text.contains("\"websocket_origins\" says whose pages may connect"))
    }

    @Test func conditionsAboutPathsAreNamed() throws {
        let result = try converted("server { listen 80; root /s;\nif ($request_uri ~ secret) { return 403; } }")
        #expect(result.guards.map(\.line) == [2])
    }

    /// Files that cannot be read may have rules about access.
    @Test func includesThatCannotBeReadAreNamed() throws {
        let text = """
            include z.conf; include mime.types;
            server { listen 80; root /s; include b.conf; include options-ssl-nginx.conf; include snippets/ssl-a.conf;
                location /c/ { include proxy_params; include c.conf; } }
            """
        #expect(try converted(text).unread == ["b.conf", "c.conf"])
    }

    /// nginx asks an expression before a longer plain path.
    @Test(arguments: [
        ("~ ^/files/", "/files/public/", true), ("~ ^/files/", "^~ /files/public/", false),
        ("~ ^/files/", "= /files/public", false), ("~ ^/files(/|$)", "/files/public/", true),
        ("~ ^/files(/|$)", "/filesystem/", false), ("~ ^/files", "/filesystem/", true),
        ("~ ^/files$", "/files/public/", false), ("^~ /files/", "/files/public/", false),
    ])
    func expressionsWinOverPaths(expression: String, path: String, isClosed: Bool) throws {
        let deny = "location \(expression) { deny all; }"
        let other = "location \(path) { expires 1d; }"
        for locations in [deny + other, other + deny] {
            let text = try converted("server { listen 80; root /srv; \(locations) }").text
            let server = try #require(try load(text).get().servers.first)
            let closed = server.locations.contains { location in
                guard case .fixed(let answer) = location.action else { return false }
                return answer.code == 403
            }
            #expect(closed == isClosed, "\(text)")
        }
    }

    @Test func anExpressionAndItsOwnPathAreClosed() throws {
        let both = ["location ~ ^/files/ { deny all; }", "location /files/ { expires 1d; }"]
        for locations in [both, both.reversed()] {
            let text = try converted("server { listen 80; root /srv; \(locations.joined()) }").text
            let found = try #require(try load(text).get().servers.first).locations.filter {
                $0.match == .prefix("/files/")
            }
            let isRefusal = if case .fixed(let answer)? = found.first?.action { answer.code == 403 } else { false }
            #expect(found.count == 1)
            #expect(isRefusal || found.first?.access.addressRules.first?.isAllowed == false, "\(text)")
        }
    }

    /// Without a guarded location to an application the server's files would answer for its path.
    @Test(arguments: ["/admin/", "= /admin", "^~ /admin/"])
    func filesAreNotServedInThePlaceOfAnApplication(path: String) throws {
        let text = try converted(
            "server { listen 80; root /srv; location \(path) { auth_basic a; proxy_pass http://a:3000; } }"
        ).text
        let server = try #require(try load(text).get().servers.first)
        guard case .fixed(let answer)? = server.locations.first?.action else { throw Unexpected(text: text) }
        #expect(answer.code == 403)
        #expect(!text.contains("deny all"))
    }

    private struct Unexpected: Error { var text: String }

    // MARK: Servers

    @Test(
        arguments: [
            ("internal.lan:8080", nil), ("internal.lan", nil), ("localhost:8080", "127.0.0.1:8080"),
            ("ip6-localhost:8080", "[::1]:8080"), ("ip6-loopback:8080", "[::1]:8080"), ("8080", "8080"),
            ("127.0.0.1", "127.0.0.1:80"), ("*:8080", "*:8080"), ("[::]:8080", "[::]:8080"),
        ] as [(String, String?)])
    func namesAreNoAddresses(address: String, expected: String?) throws {
        let text = try converted("server { listen \(address); listen 127.0.0.9:81; root /srv; }").text
        let listens = text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("listen ") }
        let first = expected.map { "listen \($0);" }
        #expect(
            listens.compactMap { $0.split(separator: "  ").first.map(String.init) }
                == [first, "listen 127.0.0.9:81;"].compactMap(\.self))
        if expected == nil { #expect(text.contains("write the address that this name has here")) }
    }

    @Test func aDefaultServerThatRefusesIsThereFirst() throws {
        let text = try converted(
            """
            http { server { listen 443 ssl; server_name a; ssl_certificate a; ssl_certificate_key a; root /srv; }
                server { listen 443 ssl default_server; ssl_reject_handshake on; } }
            """
        ).text
        let servers = try load(text).get().servers
        #expect(servers.count == 2)
        let refusal = try #require(text.firstRange(of: "return 403;  # nginx: ssl_reject_handshake on;"), "\(text)")
        let name = try #require(text.firstRange(of: "server_name a;"))
        #expect(refusal.lowerBound < name.lowerBound)
    }

    /// What stands beside `ssl_reject_handshake` is never asked for, unless a port has no TLS.
    @Test func aServerThatRejectsEveryHandshakeServesNothing() throws {
        let rest = "ssl_certificate a; ssl_certificate_key a; ssl_reject_handshake on; root /srv; location / { }"
        let text = try converted("server { listen 443 ssl; server_name a; \(rest) }").text
        #expect(text.contains("return 403;") && !text.contains("\n    location / {"), "\(text)")
        let other = try converted("server { listen 80; listen 443 ssl; \(rest) }").text
        #expect(!other.contains("return 403;") && other.contains("\n    location / {"), "\(other)")
    }

    @Test func rulesOfAServerReplaceThoseOfStream() throws {
        let text = try converted(
            "stream { allow 10.0.0.0/8; deny all; server { listen 1883; deny 192.168.0.1; proxy_pass b:1883; } }"
        ).text
        #expect(text.contains("deny 192.168.0.1;"))
        #expect(!text.contains("10.0.0.0/8") && !text.contains("deny all"), "\(text)")
        let other = try converted("stream { deny 10.0.0.1; server { listen 1883; proxy_pass b:1883; } }").text
        #expect(other.contains("deny 10.0.0.1;"))
    }

    @Test func aGuardOfAStreamServerClosesIt() throws {
        let text = try converted("stream { server { listen 1883; js_access a.b; proxy_pass b:1883; } }").text
        let rules = try load(text).get().servers.first?.locations.first?.access.addressRules
        #expect(rules?.first?.isAllowed == false, "\(text)")
    }

    @Test func ratesOfStreamAndServerAreOneLimit() throws {
        for (outer, inner) in [("upload", "download"), ("download", "upload")] {
            let text = try converted(
                "stream { proxy_\(outer)_rate 1m; server { listen 1883; proxy_\(inner)_rate 1m; proxy_pass b:1883; } }"
            ).text
            #expect(text.contains("limit_rate in=1m out=1m;"), "\(text)")
            #expect(text.components(separatedBy: "limit_rate ").count == 2)
        }
    }

    /// Whether the first location of the first server lets nobody in.
    private func isClosed(_ text: String) throws -> Bool {
        let result = try converted(text).text
        let location = try #require(try load(result).get().servers.first?.locations.first, "\(result)")
        return location.access.addressRules.first?.isAllowed == false
    }
}
