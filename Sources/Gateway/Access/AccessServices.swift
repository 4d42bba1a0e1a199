import Access
import Configuration
import Control
import Reactor

/// What the policies of all locations use: threads that hash, the thread that asks services and fetches keys, and
/// files of users, tokens and keys. Made once. The same file, URL or service is there once, however many locations and generations
/// name it, and for as long as one does.
final class AccessServices: Sendable {
    /// For whoever asks HTTP services: its thread runs when one of them has started it.
    let control: ControlLoop
    private let workers: PasswordWorkers
    private let log: ErrorLog
    private let passwords = Lock(SharedObjects<PasswordFileSettings, PasswordChecker>())
    private let tokenFiles = Lock(SharedObjects<String, AdminTokenFile>())
    private let attempts = AdminAttempts()
    private let keyFiles = Lock(SharedObjects<String, KeyFile>())
    private let keySources = Lock(SharedObjects<KeySourceName, JWKSource>())
    private let services = Lock(SharedObjects<AuthHTTPName, AuthHTTP>())
    private let running = Lock(Running())
    /// Called when a file of users is another one.
    private let usersChanged = Lock<(@Sendable () -> Void)?>(nil)

    private struct Running {
        var hashes = false
        var asks = false
    }

    private struct KeySourceName: Hashable {
        let url: String
        let refresh: Duration
        let authorities: String?
    }

    private struct AuthHTTPName: Hashable {
        let settings: AuthHTTPSettings
        let authorities: String?
    }

    /// Milliseconds between two looks at what is to be fetched.
    private static let interval: Int64 = 1000
    /// For the fetch of a key set, in milliseconds.
    private static let fetchTimeout: Int64 = 5000

    init(hashThreads: Int?, log: ErrorLog) throws(StartError) {
        self.log = log
        control = try StartError.wrap { () throws(SystemError) in try ControlLoop() }
        workers = try StartError.wrap { () throws(SystemError) in
            try PasswordWorkers(threads: hashThreads ?? max(1, processorCount() / 2))
        }
    }

    /// The policy of a location; nil: everyone is allowed in, and nothing is asked. `key` is what the upstream hashes
    /// sessions by.
    ///
    /// Reads the files that it names, also those that are in use already: what cannot be read refuses the configuration, and
    /// changes nothing. `read`: those that were read for this configuration.
    func policy(
        _ location: LocationSettings, key: Template? = nil, read: inout Set<String>
    ) throws(StartError) -> AccessPolicy? {
        let access = location.access
        guard !access.isEmpty || !access.addressRules.isEmpty || !location.mqtt.setConnect.isEmpty else { return nil }
        let passwords = try access.passwordFile.map { file throws(StartError) in try checker(file, &read) }
        let tokens = try access.jwt.map { jwt throws(StartError) in try verifier(jwt, location, key, &read) }
        return AccessPolicy(
            location, passwords: passwords, tokens: tokens, http: access.http.map { service($0, access) })
    }

    /// Who is admitted to a location of the operator's side; nil: it is none. Reads files as `policy` does.
    func admission(
        _ location: LocationSettings, read: inout Set<String>
    ) throws(StartError) -> AdminAdmission? {
        guard let admin = location.admin else { return nil }
        let passwords = try admin.passwordFile.map { file throws(StartError) in
            try checker(file, of: "auth_basic_user_file", &read)
        }
        let tokens = try admin.tokenFile.map { path throws(StartError) in try tokenFile(path, &read) }
        return AdminAdmission(
            location.action, admin, passwords: passwords, tokens: tokens, attempts: attempts, log: log)
    }

    // MARK: Threads

