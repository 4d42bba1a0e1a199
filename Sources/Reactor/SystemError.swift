import CShims

/// A system call that failed: which one, and why.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system call, as in its manual page.
    package let operation: String
    /// A positive errno value.
    package let code: Int32

    package init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// A connect to a unix socket whose queue of connections is full (unix(7): EAGAIN).
    package var isQueueFull: Bool { code == EAGAIN }

    /// A connect or bind that found every port of its source address in use: ip(7), connect(2). Where an address is not this
    /// machine's, bind says the same with EADDRNOTAVAIL; that is checked when the gateway starts.
    package var isOutOfPorts: Bool {
        operation == "connect" && code == EADDRNOTAVAIL || operation == "bind" && code == EADDRINUSE
    }

    /// The process or the system has run out of something: nobody else's fault.
    package var isShortage: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }

    /// The kernel does not have the protocol of an address: IPv6 can be left out of it. socket(2)
    package var isFamilyMissing: Bool { code == EAFNOSUPPORT }

    package static let connectionRefused = ECONNREFUSED
    package static let addressNotAvailable = EADDRNOTAVAIL

    /// "bind: Address already in use"
    package var description: String { "\(operation): \(SystemError.text(code))" }

    /// The system's words for an errno value.
    package static func text(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let text = buffer.baseAddress else { return "error \(code)" }
            CShims_error_text(code, text, buffer.count)
            return String(cString: text)
        }
    }

    /// Passes on the result of a shim, or throws its `-errno`.
    @discardableResult
    package static func check(_ operation: String, _ result: Int32) throws(SystemError) -> Int32 {
        guard result >= 0 else { throw SystemError(operation, code: -result) }
        return result
    }
}
