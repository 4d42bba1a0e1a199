import Reactor
import Telemetry
import Text
import Tunnel
import Wire

/// The trace of one session: what passes, as lines of JSON. Its loop's alone.
final class SessionTrace {
    let trace: Trace
    private let connection: String
    /// nil: a packet is under way whose length is not known; tracing begins with the next.
    private var received: PacketTracer?
    private var sent: PacketTracer?

    enum Direction: String { case received, sent }

    init(_ trace: Trace, connectionID: UInt64) {
        self.trace = trace
        connection = LogText.connectionID(connectionID)
    }

    /// Bytes that pass. `tracer`: makes the direction's tracer where it has not begun; nil: it cannot begin yet.
    func take(_ bytes: UnsafeRawBufferPointer, _ direction: Direction, tracer: (_ payloadLimit: Int) -> PacketTracer?) {
        guard !trace.isOver else { return }
        var lines: [UInt8] = []
        let show: (PacketTracer.Packet) -> Void = { packet in
            self.append(to: &lines, direction) { line in Self.describe(packet, &line) }
        }
        switch direction {
        case .received:
            received = received ?? tracer(trace.payloadLimit)
            received?.take(bytes, show: show)
        case .sent:
            sent = sent ?? tracer(trace.payloadLimit)
            sent?.take(bytes, show: show)
        }
        trace.write(lines)
    }

    // MARK: What does not pass through the pipe

    /// The client's CONNECT. Nothing of its credentials.
    func connect(_ record: SessionRecord, size: Int) {
        write(.received) { line in
            line.field("type", "connect")
            line.field("mqtt_version", record.version?.name ?? "")
            line.field("client_id", record.clientID)
            line.field("keepalive", record.keepAlive)
            line.field("clean_start", record.cleanStart)
            line.field("bytes", size)
        }
    }

    func ended(_ cause: EndCause) {
        write(.sent) { line in
            line.field("type", "end")
            line.field("cause", cause.rawValue)
        }
    }

    // MARK: Lines

    private func write(_ direction: Direction, _ fill: (inout JSONObject) -> Void) {
        var lines: [UInt8] = []
        append(to: &lines, direction, fill)
        trace.write(lines)
    }

    private func append(to lines: inout [UInt8], _ direction: Direction, _ fill: (inout JSONObject) -> Void) {
        var line = JSONObject()
        line.field("at", Timestamp.iso8601(Kernel.wallClock()))
        line.field("connection", connection)
        line.field("direction", direction.rawValue)
        fill(&line)
        lines.append(contentsOf: line.closed.utf8)
        lines.append(UInt8(ascii: "\n"))
    }

    private static func describe(_ packet: PacketTracer.Packet, _ line: inout JSONObject) {
        let type = packet.firstByte >> 4
        line.field("type", names[Int(type)])
        if type == 3 {
            line.field("qos", packet.firstByte >> 1 & 3)
            line.field("retain", packet.firstByte & 1 != 0)
            line.field("dup", packet.firstByte & 8 != 0)
        }
        if let packetID = packet.packetID { line.field("packet_id", packetID) }
        if let topic = packet.topic { line.field("topic", topic) }
        if !packet.filters.isEmpty { line.field("topics", packet.filters.joined(separator: " ")) }
        if let code = packet.reasonCode { line.field("reason_code", code) }
        line.field("bytes", packet.size)
        if let size = packet.payloadSize { line.field("payload_bytes", size) }
        if let payload = packet.payload { line.field("payload_base64", Base64.encode(payload.span)) }
    }

    private static let names = [
        "reserved", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback",
        "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth",
    ]
}
