import CShims
import Configuration
import Reactor

/// What a reload has come to.
enum ReloadResult: Sendable {
    /// The number of the generation in use.
    case succeeded(generation: Int)
    /// What is wrong: nothing has changed.
    case failed(String)
}

/// A reload: the configuration is read and checked again, made ready to serve, and published to the loops. Until all that
/// has worked nothing changes.
extension Gateway {
    mutating func reload() -> ReloadResult {
        let log = services.logs.error
        guard !isEnding else {
            log.write(.warn, "reload: the gateway is stopping, nothing is reloaded")
            return .failed("the gateway is stopping")
        }
        log.write(.notice, "reload: reading the configuration again")
        do throws(StartError) {
            let snapshot = try load()
            let addresses = try Self.kept(generation.listeners.map(\.address), snapshot.listeners.map(\.address))
            let draft = try GenerationDraft(snapshot, listeners: addresses, services: services, pools: pools)
            try services.access.start()
            try services.upstreams.start(for: draft.upstreams)
            publish(draft)
            for directive in process.fixedDirectives(unlike: snapshot.process) {
                log.write(.warn, "reload: \(directive) has changed, which needs a restart; everything else is in use")
            }
            services.process.reloadSucceeded(generation.number)
            return .succeeded(generation: generation.number)
        } catch {
            let detail = "\(error)\(permissionHint(error))"
            log.write(.error, "reload: \(detail); the running configuration stays in use")
            services.process.reloadFailed(detail)
            return .failed(detail)
        }
    }

    /// What was read as root at the start may be closed to the user that the process is now.
    private func permissionHint(_ error: StartError) -> String {
        guard let user = process.user?.text, error.description.contains(SystemError.text(EACCES)) else { return "" }
        return "; a reload reads files as user \(user)"
    }

    private mutating func publish(_ draft: GenerationDraft) {
        let (number, mailboxes) = (generation.number + 1, mailboxes)
        services.logs.error.adopt(file: draft.errorLog, level: draft.snapshot.process.errorLog.level)
        pools = draft.pools
        adopting = mailboxes.count
        generation = services.upstreams.adopt(draft.upstreams) { upstreams in
            let generation = draft.generation(number: number, upstreams: upstreams)
            for mailbox in mailboxes { mailbox.post(.adopt(generation)) }
            return generation
        }
        services.admin.adopt(generation)
        services.resumption.adopt(draft.snapshot)
        services.access.refresh()
    }

    /// A loop has adopted the generation with this number.
    mutating func recordAdopted(_ number: Int) {
        guard number == generation.number else { return }  // another reload has come in between
        adopting -= 1
        guard adopting == 0 else { return }
        func count(_ number: Int, _ name: String) -> String { "\(number) \(name)\(number == 1 ? "" : "s")" }
        let snapshot = generation.snapshot
        services.logs.error.write(
            .notice,
            "generation \(number) is in use: \(count(snapshot.listeners.count, "listener")), "
                + "\(count(snapshot.servers.count, "server")), \(count(snapshot.upstreams.count, "upstream"))")
    }

    /// `addresses`, which are listened on, if they are those that a configuration listens on; else throws which differ.
    static func kept(_ addresses: [Address], _ wanted: [Address]) throws(StartError) -> [Address] {
        func list(_ addresses: [Address]) -> String { addresses.map(\.text).joined(separator: ", ") }
        let added = wanted.filter { !addresses.contains($0) }
        let removed = addresses.filter { !wanted.contains($0) }
        guard !added.isEmpty || !removed.isEmpty else { return addresses }
        let changes =
            (added.isEmpty ? [] : ["adds \(list(added))"]) + (removed.isEmpty ? [] : ["removes \(list(removed))"])
        throw StartError("listen \(changes.joined(separator: " and ")): changed addresses need a restart")
    }
}

extension ProcessSettings {
    /// The directives of settings that only a restart changes, and that are others in `new`.
    func fixedDirectives(unlike new: ProcessSettings) -> [String] {
        [
            ("worker_threads", workerThreads == new.workerThreads),
            ("auth_hash_threads", hashThreads == new.hashThreads),
            ("user", user == new.user), ("pid_file", pidFile == new.pidFile),
            ("worker_rlimit_nofile", descriptorLimit == new.descriptorLimit),
        ].filter { !$0.1 }.map(\.0)
    }
}
