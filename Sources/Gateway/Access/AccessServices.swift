import Access
import Configuration
import Control
import Reactor

/// What stands behind the policies of all locations: threads that hash, the thread that asks services and fetches keys, and
/// files that are watched. The same file, URL or service is there once, however many locations name it.
final class AccessServices: Sendable {
    /// For whoever asks HTTP services: its thread runs when one of them has started it.
    let control: ControlLoop
    private let workers: PasswordWorkers
    private let log: ErrorLog
    private let passwords = Lock<[PasswordFileSettings: PasswordChecker]>([:])
    private let keyFiles = Lock<[String: KeyFile]>([:])
    private let keySources = Lock<[KeySourceName: JWKSource]>([:])
    private let services = Lock<[AuthHTTPName: AuthHTTP]>([:])
    private let isRunning = Lock(false)

    private struct KeySourceName: Hashable {
        let url: String
        let refresh: Duration
        let authorities: String?
    }

    private struct AuthHTTPName: Hashable {
        let settings: AuthHTTPSettings
        let authorities: String?
    }

    /// Between two looks at files and key sets.
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

    /// The policy of a location; nil: everyone may in, and nothing is asked. Reads the files that it names.
    /// `key` is what the upstream hashes sessions by.
    func policy(_ location: LocationSettings, key: Template? = nil) throws(StartError) -> AccessPolicy? {
        let access = location.access
        guard !access.isEmpty || !access.addressRules.isEmpty || !location.mqtt.setConnect.isEmpty else { return nil }
        return AccessPolicy(
            location, passwords: try access.passwordFile.map { file throws(StartError) in try checker(file) },
            tokens: try access.jwt.map { jwt throws(StartError) in try verifier(jwt, location, key) },
            http: try access.http.map { http throws(StartError) in try service(http, access) })
    }

    // MARK: Threads

    /// Starts the threads, if there is anything for them to do.
    func start() throws(SystemError) {
        if passwords.withLock({ !$0.isEmpty }) { try workers.start() }
        let isIdle =
            passwords.withLock(\.isEmpty) && keyFiles.withLock(\.isEmpty) && keySources.withLock(\.isEmpty)
            && services.withLock(\.isEmpty)
        guard !isIdle else { return }
        try control.start()
        isRunning.withLock { $0 = true }
        control.every(milliseconds: Self.interval) { [weak self] in self?.tick() }
        control.post { [weak self] in self?.tick() }
    }

    func stop() {
        workers.stop()
        control.stop()
    }

    /// Reads files that have changed, and fetches keys that are due. The control thread's.
    private func tick() {
        for checker in passwords.withLock({ Array($0.values) }) {
            switch checker.reloadIfChanged() {
            case .unchanged: break
            case .reloaded(let users): log.write(.notice, "auth_password_file \(checker.path): \(users) users")
            case .failed(let reason): log.write(.error, "\(reason); the users stay as they were")
            }
        }
        for file in keyFiles.withLock({ Array($0.values) }) {
            switch file.reloadIfChanged() {
            case nil: break
            case .success(let text): log.write(.notice, text)
            case .failure(let error): log.write(.error, "\(error); the keys stay as they were")
            }
        }
        for source in keySources.withLock({ Array($0.values) }) { source.tick() }
    }

    // MARK: What policies share

    private func checker(_ settings: PasswordFileSettings) throws(StartError) -> PasswordChecker {
        if let known = passwords.withLock({ $0[settings] }) { return known }
        do throws(PasswordFileError) {
            let checker = try PasswordChecker(
                path: settings.path, cacheFor: settings.cache.milliseconds, workers: workers)
            passwords.withLock { $0[settings] = checker }
            return checker
        } catch {
            throw StartError("auth_password_file \(error)")
        }
    }

    private func verifier(
        _ settings: JWTSettings, _ location: LocationSettings, _ key: Template?
    ) throws(StartError) -> TokenVerifier {
        let logs = location.accessLog?.format.template
        let templates = location.mqtt.setConnect.map(\.value) + [logs, key].compactMap(\.self)
        let keys: TokenKeys
        if let path = settings.keyFile {
            keys = .file(try keyFile(path))
        } else {
            keys = .url(keySource(settings, location.access.trustedCertificate))
        }
        return TokenVerifier(keys, settings, claims: Set(templates.flatMap(\.claims)))
    }

    private func keyFile(_ path: String) throws(StartError) -> KeyFile {
        if let known = keyFiles.withLock({ $0[path] }) { return known }
        let file = try KeyFile(path)
        keyFiles.withLock { $0[path] = file }
        return file
    }

    private func keySource(_ settings: JWTSettings, _ authorities: String?) -> JWKSource {
        let url = settings.jwksURL ?? ""
        let name = KeySourceName(url: url, refresh: settings.refresh, authorities: authorities)
        if let known = keySources.withLock({ $0[name] }) { return known }
        let (control, log) = (control, log)
        let pool = HTTPPool(connections: 1, queue: 4)
        let source = JWKSource(
            name: url, refresh: JWKSRefresh(interval: settings.refresh.milliseconds),
            notify: { notice in
                switch notice {
                case .startsFailing(let detail):
                    log.write(.error, "auth_jwt_jwks_url \(detail); keys that were fetched before keep working")
                case .recovers: log.write(.notice, "auth_jwt_jwks_url \(url) is back")
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
        keySources.withLock { $0[name] = source }
        return source
    }

    private func service(_ settings: AuthHTTPSettings, _ access: AccessSettings) throws(StartError) -> AuthHTTP {
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
                log.write(.notice, "auth_http \(settings.url) is back")
            }
        }
        services.withLock { $0[name] = service }
        return service
    }
}

extension AccessLogSettings.Format {
    /// nil for JSON, which shows no claims.
    fileprivate var template: Template? {
        if case .named(_, let template) = self { template } else { nil }
    }
}
