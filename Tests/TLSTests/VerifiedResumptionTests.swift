import COpenSSL
import Testing

@testable import TLS

/// RFC 8446 §4.6.1: a ticket stands for the client's certificate. All servers and loops seal with the same keys here.
@Suite("Client certificates: resumption")
struct VerifiedResumptionTests {
    private let files: ClientCertificates
    private let keys = TicketKeys(period: 3600)

    init() throws { files = try ClientCertificates.shared.get() }

    private func context(
        _ verification: ClientVerification?, contextID: Int = 0
    ) throws -> TLSContext {
        try makeContext(ticketKeys: keys, verification: verification, contextID: contextID)
    }

    private func connect(
        _ context: TLSContext, _ version: Int32, _ client: String? = "good", _ session: Client.Session? = nil
    ) throws -> Connection {
        try connect(TLSServerNames(contexts: [context]) { _ in 0 }, version, client, session)
    }

    private func connect(
        _ names: TLSServerNames, _ version: Int32, _ client: String? = "good", _ session: Client.Session? = nil,
        name: String? = nil
    ) throws -> Connection {
        try Connection(
            names, ServerLoop(),
            .init(
                version: version, name: name, session: session, credential: client.flatMap { files.clients[$0] }))
    }

    /// A visit; what its client keeps.
    private func visit(
        _ context: TLSContext, _ version: Int32, _ client: String? = "good", _ session: Client.Session? = nil
    ) throws -> (connection: Connection, session: Client.Session) {
        try visit(TLSServerNames(contexts: [context]) { _ in 0 }, version, client, session)
    }

    private func visit(
        _ names: TLSServerNames, _ version: Int32, _ client: String? = "good", _ session: Client.Session? = nil,
        name: String? = nil
    ) throws -> (connection: Connection, session: Client.Session) {
        let connection = try connect(names, version, client, session, name: name)
        try #require(connection.handshake())
        _ = connection.client.readAll()
        return (connection, try connection.client.session())
    }

    @Test(
        "A resumed session shows the certificate that it began with, whatever the client has now", arguments: versions)
    func resumed(version: Int32) throws {
        for mode in [ClientVerification.Mode.optional, .required] {
            let verification = files.verification(mode, lists: files.revocationLists)
            let first = try visit(context(verification), version)
            #expect(!first.connection.isResumed)
            for client in ["good", "other", nil] {
                let again = try visit(context(verification), version, client, first.session).connection
                #expect(again.isResumed && again.client.isResumed)
                #expect(again.peerCertificate == first.connection.peerCertificate)
                #expect(again.peerCertificate?.commonName == "good")
            }
        }
    }

    @Test("A session without a certificate is resumed without one where it is optional", arguments: versions)
    func anonymous(version: Int32) throws {
        let first = try visit(context(files.verification(.optional)), version, nil)
        let again = try visit(context(files.verification(.optional)), version, nil, first.session).connection
        #expect(again.isResumed)
        #expect(again.peerCertificate == nil)
    }

    @Test("A session of a server with other rules is not resumed: the certificate is asked for", arguments: versions)
    func otherRules(version: Int32) throws {
        let strict = files.verification(.required)
        let two = try ClientCertificates.write(
            "resumption.pem", [files.root.pem(), files.stranger.pem()])
        let others: [ClientVerification?] = [
            nil, files.verification(.optional), files.verification(authorities: two), files.verification(depth: 2),
            files.verification(lists: files.revocationLists),
        ]
        for other in others {
            for (before, after) in [(other, strict), (strict, other)] {
                let first = try visit(context(before), version, "good")
                let again = try visit(context(after), version, "other", first.session).connection
                #expect(!again.isResumed && !again.client.isResumed)
                #expect(again.peerCertificate?.commonName == (after == nil ? nil : "other"))
            }
            let first = try visit(context(other), version, other == nil ? nil : "good")
            let refused = try connect(context(strict), version, nil, first.session)
            #expect(refused.failedHandshake()?.reason == "no certificate was sent")
        }
    }

    @Test(
        "The number that a server is given sets its sessions apart, with verification and without", arguments: versions)
    func contextID(version: Int32) throws {
        for verification in [nil, files.verification()] {
            for number in [1, 2] {
                let first = try visit(context(verification, contextID: 1), version)
                let again = try visit(context(verification, contextID: number), version, "good", first.session)
                #expect(again.connection.isResumed == (number == 1))
            }
        }
    }

    @Test("A new list under the same name ends older sessions: who is revoked has no ticket left", arguments: versions)
    func revoked(version: Int32) throws {
        let name = "changing\(version).pem"
        let path = try ClientCertificates.write(name, [files.root.revocationList([])])
        let first = try visit(context(files.verification(lists: path)), version, "revoked")
        #expect(try visit(context(files.verification(lists: path)), version, nil, first.session).connection.isResumed)
        let revoked = try #require(files.clients["revoked"])
        _ = try ClientCertificates.write(name, [files.root.revocationList([revoked])])
        let again = try connect(context(files.verification(lists: path)), version, "revoked", first.session)
        #expect(again.failedHandshake()?.reason == "certificate verify failed: certificate revoked")
    }

