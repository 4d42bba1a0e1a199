import Reactor

/// Why the gateway cannot start, or use a configuration, in words for the operator.
package struct StartError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The words.
    package let description: String

    /// An error in these words.
    package init(_ description: String) { self.description = description }

    /// Runs `body`; a system call that fails in it becomes a reason not to start.
    static func wrap<Value: ~Copyable>(
        _ body: () throws(SystemError) -> Value
    ) throws(StartError) -> Value {
        do throws(SystemError) { return try body() } catch { throw StartError("\(error)") }
    }
}
