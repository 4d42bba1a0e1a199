import Text

/// What `status` says of the process. Bytes and seconds; counters run since the start.
package struct GatewayStatus: Sendable, Equatable {
    package struct Loop: Sendable, Equatable {
        package let index: Int
        package let sessions: Int
        package let busySeconds: Double
    }

    package let version: String
    /// ISO 8601, as the gateway says it.
    package let startedAt: String
    package let now: String
    package let uptime: Double
    package let generation: Int
    /// Why the last reload failed, if it did.
    package let reloadFailure: String?
    package let memory: Int
    package let openFiles: Int
    package let mostFiles: Int
    package let cpuSeconds: Double
    package let loops: [Loop]
    package let accepted: Int
    package let connections: Int
    package let states: [Count]
    package let sessions: Int
    package let received: Traffic
    package let sent: Traffic
    /// Ended connections and sessions by cause.
    package let ends: [Count]
    package let attemptFailures: [Count]
    package let logLinesDropped: Int

    /// nil: this is no answer of `status`.
    package init?(_ json: JSONValue) {
        guard json["version"]?.text != nil, json["uptime"]?.number != nil else { return nil }
        version = json.string("version")
        startedAt = json.string("started_at")
        now = json.string("now")
        uptime = json.double("uptime")
        generation = json["generation"]?.integer("number") ?? 0
        reloadFailure = json["generation"]?["last_failure"]?["detail"]?.text
        let process = json["process"] ?? .null
        memory = process.integer("memory_bytes")
        openFiles = process.integer("open_fds")
        mostFiles = process.integer("max_fds")
        cpuSeconds = process.double("cpu_seconds")
        loops = json.elements("loops").map {
            Loop(
                index: $0.integer("index"), sessions: $0.integer("sessions"), busySeconds: $0.double("busy_seconds"))
        }
        let connections = json["connections"] ?? .null
        accepted = connections.integer("accepted")
        self.connections = connections.integer("current")
        states = connections.counts("by_state")
        sessions = json["sessions"]?.integer("current") ?? 0
        received = Traffic(json["received"])
        sent = Traffic(json["sent"])
        ends = json.counts("ends")
        attemptFailures = json.counts("attempt_failures")
        logLinesDropped = json.integer("log_lines_dropped")
    }
}

/// Bytes and MQTT packets of one direction, counted.
package struct Traffic: Sendable, Equatable {
    package let bytes: Int
    package let packets: Int

    init(_ json: JSONValue?) {
        bytes = json?.integer("bytes") ?? 0
        packets = json?.integer("packets") ?? 0
    }
}
