import Testing

@testable import HTTP2

@Suite("StreamOutput: how much may be under way")
struct StreamOutputTests {
    @Test("A window of up to a mebibyte is used as it is", arguments: [0, 1, 65_535, 1 << 20] as [Int32])
    func small(window: Int32) {
        var output = StreamOutput()
        output.available = 10_000_000
        let room = output.room(remote: window)
        #expect(room == 10_000_000)  // nghttp2 keeps to the window itself
    }

    /// Chromium 156 and Firefox 153: they give credit back by halves, or from 4 MiB on.
    @Test("Of a large one half and a little more", arguments: [6_291_456, 12_582_912] as [Int32])
    func large(window: Int32) {
        var output = StreamOutput()
        output.available = 20_000_000
        var left = window
        var sent = 0
        while true {
            let room = min(output.room(remote: left), 16_384)
            guard room > 0 else { break }
            sent += room
            left -= Int32(room)
        }
        #expect(sent == Int(window) / 2 + 256 * 1024)
        #expect(sent < Int(window) && sent > Int(window) / 2 && (window < 12_000_000 || sent > 4 << 20))
        let credited = output.room(remote: left + 1000)
        #expect(credited == 1000, "credit is used")
    }
}
