#if DEBUG
    import CShims

    /// One direction of a connection: bytes that were sent and not read yet, and whether a FIN comes after them.
    struct VirtualPipe {
        private var bytes: [UInt8] = []
        private var start = 0
        let capacity: Int
        var isFinished = false

        init(capacity: Int) { self.capacity = capacity }

        var count: Int { bytes.count - start }
        var room: Int { max(0, capacity - count) }

        mutating func write(_ source: UnsafeRawBufferPointer) { bytes.append(contentsOf: source) }

        mutating func read(into target: UnsafeMutableRawPointer, count: Int) {
            bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                target.copyMemory(from: base + start, byteCount: count)
            }
            drop(count)
        }

        mutating func read(count: Int) -> [UInt8] {
            let part = Array(bytes[start..<start + count])
            drop(count)
            return part
        }

        mutating func clear() { (bytes, start) = ([], 0) }

        private mutating func drop(_ count: Int) {
            start += count
            if start == bytes.count {
                clear()
            } else if start > 64 * 1024 {
                bytes.removeFirst(start)
                start = 0
            }
        }
    }

    /// A connection between the gateway and a client or broker of the simulation.
    final class VirtualConnection {
        /// How the gateway's connect ends, and when.
        struct Connecting {
            let until: Int64
            /// 0: it succeeds.
            let error: Int32
        }

        let name: String
        var toGateway: VirtualPipe
        var fromGateway: VirtualPipe
        /// Is told, with a short delay, that the gateway has done something here.
        var wake: () -> Void = {}
        /// While the gateway's connect is under way.
        var connecting: Connecting?
        /// What the gateway's next call on a reset connection fails with; 0: it has been told.
        var pendingError: Int32 = 0
        private(set) var isReset = false
        private(set) var isGatewayClosed = false
        private(set) var isFarClosed = false
        /// The kernel has made something fail here: the far side may miss the end of what was sent.
        var isSpoiled = false

        init(_ name: String, toGateway: Int, fromGateway: Int) {
            self.name = name
            self.toGateway = VirtualPipe(capacity: toGateway)
            self.fromGateway = VirtualPipe(capacity: fromGateway)
        }

        // MARK: The far side

        /// Whether the far side can still do something with it.
        var isFarOpen: Bool { !isFarClosed && !isReset }
        /// The far side has read everything up to the gateway's FIN.
        var isFarAtEnd: Bool { fromGateway.isFinished && fromGateway.count == 0 }

        func farWrite(_ bytes: ArraySlice<UInt8>) -> Int {
            guard isFarOpen, !isGatewayClosed, !toGateway.isFinished else { return 0 }
            let count = min(bytes.count, toGateway.room)
            bytes.prefix(count).withUnsafeBytes { toGateway.write($0) }
            return count
        }

        func farRead(atMost count: Int) -> [UInt8] { fromGateway.read(count: min(count, fromGateway.count)) }

        func farShutDown() { toGateway.isFinished = true }

        /// Bytes that were not read make the end a reset.
        func farClose() {
            guard !isFarClosed else { return }
            isFarClosed = true
            toGateway.isFinished = true
            if fromGateway.count > 0 { reset(by: ECONNRESET) }
        }

        func farReset() {
            isFarClosed = true
            reset(by: ECONNRESET)
        }

        // MARK: The gateway's side

        func gatewayShutDown() {
            fromGateway.isFinished = true
            wake()
        }

        /// Bytes that were not read make the end a reset, which swallows what the far side has not read.
        func gatewayClose(swallows: Bool) {
            isGatewayClosed = true
            fromGateway.isFinished = true
            if toGateway.count > 0 {
                isReset = true
                if swallows { fromGateway.clear() }
            }
            wake()
        }

        /// What the far side sent before the reset can still be read.
        func reset(by error: Int32) {
            guard !isReset else { return }
            isReset = true
            pendingError = error
            toGateway.isFinished = true
            fromGateway.clear()
        }

        func connectEnded() {
            guard let connecting else { return }
            self.connecting = nil
            if connecting.error != 0 {
                isReset = true
                pendingError = connecting.error
                toGateway.isFinished = true
            }
        }
    }
#endif
