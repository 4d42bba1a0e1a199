/// One HTTP request of the gateway's own. http and https only, directly to the server: no proxy, no redirect, no
/// cookie.
package struct HTTPRequest: Sendable {
    package var url: String
    /// nil: GET; else POST.
    package var body: HTTPBody?
    package var headers: [(name: String, value: String)] = []
    /// Milliseconds for the whole of it: the wait for its turn, and a second try, included.
    package var timeout: Int64 = 5000
    /// Bytes of the answer's body.
    package var largestAnswer = 1 << 20
    /// PEM file of the authorities for https; nil: the system's.
    package var authorities: String?
    /// False: the server's certificate is not checked.
    package var verifiesServer = true
    package let pool: HTTPPool

    package init(url: String, pool: HTTPPool) {
        self.url = url
        self.pool = pool
    }
}

/// What a service has answered.
package struct HTTPAnswer: Sendable, Equatable {
    package var status: Int
    /// Empty: the answer does not say.
    package var contentType: String
    package var body: [UInt8]

    package init(status: Int, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// Why there is no answer.
package struct HTTPFailure: Error, Sendable, Equatable {
    package enum Kind: Sendable {
        /// Its pool has no place for it: it was not sent.
        case queueFull
        case timeout
        /// No connection, or no address for the name.
        case unreachable
        /// More than `HTTPRequest.largestAnswer`.
        case tooLarge
        /// Not HTTP, not the expected certificate, or ended too early.
        case broken
        /// The control thread has ended.
        case cancelled
    }

    package var kind: Kind
    /// For the operator's log; of the request it contains only what its URL names.
    package var detail: String
}
