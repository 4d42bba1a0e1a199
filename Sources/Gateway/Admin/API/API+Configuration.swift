import Configuration
import Reactor
import Telemetry

/// What is configured: the text, the certificates, and reading it again.
extension API {
    /// Milliseconds that a reload may take: names are resolved, and their resolver may be slow.
    private static let reloadLimit: Int32 = 30_000

    func configuration() -> JSONWriter {
        let history = world.services.process.state
        let text = render(world.generation.snapshot.withoutSecrets)
        var writer = JSONWriter(capacity: text.utf8.count + 256)
        writer.object { writer in
            writer.field("generation", world.generation.number)
            writer.field("loaded_at", Timestamp.iso8601(history.loadedAt))
            writer.field("text", text)
        }
        return writer
    }

    func certificates() -> JSONWriter {
        let now = wallMilliseconds()
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.array("certificates") { writer in
                for served in world.generation.certificates { write(served, now: now, to: &writer) }
            }
        }
        return writer
    }

    private func write(_ served: ServedCertificate, now: Int64, to writer: inout JSONWriter) {
        let facts = served.facts
        writer.object { writer in
            writer.field("server_name", served.serverName)
            writer.array("listeners", served.listeners)
            writer.field("file", facts.file)
            writer.field("subject", facts.subject)
            writer.field("issuer", facts.issuer)
            writer.array("names", facts.names)
            writer.field("serial", facts.serial)
            writer.field("key", facts.key)
            writer.field("not_before", Timestamp.iso8601(facts.notBefore))
            writer.field("not_after", Timestamp.iso8601(facts.notAfter))
            writer.field("expires_in", milliseconds: facts.notAfter - now)
        }
    }

    func reload(_ request: APIRequest) throws(Problem) -> JSONWriter {
        note("reloads the configuration", request)
        let result: ReloadResult?
        do throws(SystemError) {
            let reply = try Reply<ReloadResult>()
            world.reports.post(.reloadWanted { reply.set($0) })
            result = reply.wait(milliseconds: Self.reloadLimit)
        } catch {
            throw Problem(status: .serviceUnavailable, detail: "\(error)")
        }
        switch result {
        case .succeeded(let generation)?:
            var writer = JSONWriter()
            writer.object { $0.field("generation", generation) }
            return writer
        case .failed(let detail)?: throw .unprocessable("\(detail); the running configuration stays in use")
        case nil:
            throw Problem(
                status: .gatewayTimeout,
                detail: "The reload takes longer than \(Self.reloadLimit / 1000) s; GET status shows its result.")
        }
    }
}
