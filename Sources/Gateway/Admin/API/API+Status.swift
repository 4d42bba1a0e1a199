import CShims
import Reactor
import Telemetry
import Tunnel
import Wire

/// How the process fares.
extension API {
    /// Microseconds: a turn that takes longer holds up the clients of its loop.
    private static let slowTurn: Int64 = 5000

    func status(isWritable: Bool) -> JSONWriter {
        let (now, history) = (wallMilliseconds(), world.services.process.state)
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.field("version", Build.version)
            writer.field("started_at", Timestamp.iso8601(history.startedAt))
            writer.field("now", Timestamp.iso8601(now))
            writer.field("uptime", milliseconds: max(0, now - history.startedAt))
            writer.field("write", isWritable)
            writer.field("draining", history.isDraining)
            writer.object("generation") { generation(&$0, history) }
            writer.object("process") { process(&$0) }
            writer.array("loops") { loops(&$0) }
            connections(&writer)
            traffic(&writer)
            writer.object("ends") { writer in
                for cause in EndCause.allCases { count(cause.rawValue, sum { $0[cause] }, &writer) }
            }
            writer.object("attempt_failures") { writer in
                for failure in AttemptFailure.allCases { count(failure.rawValue, sum { $0[failure] }, &writer) }
            }
            writer.field("log_lines_dropped", world.services.logs.writer.dropped)
        }
        return writer
    }

    private func generation(_ writer: inout JSONWriter, _ history: ProcessHistory.State) {
        writer.field("number", history.generation)
        writer.field("loaded_at", Timestamp.iso8601(history.loadedAt))
        writer.object("reloads") { writer in
            writer.field("succeeded", history.succeeded)
            writer.field("failed", history.failed)
        }
        writer.member("last_failure", history.lastFailure) { writer, failure in
            writer.field("at", Timestamp.iso8601(failure.at))
            writer.field("detail", failure.detail)
        }
    }

    private func process(_ writer: inout JSONWriter) {
        let figures = world.services.process.probe.read()
        writer.field("pid", getpid())
        writer.field("memory_bytes", figures.residentMemory)
        writer.field("open_fds", figures.openDescriptors)
        writer.field("max_fds", figures.descriptorLimit)
        writer.field("cpu_seconds", microseconds: figures.cpuMicroseconds)
    }

    private func loops(_ writer: inout JSONWriter) {
        let figures: [LoopFigures] = world.askAll { .figures(reply: $0) }
        for loop in world.loops {
            let turns = figures.first { $0.index == loop.index }?.turns ?? Histogram()
            writer.object { writer in
                writer.field("index", loop.index)
                writer.field("connections", loop.counters[.connections])
                writer.field("sessions", loop.counters[.sessions])
                writer.field("turns", loop.counters[.turns])
                writer.field("busy_seconds", microseconds: Int64(clamping: loop.counters[.busyMicroseconds]))
                writer.field("slow_turns", turns.count(above: Self.slowTurn))
                writer.field("longest_turn_seconds", microseconds: turns.longest)
            }
        }
    }

    private func connections(_ writer: inout JSONWriter) {
        let counted: [ConnectionCensus] = world.askAll { .census(ConnectionCensus(), reply: $0) }
        let states = counted.flatMap(\.counts)
        writer.object("connections") { writer in
            writer.field("accepted", sum { $0[.accepted] })
            writer.field("current", sum { $0[.connections] })
            writer.object("by_state") { writer in
                for state in ConnectionState.allCases {
                    count(state.rawValue, states.reduce(0) { $0 + UInt64($1[state] ?? 0) }, &writer)
                }
            }
        }
        writer.object("sessions") { $0.field("current", sum { $0[.sessions] }) }
    }

    private func traffic(_ writer: inout JSONWriter) {
        writer.object("received") { writer in
            writer.field("bytes", sum { $0[.bytesReceived] })
            writer.field("packets", sum { $0.packets(.received).total.packets })
        }
        writer.object("sent") { writer in
            writer.field("bytes", sum { $0[.bytesSent] })
            writer.field("packets", sum { $0.packets(.sent).total.packets })
        }
    }

    /// Over all loops.
    private func sum(_ count: (LoopCounters) -> UInt64) -> UInt64 { world.loops.reduce(0) { $0 &+ count($1.counters) } }

    /// A member for something that has happened.
    private func count(_ name: String, _ count: UInt64, _ writer: inout JSONWriter) {
        guard count > 0 else { return }
        writer.name(name)
        writer.value(count)
    }
}
