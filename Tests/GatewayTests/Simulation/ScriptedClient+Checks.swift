#if DEBUG
    /// What must have come when a run is over.
    extension ScriptedClient {
        func checkEnd() {
            checkAnswers()
            guard inbox.isSession, let connection, !connection.isSpoiled else { return }
            checkUp()
            checkDown()
        }

        /// Whether something was over before the loop was told to end: nothing was cut off then.
        private func isInTime(_ time: Int64?) -> Bool {
            guard let time else { return false }
            return time < world.endOrderedAt ?? 0
        }

        /// A client that has taken its leave with DISCONNECT was heard to the end by its broker.
        private func checkUp() {
            guard let end = disconnectEnd, ending == .disconnect, inbox.closeCode == 1000, isInTime(inbox.endedAt),
                inbox.own == nil, let session = bodySession, !session.connection.isSpoiled, session.isPatient,
                isInTime(session.endedAt)
            else { return }
            if session.received.count != end {
                world.violation(
                    "\(name) has sent \(end) bytes and DISCONNECT; \(session.connection.name) has got \(session.received.count)"
                )
            }
        }

        /// What a broker has sent before it ended the connection in good order has come to a client that was there.
        private func checkDown() {
            guard ending == .silence, inbox.keepAlive == 0, !isSlow, inbox.closeCode != nil, inbox.own == nil,
                isInTime(inbox.endedAt), !world.variant.isRebalanced, inbox.senders.count == 1,
                let sender = inbox.senders.first,
                !sender.connection.isSpoiled, sender.hasEndedWell
            else { return }
            if inbox.mqtt.count != sender.sent.count {
                world.violation(
                    "\(sender.connection.name) has sent \(sender.sent.count) bytes and ended; \(name) has got \(inbox.mqtt.count)"
                )
            }
        }

        // MARK: HTTP

        private func checkAnswers() {
            var position = 0
            var requests = inbox.requests[...]
            while let end = headEnd(from: position) {
                let head = String(decoding: inbox.plain[position..<end], as: UTF8.self)
                let isTimeout = head.hasPrefix("HTTP/1.1 408 ")
                guard let path = requests.popFirst() ?? (isTimeout ? "" : nil) ?? (inbox.requests.isEmpty ? "" : nil)
                else {
                    return world.violation("\(name) gets more answers than it has asked")
                }
                let isExpected = head.hasPrefix("HTTP/1.1 \(path == "/nothing" ? 404 : 200) ")
                if !inbox.requests.isEmpty, !isTimeout, !isExpected {
                    return world.violation("\(name) asks for \(path) and gets \(head.prefix(20))")
                }
                let length = Self.contentLength(head)
                let content = inbox.plain[end...].prefix(length)
                if path.hasPrefix("/files"), !isTimeout, !Variant.page.starts(with: content) {
                    return world.violation("\(name) gets another content than the file's")
                }
                guard content.count == length else { return }
                position = end + length
            }
        }

        private func headEnd(from start: Int) -> Int? {
            let text = inbox.plain[start...]
            return text.indices.dropLast(3).first { text[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }.map { $0 + 4 }
        }

        private static func contentLength(_ head: String) -> Int {
            for line in head.split(whereSeparator: \.isNewline) where line.lowercased().hasPrefix("content-length:") {
                return Int(line.dropFirst(15).filter { $0 != " " }) ?? 0
            }
            return 0
        }
    }

    extension BrokerSession {
        /// Reads, and leaves the end to its client.
        var isPatient: Bool {
            if case .accept = manner { return end == .never }
            return false
        }

        /// It has sent everything, and then a FIN.
        var hasEndedWell: Bool {
            guard case .accept = manner, end == .disconnect || end == .close else { return false }
            return isOver
        }
    }
#endif
