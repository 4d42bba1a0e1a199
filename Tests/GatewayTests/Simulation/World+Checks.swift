#if DEBUG
    import Reactor

    @testable import Gateway

    /// The rules of a run that are not about bytes.
    extension World {
        /// After every turn.
        func checkTurn(_ loop: SimulatedLoop) {
            if let fault = loop.untimed() { violation(fault) }
            if let fault = loop.miscounted() { violation(fault) }
            checkCauses(loop)
        }

        /// Nobody waits long to be accepted, unless there are no descriptors.
        func checkQueues() {
            guard kernel.faults.descriptorLimit == .max else { return }
            for (index, listener) in listeners.enumerated() where !listener.waiting.isEmpty {
                if kernel.now - listener.waitingSince > 10_000_000 {
                    violation("listener \(index) is no longer served")
                }
            }
        }

        /// When the loop has said that it is over.
        func checkEnd(_ loop: SimulatedLoop) {
            if stopDeadline == nil { violation("the loop has ended unasked") }
            if loop.living != 0 { violation("\(loop.living) connections are left") }
            if let fault = loop.miscounted() { violation(fault) }
            checkCauses(loop)
            for fault in loop.leftovers { violation(fault) }
            for client in clients { client.checkEnd() }
        }

        /// Every connection has one cause, and one more for each further request on it.
        private func checkCauses(_ loop: SimulatedLoop) {
            let (causes, pending, responses) = (loop.causes, loop.pending, loop.responses)
            let range = kernel.accepted...(kernel.accepted + responses)
            if !range.contains(causes + pending) {
                violation(
                    "\(kernel.accepted) connections were accepted, and \(responses) requests more; there are "
                        + "\(causes) causes, and \(pending) under way")
            }
        }

        /// When the loop is gone, too.
        func checkDescriptors() {
            for (index, entry) in kernel.entries.enumerated() {
                switch entry {
                case .free: break
                case .spare: violation("the spare descriptor is left open")
                case .listener: violation("listener \(index) is left open")
                case .connection(let connection): violation("\(connection.name) is left open")
                }
            }
        }
    }
#endif
