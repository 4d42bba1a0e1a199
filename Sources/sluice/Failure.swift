import Configuration
import Gateway

/// Why a command cannot do what it was asked to, in words for the operator.
struct Failure: Error, CustomStringConvertible {
    let description: String

    static func wrap<Value: ~Copyable>(_ body: () throws(StartError) -> Value) throws(Failure) -> Value {
        do throws(StartError) { return try body() } catch { throw Failure(description: error.description) }
    }

    /// Runs the gateway until a signal ends it.
    static func run(_ gateway: inout Gateway) throws(Failure) {
        do throws(StartError) { try gateway.run() } catch { throw Failure(description: error.description) }
    }
}
