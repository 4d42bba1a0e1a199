import COpenSSL
import Control
import Reactor

/// `auth_http`: asks a service of the operator's whether a client is allowed in. For any thread; answers arrive on the
/// control thread.
package final class AuthHTTP: Sendable {
    /// What follows when the service does not answer, or not as it should.
    package enum OnFailure: String, Sendable { case refuse, allow, ignore }

    package struct Options: Sendable {
        package var url: String
        /// Milliseconds from the question to the answer.
        package var timeout: Int64 = 2000
        /// Requests at the same time.
        package var connections = 64
        /// Requests that wait for their turn.
        package var queue = 1024
        /// Milliseconds for which an answer that allows is remembered; 0: not at all.
        package var cacheFor: Int64 = 0
        package var onFailure = OnFailure.refuse
        /// Sent with every question.
        package var headers: [(name: String, value: String)] = []
        /// PEM file of the authorities for https; nil: the system's.
        package var authorities: String?

        package init(url: String) { self.url = url }
    }

    /// Bytes of an answer.
    private static let largestAnswer = 64 * 1024

    private let options: Options
    /// Of every request.
    private let headers: [(name: String, value: String)]
    private let pool: HTTPPool
    private let control: ControlLoop
    private let cache: SuccessCache<Identity>
    private let clock: @Sendable () -> Int64
    private let isFailing = Lock(false)
    private let onChange: @Sendable (String?) -> Void

    /// `onChange` is told when the service begins to fail, with the reason, and with nil when it is back. `clock`:
    /// milliseconds since 1970.
    package init(
        _ options: Options, control: ControlLoop, clock: @escaping @Sendable () -> Int64 = wallMilliseconds,
        onChange: @escaping @Sendable (String?) -> Void
    ) {
        self.options = options
        headers = [("Content-Type", "application/json"), ("Accept", "application/json")] + options.headers
        self.control = control
        self.clock = clock
        self.onChange = onChange
        pool = HTTPPool(connections: options.connections, queue: options.queue)
        cache = SuccessCache(life: options.cacheFor)
    }

    /// The verdict, if it is known at once: remembered, or `.busy`. Else nil, and `reply` is called once, on the
    /// control thread (or before this returns, when that has ended); never when `ticket` is cancelled. `now`:
    /// milliseconds of the monotonic clock.
    package func ask(
        _ question: Question, now: Int64, ticket: Ticket?, reply: @escaping @Sendable (Verdict) -> Void
    ) -> Verdict? {
        let key = cache.isOn ? cacheKey(question) : nil
        if let key, let known = cache.value(key, now: now), !(known.expiresAt.map { $0 <= clock() } ?? false) {
            return .allow(known)
        }
        let isFull = Lock(false)
        let isWanted: @Sendable () -> Bool = { !(ticket?.isCancelled ?? false) }
        control.fetch(request(question), isWanted: isWanted) { [self] result in
            if case .failure(let failure) = result, failure.kind == .queueFull {
                return isFull.withLock { $0 = true }  // still in `ask`
            }
            let verdict = verdict(result, key)
            if isWanted() { reply(verdict) }
        }
        return isFull.withLock { $0 } ? .busy : nil
    }

    private func cacheKey(_ question: Question) -> SuccessCache<Identity>.Key {
        var parts = question.cacheParts
        defer {
            // The last of them is the password.
            for index in parts.indices {
                parts[index].withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
            }
        }
        return cache.key(parts)
    }

    private func request(_ question: Question) -> HTTPRequest {
        var request = HTTPRequest(url: options.url, pool: pool)
        request.body = question.body
        request.headers = headers
        request.timeout = options.timeout
        request.authorities = options.authorities
        request.largestAnswer = Self.largestAnswer
        return request
    }

    /// Remembers under `key` what the service itself allows.
    private func verdict(_ result: Result<HTTPAnswer, HTTPFailure>, _ key: SuccessCache<Identity>.Key?) -> Verdict {
        switch result {
        case .success(let answer):
            do throws(AuthHTTPAnswer.Fault) {
                let verdict = try AuthHTTPAnswer.verdict(answer, now: clock())
                note(nil)
                if let key, case .allow(let identity) = verdict {
                    cache.insert(identity, for: key, now: monotonicMilliseconds())
                }
                return verdict
            } catch {
                return failed(error.description)
            }
        // That is not the service's fault.
        case .failure(let failure) where failure.kind == .cancelled: return .unavailable(failure.detail)
        case .failure(let failure): return failed(failure.detail)
        }
    }

    private func failed(_ detail: String) -> Verdict {
        note(detail)
        switch options.onFailure {
        case .refuse: return .unavailable(detail)
        case .allow: return .allow(Identity())
        case .ignore: return .ignore
        }
    }

    /// Tells the operator once when the service begins to fail, and once when it is back.
    private func note(_ failure: String?) {
        let hasChanged = isFailing.withLock { isFailing in
            defer { isFailing = failure != nil }
            return isFailing != (failure != nil)
        }
        if hasChanged { onChange(failure) }
    }
}
