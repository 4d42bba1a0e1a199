/// What waits to be sent on one stream. Its owner fills it, at a fixed address; nghttp2 takes from it when windows and siblings
/// allow. The loop's thread alone touches it.
package struct StreamOutput: BitwiseCopyable {
    /// Where the bytes are.
    package enum Source: BitwiseCopyable {
        case memory(UnsafeRawPointer)
        /// An open file, from this offset on.
        case file(descriptor: Int32, offset: Int)
    }

    /// nil: nothing is there.
    package var source: Source?
    /// Bytes of `source` that wait.
    package var available = 0
    /// END_STREAM follows them.
    package var isEnd = false
    /// Bytes that have been taken since the owner looked last, and whether END_STREAM has been.
    package var taken = 0
    package var isEnded = false
    /// The file has become shorter than was announced.
    package internal(set) var isCutShort = false
    /// nghttp2 has found nothing to take, and asks again when `HTTP2Session.resume` tells it to.
    package internal(set) var isDeferred = false
    /// It waits for credit: more than the bound is under way.
    package internal(set) var isBound = false
    /// The largest window that the client has offered: half of it and a little more may be under way, as clients give credit
    /// back by halves. So a page that does not read is noticed before its whole window is full.
    private var window: Int32 = 0

    /// Windows up to this size are used as they are, in bytes.
    private static let smallWindow: Int32 = 1 << 20
    private static let slack: Int32 = 256 * 1024

    package init() {}

    /// How many bytes may leave now, of `available`; `remote`: the window of the stream.
    mutating func room(remote: Int32) -> Int {
        window = max(window, remote)
        guard window > Self.smallWindow else { return available }
        let bound = window / 2 + Self.slack
        return min(available, Int(max(0, bound - (window - remote))))
    }
}
