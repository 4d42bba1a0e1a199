import COpenSSL
import Testing

@testable import TLS

@Suite("What a server's TLS offers")
struct SettingsTests {
    private let files: Certificates

    init() throws { files = try Certificates.shared.get() }

    private func connect(_ options: Client.Options = .init(), _ change: (inout TLSOptions) -> Void) throws -> Connection
    {
        let connection = try Connection(makeContext([files.a, files.rsa], change), ServerLoop(), options)
        _ = connection.handshake()
        return connection
    }

    private func fault(_ change: (inout TLSOptions) -> Void) -> TLSError? {
        defer { #expect(ERR_peek_error() == 0) }
        do {
            _ = try makeContext(nil, change)
            return nil
        } catch {
            return error as? TLSError
        }
    }

    @Test("The group of the key exchange, named as nginx does", arguments: versions)
    func groups(version: Int32) throws {
        for (groups, name) in [("X25519", "X25519"), ("P-256", "prime256v1"), ("P-384", "secp384r1")] {
            #expect(try connect(.init(version: version, groups: groups)) { _ in }.group == name)
            let connection = try connect(.init(version: version, groups: "P-521:\(groups)")) { $0.groups = groups }
            #expect(connection.isComplete && connection.group == name)
        }
        #expect(try !connect(.init(version: version, groups: "P-521")) { $0.certificates = [files.a] }.isComplete)
    }

    @Test("A group that OpenSSL does not know is an error, unless it is marked")
    func unknownGroups() throws {
        let error = try #require(fault { $0.groups = "X25519:NONSENSE" })
        #expect(error.subject == .groups && error.description.contains("\"NONSENSE\"; write ?NONSENSE"))
        #expect(fault { $0.groups = "?NONSENSE:X25519" } == nil)
        #expect(fault { $0.groups = "?NONSENSE" }?.subject == .groups)
    }

    @Test("Each server has its own groups")
    func groupsByServer() throws {
        let contexts = try [makeContext { $0.groups = "P-256" }, makeContext { $0.groups = "P-384" }]
        let names = TLSServerNames(contexts: contexts) { $0 == "b.example" ? 1 : 0 }
        for (host, group) in [("a.example", "prime256v1"), ("b.example", "secp384r1")] {
            let connection = try Connection(names, ServerLoop(), .init(name: host, groups: "P-256:P-384"))
            #expect(connection.handshake() && connection.group == group)
        }
    }

    @Test("The client's order of ciphers, or the server's")
    func preference() throws {
        let (first, second) = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
        for (prefers, cipher) in [(false, second), (true, first)] {
            let client = Client.Options(version: TLS1_2_VERSION, ciphers: "\(second):\(first)")
            let connection = try connect(client) {
                $0.ciphers = "\(first):\(second)"
                $0.prefersServerCiphers = prefers
            }
            #expect(connection.cipher == cipher)
        }
    }

    @Test("Diffie-Hellman without curves: only with parameters, and those large enough")
    func dhParameters() throws {
        let path = files.path("dh.pem")
        try files.run(["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", path])
        let client = Client.Options(version: TLS1_2_VERSION, ciphers: "DHE-RSA-AES128-GCM-SHA256")
        #expect(try !connect(client) { _ in }.isComplete)
        let connection = try connect(client) { $0.dhParameters = path }
        #expect(connection.isComplete && connection.cipher == "DHE-RSA-AES128-GCM-SHA256")
        for path in [files.a.key, files.garbage, files.missing] {
            #expect(fault { $0.dhParameters = path }?.subject == .dhParameters)
        }
    }

    @Test("Commands to OpenSSL work, in their order")
    func commands() throws {
        let connection = try connect(.init(groups: "X25519:P-384")) {
            $0.commands = [
                .init(name: "Ciphersuites", value: "TLS_CHACHA20_POLY1305_SHA256"),
                .init(name: "Groups", value: "P-384"),
            ]
        }
        #expect(connection.cipher == "TLS_CHACHA20_POLY1305_SHA256" && connection.group == "secp384r1")
        #expect(
            try !connect(.init(version: TLS1_2_VERSION)) {
                $0.commands = [.init(name: "MinProtocol", value: "TLSv1.3")]
            }.isComplete)
    }

    @Test("A command that OpenSSL does not have, or that has a directive, is named with what is right")
    func wrongCommands() throws {
        for (name, value, words) in [
            ("Nonsense", "on", "a command that OpenSSL does not have"),
            ("Groups", "NONSENSE", "Groups cannot be \"NONSENSE\""),
            ("Options", "NONSENSE", "Options cannot be"), ("VerifyMode", "Peer", "write ssl_verify_client instead"),
            ("DHParameters", "a.pem", "write ssl_dhparam instead"),
        ] {
            let error = try #require(
                fault {
                    $0.commands = [.init(name: "MinProtocol", value: "TLSv1.2"), .init(name: name, value: value)]
                })
            #expect(error.subject == .command(1) && error.description.contains(words), "\(error)")
        }
    }

    @Test("Pass phrases are tried in turn")
    func passPhrases() throws {
        let pair = (certificate: files.a.certificate, key: files.encryptedKey)
        try files.shell("printf 'wrong\\nsecret\\r\\nother\\n' > \(files.path("phrases"))")
        try files.shell("printf 'wrong\\nother' > \(files.path("wrong"))")
        try files.shell("printf '\\n\\n' > \(files.path("none"))")
        func error(_ file: String, _ pair: (certificate: String, key: String)) -> TLSError? {
            fault {
                $0.certificates = [pair]
                $0.passPhrases = file
            }
        }
        #expect(error(files.path("phrases"), pair) == nil)
        #expect(error(files.path("phrases"), files.a) == nil)
        let mismatch = error(files.path("phrases"), (files.b.certificate, files.encryptedKey))
        #expect(mismatch?.message.contains("does not belong to the certificate") == true)
        let wrong = try #require(error(files.path("wrong"), pair))
        #expect(wrong.subject == .key(0) && wrong.message.contains("any of the 2 passphrases"))
        for file in ["none", "missing"] { #expect(error(files.path(file), pair)?.subject == .passPhrases) }
    }

    @Test("SHA-1 signs nothing")
    func signatures() throws {
        let connection = try connect(.init(version: TLS1_2_VERSION, signatures: "RSA+SHA1:ECDSA+SHA1")) { _ in }
        #expect(!connection.isComplete)
    }
}
