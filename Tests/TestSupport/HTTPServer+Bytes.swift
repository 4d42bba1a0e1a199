import Glibc

extension HTTPServer {
    /// Waits until so many requests have come.
    package func wait(requests count: Int) async {
        while requests.count < count { await Task.yield() }
    }

    /// The bytes up to a mark, with it; nil: the connection has ended before.
    package func take(_ descriptor: Int32, _ input: inout [UInt8], until mark: [UInt8]) -> [UInt8]? {
        var start = 0
        while true {
            while start + mark.count <= input.count {
                if input[start..<(start + mark.count)].elementsEqual(mark) {
                    return take(descriptor, &input, count: start + mark.count)
                }
                start += 1
            }
            let more = receive(descriptor)
            guard !more.isEmpty else { return nil }
            input += more
        }
    }

    /// So many bytes; nil: the connection has ended before.
    package func take(_ descriptor: Int32, _ input: inout [UInt8], count: Int) -> [UInt8]? {
        while input.count < count {
            let more = receive(descriptor)
            guard !more.isEmpty else { return nil }
            input += more
        }
        defer { input.removeFirst(count) }
        return Array(input.prefix(count))
    }

    /// What comes next; empty: the end.
    package func receive(_ descriptor: Int32) -> [UInt8] {
        guard isReadable(descriptor) else { return [] }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }

    /// False: the client has left.
    package func give(_ descriptor: Int32, _ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let sent = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            bytes = bytes.dropFirst(sent)
        }
        return true
    }
}
