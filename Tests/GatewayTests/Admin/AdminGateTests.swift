import Configuration
import Testing
import Wire

@testable import Gateway

@Suite("Admin gate: Host, origins, methods and credentials")
struct AdminGateTests {
    static let token = "0123456789abcdef"

    /// The decision as text: "allow WHO", "check USER", or the status.
    private func decision(
        _ lines: [String], method: String = "GET", host: String = "127.0.0.1:9090", names: [String] = [],
        action: LocationSettings.Action = .api(isWritable: true), realm: String? = nil, hasTokens: Bool = true,
        isTLS: Bool = false
    ) throws -> String {
        switch try examine(lines, method, host, names, action, realm, hasTokens, isTLS) {
        case .allow(let who): "allow \(who)"
        case .check(let username, _): "check \(username)"
        case .refuse(let status, _, _): "\(status.code)"
        }
    }

    private func examine(
        _ lines: [String], _ method: String = "GET", _ host: String = "127.0.0.1:9090", _ names: [String] = [],
        _ action: LocationSettings.Action = .api(isWritable: true), _ realm: String? = nil, _ hasTokens: Bool = true,
        _ isTLS: Bool = false
    ) throws -> AdminGate.Decision {
        let text = (["\(method) /api/ HTTP/1.1", "Host: \(host)"] + lines).map { $0 + "\r\n" }.joined() + "\r\n"
        let head = try RequestHead.parse(Array(text.utf8).span)
        var settings = AdminSettings()
        settings.realm = realm
        let tokens = hasTokens ? try AdminTokens(Array("# one\n\(Self.token)\n".utf8), path: "tokens") : nil
        return AdminGate(action: action, settings: settings, tokens: tokens)
            .examine(AdminRequestFacts(head: head, isTLS: isTLS, serverNames: names))
    }

    // MARK: Host

    @Test(
        "Addresses, localhost and the server's names",
        arguments: [
            "127.0.0.1", "127.0.0.1:9090", "10.1.2.3:80", "[::1]", "[::1]:9090", "[2001:db8::1]", "localhost",
            "localhost:9090", "LocalHost", "localhost.", "ops.example.com", "OPS.example.com:9090", "a.example.net",
            "a.b.example.net",
        ])
    func ownHost(host: String) throws {
        #expect(try decision([], host: host, names: ["ops.example.com", "*.example.net"]) == "allow ")
    }

    @Test(
        "Names that are not ours, which may have been rebound to our address: 421 (RFC 9110 §15.5.20)",
        arguments: [
            "evil.example", "example.com", "xops.example.com", "ops.example.com.evil.example", "example.net",
            "evilexample.net", "localhost.evil.example", "127.0.0.1.evil.example", "0x7f000001", "2130706433", "127.1",
            "[v1.x]", "", "*.example.net.evil", String(repeating: "a", count: 5000),
        ])
    func otherHost(host: String) throws {
        do {
            let result = try decision([], host: host, names: ["ops.example.com", "*.example.net"])
            #expect(result == "421")
        } catch let error as HTTPError {
            #expect(error.cause == .host)  // the parser has refused it before
        }
    }

    @Test("Host is checked before credentials, and HTTP/1.0 without it is refused")
    func hostFirst() throws {
        #expect(try decision(["Authorization: Bearer \(Self.token)"], host: "evil.example") == "421")
        let head = try RequestHead.parse(Array("GET / HTTP/1.0\r\n\r\n".utf8).span)
        let gate = AdminGate(action: .metrics, settings: AdminSettings(), tokens: nil)
        guard
            case .refuse(.misdirectedRequest, let detail, _) = gate.examine(
                AdminRequestFacts(head: head, isTLS: false, serverNames: []))
        else {
            Issue.record("not refused")
            return
        }
        #expect(detail.contains("\"server_name\""))
    }

    // MARK: Origins

    @Test(
        "Requests that change something: from our own page, or from no page",
        arguments: [
            ([], "allow token in line 2"),
            (["Origin: http://127.0.0.1:9090"], "allow token in line 2"),
            (["Origin: http://127.0.0.1:9090", "Sec-Fetch-Site: same-origin"], "allow token in line 2"),
            (["Sec-Fetch-Site: none"], "allow token in line 2"),
            (["Origin: https://127.0.0.1:9090", "Sec-Fetch-Site: same-origin"], "allow token in line 2"),
            (["Origin: https://127.0.0.1:9090"], "403"),
            (["Origin: http://127.0.0.1:9091"], "403"), (["Origin: http://localhost:9090"], "403"),
            (["Origin: null"], "403"), (["Origin: "], "403"), (["Origin: http://evil.example"], "403"),
            (["Origin: http://127.0.0.1:9090", "Origin: http://evil.example"], "403"),
            (["Sec-Fetch-Site: cross-site"], "403"), (["Sec-Fetch-Site: same-site"], "403"),
            (["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"], "403"),
            (["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"], "403"), (["Sec-Fetch-Site: "], "403"),
            (["Origin: http://127.0.0.1:9090", "Sec-Fetch-Site: cross-site"], "403"),
        ])
    func write(fields: [String], result: String) throws {
        for method in ["POST", "DELETE", "PATCH", "PUT", "OPTIONS", "get"] {
            #expect(try decision(fields + ["Authorization: Bearer \(Self.token)"], method: method) == result)
        }
    }

