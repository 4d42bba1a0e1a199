import COpenSSL
import Foundation

@testable import TLS

/// Authorities, what they have signed, and their files. Made once.
struct ClientCertificates: Sendable {
    let root: Credential
    /// Below `root`, each below the one before.
    let intermediates: [Credential]
    /// Nobody trusts it.
    let stranger: Credential
    /// What the clients of the tests have, by name.
    let clients: [String: Credential]
    /// The PEM of `root`, and of its list that revokes "revoked".
    let authorities: String
    let revocationLists: String

    static let shared = Result { try ClientCertificates() }

    private init() throws {
        func authority(_ name: String, by issuer: Credential? = nil, serial: UInt8 = 1) throws -> Credential {
            var request = Request(name)
            (request.isAuthority, request.serial) = (true, [serial])
            return try .make(request, by: issuer)
        }
        root = try authority("root")
        stranger = try authority("stranger")
        let first = try authority("first", by: root, serial: 2)
        intermediates = [first, try authority("second", by: first, serial: 3)]
        var clients: [String: Credential] = [:]
        func add(_ name: String, by issuer: Credential?, _ change: (inout Request) -> Void = { _ in }) throws {
            var request = Request(name)
            request.serial = [UInt8(clients.count + 16)]
            change(&request)
            clients[name] = try .make(request, by: issuer)
        }
        try add("good", by: root)
        try add("other", by: root)
        try add("expired", by: root) { $0.notAfter = -60 }
        try add("early", by: root) { $0.notBefore = 3600 }
        try add("revoked", by: root)
        try add("strange", by: stranger)
        try add("alone", by: nil)
        try add("forged", by: try authority("root"))  // an authority of the same name
        try add("server", by: root) { $0.purpose = "serverAuth" }
        try add("weak", by: root) { $0.rsaBits = 1024 }
        try add("one below", by: intermediates[0])
        try add("two below", by: intermediates[1])
        self.clients = clients
        authorities = try Self.write("authorities.pem", [root.pem()])
        revocationLists = try Self.write(
            "lists.pem", [root.revocationList([clients["revoked"]].compactMap(\.self))])
    }

    /// A PEM file among those of the tests; its path.
    static func write(_ name: String, _ parts: [String]) throws -> String {
        let path = try Certificates.shared.get().path(name)
        try parts.joined().write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    func verification(
        _ mode: ClientVerification.Mode = .required, authorities: String? = nil, depth: Int = 1, lists: String? = nil
    ) -> ClientVerification {
        ClientVerification(
            authorities: authorities ?? self.authorities, mode: mode, depth: depth, revocationLists: lists)
    }
}