    /// Starts the threads, as far as there is anything for them to do and they do not run yet. The main thread's.
    func start() throws(StartError) {
        let hashes = passwords.withLock(\.isInUse)
        let asks = keySources.withLock(\.isInUse) || services.withLock(\.isInUse)
        let begun = running.withLock { $0 }
        try StartError.wrap { () throws(SystemError) in
            if hashes, !begun.hashes {
                try workers.start()
                running.withLock { $0.hashes = true }
            }
            guard asks, !begun.asks else { return }
            try control.start()
            control.every(milliseconds: Self.interval) { [weak self] in self?.fetchDue() }
            control.post { [weak self] in self?.fetchDue() }
            running.withLock { $0.asks = true }
        }
    }

    /// `usersChanged` is called on the main thread whenever a file of users has been read again, and stays as it is.
    func begin(usersChanged: @escaping @Sendable () -> Void) { self.usersChanged.withLock { $0 = usersChanged } }

    func stop() {
        workers.stop()
        control.stop()
    }

    /// Another generation is in use: new keys are fetched.
    func fetchKeys() {
        if running.withLock(\.asks) { control.post { [weak self] in self?.fetchDue() } }
    }

    /// The control thread's.
    private func fetchDue() { for source in keySources.withLock(\.all) { source.tick() } }

    // MARK: Files. The main thread's

    /// Absolute paths of the files of users, tokens and keys that are in use.
    var files: Set<String> {
        Set(passwords.withLock(\.all).map(\.path)).union(tokenFiles.withLock(\.all).map(\.path))
            .union(keyFiles.withLock(\.all).map(\.path))
    }

    /// Whether a file of users has just been read, and is to be looked at again before anybody is missing in it.
    var isSettling: Bool { passwords.withLock(\.all).contains(where: \.isSettling) }

    /// Reads the files again that have changed, except `incomplete`. `onlySettling`: only those of users that have just been
    /// read, and are to be looked at again.
    func readChanged(except incomplete: Set<String> = [], onlySettling: Bool = false) {
        for checker in passwords.withLock(\.all)
        where !incomplete.contains(checker.path) && (checker.isSettling || !onlySettling) {
            switch checker.reloadIfChanged() {
            case .unchanged: break
            case .reloaded(let users):
                log.write(.notice, "\(checker.directive) \(checker.path): \(users) users")
            case .settled: usersChanged.withLock { $0 }?()
            case .failed(let reason): log.write(.error, "\(reason); the previous users stay in use")
            }
        }
        guard !onlySettling else { return }
        for file in tokenFiles.withLock(\.all) where !incomplete.contains(file.path) {
            tell(file.reloadIfChanged(), "tokens")
        }
        for file in keyFiles.withLock(\.all) where !incomplete.contains(file.path) {
            tell(file.reloadIfChanged(), "keys")
        }
    }

    private func tell(_ result: Result<String, StartError>?, _ content: String) {
        switch result {
        case nil: break
        case .success(let text): log.write(.notice, text)
        case .failure(let error): log.write(.error, "\(error); the previous \(content) stay in use")
        }
    }

    // MARK: What policies share

    private func checker(
        _ settings: PasswordFileSettings, of directive: String = "auth_password_file", _ read: inout Set<String>
    ) throws(StartError) -> PasswordChecker {
        let isFirst = read.insert(settings.path).inserted
        if !isFirst, let known = passwords.withLock({ $0[settings] }) { return known }
        do throws(PasswordFileError) {
            let checker = try PasswordChecker(
                path: settings.path, cacheFor: settings.cache.milliseconds, workers: workers, directive: directive)
            return passwords.withLock { $0.shared(settings, else: checker) }
        } catch {
            throw StartError("\(directive) \(error)")
        }
    }

    private func tokenFile(_ path: String, _ read: inout Set<String>) throws(StartError) -> AdminTokenFile {
        let isFirst = read.insert(path).inserted
        if !isFirst, let known = tokenFiles.withLock({ $0[path] }) { return known }
        let file = try AdminTokenFile(path)
        return tokenFiles.withLock { $0.shared(path, else: file) }
    }

