#if DEBUG
    import TestSupport

    /// What clients do.
    extension ScriptedClient {
        enum Ending: CaseIterable {
            case disconnect, closeFrame, shutDown, reset, silence, textFrame, badPacket, unmasked, secondConnect
        }

        private func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &world.random) == 0 }

        private func pause(_ most: Int64) -> Step { .pause(Int64.random(in: 0...most, using: &world.random)) }

        func write(script port: Variant.Port) {
            isSlow = chance(5)
            var steps: [Step] = []
            if port == .proxyHeader { steps.append(.bytes(Array("PROXY TCP4 10.2.3.4 10.0.0.1 5000 80\r\n".utf8))) }
            switch Int.random(in: 0..<12, using: &world.random) {
            case 0: steps += [.bytes(world.random.bytes(Int.random(in: 1...3000, using: &world.random)))]
            case 1: steps += chance(2) ? [] : [.bytes(Array("GET /mqtt HTTP/1.1\r\nHo".utf8))]
            case 2: steps += requests()
            default: steps += session()
            }
            script = steps[...]
        }

        /// Requests for files, one directly after the other.
        private func requests() -> [Step] {
            var steps: [Step] = []
            for _ in 0..<Int.random(in: 1...4, using: &world.random) {
                let path = chance(3) ? "/nothing" : "/files/page.txt"
                inbox.requests.append(path)
                steps.append(.bytes(Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)))
            }
            if chance(3) { steps.append(.shutDown) }
            return steps
        }

        private func session() -> [Step] {
            inbox.isSession = true
            let handshake =
                "GET /mqtt HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Protocol: mqtt\r\n\r\n"
            var steps: [Step] = [.bytes(Array(handshake.utf8))]
            if !chance(4) { steps.append(.waitForUpgrade) }
            if chance(8) { steps.append(pause(6_000_000)) }
            if chance(15) { return steps }
            let keepAlive: UInt16 = [0, 0, 2, 30].randomElement(using: &world.random) ?? 0
            inbox.keepAlive = keepAlive
            let padding = chance(6) ? Int.random(in: 0...3000, using: &world.random) : 0
            steps.append(
                .packets(
                    MQTTBytes.connect(
                        clientID: name, isVersion5: isVersion5, keepAlive: keepAlive, padding: padding)))
            if !chance(3) { steps.append(.waitForAnswer) }
            for number in 0..<Int.random(in: 0...15, using: &world.random) { steps += something(number) }
            return steps + end()
        }

        private func something(_ number: Int) -> [Step] {
            switch Int.random(in: 0..<10, using: &world.random) {
            case 0: return [.bytes(frame(9, world.random.bytes(Int.random(in: 0...125, using: &world.random))))]
            case 1: return [.packets(MQTTBytes.pingRequest)]
            case 2: return [pause(10_000_000)]
            case 3: return [pause(1000)]
            default:
                let isBig = chance(8)
                let size = Int.random(in: 0...(isBig ? 60_000 : 300), using: &world.random)
                return [.packets(MQTTBytes.publish("\(name) \(number);", size: size, isVersion5: isVersion5))]
            }
        }

        private func end() -> [Step] {
            ending = Ending.allCases.randomElement(using: &world.random) ?? .silence
            switch ending {
            case .disconnect: return [.packets(MQTTBytes.disconnect)] + (chance(2) ? [.bytes(close)] : [])
            case .closeFrame: return [.bytes(close)]
            case .shutDown: return [.shutDown]
            case .reset: return [chance(2) ? .reset : .close]
            case .silence: return []
            case .textFrame: return [.bytes(frame(1, [0x61]))]
            case .badPacket: return [.badPacket([0xF7, 0xFF, 0xFF, 0xFF, 0xFF])]
            case .unmasked: return [.bytes([0x82, 2, 0xC0, 0])]
            case .secondConnect: return [.badPacket([0x10, 0])]
            }
        }

        private var close: [UInt8] { frame(8, [3, 0xE8]) }

        // MARK: Frames

        /// As one message, as several, or as one in fragments with pings between them.
        func frames(of packets: [UInt8]) -> [UInt8] {
            if packets == MQTTBytes.disconnect { disconnectEnd = sentMQTT.count }
            let kind = Int.random(in: 0..<4, using: &world.random)
            guard kind > 1, packets.count > 1 else { return frame(2, packets) }
            let cuts = world.random.cuts(packets.count, largest: max(1, packets.count / 2))
            let parts = split(packets, at: cuts)
            guard kind == 3 else { return parts.flatMap { frame(2, Array($0)) } }
            var bytes: [UInt8] = []
            for (index, part) in parts.enumerated() {
                bytes += frame(index == 0 ? 2 : 0, Array(part), isFinal: index == parts.count - 1)
                if index < parts.count - 1, chance(4) { bytes += frame(9, [UInt8(index & 0xFF)]) }
            }
            return bytes
        }

        /// A key of zeros masks nothing: quick for what is big.
        func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
            let isBig = payload.count > 2000
            let key: [UInt8] = isBig ? [0, 0, 0, 0] : world.random.bytes(4)
            let frame = ClientFrame(
                isFinal: isFinal, opcode: opcode, payload: isBig ? [] : payload, key: key,
                announced: UInt64(payload.count))
            return isBig ? frame.header + payload : frame.bytes
        }
    }
#endif
