#if DEBUG
    /// What a client reads of the gateway: one HTTP head, then WebSocket frames, strictly by their rules (RFC 6455 §5).
    struct ServerReader {
        enum Item {
            /// A head, from its status line to its empty line.
            case head(String)
            /// A part of the payload of a binary message; `ends` a frame that is whole now, of `size` bytes.
            case payload([UInt8], ends: Bool, size: Int)
            case ping([UInt8])
            case pong([UInt8])
            case close(UInt16?)
            /// What breaks a rule.
            case broken(String)
        }

        private var bytes: [UInt8] = []
        private var start = 0
        private var isUpgraded = false
        private var size = 0
        private var left = 0
        private(set) var hasClosed = false

        /// Whether a frame is under way.
        var isInFrame: Bool { left > 0 || start < bytes.count }

        mutating func append(_ new: [UInt8]) {
            if start > 0 { bytes.removeFirst(start) }
            start = 0
            bytes += new
        }

        mutating func next() -> Item? {
            guard isUpgraded else { return nextHead() }
            guard start < bytes.count else { return nil }
            if hasClosed { return .broken("bytes after the Close frame") }
            return left > 0 ? payload() : frame()
        }

        private mutating func nextHead() -> Item? {
            let text = bytes[start...]
            guard
                let end = text.indices.dropLast(3).first(where: { text[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) })
            else { return nil }
            let head = String(decoding: text[start..<end + 4], as: UTF8.self)
            start = end + 4
            isUpgraded = head.hasPrefix("HTTP/1.1 101 ")
            return .head(head)
        }

        private mutating func payload() -> Item {
            let count = min(left, bytes.count - start)
            defer { start += count }
            left -= count
            return .payload(Array(bytes[start..<start + count]), ends: left == 0, size: size)
        }

        private mutating func frame() -> Item? {
            guard bytes.count - start >= 2 else { return nil }
            let (first, second) = (bytes[start], bytes[start + 1])
            guard first & 0x80 != 0, second & 0x80 == 0 else { return .broken("a fragment, or a mask") }
            let extra = second == 126 ? 2 : second == 127 ? 8 : 0
            guard bytes.count - start >= 2 + extra else { return nil }
            let length =
                extra == 0 ? Int(second) : bytes[(start + 2)..<(start + 2 + extra)].reduce(0) { $0 << 8 | Int($1) }
            if first == 0x82 {
                start += 2 + extra
                (size, left) = (length, length)
                return length == 0 ? .broken("an empty message") : start < bytes.count ? payload() : next()
            }
            guard length <= 125 else { return .broken("a frame that begins with byte \(first)") }
            guard bytes.count - start >= 2 + length else { return nil }
            let content = Array(bytes[(start + 2)..<(start + 2 + length)])
            start += 2 + length
            switch first {
            case 0x88:
                hasClosed = true
                return .close(content.count >= 2 ? UInt16(content[0]) << 8 | UInt16(content[1]) : nil)
            case 0x89: return .ping(content)
            case 0x8A: return .pong(content)
            default: return .broken("a frame that begins with byte \(first)")
            }
        }
    }
#endif
