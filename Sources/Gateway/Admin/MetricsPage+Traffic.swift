import Telemetry
import Wire

/// Packets, pings and what waits.
extension MetricsPage {
    mutating func writeTraffic() {
        writePackets()
        page.begin(MetricCatalogue.pings)
        page.sample([.direction: "sent"], sum(\.pingsSent))
        page.sample([.direction: "received"], sum(\.pingsReceived))
        page.begin(MetricCatalogue.compressionSaved)
        page.sample([.direction: "received"], sum(\.savedReceived))
        page.sample([.direction: "sent"], sum(\.savedSent))
        page.begin(MetricCatalogue.keepAlivesOffloaded)
        page.sample([:], sum(\.keepAlivesOffloaded))
        page.begin(MetricCatalogue.pingDuration)
        page.histogram([:], Histogram(adding: input.loops.map(\.figures.pingTimes)))
        page.begin(MetricCatalogue.backpressure)
        page.sample([.direction: "received"], count { $0[.backpressureReceived] })
        page.sample([.direction: "sent"], count { $0[.backpressureSent] })
        page.begin(MetricCatalogue.backpressureSeconds)
        page.sample([.direction: "received"], milliseconds: count { $0[.backpressureMillisecondsReceived] })
        page.sample([.direction: "sent"], milliseconds: count { $0[.backpressureMillisecondsSent] })
        page.begin(MetricCatalogue.rateHeld)
        page.sample([.direction: "received"], sum(\.heldReceived))
        page.sample([.direction: "sent"], sum(\.heldSent))
        page.begin(MetricCatalogue.waiting)
        page.sample([.direction: "received"], input.census.waitingReceived)
        page.sample([.direction: "sent"], input.census.waitingSent)
    }

    private mutating func writePackets() {
        let directions = PacketDirection.allCases.map { direction in
            (direction, input.loops.reduce(PacketCounts()) { $0 + $1.counters.packets(direction) })
        }
        page.begin(MetricCatalogue.packets)
        for (direction, counts) in directions {
            for kind in PacketKind.allCases { page.sample(kind.labels(direction), counts[kind].packets) }
        }
        page.begin(MetricCatalogue.packetBytes)
        for (direction, counts) in directions {
            for kind in PacketKind.allCases { page.sample(kind.labels(direction), counts[kind].bytes) }
        }
        page.begin(MetricCatalogue.payloadBytes)
        for (direction, counts) in directions { page.sample([.direction: direction.name], counts.payloadBytes) }
    }
}

extension PacketDirection {
    fileprivate var name: String { self == .received ? "received" : "sent" }
}

extension PacketKind {
    fileprivate func labels(_ direction: PacketDirection) -> MetricLabels {
        [.direction: direction.name, .type: name(direction)]
    }
}
