import CCurl
import CShims
import Reactor

/// A libcurl multi handle. The control thread's.
final class Multi {
    let handle: UnsafeMutableRawPointer

    /// Connections that are kept for later requests: as many as pools allow.
    private static let mostKept = 4096

    /// Loads libcurl, if nobody has.
    init() throws(HTTPLibrary.Fault) {
        try HTTPLibrary.load()
        guard let handle = CCurlShims_multi_init() else {
            throw HTTPLibrary.Fault(description: "libcurl: \(SystemError.text(ENOMEM))")
        }
        self.handle = UnsafeMutableRawPointer(handle)
        _ = CCurlShims_multi_set_long(handle, CURLMOPT_MAXCONNECTS, Self.mostKept)
        _ = CCurlShims_multi_set_long(handle, CCurlShims_MULTI_QUICK_EXIT, 1)
    }

    deinit { CCurlShims_multi_cleanup(handle) }

    /// Sleeps until a connection or `descriptor` is ready, a transfer's time is over, or so many milliseconds have passed.
    func wait(for descriptor: Int32, milliseconds: Int64) {
        var other = curl_waitfd(fd: descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        _ = CCurlShims_multi_poll(handle, &other, 1, Int32(clamping: milliseconds), nil)
    }
}
