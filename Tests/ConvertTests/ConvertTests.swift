import Foundation
import Testing

@testable import Configuration
@testable import Convert

/// `files/NN-what.conf`, configurations of nginx's as its users write them, and what becomes of each: `NN-what.converted`.
///
/// With SLUICE_UPDATE_GOLDENS set the results are written instead, and each changed one is reported as a failure.
@Suite struct ConvertTests {
    static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("files")

    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".conf") && $0.first?.isNumber == true }.map { String($0.dropLast(5)) }.sorted()

    @Test func thereAreFifteen() { #expect(Self.names.count >= 15) }

    @Test(arguments: names) func golden(name: String) throws {
        let conversion = try Conversion.convert(
            path: "\(name).conf", source: .files(Self.folder), options: ConversionOptions())
        let url = Self.folder.appendingPathComponent("\(name).converted")
        let expected = try? String(contentsOf: url, encoding: .utf8)
        #expect(conversion.text == expected)
        if conversion.text != expected, ProcessInfo.processInfo.environment["SLUICE_UPDATE_GOLDENS"] != nil {
            try conversion.text.write(to: url, atomically: true, encoding: .utf8)
        }
        #expect(loadError(conversion.text) == nil)
        #expect(conversion.carried > 0)
    }

    /// Each directive of the file is either in the result or in a comment with its line.
    @Test(arguments: names) func nothingIsLost(name: String) throws {
        let conversion = try Conversion.convert(
            path: "\(name).conf", source: .files(Self.folder), options: ConversionOptions())
        let source = MissingInclude.tolerant(.files(Self.folder), main: "\(name).conf")
        let statements = try NginxSyntax.parse(path: "\(name).conf", folder: nil, source: source)
        for statement in statements.flatMap({ ["http", "stream"].contains($0.name.text) ? $0.block ?? [] : [$0] })
        where statement.block == nil {
            if statement.name.text == MissingInclude.name { continue }
            let isComment = conversion.text.contains("# \(statement.name.position.place): \(statement.name.text)")
            let isThere = conversion.text.contains(try Regex("(?m)(^ *|# nginx: )\(statement.name.text) "))
            #expect(isComment || isThere, "\(statement.summary)")
        }
    }

    // MARK: Access

    /// A rule that limits access and has no counterpart here closes what it was for.
    @Test(arguments: [
        "auth_basic a; auth_basic_user_file b;", "auth_request /auth;", "internal;",
        "if ($ssl_client_verify != SUCCESS) { return 403; }", "if ($arg_token != \"secret\") { return 401; }",
        "deny 300.1.1.1;",
    ])
    func accessIsNeverWidened(rule: String) throws {
        for (outer, inner) in [("", rule), (rule, "")] where outer.isEmpty || rule != "internal;" {
            let text = try converted(
                "server { listen 80; \(outer) location / { root /srv; allow 10.0.0.0/8; \(inner) } }"
            ).text
            let snapshot = try load(text).get()
            let web = try #require(snapshot.servers.first?.locations.first)
            #expect(text.contains("deny all;"), "\(text)")
            if !rule.hasPrefix("deny") { #expect(web.access.addressRules.first?.isAllowed == false, "\(text)") }
        }
    }

    /// A path that is closed stays closed where another location would answer for it.
    @Test(arguments: [
        "location / { root /srv; location /p/ { deny all; } }",
        "location / { root /srv; } location /p/ { deny all; }",
        "location / { alias /srv/; location /p/ { deny all; } }",
        "location / { root /srv; } location /p/ { internal; proxy_pass http://a:1883; proxy_set_header Upgrade a; }",
        "location / { root /srv; } location /p/ { root relative; deny 300.1.1.1; try_files; }",
        "location / { root /srv; } location ~ ^/p(/|$) { auth_basic a; }",
        "location / { root /srv; location /p/ { auth_request /x; } }",
    ])
    func closedPathsStayClosed(locations: String) throws {
        let text = try converted("server { listen 80; \(locations) }").text
        let server = try #require(try load(text).get().servers.first)
        let closed = server.locations.contains { location in
            guard [.prefix("/p/"), .prefix("/p")].contains(location.match) else { return false }
            if case .fixed(let answer) = location.action { return answer.code == 403 }
            return location.access.addressRules.first?.isAllowed == false
        }
        #expect(closed, "\(text)")
    }

    @Test func expressionsThatKeptRequestsOutAreNamed() throws {
        let result = try converted("server { listen 80; root /srv;\nlocation ~ /\\. { deny all; } }")
        #expect(result.guards.map(\.line) == [2])
    }

    /// Programs whose output nginx serves are not served as text.
    @Test(arguments: ["fastcgi_pass unix:/run/php.sock;", "uwsgi_pass 127.0.0.1:1;", "proxy_pass http://127.0.0.1:81;"])
    func sourceCodeIsNotServed(pass: String) throws {
        let text = try converted(
            """
            server { listen 80; root /srv; index index.php;
                location / { try_files $uri /index.php; } location ~ \\.php$ { \(pass) }
                location /mqtt { proxy_pass http://a:8083; proxy_set_header Upgrade $http_upgrade; } }
            """
        ).text
        let server = try #require(try load(text).get().servers.first)
        #expect(server.locations.count == 1)
        #expect(!text.contains("    root"))
    }

    @Test func aPasswordThatIsSwitchedOffClosesNothing() throws {
        let text = try converted("server { listen 80; auth_basic a; location / { auth_basic off; root /srv; } }").text
        #expect(!text.contains("deny all"))
    }

    // MARK: Errors

    @Test func aFileWithoutAnythingForUsIsRefused() {
        let error = #expect(throws: ConfigurationError.self) { try converted("events { }") }
        #expect(
            error?.description.hasPrefix("a.conf: nothing of it is for Sluice: there is no \"server\" block") == true)
    }

    @Test func anErrorOfSyntaxHasItsPlace() {
        let error = #expect(throws: ConfigurationError.self) { try converted("server {\n listen 80") }
        #expect(error?.description.hasPrefix("a.conf:2:2: \"listen\" is not terminated") == true)
    }

    /// Text that comes from the file stays in its line: it can add no directive.
    @Test func aCommentEndsWithItsLine() throws {
        let text = try converted("server { listen 80; root /srv; more_set \"a\nlisten 81;\"; }").text
        #expect(!text.split(separator: "\n").contains { $0.hasPrefix("listen") })
        #expect(text.contains("# a.conf:1: more_set \"a\\nlisten 81;\";"))
    }

    @Test func whatIsUsedOnceIsCountedOnce() throws {
        let result = try converted(
            "stream { proxy_timeout 1h; server { listen 1883; proxy_pass a:1883; } server { listen 1884; proxy_pass a:1883; } }"
        )
        #expect(result.carried == 6)
        #expect(result.unneeded == 1)
        #expect(result.rest.isEmpty)
    }

    /// A line of a template that is in a thousand sites is one error, not a thousand.
    @Test func theSameErrorManyTimesIsFoundOnce() throws {
        let servers = (0..<1000).map {
            "server { listen 80; server_name a\($0).example; root /srv; keepalive_timeout 99d; }"
        }
        let result = try converted(servers.joined(separator: "\n"))
        #expect(result.rest.map(\.name) == Array(repeating: "keepalive_timeout", count: 1000))
    }

    /// nginx needs `ssl` once for an address, whichever server has it.
    @Test func aParameterOfAnAddressIsThatOfEveryServerThere() throws {
        let text = try converted(
            """
            ssl_certificate a; ssl_certificate_key a;
            server { listen 443 ssl; server_name a; root /a; } server { listen 443; server_name b; root /b; }
            """
        ).text
        #expect(text.components(separatedBy: "listen 443 ssl;").count == 3)
    }

    @Test func limitsOfZonesAreOurLimits() throws {
        let statements = try NginxSyntax.parse(
            path: "a", folder: nil,
            source: source(
                """
                limit_conn_zone $binary_remote_addr zone=a:10m; limit_req_zone $server_name zone=b:1m rate=30r/m;
                limit_conn a 20; limit_req zone=b burst=5 nodelay; proxy_download_rate 1m; limit_conn c 1;
                """))
        let limits = Limits(statements)
        #expect(
            statements.dropFirst(2).map { limits.words(for: $0)?.joined(separator: " ") } == [
                "limit_connections per=ip 20", "limit_connect_rate per=server 30/m burst=5", "limit_rate out=1m", nil,
            ])
    }

    @Test func theBrokersPortCanBeNamed() throws {
        var options = ConversionOptions()
        options.brokerPort = 11883
        let text = "server { listen 80; location /mqtt { proxy_pass http://b:9001; proxy_set_header Upgrade a; } }"
        #expect(try converted(text, options).text.contains("mqtt_pass b:11883;"))
    }

    /// What nginx's files hold changes in any way: there is a result that loads, or an error.
    @Test(arguments: 1...4) func anyTextIsAnswered(seed: Int) throws {
        var random = Steps(state: UInt64(seed))
        let texts = try Self.names.map { name in
            Array(try Data(contentsOf: Self.folder.appendingPathComponent("\(name).conf")))
        }
        for _ in 0..<40 {
            var bytes = texts[Int.random(in: texts.indices, using: &random)]
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let at = Int.random(in: bytes.indices, using: &random)
                let other = texts[Int.random(in: texts.indices, using: &random)]
                let from = Int.random(in: other.indices, using: &random)
                let piece = other[from..<min(other.count, from + Int.random(in: 0...60, using: &random))]
                bytes.replaceSubrange(at..<min(bytes.count, at + Int.random(in: 0...20, using: &random)), with: piece)
                if bytes.isEmpty { bytes = [0x20] }
            }
            guard let conversion = try? convert(bytes) else { continue }
            #expect(loadError(conversion.text) == nil)
        }
    }
}

