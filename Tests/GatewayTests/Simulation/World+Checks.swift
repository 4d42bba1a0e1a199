#if DEBUG
    import Reactor

    @testable import Gateway

    /// The rules of a run that are not about bytes.
    extension World {
        /// After every turn.
        func checkTurn(_ loop: SimulatedLoop) {
            if let fault = loop.untimed() { violation(fault) }
            let (ended, living) = (loop.endedConnections, loop.livingConnections)
            if ended + living != kernel.accepted {
                violation(
                    "\(kernel.accepted) connections were accepted; \(ended) causes are counted, and \(living) live")
            }
        }

        /// When the loop has said that it is over.
        func checkEnd(_ loop: SimulatedLoop) {
            if stopDeadline == nil { violation("the loop has ended unasked") }
            if loop.livingConnections != 0 { violation("\(loop.livingConnections) connections are left") }
            if loop.endedConnections != kernel.accepted {
                violation(
                    "\(kernel.accepted) connections were accepted, and \(loop.endedConnections) causes are counted")
            }
            for fault in loop.leftovers { violation(fault) }
            for client in clients { client.checkEnd() }
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
