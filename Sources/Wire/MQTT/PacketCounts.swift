/// Packets of one direction by kind, and their bytes. A packet counts with all the bytes that its fixed header announces, from
/// the moment at which that header is there.
package struct PacketCounts: BitwiseCopyable, Equatable, Sendable {
    /// Packets of one kind.
    package struct Count: BitwiseCopyable, Equatable, Sendable {
        package var packets: UInt64
        /// With their fixed headers.
        package var bytes: UInt64

        package init(packets: UInt64 = 0, bytes: UInt64 = 0) {
            self.packets = packets
            self.bytes = bytes
        }
    }

    /// Payload of all PUBLISH packets whose headers have come; a malformed header counts as no payload.
    package private(set) var payloadBytes: UInt64 = 0
    private var counts = InlineArray<13, Count>(repeating: Count())

    package init() {}

    package init(payloadBytes: UInt64, _ count: (PacketKind) -> Count) {
        self.payloadBytes = payloadBytes
        for kind in PacketKind.allCases { counts[Int(kind.rawValue)] = count(kind) }
    }

    /// Those of one kind.
    package subscript(kind: PacketKind) -> Count { counts[Int(kind.rawValue)] }

    /// Those of all kinds.
    package var total: Count {
        PacketKind.allCases.reduce(into: Count()) {
            $0.packets &+= self[$1].packets
            $0.bytes &+= self[$1].bytes
        }
    }

    /// Adds packets of the kind with this raw value, which is less than `PacketKind.count`.
    @inline(__always)
    mutating func add(_ index: Int, packets: UInt64, bytes: UInt64) {
        counts[unchecked: index].packets &+= packets
        counts[unchecked: index].bytes &+= bytes
    }

    @inline(__always)
    mutating func add(payload: UInt64) { payloadBytes &+= payload }

    package static func == (one: PacketCounts, other: PacketCounts) -> Bool {
        one.payloadBytes == other.payloadBytes && PacketKind.allCases.allSatisfy { one[$0] == other[$0] }
    }

    package static func + (one: PacketCounts, other: PacketCounts) -> PacketCounts {
        PacketCounts(payloadBytes: one.payloadBytes &+ other.payloadBytes) {
            Count(packets: one[$0].packets &+ other[$0].packets, bytes: one[$0].bytes &+ other[$0].bytes)
        }
    }
}
