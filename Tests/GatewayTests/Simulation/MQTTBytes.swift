#if DEBUG
    /// MQTT packets as bytes, and how a stream of them is cut.
    enum MQTTBytes {
        static func packet(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
            var (length, header) = (body.count, [first])
            repeat {
                header.append(UInt8(length & 0x7F) | (length > 127 ? 0x80 : 0))
                length >>= 7
            } while length > 0
            return header + body
        }

        static func string(_ text: String) -> [UInt8] {
            [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 0xFF)] + Array(text.utf8)
        }

        static func connect(clientID: String, isVersion5: Bool, keepAlive: UInt16, padding: Int) -> [UInt8] {
            let level: [UInt8] = [isVersion5 ? 5 : 4, 0x82, UInt8(keepAlive >> 8), UInt8(keepAlive & 0xFF)]
            let name = string("user " + String(repeating: "u", count: padding))
            return packet(0x10, string("MQTT") + level + (isVersion5 ? [0] : []) + string(clientID) + name)
        }

        /// A PUBLISH (QoS 0) that says whose it is.
        static func publish(_ identity: String, size: Int, isVersion5: Bool) -> [UInt8] {
            let mark = Array(identity.utf8)
            var payload: [UInt8] = []
            payload.reserveCapacity(size + mark.count)
            repeat { payload += mark } while payload.count < size
            return packet(0x30, string("t") + (isVersion5 ? [0] : []) + payload)
        }

        static func connack(_ code: UInt8, isVersion5: Bool) -> [UInt8] {
            packet(0x20, [0, code] + (isVersion5 ? [0] : []))
        }

        static let disconnect: [UInt8] = [0xE0, 0]
        static let pingRequest: [UInt8] = [0xC0, 0]

        /// The size of the packet at `start`; nil: its fixed header is not whole.
        static func size(in bytes: [UInt8], at start: Int) -> Int? {
            var length = 0
            for index in 1...4 {
                guard start + index < bytes.count else { return nil }
                let byte = Int(bytes[start + index])
                length |= (byte & 0x7F) << (7 * (index - 1))
                if byte < 0x80 { return 1 + index + length }
            }
            return nil
        }

        /// The client identifier of the CONNECT at the start.
        static func clientID(of connect: [UInt8], isVersion5: inout Bool) -> String? {
            guard let size = size(in: connect, at: 0), connect.count >= size,
                let start = (2...5).first(where: { connect[$0 - 1] < 0x80 }), connect.count > start + 12
            else { return nil }
            isVersion5 = connect[start + 6] == 5
            let length = start + 10 + (isVersion5 ? 1 : 0)
            let count = Int(connect[length]) << 8 | Int(connect[length + 1])
            guard length + 2 + count <= connect.count else { return nil }
            return String(decoding: connect[(length + 2)..<(length + 2 + count)], as: UTF8.self)
        }
    }
#endif
