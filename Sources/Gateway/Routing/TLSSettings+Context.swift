import Configuration
import TLS
import Upstream

extension Snapshot {
    /// A TLS context for each server that has TLS, by server: those of one loop.
    func makeContexts(ticketKeys: [UInt8]) throws(StartError) -> [Int: TLSContext] {
        var contexts: [Int: TLSContext] = [:]
        for (index, server) in servers.enumerated() {
            guard let settings = server.tls else { continue }
            contexts[index] = try settings.makeContext(ticketKeys: ticketKeys, identity: identity(of: index))
        }
        return contexts
    }

    /// What clients are shown. `contexts`: by server.
    func served(_ contexts: [Int: TLSContext]) -> [ServedCertificate] {
        servers.indices.flatMap { index in
            let places = listeners.filter { $0.isTLS && $0.servers.contains(index) }.map(\.address.text)
            return (contexts[index]?.certificates ?? []).map {
                ServedCertificate(serverName: servers[index].names.first ?? "", listeners: places, facts: $0)
            }
        }
    }

    /// Tells a server from others in the tickets of its clients: by its names and where it listens, as its place in the file
    /// may be another server's after a reload.
    private func identity(of server: Int) -> Int {
        let places = listeners.filter { $0.servers.contains(server) }.map(\.address.text)
        let text = (servers[server].names + ["at"] + places.sorted()).joined(separator: " ")
        return Int(truncatingIfNeeded: Hash.of(text.utf8))
    }
}

extension TLSSettings {
    fileprivate func makeContext(ticketKeys: [UInt8], identity: Int) throws(StartError) -> TLSContext {
        let options = TLSOptions(
            certificates: certificates.map { ($0.certificate.text, $0.key.text) },
            allowsTLS12: versions.contains(.v1_2), allowsTLS13: versions.contains(.v1_3), ciphers: ciphers?.text,
            ticketKeys: sessionTickets ? ticketKeys : nil,
            clientVerification: clientVerification.map(ClientVerification.init), contextID: identity)
        do throws(TLSError) { return try TLSContext(options) } catch { throw fault(error) }
    }

    /// `error` at the place of the directive that it is about.
    private func fault(_ error: TLSError) -> StartError {
        let (directive, place): (String, Written?) =
            switch error.subject {
            case .certificate(let index): ("ssl_certificate", certificates[index].certificate)
            case .key(let index): ("ssl_certificate_key", certificates[index].key)
            case .ciphers: ("ssl_ciphers", ciphers)
            case .authorities: ("ssl_client_certificate", clientVerification?.authorities)
            case .revocationLists: ("ssl_crl", clientVerification?.revocationLists)
            case nil: ("", nil)
            }
        guard let place else { return StartError(error.description) }
        return StartError(
            ConfigurationError(at: place.position, "\"\(directive)\" \(error.message)", hint: error.hint).description)
    }
}

extension ClientVerification {
    fileprivate init(_ settings: ClientVerificationSettings) {
        self.init(
            authorities: settings.authorities.text, mode: settings.mode == .required ? .required : .optional,
            depth: settings.depth, revocationLists: settings.revocationLists?.text)
    }
}
