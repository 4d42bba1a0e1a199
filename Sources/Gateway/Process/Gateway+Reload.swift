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
        guard successor == nil else {
            log.write(.warn, "reload: a new process is about to take over, nothing is reloaded")
            return .failed("a new process is about to take over")
        }
        log.write(.notice, "reload: reading the configuration again")
        serviceManager.reloading()
        do throws(StartError) {
            try Privileges.withSecrets { () throws(StartError) in try takeConfiguration(try load()) }
            return .succeeded(generation: generation.number)
        } catch {
            let detail = "\(error)\(permissionHint(error))"
            log.write(.error, "reload: \(detail); the running configuration stays in use")
            services.process.reloadFailed(detail)
            serviceManager.serving("the last reload has failed: \(detail)")
            return .failed(detail)
        }
    }

    private mutating func takeConfiguration(_ snapshot: Snapshot) throws(StartError) {
        let stamps = FileWatch.stamps(of: snapshot.certificateFiles)
        let draft = try GenerationDraft(snapshot, services: services, known: identities)
        try services.access.start()
        try services.upstreams.start(for: draft.upstreams)
        var none = InheritedSockets()
        let wanted = try ListeningSockets(
            snapshot.listeners, loops: services.loops, known: sockets, given: &none)
        try services.limits.memory.adopt(snapshot.process.memoryLimit, on: services.access.control)
        publish(draft, wanted)
        fileWatch.adopt(stamps)
        services.access.readChanged()
        services.access.fetchKeys()
        for directive in process.fixedDirectives(unlike: snapshot.process) {
            services.logs.error.write(
                .warn, "reload: \(directive) has changed, which needs a restart; everything else is in use")
        }
        services.process.reloadSucceeded(generation.number)
    }

    /// What the process opened as root at the start may be closed to the user that it is now.
    func permissionHint(_ error: StartError) -> String {
        guard let user = process.user?.text, error.description.contains(SystemError.text(EACCES)) else { return "" }
        return "; the gateway is user \(user) now"
    }

    mutating func publish(_ draft: GenerationDraft, _ sockets: ListeningSockets) {
        let (number, mailboxes) = (generation.number + 1, mailboxes)
        services.logs.error.adopt(file: draft.errorLog, level: draft.snapshot.process.errorLog.level)
        identities = draft.identities
        adopting = mailboxes.count
        generation = services.upstreams.adopt(draft.keepsUpstreams ? nil : draft.upstreams) { upstreams in
            let generation = draft.generation(number: number, upstreams: upstreams)
            for (loop, mailbox) in mailboxes.enumerated() {
                let sockets = sockets.sockets(of: loop, for: generation.listeners)
                mailbox.post(.adopt(Adoption(generation: generation, sockets: sockets)))
            }
            return generation
        }
        self.sockets.removeUnixFiles(except: sockets)
        logChanges(from: self.sockets, to: sockets)
        self.sockets = sockets
        services.admin.adopt(generation)
        services.resumption.adopt(draft.snapshot)
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
        serviceManager.serving("generation \(number), \(sockets.summary(snapshot.listeners))")
    }

    private func logChanges(from old: ListeningSockets, to new: ListeningSockets) {
        let (before, after) = (old.addresses, new.addresses)
        for (verb, addresses) in [("also", after.subtracting(before)), ("no longer", before.subtracting(after))]
        where !addresses.isEmpty {
            let list = addresses.map(\.text).sorted().joined(separator: ", ")
            services.logs.error.write(.notice, "reload: listening \(verb) on \(list)")
        }
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
            ("worker_rlimit_core", coreLimit == new.coreLimit), ("seccomp", filtersCalls == new.filtersCalls),
        ].filter { !$0.1 }.map(\.0)
    }
}
