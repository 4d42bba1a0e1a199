import Configuration
import Reactor

/// `watch`: certificates, and files of users, tokens and keys, are used as soon as they have changed completely.
extension Gateway {
    /// When to look at files; nil: nobody wants to. Users that a reload has found missing are missing only after a second look.
    /// Whoever is removed during a drain is out, too.
    var nextLook: Int64? {
        let access = services.access
        let watches = watchesFiles && (fileWatch.hasFiles && !isEnding || !access.files.isEmpty)
        return watches || access.isSettling ? fileWatch.nextAt : nil
    }

    private var watchesFiles: Bool { generation.snapshot.process.watchesFiles }

    mutating func lookAtFiles() {
        let now = monotonicMilliseconds()
        guard let time = nextLook, now >= time else { return }
        Privileges.withSecrets { lookAtFiles(now) }
    }

    private mutating func lookAtFiles(_ now: Int64) {
        let look = fileWatch.look(others: services.access.files, now: now)
        if let fault = look.fault {
            services.logs.error.write(
                .warn,
                "watch: the system does not tell what is being written (\(fault)): changed files are read even then")
        }
        services.access.readChanged(except: look.beingWritten, onlySettling: !watchesFiles)
        // While a new process gets ready it has the certificates that it has read.
        if let change = look.change, watchesFiles, successor == nil, !isEnding { reloadCertificates(change) }
    }

    /// Loads the certificates of the configuration in use again, and nothing else.
    private mutating func reloadCertificates(_ stamps: FileWatch.Stamps) {
        let log = services.logs.error
        fileWatch.adopt(stamps)
        do throws(StartError) {
            let draft = try GenerationDraft(renewing: generation, services: services, known: identities)
            log.write(.notice, "watch: certificates have changed on disk, and are loaded again")
            publish(draft, sockets)
            services.process.reloadSucceeded(generation.number)
        } catch {
            let detail = "\(error)\(permissionHint(error))"
            log.write(.error, "watch: \(detail); the certificates of before stay in use")
            services.process.reloadFailed(detail)
        }
    }
}

extension Snapshot {
    /// All that the TLS of its servers is loaded from.
    var certificateFiles: Set<String> { Set(servers.compactMap(\.tls).flatMap(\.files)) }
}

extension TLSSettings {
    /// Absolute paths of all that it is loaded from.
    var files: [String] {
        let pairs = certificates.flatMap { [$0.certificate, $0.key] }
        let client = [clientVerification?.authorities, clientVerification?.revocationLists]
        return
            (pairs + ticketKeys + staplingFiles + (client + [passPhrases, dhParameters, trusted]).compactMap(\.self))
            .map(\.text)
    }
}