    @Test("Were such a session resumed where nobody is asked, it would show no certificate", arguments: versions)
    func unasked(version: Int32) throws {
        let contexts = try [files.verification(), nil].map { try context($0) }
        for context in contexts { try #require(SSL_CTX_set_session_id_context(context.handle, [1], 1) == 1) }
        let again = try visit(contexts[1], version, nil, visit(contexts[0], version).session).connection
        #expect(again.isResumed)
        #expect(again.peerCertificate == nil)
    }

    @Test("A certificate that has expired since is not resumed", arguments: versions)
    func expired(version: Int32) throws {
        let careless = try context(files.verification())
        X509_STORE_set_flags(SSL_CTX_get_cert_store(careless.handle), UInt(X509_V_FLAG_NO_CHECK_TIME))
        let first = try visit(careless, version, "expired")
        let again = try connect(careless, version, "expired", first.session)
        #expect(again.handshake())
        #expect(!again.isResumed)
        let checked = try connect(context(files.verification()), version, "expired", first.session)
        #expect(checked.failedHandshake()?.reason == "certificate verify failed: certificate has expired")
    }

    /// Seals tickets of a proof from `age` seconds ago.
    private func contextFromThePast(age: Int) throws -> TLSContext {
        let context = try context(files.verification())
        let seal: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, age in
            guard let session = SSL_get_session(ssl) else { return 0 }
            if let age { SessionTickets.setProofTime(Int64(time(nil) - Int(bitPattern: age)), of: session) }
            return 1
        }
        SSL_CTX_set_session_ticket_cb(
            context.handle, seal, SessionTickets.open, UnsafeMutableRawPointer(bitPattern: age))
        return context
    }

    @Test(
        "A proof is good for five minutes; none, or one of the future, is good for nothing",
        arguments: [(200, true), (300, false), (7000, false), (-60, false), (0, false)])
    func age(age: Int, isResumed: Bool) throws {
        for version in versions {
            let first = try visit(contextFromThePast(age: age), version)
            let again = try visit(context(files.verification()), version, "good", first.session).connection
            #expect(again.isResumed == isResumed)
            #expect(again.peerCertificate?.commonName == "good")
        }
    }

    @Test("Tickets of a resumed session are no younger than its proof (RFC 8446 §4.6.1: ticket_lifetime)")
    func chain() throws {
        let first = try visit(contextFromThePast(age: 200), TLS1_3_VERSION)
        let second = try visit(context(files.verification()), TLS1_3_VERSION, nil, first.session)
        #expect(second.connection.isResumed)
        #expect((1...100).contains(second.connection.client.ticketLifetime))
        let third = try visit(context(files.verification()), TLS1_3_VERSION, nil, second.session)
        #expect(third.connection.isResumed)
        #expect((1...100).contains(third.connection.client.ticketLifetime))
    }

    @Test("Clients are told how long a ticket is good; without a certificate it is longer", arguments: versions)
    func lifetime(version: Int32) throws {
        #expect(try visit(context(files.verification()), version).connection.client.ticketLifetime == 300)
        #expect(try visit(context(nil), version).connection.client.ticketLifetime == 86_400)
        #expect(
            try visit(context(files.verification(.optional)), version, nil).connection.client.ticketLifetime == 86_400)
    }

    @Test("A ticket of one server name opens no other that verifies (CVE-2025-23419)", arguments: versions)
    func names(version: Int32) throws {
        for verifying in [0, 1] {
            let contexts = try (0..<2).map { try context($0 == verifying ? files.verification() : nil) }
            let names = TLSServerNames(contexts: contexts) { $0 == "b.example" ? 1 : 0 }
            let hosts = ["a.example", "b.example"]
            let (strict, open) = (hosts[verifying], hosts[1 - verifying])
            let taken = try visit(names, version, nil, name: open)
            let refused = try connect(names, version, nil, taken.session, name: strict)
            #expect(refused.failedHandshake()?.reason == "no certificate was sent")
            let proved = try visit(names, version, "good", taken.session, name: strict)
            #expect(!proved.connection.isResumed)
            #expect(proved.connection.peerCertificate?.commonName == "good")
            // The other way round: nobody is known at a server that does not ask.
            let unknown = try visit(names, version, "good", proved.session, name: open)
            #expect(!unknown.connection.isResumed)
            #expect(unknown.connection.peerCertificate == nil)
            let again = try visit(names, version, nil, proved.session, name: strict)
            #expect(again.connection.isResumed)
            #expect(again.connection.peerCertificate?.commonName == "good")
            #expect(again.connection.contextIndex == verifying)
        }
    }
}
