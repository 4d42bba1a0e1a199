import Text

/// One server of an upstream.
package struct UpstreamPeer: Sendable, Equatable {
    package let upstream: String
    package let balancer: String
    package let address: String
    package let state: String
    package let isBackup: Bool
    /// As configured, or as changed since.
    package let weight: Int
    /// What the balancer reckons with at present.
    package let effectiveWeight: Double
    /// Of the new sessions that it gets, 0…1.
    package let share: Double
    package let sessions: Int
    /// 0: no limit.
    package let mostSessions: Int
    package let sessionsTotal: Int
    package let tries: Int
    package let failures: [Count]
    /// nil: nothing checks it.
    package let isHealthy: Bool?
    /// What has been changed while running, by the names of the fields.
    package let changed: [String]

    var failureCount: Int { failures.reduce(0) { $0 &+ $1.count } }

    /// All peers of an answer of `upstreams`; nil: it is none.
    package static func all(_ json: JSONValue) -> [UpstreamPeer]? {
        guard case .array(let upstreams)? = json["upstreams"] else { return nil }
        return upstreams.flatMap { upstream in
            upstream.elements("peers").map { UpstreamPeer($0, of: upstream) }
        }
    }

    private init(_ json: JSONValue, of upstream: JSONValue) {
        self.upstream = upstream.string("name")
        balancer = upstream.string("balancer")
        address = json.string("address")
        state = json.string("state")
        isBackup = json.isTrue("backup")
        weight = json.integer("weight")
        effectiveWeight = json.double("effective_weight")
        share = min(1, json.double("share"))
        sessions = json.integer("sessions")
        mostSessions = json.integer("max_conns")
        sessionsTotal = json.integer("sessions_total")
        tries = json.integer("tries")
        failures = json.counts("failures")
        isHealthy = json.isTrue("checked") ? json.isTrue("healthy") : nil
        changed = json["changed"]?.members?.keys.sorted() ?? []
    }
}

/// A certificate of the gateway's.
package struct Certificate: Sendable, Equatable {
    package let serverName: String
    package let subject: String
    package let file: String
    /// ISO 8601.
    package let notAfter: String
    /// Seconds; less than zero: it has expired.
    package let expiresIn: Double

    /// All of an answer of `certificates`; nil: it is none.
    package static func all(_ json: JSONValue) -> [Certificate]? {
        guard case .array(let certificates)? = json["certificates"] else { return nil }
        return certificates.map { json in
            Certificate(
                serverName: json.string("server_name"), subject: json.string("subject"), file: json.string("file"),
                notAfter: json.string("not_after"), expiresIn: json["expires_in"]?.number ?? 0)
        }
    }
}