    @Test(
        "Requests that read: also from a link, not from a page that embeds or fetches",
        arguments: [
            ([], "allow "), (["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"], "allow "),
            (["Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"], "allow "),
            (["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"], "allow "),
            (["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"], "403"),
            (["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"], "403"),
            (["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"], "403"),
            (["Sec-Fetch-Site: cross-site"], "403"), (["Origin: http://evil.example"], "403"),
        ])
    func read(fields: [String], result: String) throws {
        #expect(try decision(fields) == result)
        #expect(try decision(fields, method: "HEAD") == result)
    }

    // MARK: Methods

    @Test("What only reads is not written to")
    func readOnly() throws {
        let authorized = ["Authorization: Bearer \(Self.token)"]
        #expect(try decision(authorized, method: "DELETE", action: .api(isWritable: false)) == "403")
        #expect(try decision(authorized, method: "POST", action: .metrics) == "405")
        #expect(try decision(authorized, method: "POST", action: .dashboard) == "405")
        #expect(try decision(authorized, action: .api(isWritable: false)) == "allow token in line 2")
    }

    // MARK: Credentials

    @Test(
        "What is needed, and what is accepted in its place",
        arguments: [
            // method, realm, are there tokens, Authorization, result
            ("GET", nil, true, nil, "allow "), ("POST", nil, true, nil, "401"),
            ("POST", nil, false, nil, "401"), ("GET", "R", false, nil, "401"), ("GET", "R", true, nil, "401"),
            ("GET", "R", true, "Bearer 0123456789abcdef", "allow token in line 2"),
            ("POST", "R", true, "Bearer 0123456789abcdef", "allow token in line 2"),
            ("GET", "R", false, "Bearer 0123456789abcdef", "401"),
            ("GET", "R", true, "Bearer 0123456789abcdeF", "401"), ("GET", nil, true, "Bearer wrong", "401"),
            ("GET", "R", true, "Bearer # one", "401"), ("GET", "R", true, "Bearer ", "401"),
            ("GET", "R", false, "Basic YWxpY2U6c2VjcmV0", "check alice"),
            ("DELETE", "R", true, "Basic YWxpY2U6c2VjcmV0", "check alice"),
            ("DELETE", nil, true, "Basic YWxpY2U6c2VjcmV0", "401"),
            ("GET", nil, true, "Basic YWxpY2U6c2VjcmV0", "allow "),
            ("GET", "R", true, "Basic YWxpY2U", "401"), ("GET", nil, true, "Basic YWxpY2U", "401"),
            ("GET", "R", true, "Digest a=b", "401"), ("GET", nil, true, "Digest a=b", "allow "),
        ] as [(String, String?, Bool, String?, String)])
    func credentials(method: String, realm: String?, hasTokens: Bool, value: String?, result: String) throws {
        let fields = value.map { ["Authorization: \($0)"] } ?? []
        #expect(try decision(fields, method: method, realm: realm, hasTokens: hasTokens) == result)
        if result != "allow ", !fields.isEmpty {
            #expect(try decision(fields + fields, method: method, realm: realm, hasTokens: hasTokens) == "401")
        }
    }

    @Test("A challenge for each scheme that is accepted (RFC 7617 §2.1, RFC 6750 §3)")
    func challenge() throws {
        func challenges(_ realm: String?, _ hasTokens: Bool) throws -> [String] {
            let action = LocationSettings.Action.api(isWritable: true)
            guard case .refuse(_, _, let fields) = try examine([], "POST", "[::1]", [], action, realm, hasTokens) else {
                return []
            }
            return fields.map { "\($0.name): \($0.value)" }
        }
        let basic = #"WWW-Authenticate: Basic realm="The \"R\" \\", charset="UTF-8""#
        #expect(try challenges(#"The "R" \"#, false) == [basic])
        #expect(try challenges(#"The "R" \"#, true) == [basic, #"WWW-Authenticate: Bearer realm="The \"R\" \\""#])
        #expect(try challenges(nil, true) == [#"WWW-Authenticate: Bearer realm="Sluice""#])
    }

    // MARK: Fields

    @Test("A page may run what it has brought, and nothing else (CSP 3 §2.4)")
    func policy() throws {
        // The empty text, FIPS 180-4.
        #expect(AdminGate.sourceHash("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='")
        let plain = try #require(AdminGate.securityFields.first { $0.isNamed("content-security-policy") }).value
        #expect(plain == "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
        let fields = AdminGate.securityFields(scripts: ["'sha256-a'", "'sha256-b'"], styles: ["'sha256-c'"])
        let page = try #require(fields.first { $0.isNamed("content-security-policy") }).value
        #expect(page.contains("script-src 'sha256-a' 'sha256-b'; connect-src 'self'; img-src data:;"))
        #expect(page.contains("style-src 'sha256-c';") && page.contains("require-trusted-types-for 'script'"))
        #expect(!page.contains("unsafe"))
        #expect(fields.map(\.name) == AdminGate.securityFields.map(\.name))
    }
}
