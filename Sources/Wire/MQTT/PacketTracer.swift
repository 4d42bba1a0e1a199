/// Cuts a stream of MQTT packets, in blocks cut anywhere, into what a trace shows of each: for support, never on the everyday
/// data path. It holds the beginning of one packet at a time.
package struct PacketTracer: Sendable {
    /// What a trace shows of one packet.
    package struct Packet: Equatable, Sendable {
        /// Type and flags, as in the fixed header.
        package let firstByte: UInt8
        /// Bytes of the whole packet.
        package let size: Int
        /// nil: the packet has none, or it is broken.
        package var packetID: UInt16?
        /// Of a PUBLISH. Bytes that are not UTF-8 became U+FFFD; empty with a topic alias of 5.0.
        package var topic: String?
        /// The topics of a SUBSCRIBE or UNSUBSCRIBE, as many as were kept.
        package var filters: [String] = []
        /// Of a PUBLISH, at most as many bytes as the trace wants; nil: it wants none.
        package var payload: [UInt8]?
        /// Bytes of the whole payload.
        package var payloadSize: Int?
        /// Of CONNACK, the acknowledgements and DISCONNECT, where it is there.
        package var reasonCode: UInt8?
    }

    /// Most bytes of a packet that are kept: a topic has 65,535 at most.
    package static let keptLimit = 128 * 1024

    private let isVersion5: Bool
    private let payloadLimit: Int
    /// Bytes to pass over until a packet begins.
    private var skip: Int
    /// The beginning of the packet under way.
    private var kept: [UInt8] = []
    /// Bytes of the packet under way that are still to come; nil: its header is not whole yet.
    private var remaining: Int?
    private var size = 0
    private var headerSize = 0

    /// - Parameters:
    ///   - skipping: what is left of a packet whose beginning has passed already.
    ///   - payloadLimit: bytes of a payload to show; 0: none.
    package init(version: ProtocolVersion, skipping: Int = 0, payloadLimit: Int = 0) {
        isVersion5 = version == .v5_0
        skip = skipping
        self.payloadLimit = payloadLimit
    }

    /// Takes the next bytes of the stream; `show` gets each packet when it is whole.
    package mutating func take(_ bytes: UnsafeRawBufferPointer, show: (Packet) -> Void) {
        var rest = bytes[...]
        let skipped = min(skip, rest.count)
        skip -= skipped
        rest = rest.dropFirst(skipped)
        while !rest.isEmpty {
            if let left = remaining {
                let count = min(left, rest.count)
                kept.append(contentsOf: rest.prefix(min(count, max(0, keptLimit - kept.count))))
                rest = rest.dropFirst(count)
                remaining = left - count
            } else if let first = rest.first {
                kept.append(first)
                rest = rest.dropFirst()
                guard readLength() else { return }
            }
            guard remaining == 0 else { continue }
            show(parsed())
            kept.removeAll(keepingCapacity: true)
            remaining = nil
        }
    }

    private var keptLimit: Int { Self.keptLimit + payloadLimit }

    /// Reads the Remaining Length, if it is whole. False: it is broken, and so is the stream.
    private mutating func readLength() -> Bool {
        guard kept.count > 1 else { return true }
        do throws(VariableByteInteger.Malformed) {
            guard let length = try VariableByteInteger.read(kept.span, at: 1, end: kept.count) else { return true }
            headerSize = 1 + length.size
            size = headerSize + length.value
            remaining = length.value
            return true
        } catch {
            kept.removeAll()
            skip = .max
            return false
        }
    }

    // MARK: One packet

    private func parsed() -> Packet {
        var packet = Packet(firstByte: kept.first ?? 0, size: size)
        var position = headerSize
        switch packet.firstByte >> 4 {
        case 2: packet.reasonCode = byte(at: headerSize + 1)
        case 3: publish(&packet, &position)
        case 4, 5, 6, 7:
            packet.packetID = word(at: headerSize)
            packet.reasonCode = byte(at: headerSize + 2)
        case 8, 10: filters(&packet, &position)
        case 9, 11: packet.packetID = word(at: headerSize)
        case 14: packet.reasonCode = byte(at: headerSize)
        default: break  // nothing of an AUTH: it has credentials
        }
        return packet
    }

    private func publish(_ packet: inout Packet, _ position: inout Int) {
        guard let topic = text(&position) else { return }
        packet.topic = topic
        if packet.firstByte & 0x06 != 0 {
            packet.packetID = word(at: position)
            position += 2
        }
        guard skipProperties(&position), position <= size else { return }
        packet.payloadSize = size - position
        guard payloadLimit > 0, position <= kept.count else { return }
        packet.payload = Array(kept[position...].prefix(payloadLimit))
    }

    private func filters(_ packet: inout Packet, _ position: inout Int) {
        packet.packetID = word(at: position)
        position += 2
        guard skipProperties(&position) else { return }
        while let filter = text(&position) {
            packet.filters.append(filter)
            if packet.firstByte >> 4 == 8 { position += 1 }  // its options
        }
    }

    /// False: they are not all there.
    private func skipProperties(_ position: inout Int) -> Bool {
        guard isVersion5 else { return true }
        guard let length = try? VariableByteInteger.read(kept.span, at: position, end: kept.count) else { return false }
        position += length.size + length.value
        return position <= kept.count || position <= size
    }

    private func byte(at position: Int) -> UInt8? { kept.indices.contains(position) ? kept[position] : nil }

    private func word(at position: Int) -> UInt16? {
        guard let high = byte(at: position), let low = byte(at: position + 1) else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    private func text(_ position: inout Int) -> String? {
        guard let count = word(at: position), position + 2 + Int(count) <= kept.count else { return nil }
        defer { position += 2 + Int(count) }
        return String(decoding: kept[(position + 2)..<(position + 2 + Int(count))], as: UTF8.self)
    }
}
