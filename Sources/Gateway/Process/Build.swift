/// What the gateway is, and what has built it.
package enum Build {
    /// Of the gateway.
    package static let version = "0.1.0"

    /// The version of Swift.
    package static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
