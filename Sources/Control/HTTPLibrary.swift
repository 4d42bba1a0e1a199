import CCurl

/// libcurl, which sends the requests. It brings some 25 libraries, so it is loaded by the first who needs it, and stays.
package enum HTTPLibrary {
    /// Why it cannot be used, in words for the operator.
    package struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Loads it, unless it is there. Any thread. A later call may succeed where one has failed: nothing is remembered then.
    package static func load() throws(Fault) {
        let reason = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text -> String? in
            guard let start = text.baseAddress, CCurlShims_load(start, text.count) != 0 else { return nil }
            return String(cString: start)
        }
        guard let reason else { return }
        throw Fault(
            description: "libcurl cannot be loaded: \(reason); needed is libcurl 7.87 or newer (Debian: libcurl4)")
    }
}
