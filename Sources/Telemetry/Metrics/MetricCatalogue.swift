/// Every metric of the gateway, and every label: the one place for their names. docs/metrics.md is tested against it.
///
/// No label has a value that a client has chosen, so that their number is bounded by the configuration and the program.
package enum MetricCatalogue {
    /// In the order of the page.
    package static let all =
        connectionMetrics + admissionMetrics + trafficMetrics + upstreamMetrics + loopMetrics + processMetrics

    static let connectionMetrics = [
        connections, accepted, handshakes, handshakeFailures, responses, upgradesRefused, ends,
    ]
    static let admissionMetrics = [connects, connectsRefused, limitsRefused, verdicts, verdictDuration, sessions]
    static let trafficMetrics = [
        packets, packetBytes, payloadBytes, pings, compressionSaved, keepAlivesOffloaded, pingDuration, backpressure,
        backpressureSeconds, rateHeld, waiting,
    ]
    static let upstreamMetrics = [
        peerSessions, sessionsOpened, attempts, attemptFailures, failovers, connackDuration, peerUp, peerWanted,
        peerHealthy, peerAvailable, peerWeight, peerEffectiveWeight, peerLimit,
    ]
    static let loopMetrics = [turns, busySeconds, turnDuration]
    static let processMetrics = [
        draining, linesDropped, generation, loadedAt, lastReload, reloads, certificateExpiry, build, cpuSeconds,
        residentMemory,
        virtualMemory, openDescriptors, descriptorLimit, startTime,
    ]
}

/// The name of a label.
package enum MetricLabel: String, Sendable, CaseIterable {
    case limit, per, listener, state, version, group, resumed, reason, code, cause, method, result, direction, type,
        upstream, peer
    case loop, log, file, swift, openssl
    case serverName = "server_name"
}

// MARK: - Connections

extension MetricCatalogue {
    package static let connections = Metric.gauge(
        "sluice_connections", "Connections of clients that are there now, by where they have got to.",
        [.listener: "listeners, as configured", .state: "connection states"])
    package static let accepted = Metric.counter(
        "sluice_connections_accepted", "Connections of clients that were accepted.",
        [.listener: "listeners, as configured"])
    package static let handshakes = Metric.counter(
        "sluice_tls_handshakes", "TLS handshakes with clients that were completed.",
        [.version: "TLSv1.2, TLSv1.3", .group: "of the key exchange", .resumed: "yes, no"])
    package static let handshakeFailures = Metric.counter(
        "sluice_tls_handshake_failures", "TLS handshakes with clients that failed.",
        [.reason: "handshake failures"])
    package static let responses = Metric.counter(
        "sluice_http_responses", "HTTP responses, 101 of upgrades included.",
        [.code: "HTTP status codes that the gateway sends"])
    package static let upgradesRefused = Metric.counter(
        "sluice_upgrades_refused", "Requests for an upgrade to WebSocket that were refused.",
        [.reason: "upgrade refusals"])
    package static let ends = Metric.counter(
        "sluice_ends", "Sessions that ended, and connections and requests that never became one.",
        [.cause: "causes of an end"])
}

// MARK: - Who is allowed in

extension MetricCatalogue {
    package static let connects = Metric.counter(
        "sluice_connects", "CONNECT packets that were whole and valid.", [.version: "3.1, 3.1.1, 5.0"])
    package static let connectsRefused = Metric.counter(
        "sluice_connects_refused", "CONNECT packets that were refused, by the gateway or by a broker.",
        [.cause: "causes of an end", .code: "code of the CONNACK, such as 0x87; none: there was no CONNACK"])
    package static let limitsRefused = Metric.counter(
        "sluice_limit_refusals", "Connections, requests and CONNECT packets that a limit has refused.",
        [.limit: "limits", .per: "keys of limits; all: it counts all together"])
    package static let verdicts = Metric.counter(
        "sluice_auth_verdicts", "What methods of authentication have said about a CONNECT.",
        [.method: "authentication methods", .result: "authentication results"])
    package static let verdictDuration = Metric.histogram(
        "sluice_auth_duration_seconds", "How long methods of authentication took for a verdict.",
        [.method: "authentication methods"])
    package static let sessions = Metric.gauge(
        "sluice_sessions", "MQTT sessions that are there now, from the upgrade on.")
}

// MARK: - Bytes and packets

extension MetricCatalogue {
    private static let direction: KeyValuePairs<MetricLabel, String> = [.direction: "received, sent"]

    package static let packets = Metric.counter(
        "sluice_packets", "MQTT packets of clients: received from them, and sent to them.",
        [.direction: "received, sent", .type: "packet types"])
    package static let packetBytes = Metric.counter(
        "sluice_packet_bytes", "Bytes of MQTT packets of clients, without WebSocket and TLS.",
        [.direction: "received, sent", .type: "packet types"])
    package static let payloadBytes = Metric.counter(
        "sluice_publish_payload_bytes", "Bytes of the payloads of PUBLISH packets.", direction)
    package static let pings = Metric.counter(
        "sluice_websocket_pings", "WebSocket pings of clients: received from them, and sent to them.", direction)
    package static let compressionSaved = Metric.counter(
        "sluice_websocket_compression_saved_bytes",
        "Bytes that permessage-deflate has spared on the way from clients, and to them.", direction)
    package static let keepAlivesOffloaded = Metric.counter(
        "sluice_keepalives_offloaded", "PINGREQs sent to brokers in the place of clients that answer pings.")
    package static let pingDuration = Metric.histogram(
        "sluice_websocket_ping_duration_seconds", "Round trips of WebSocket pings: until the client has sent its pong.")
    package static let backpressure = Metric.counter(
        "sluice_backpressure", "Times that a side took bytes more slowly than the other sent them.", direction)
    package static let backpressureSeconds = Metric.counter(
        "sluice_backpressure_seconds",
        "Time in which a side was not read, as the other had not taken its bytes; over all sessions.", direction)
    package static let rateHeld = Metric.counter(
        "sluice_rate_holds", "Times that a side of a session was not read for a while because of its rate.", direction)
    package static let waiting = Metric.gauge(
        "sluice_waiting_bytes", "Bytes that wait in the gateway until the other side takes them.", direction)
}