/// Numbers that depend on nothing but the seed.
private struct Steps: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) | (state << 31)
    }
}

private func convert(
    _ bytes: [UInt8], _ options: ConversionOptions = ConversionOptions()
) throws(ConfigurationError) -> Conversion {
    let source = ConfigurationSource(
        read: { path, _ throws(ConfigurationSource.ReadFailure) in
            guard path == "a.conf" else { throw .init(reason: "no such file") }
            return bytes
        },
        glob: { _ in [] }, exists: { _ in true })
    return try Conversion.convert(path: "a.conf", source: source, options: options)
}

private func source(_ text: String) -> ConfigurationSource {
    ConfigurationSource(
        read: { _, _ throws(ConfigurationSource.ReadFailure) in Array(text.utf8) }, glob: { _ in [] },
        exists: { _ in true })
}

func converted(
    _ text: String, _ options: ConversionOptions = ConversionOptions()
) throws(ConfigurationError) -> Conversion {
    try convert(Array(text.utf8), options)
}

func load(_ text: String) -> Result<Snapshot, ConfigurationError> {
    Result { () throws(ConfigurationError) in
        try Snapshot.load(path: "a.conf", prefix: "/", source: source(text))
    }
}

private func loadError(_ text: String) -> String? {
    if case .failure(let error) = load(text) { "\(error)\n\(text)" } else { nil }
}

extension ConfigurationSource {
    /// The files of a folder.
    fileprivate static func files(_ folder: URL) -> ConfigurationSource {
        ConfigurationSource(
            read: { path, _ throws(ReadFailure) in
                guard let data = FileManager.default.contents(atPath: folder.appendingPathComponent(path).path)
                else { throw ReadFailure(reason: "No such file or directory") }
                return Array(data)
            },
            glob: { _ in [] }, exists: { _ in true })
    }
}
