/// What one block says of limits. A directive that a block does not have is that of the block around it; what is counted
/// belongs to the block that has the directive.
package struct LimitSettings: Sendable, Equatable {
    /// What something is counted by.
    package enum Key: String, Sendable, CaseIterable {
        /// The client's address.
        case ip
        /// The user name and client identifier that the broker gets.
        case username
        case clientID = "client_id"
        /// All of a `server` block together.
        case server
    }

    package struct Connections: Sendable, Equatable {
        package var key: Key
        /// Sessions at a time.
        package var count: Int
    }

    package struct Rate: Sendable, Equatable {
        package enum Period: String, Sendable, CaseIterable { case second = "s", minute = "m", hour = "h" }
        package var key: Key
        package var count: Int
        package var period: Period
        /// How many more at once after a silence.
        package var burst = 0
    }

    /// Of one session; nil: no limit.
    package struct Traffic: Sendable, Equatable {
        /// From the client, a second.
        package var received: Int?
        /// To the client, a second.
        package var sent: Int?
        /// How many more at once after a silence; nil: what comes in a second.
        package var burst: Int?
    }

    /// Empty: the block does not have the directive.
    package var connections: [Connections] = []
    package var connectRates: [Rate] = []
    package var handshakeRates: [Rate] = []
    /// CONNECTs that may wait at a time for a decision or a broker; 0: any number.
    package var pendingConnects: Int?
    /// Bytes, and packets.
    package var bytes: Traffic?
    package var packets: Traffic?

    package init() {}

    /// Whether the block has none of them.
    package var isEmpty: Bool { self == LimitSettings() }
}

/// How much memory the process may have before it takes no more connections.
package enum MemoryLimit: Sendable, Equatable {
    case bytes(Int)
    /// Of what the process may have at all.
    case percent(Int)
}

extension LimitSettings.Rate.Period {
    package var milliseconds: Int64 {
        switch self {
        case .second: 1000
        case .minute: 60_000
        case .hour: 3_600_000
        }
    }
}
