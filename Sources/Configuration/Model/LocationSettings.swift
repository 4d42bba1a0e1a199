/// A `location` block, or what a server says of the sessions of its `listen … mqtt`.
package struct LocationSettings: Sendable, Equatable {
    package enum Match: Sendable, Equatable {
        case exact(String)
        case prefix(String)
        /// There is no path: all that a `listen … mqtt` accepts.
        case listener
    }
    package enum Action: Sendable, Equatable {
        /// MQTT, to this upstream (an index into `Snapshot.upstreams`).
        case mqtt(upstream: Int)
        /// Files of a folder.
        case files(FileRoot)
        /// The same answer to each request.
        case fixed(FixedAnswer)
        /// Whether clients are to be sent here.
        case health
        /// Prometheus metrics.
        case metrics
        /// The JSON API; `isWritable`: it also changes things.
        case api(isWritable: Bool)
        /// The page that shows what the API knows.
        case dashboard
    }
    package var match: Match
    package var action: Action
    package var access = AccessSettings()
    package var mqtt = MQTTSettings()
    package var limits = LimitSettings()
    package var webSocket = WebSocketSettings()
    /// For the actions `files` and `fixed`; of `health` its headers and error pages.
    package var web = WebSettings()
    package var accessLog: AccessLogSettings?
    /// nil unless the action is `metrics`, `api` or `dashboard`.
    package var admin: AdminSettings?

    package init(match: Match, action: Action) {
        self.match = match
        self.action = action
    }
}

/// The CONNECT, and how a broker is reached.
package struct MQTTSettings: Sendable, Equatable {
    package enum Version: String, Sendable, CaseIterable {
        case v3_1 = "3.1"
        case v3_1_1 = "3.1.1"
        case v5_0 = "5.0"
    }
    package var versions: [Version] = Version.allCases
    package var connectTimeout: Duration = .seconds(30)
    package var maxConnectSize = 64 * 1024
    /// 0 leaves it to the broker.
    package var maxPacketSize = 0
    package var upstreamConnectTimeout: Duration = .seconds(5)
    package var upstreamConnackTimeout: Duration = .seconds(10)
    /// Peers tried for one CONNECT.
    package var upstreamTries = 3
    /// For all tries of one CONNECT together.
    package var upstreamTriesTimeout: Duration = .seconds(25)
    /// What the broker is told in place of what the client says.
    package var setConnect: [ConnectChange] = []
    /// Whether a client without an identifier gets one from the gateway.
    package var assignsClientID = false

    package init() {}
}

package struct WebSocketSettings: Sendable, Equatable {
    package enum Frames: String, Sendable, CaseIterable { case packet, packets, stream }
    package var subprotocols = ["mqtt", "mqttv3.1"]
    package var requireSubprotocol = true
    /// Allowed `Origin` values, lower case; `https://*.example.com` matches one or more labels. nil allows any.
    package var origins: [String]?
    package var frames: Frames = .packet
    /// Whether an unmasked Pong or Close frame ends the connection (RFC 6455 §5.1).
    package var isStrict = false
    /// Silence after which a ping is sent; zero never sends one.
    package var ping: Duration = .seconds(30)
    /// Whether permessage-deflate is agreed on with clients that offer it, and the smallest message that is compressed.
    package var deflates = false
    package var deflateMinimum = 256
    /// Whether the gateway answers for the keep alive of a client that answers pings. Not with frames that are a stream.
    package var offloadsKeepAlive = false

    package init() {}
}