// MARK: - Upstreams

extension MetricCatalogue {
    private static let upstream: KeyValuePairs<MetricLabel, String> = [.upstream: "upstreams"]
    private static let peer: KeyValuePairs<MetricLabel, String> = [.upstream: "upstreams", .peer: "addresses of peers"]

    package static let peerSessions = Metric.gauge(
        "sluice_upstream_peer_sessions", "Sessions that a peer has now, those that are being opened included.", peer)
    package static let sessionsOpened = Metric.counter(
        "sluice_upstream_sessions_opened", "Sessions that a peer has accepted.", peer)
    package static let attempts = Metric.counter(
        "sluice_upstream_attempts", "Attempts to reach a peer with a CONNECT.", peer)
    package static let attemptFailures = Metric.counter(
        "sluice_upstream_attempt_failures", "Attempts that failed; only reasons that have occurred.",
        [.upstream: "upstreams", .peer: "addresses of peers", .reason: "attempt failures"])
    package static let failovers = Metric.counter(
        "sluice_upstream_failovers", "Attempts with a CONNECT that another peer had failed before.", upstream)
    package static let connackDuration = Metric.histogram(
        "sluice_upstream_connack_duration_seconds",
        "From the CONNECT sent to a peer to its CONNACK, accepting or refusing.", upstream)
    package static let peerUp = Metric.gauge(
        "sluice_upstream_peer_up", "1: the peer gets new sessions. It is wanted, healthy, and available to a loop.",
        peer)
    package static let peerWanted = Metric.gauge(
        "sluice_upstream_peer_wanted", "0: the operator has taken the peer out, with down or drain.", peer)
    package static let peerHealthy = Metric.gauge(
        "sluice_upstream_peer_healthy", "0: health checks have found the peer dead. 1 without health checks.", peer)
    package static let peerAvailable = Metric.gauge(
        "sluice_upstream_peer_available_ratio",
        "Share of the loops that have not set the peer aside for its fail_timeout.", peer)
    package static let peerWeight = Metric.gauge("sluice_upstream_peer_weight", "The weight of the peer.", peer)
    package static let peerEffectiveWeight = Metric.gauge(
        "sluice_upstream_peer_effective_weight", "The weight of the peer now: less than its weight in a slow start.",
        peer)
    package static let peerLimit = Metric.gauge(
        "sluice_upstream_peer_max_sessions", "Sessions that the peer may have, max_conns; 0: no limit.", peer)
}

// MARK: - Loops

extension MetricCatalogue {
    private static let loop: KeyValuePairs<MetricLabel, String> = [.loop: "loops, from 0"]

    package static let turns = Metric.counter("sluice_loop_turns", "Turns of a loop.", loop)
    package static let busySeconds = Metric.counter(
        "sluice_loop_busy_seconds", "Time in which a loop had something to do. Its rate is the busy share.", loop)
    package static let turnDuration = Metric.histogram(
        "sluice_loop_turn_duration_seconds", "How long the turns of a loop took: so long an event may have waited.",
        loop)
}

// MARK: - The process

extension MetricCatalogue {
    package static let draining = Metric.gauge("sluice_draining", "1: the gateway drains, or is about to.")
    package static let linesDropped = Metric.counter(
        "sluice_log_lines_dropped", "Lines of logs that were dropped because they could not be written fast enough.",
        [.log: "where the log goes, as configured"])
    package static let generation = Metric.gauge(
        "sluice_configuration_generation", "The number of the configuration in use: 1, and one more for each reload.")
    package static let loadedAt = Metric.gauge(
        "sluice_configuration_loaded_timestamp_seconds", "When the configuration in use was loaded.")
    package static let lastReload = Metric.gauge(
        "sluice_configuration_last_reload_successful", "0: the last reload failed, and changed nothing.")
    package static let reloads = Metric.counter(
        "sluice_reloads", "Reloads of the configuration, and of certificates that have changed (watch).",
        [.result: "success, failure"])
    package static let certificateExpiry = Metric.gauge(
        "sluice_certificate_expiry_timestamp_seconds", "When a certificate of a server expires.",
        [.serverName: "first server_name", .file: "ssl_certificate, as configured"])
    package static let build = Metric.info(
        "sluice_build", "What the gateway is, and what it was built with.",
        [.version: "version of the gateway", .swift: "of the compiler", .openssl: "of the library in use"])

    // As the client libraries of Prometheus name them.
    package static let cpuSeconds = Metric.counter(
        "process_cpu_seconds", "User and system CPU time of the process.")
    package static let residentMemory = Metric.gauge("process_resident_memory_bytes", "Resident memory size.")
    package static let virtualMemory = Metric.gauge("process_virtual_memory_bytes", "Virtual memory size.")
    package static let openDescriptors = Metric.gauge("process_open_fds", "Open file descriptors.")
    package static let descriptorLimit = Metric.gauge("process_max_fds", "Most file descriptors that may be open.")
    package static let startTime = Metric.gauge(
        "process_start_time_seconds", "When the process started, in seconds since 1970.")
}
