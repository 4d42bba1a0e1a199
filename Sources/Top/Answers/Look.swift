import Text

/// What the gateway has said in one round of questions.
package struct Look: Sendable, Equatable {
    package var status: GatewayStatus
    package var upstreams: [UpstreamPeer] = []
    /// nil: not asked for.
    package var connections: [Connection]?
    /// How many there are that the filter lets through.
    package var total = 0
    package var isEnded = false
    /// The connection whose detail is shown; nil: not asked for, or forgotten by the gateway.
    package var detail: Connection?
    /// nil: not asked for.
    package var certificates: [Certificate]?

    /// The answers to a round, each with its question. The status must be one of them.
    package init(_ answers: [(query: Query, json: JSONValue)]) throws(AnswerError) {
        guard let answer = answers.first(where: { $0.query == .status }), let status = GatewayStatus(answer.json) else {
            throw AnswerError(query: .status)
        }
        self.status = status
        for (query, json) in answers {
            switch query {
            case .status: break
            case .connections(let asked):
                guard case .array(let rows)? = json["connections"] else { throw AnswerError(query: query) }
                connections = rows.compactMap(Connection.init)
                total = max(json.integer("total"), rows.count)
                isEnded = asked.isEnded
            case .connection: detail = Connection(json)
            case .upstreams:
                guard let peers = UpstreamPeer.all(json) else { throw AnswerError(query: query) }
                upstreams = peers
            case .certificates:
                guard let all = Certificate.all(json) else { throw AnswerError(query: query) }
                certificates = all
            }
        }
    }
}

/// An answer is JSON, but not what the API says.
package struct AnswerError: Error, Sendable, Equatable {
    package let query: Query
}
