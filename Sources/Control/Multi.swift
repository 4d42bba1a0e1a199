import CCurl
import CShims
import Reactor

/// A libcurl multi handle. `wakeUp` is for any thread, all else for the control thread.
final class Multi: Sendable {
    // Made and freed with this object; libcurl allows curl_multi_wakeup from other threads.
    nonisolated(unsafe) let handle: UnsafeMutableRawPointer

    /// libcurl wants to be set up once, before threads use it.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Whether names resolve beside the thread that asks for them.
    private static let resolvesAsynchronously: Bool = {
        guard let version = curl_version_info(CCurlShims_VERSION_NOW) else { return false }
        return version.pointee.features & CURL_VERSION_ASYNCHDNS != 0
    }()

    /// Connections that are kept for later requests: as many as pools allow.
    private static let mostKept = 4096

    init() throws(SystemError) {
        guard Self.isReady, let handle = curl_multi_init() else { throw SystemError("libcurl", code: ENOMEM) }
        self.handle = UnsafeMutableRawPointer(handle)
        guard Self.resolvesAsynchronously else {
            throw SystemError("libcurl without asynchronous names", code: ENOSYS)
        }
        _ = CCurlShims_multi_set_long(handle, CURLMOPT_MAXCONNECTS, Self.mostKept)
    }

    deinit { curl_multi_cleanup(handle) }

    func wakeUp() { curl_multi_wakeup(handle) }

    /// Sleeps until a connection is ready, a transfer's time is over, somebody calls `wakeUp`, or so many milliseconds
    /// have passed.
    func wait(milliseconds: Int64) {
        curl_multi_poll(handle, nil, 0, Int32(clamping: milliseconds), nil)
    }
}
