import Reactor
import Tunnel
import Wire

/// permessage-deflate (RFC 7692): between frames and packets.
extension Session {
    // MARK: Client to broker

    /// Takes a part of a compressed message: it waits as it is until the message is whole. False: the session ends.
    mutating func inflate(_ block: Uplink.Block) -> Bool {
        guard let compression = pipe.compression else { return true }
        let limit = inflatedLimit(compression)
        let part = UnsafeRawBufferPointer(start: block.payload, count: block.count)
        guard compression.held.count + part.count <= limit else {
            webSocketBroke(.deflateSize)
            return false
        }
        guard block.endsMessage, compression.held.isEmpty else {
            compression.held.append(part)
            guard block.endsMessage else { return true }
            defer { compression.held.clear() }
            return inflate(UnsafeRawBufferPointer(compression.held.bytes), limit: limit)
        }
        return inflate(part, limit: limit)
    }

    /// Bytes that a message may have: before the session is open no more than would be held of one that is not compressed.
    private func inflatedLimit(_ compression: SessionCompression) -> Int {
        guard !isPiping else { return compression.limit }
        let room = route.location.mqtt.maxConnectSize + Self.heldRoom - (opening?.held.count ?? 0)
        return min(compression.limit, max(0, room))
    }

    private mutating func inflate(_ message: UnsafeRawBufferPointer, limit: Int) -> Bool {
        guard let engine = loop.pointee.compressionInUse() else {
            end(.outOfResources)
            return false
        }
        var size = 0
        let result = engine.inflater.inflate(message, limit: limit, into: engine.room) { bytes, count in
            size += count
            return takeInflated(Uplink.Block(payload: bytes, count: count))
        }
        loop.pointee.inflated += size
        loop.pointee.figures.inflated(message.count, to: size)
        switch result {
        case .whole: return true
        case .stopped: break
        case .malformed: webSocketBroke(.deflate)
        case .tooLarge: webSocketBroke(.deflateSize)
        }
        return false
    }

    private mutating func takeInflated(_ block: Uplink.Block) -> Bool {
        if isPiping { return forwardUp(block) }
        guard let opening else { return false }
        return hold(block, opening)
    }

    // MARK: Broker to client

    /// Sends a message compressed, if that makes it shorter. False: the client is gone.
    mutating func writeCompressed(_ output: Downlink.Output) -> Bool {
        let message = UnsafeRawBufferPointer(start: output.start, count: output.count)
        if let bits = pipe.compression?.windowBits, let engine = loop.pointee.compressionInUse(),
            let count = engine.deflater(windowBits: bits)?.deflate(message, into: engine.room),
            let payload = engine.room.baseAddress
        {
            loop.pointee.figures.deflated(output.count, to: count)
            let start = FrameHeader.prepend(.binary, before: payload, count: count)
            let first = start.load(as: UInt8.self)
            start.storeBytes(of: first | 0x40, as: UInt8.self)  // RSV1, RFC 7692 §6
            return channel.write(start, count: payload - start + count)
        }
        let start = FrameHeader.prepend(.binary, before: output.start, count: output.count)
        return channel.write(start, count: output.start - start + output.count)
    }
}
