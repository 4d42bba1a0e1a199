import Configuration
import TLS
import Upstream

extension Snapshot {
    /// A TLS context for each server that has TLS, by server: those of one loop.
    func makeContexts(_ resumption: Resumption) throws(StartError) -> [Int: TLSContext] {
        var contexts: [Int: TLSContext] = [:]
        for (index, server) in servers.enumerated() {
            guard let settings = server.tls else { continue }
            contexts[index] = try settings.makeContext(
                resumption, identity: identity(of: index), applicationProtocols: server.applicationProtocols,
                isRequired: !server.carriesMQTT)
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

    /// What is wrong with OCSP responses, and therefore not sent: no reason not to serve. `contexts`: by server.
    func staplingWarnings(_ contexts: [Int: TLSContext]) -> [String] {
        servers.enumerated().flatMap { index, server -> [String] in
            guard let tls = server.tls, tls.stapling else { return [] }
            if tls.staplingFiles.isEmpty {
                let name = server.names.first ?? tls.certificates.first?.certificate.text ?? ""
                return ["\"ssl_stapling on\" does nothing for \(name): there is no \"ssl_stapling_file\""]
            }
            return (contexts[index]?.staplingFaults ?? []).map { tls.fault($0).description }
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

extension ServerSettings {
    /// What is spoken inside its TLS (ALPN), the best first.
    fileprivate var applicationProtocols: [String] {
        carriesMQTT ? ["mqtt"] : http2.isOn ? ["h2", "http/1.1"] : ["http/1.1"]
    }
}

extension TLSSettings {
    fileprivate func makeContext(
        _ resumption: Resumption, identity: Int, applicationProtocols: [String], isRequired: Bool
    ) throws(StartError) -> TLSContext {
        do throws(TLSError) {
            var options = try options(resumption)
            options.contextID = identity
            options.applicationProtocols = applicationProtocols
            options.requiresApplicationProtocol = isRequired
            return try TLSContext(options)
        } catch {
            throw fault(error)
        }
    }
}
