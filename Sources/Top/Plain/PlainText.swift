/// What `--once` prints: lines of words for scripts and people, without control sequences.
///
/// First a line for each figure, its name and its value; then tables, each after an empty line and with a line of titles.
/// A blank separates words; one inside a name is shown as `\x20`. What there is not, is `-`.
package enum PlainText {
    /// `rates`: nil unless there were two looks. `limit`: how many connections are listed.
    package static func text(_ look: Look, _ rates: Rates?, order: SortOrder, limit: Int) -> String {
        var look = look
        look.connections = look.connections.map { rows in
            look.isEnded ? rows.sortedByEnd : Array(order.sort(rows, rates).prefix(limit))
        }

        var blocks = [figures(look, rates), causes(look), table(peerTitles, look.upstreams.map(words))]
        if let certificates = look.certificates {
            blocks.append(table(certificateTitles, certificates.map(words)))
        }
        let connections = look.connections ?? []
        if look.isEnded {
            blocks.append(table(endTitles, connections.map(ended)))
        } else {
            blocks.append(table(connectionTitles, connections.map { words($0, rates) }))
        }
        return blocks.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    // MARK: Figures

    private static func figures(_ look: Look, _ rates: Rates?) -> String {
        let status = look.status
        var figures: [(String, String)] = [
            ("version", status.version), ("time", status.now), ("started", status.startedAt),
            ("uptime", seconds(status.uptime)), ("generation", "\(status.generation)"),
            ("sessions", "\(status.sessions)"), ("connections", "\(status.connections)"),
            ("accepted", "\(status.accepted)"), ("received_bytes", "\(status.received.bytes)"),
            ("received_packets", "\(status.received.packets)"), ("sent_bytes", "\(status.sent.bytes)"),
            ("sent_packets", "\(status.sent.packets)"), ("memory_bytes", "\(status.memory)"),
            ("open_files", "\(status.openFiles)"), ("most_files", "\(status.mostFiles)"),
            ("cpu_seconds", Figures.decimal(status.cpuSeconds, 2)), ("loops", "\(status.loops.count)"),
            ("log_lines_dropped", "\(status.logLinesDropped)"),
        ]
        if let rates {
            figures += [
                ("received_bytes_per_second", Figures.decimal(rates.gateway.received.bytes, 1)),
                ("received_packets_per_second", Figures.decimal(rates.gateway.received.packets, 1)),
                ("sent_bytes_per_second", Figures.decimal(rates.gateway.sent.bytes, 1)),
                ("sent_packets_per_second", Figures.decimal(rates.gateway.sent.packets, 1)),
                ("cpu", Figures.decimal(rates.cpu, 3)),
                ("loops_busy_most", Figures.decimal(rates.busy.values.max() ?? 0, 3)),
            ]
        }
        if look.connections != nil {
            figures.append(("connections_listed", "\(look.connections?.count ?? 0)"))
            figures.append(("connections_found", "\(look.total)"))
        }
        return figures.map { "\($0) \(TerminalText.word($1))\n" }.joined()
    }

    private static func seconds(_ value: Double?) -> String { value.map { Figures.decimal($0, 1) } ?? "-" }

    /// How often something ended or failed since the start.
    private static func causes(_ look: Look) -> String {
        let rows =
            look.status.states.map { ["state", $0.name, "\($0.count)"] }
            + look.status.ends.map { ["end", $0.name, "\($0.count)"] }
            + look.status.attemptFailures.map { ["attempt_failure", $0.name, "\($0.count)"] }
        return rows.isEmpty ? "" : table(["COUNTED", "WHAT", "COUNT"], rows)
    }

    // MARK: Tables

    private static let peerTitles = [
        "UPSTREAM", "PEER", "STATE", "BACKUP", "WEIGHT", "EFFECTIVE", "SHARE", "SESSIONS", "MAX", "TOTAL", "TRIES",
        "FAILED",
        "CHECK",
    ]

    private static func words(_ peer: UpstreamPeer) -> [String] {
        [
            peer.upstream, peer.address, peer.state, peer.isBackup ? "backup" : "", "\(peer.weight)",
            Figures.decimal(peer.effectiveWeight, 2), Figures.decimal(peer.share, 3), "\(peer.sessions)",
            "\(peer.mostSessions)", "\(peer.sessionsTotal)", "\(peer.tries)", "\(peer.failureCount)",
            peer.isHealthy.map { $0 ? "healthy" : "unhealthy" } ?? "",
        ]
    }

    private static let certificateTitles = ["CERTIFICATE", "SUBJECT", "NOT_AFTER", "EXPIRES_IN"]

    private static func words(_ certificate: Certificate) -> [String] {
        [certificate.serverName, certificate.subject, certificate.notAfter, Figures.decimal(certificate.expiresIn, 0)]
    }

    private static let connectionTitles = [
        "ID", "CLIENT_ID", "USER", "ADDRESS", "STATE", "MQTT", "UPSTREAM", "PEER", "IN/s", "OUT/s", "INPKT/s",
        "OUTPKT/s",
        "IN", "OUT", "INPKT", "OUTPKT", "IDLE", "AGE", "WAITING",
    ]

    private static func words(_ connection: Connection, _ rates: Rates?) -> [String] {
        let rate = rates?.connections[connection.id]
        return [
            connection.id, connection.clientID, connection.username, connection.remote, connection.state,
            connection.version, connection.upstream, connection.peer, seconds(rate?.received.bytes),
            seconds(rate?.sent.bytes), seconds(rate?.received.packets), seconds(rate?.sent.packets),
            "\(connection.received.bytes)", "\(connection.sent.bytes)", "\(connection.received.packets)",
            "\(connection.sent.packets)", seconds(connection.receivedIdle), seconds(connection.age),
            "\(connection.backlog)",
        ]
    }

    private static let endTitles = [
        "ID", "CLIENT_ID", "USER", "ADDRESS", "ENDED", "CAUSE", "SIDE", "CODE", "REASON", "PEER", "AGE", "IN", "OUT",
    ]

    private static func ended(_ connection: Connection) -> [String] {
        [
            connection.id, connection.clientID, connection.username, connection.remote, connection.end?.at ?? "",
            connection.end?.cause ?? "", connection.end?.side ?? "",
            connection.end?.webSocketCode.map(String.init) ?? "", connection.end?.mqttReason.map(String.init) ?? "",
            connection.peer, seconds(connection.age), "\(connection.received.bytes)", "\(connection.sent.bytes)",
        ]
    }

    /// Columns as wide as their widest word.
    private static func table(_ titles: [String], _ rows: [[String]]) -> String {
        let lines = [titles] + rows.map { $0.map { TerminalText.word($0) } }
        var widths = [Int](repeating: 0, count: titles.count)
        for line in lines {
            for (index, word) in line.enumerated() {
                widths[index] = max(widths[index], TerminalText.columns(ofWord: word))
            }
        }
        return lines.map { line in
            var text = ""
            for (index, word) in line.enumerated() {
                text += word
                guard index + 1 < line.count else { break }
                text += String(repeating: " ", count: widths[index] - TerminalText.columns(ofWord: word) + 2)
            }
            return text + "\n"
        }.joined()
    }
}
