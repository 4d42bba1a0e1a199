import Configuration
import Foundation
import Testing

@testable import Gateway

@Suite("Generation draft")
struct GenerationDraftTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Why a configuration cannot be started; nil when it can.
    private func error(_ text: String) throws -> String? {
        let main = try folder.write("sluice.conf", text)
        let snapshot = try Snapshot.load(path: main, prefix: folder.path, source: ConfigurationFiles.source)
        do throws(StartError) {
            try Gateway.test(snapshot)
            return nil
        } catch {
            return error.description
        }
    }

    private func server(_ lines: String, location: String = "mqtt_pass 127.0.0.1:1883;") -> String {
        "server { \(lines) location / { \(location) } }"
    }

    @Test("A configuration in good order can be started, and nothing is bound by the test of it")
    func good() throws {
        let files = try folder.makeCertificate("a")
        try folder.makeFolder("www")
        let tls = "listen 127.0.0.1:1 ssl; ssl_certificate \(files.certificate); ssl_certificate_key \(files.key);"
        #expect(try error(server(tls)) == nil)
        #expect(try error(server("listen 127.0.0.1:1;", location: "root www;")) == nil)
    }

    @Test("A name that does not resolve is named (RFC 6761 §6.4)")
    func name() throws {
        let text = try #require(try error(server("listen 127.0.0.1:1;", location: "mqtt_pass name.invalid:1883;")))
        #expect(text.hasPrefix("cannot resolve name.invalid: "))
    }

    @Test("A key that does not belong to its certificate: both files are named")
    func mismatch() throws {
        let (a, b) = (try folder.makeCertificate("a"), try folder.makeCertificate("b"))
        let tls = "listen 127.0.0.1:1 ssl; ssl_certificate \(a.certificate); ssl_certificate_key \(b.key);"
        let text = try #require(try error(server(tls)))
        let column = server(tls).prefix { $0 != "\n" }.split(separator: "ssl_certificate_key").first?.count ?? 0
        #expect(
            text.hasPrefix(
                "\(folder.path)/sluice.conf:1:\(column + 1): \"ssl_certificate_key\" \(b.key) does not belong to "
                    + "the certificate \(a.certificate); "), "\(text)")
    }

    @Test("A certificate that is missing is named")
    func missingCertificate() throws {
        let text = try error(server("listen 127.0.0.1:1 ssl; ssl_certificate no.pem; ssl_certificate_key no.key;"))
        #expect(
            text
                == "\(folder.path)/sluice.conf:1:34: \"ssl_certificate\" \(folder.path)/no.pem: No such file or directory"
        )
    }

    @Test("Ciphers, authorities and revocation lists that cannot be used: where each is named")
    func otherTLS() throws {
        let files = try folder.makeCertificate("a")
        let tls = "listen 127.0.0.1:1 ssl; ssl_certificate \(files.certificate); ssl_certificate_key \(files.key);\n"
        let verify = "ssl_verify_client on; ssl_client_certificate"
        let main = "\(folder.path)/sluice.conf:2"
        for (lines, start) in [
            ("ssl_ciphers NONSENSE;", "\(main):1: \"ssl_ciphers\" \"NONSENSE\" cannot be used: "),
            (
                "\(verify) \(files.key);",
                "\(main):23: \"ssl_client_certificate\" \(files.key) contains a key, but no certificate; "
            ),
            (
                "\(verify) \(files.certificate); ssl_crl no.crl;",
                "\(main):\(files.certificate.count + 48): \"ssl_crl\" \(folder.path)/no.crl: No such file or directory"
            ),
        ] {
            let text = try #require(try error(server(tls + lines)))
            #expect(text.hasPrefix(start), "\(text)")
        }
    }

    @Test("A root that is no folder is named")
    func root() throws {
        let file = try folder.write("file", "")
        for root in [file, folder.path + "/missing"] {
            let text = try error(server("listen 127.0.0.1:1;", location: "root \(root);"))
            #expect(text == "root \(root): there is no such folder")
        }
    }

    @Test("A log that cannot be opened is named")
    func log() throws {
        let path = folder.path + "/missing/error.log"
        let text = try error("error_log \(path);\n" + server("listen 127.0.0.1:1;"))
        #expect(text == "cannot open \(path): No such file or directory")
    }

    @Test("Addresses of a configuration become sockets' addresses, * every one of IPv4")
    func addresses() throws {
        func text(_ address: Address) throws -> [String] { try address.resolve().map { $0.isUnix ? "unix" : "inet" } }
        #expect(try text(.unix(path: "/run/a.sock")) == ["unix"])
        #expect(try text(.inet(host: "*", port: 1)) == ["inet"])
        #expect(try text(.inet(host: "::1", port: 1)) == ["inet"])
        #expect(throws: StartError.self) { try text(.unix(path: "/" + String(repeating: "a", count: 200))) }
        #expect(Address.inet(host: "::1", port: 1883).text == "[::1]:1883")
        #expect(Address.inet(host: "127.0.0.1", port: 1883).text == "127.0.0.1:1883")
        #expect(Address.unix(path: "/a").text == "unix:/a")
    }

    @Test("Every address of a server is a peer with its settings")
    func peers() throws {
        var server = UpstreamServerSettings(address: .inet(host: "127.0.0.1", port: 1883))
        (server.weight, server.maxConnections, server.maxFails) = (3, 7, 2)
        (server.failTimeout, server.isBackup, server.isDown) = (.milliseconds(1_500), true, false)
        let unix = UpstreamServerSettings(address: .unix(path: "/run/broker.sock"))
        let upstream = try ResolvedUpstream(UpstreamSettings(name: "brokers", servers: [server, unix]))
        #expect(upstream.name == "brokers")
        #expect(upstream.peers.map(\.text) == ["127.0.0.1:1883", "unix:/run/broker.sock"])
        let settings = try #require(upstream.peers.first).settings
        #expect(settings.weight == 3)
        #expect(settings.maxConnections == 7)
        #expect(settings.maxFails == 2)
        #expect(settings.failTimeout == 1_500)
        #expect(settings.isBackup && !settings.isDown)
        #expect(upstream.counts[1] == 0)
    }
}