    private func verifier(
        _ settings: JWTSettings, _ location: LocationSettings, _ key: Template?, _ read: inout Set<String>
    ) throws(StartError) -> TokenVerifier {
        let logs = location.accessLog?.format.template
        let templates = location.mqtt.setConnect.map(\.value) + [logs, key].compactMap(\.self)
        let keys: TokenKeys
        if let path = settings.keyFile {
            keys = .file(try keyFile(path, &read))
        } else {
            keys = .url(keySource(settings, location.access.trustedCertificate))
        }
        return TokenVerifier(keys, settings, claims: Set(templates.flatMap(\.claims)))
    }

    private func keyFile(_ path: String, _ read: inout Set<String>) throws(StartError) -> KeyFile {
        let isFirst = read.insert(path).inserted
        if !isFirst, let known = keyFiles.withLock({ $0[path] }) { return known }
        let file = try KeyFile(path)
        return keyFiles.withLock { $0.shared(path, else: file) }
    }

    private func keySource(_ settings: JWTSettings, _ authorities: String?) -> JWKSource {
        let url = settings.jwksURL ?? ""
        let name = KeySourceName(url: url, refresh: settings.refresh, authorities: authorities)
        if let known = keySources.withLock({ $0[name] }) { return known }
        // With another interval the keys are the same.
        let keys = keySources.withLock { $0.first { $0.url == url && $0.authorities == authorities }?.keys }
        let (control, log) = (control, log)
        let pool = HTTPPool(connections: 1, queue: 4)
        let source = JWKSource(
            name: url, keys: keys, refresh: JWKSRefresh(interval: settings.refresh.milliseconds),
            notify: { notice in
                switch notice {
                case .startsFailing(let detail):
                    log.write(.error, "auth_jwt_jwks_url \(detail); keys that were fetched earlier stay in use")
                case .recovers: log.write(.notice, "auth_jwt_jwks_url \(url) is available again")
                case .skipped(let keys):
                    let names = keys.prefix(8).map(\.description).joined(separator: "; ")
                    log.write(.warn, "auth_jwt_jwks_url \(url): not used: \(names)")
                }
            },
            fetch: { completion in
                var request = HTTPRequest(url: url, pool: pool)
                request.timeout = Self.fetchTimeout
                request.authorities = authorities
                request.largestAnswer = JWTKeySet.largestFile
                control.fetch(request) { result in
                    switch result {
                    case .success(let answer) where answer.status == 200: completion(.success(answer.body))
                    case .success(let answer): completion(.failure(JWKSFetchFailure("status \(answer.status)")))
                    case .failure(let failure): completion(.failure(JWKSFetchFailure(failure.detail)))
                    }
                }
            })
        return keySources.withLock { $0.shared(name, else: source) }
    }

    private func service(_ settings: AuthHTTPSettings, _ access: AccessSettings) -> AuthHTTP {
        let name = AuthHTTPName(settings: settings, authorities: access.trustedCertificate)
        if let known = services.withLock({ $0[name] }) { return known }
        var options = AuthHTTP.Options(url: settings.url)
        options.timeout = settings.timeout.milliseconds
        options.connections = settings.connections
        options.queue = settings.queue
        options.cacheFor = settings.cache.milliseconds
        options.onFailure = AuthHTTP.OnFailure(rawValue: settings.onFailure.rawValue) ?? .refuse
        options.headers = settings.headers.map { ($0.name, $0.value) }
        options.authorities = access.trustedCertificate
        let log = log
        let service = AuthHTTP(options, control: control) { failure in
            if let failure {
                log.write(.error, "auth_http \(settings.url): \(failure)")
            } else {
                log.write(.notice, "auth_http \(settings.url) is available again")
            }
        }
        return services.withLock { $0.shared(name, else: service) }
    }
}

extension AccessLogSettings.Format {
    /// nil for JSON, which shows no claims.
    fileprivate var template: Template? {
        if case .named(_, let template) = self { template } else { nil }
    }
}
