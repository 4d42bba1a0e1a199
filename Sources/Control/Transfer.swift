import CCurl
import Reactor

/// One request on its way, on a libcurl easy handle that is used again for the next. The control thread's.
///
/// A server may close a kept connection at any time, also while a request is on its way to it. Such a request is sent
/// once more, on a fresh connection, and never a third time: `willSend` counts.
final class Transfer {
    /// What somebody asked for.
    struct Order: Sendable {
        let request: HTTPRequest
        /// On the monotonic clock, in milliseconds.
        let deadline: Int64
        let isWanted: @Sendable () -> Bool
        let reply: @Sendable (Result<HTTPAnswer, HTTPFailure>) -> Void
    }

    let handle: UnsafeMutableRawPointer
    private(set) var order: Order?
    /// libcurl's words for what went wrong; it keeps the pointer.
    let error: UnsafeMutablePointer<CChar>
    /// The fields of the request; libcurl keeps the pointer.
    var headers: UnsafeMutablePointer<curl_slist>?
    private var body: [UInt8] = []
    /// Bytes of the answer's head.
    private var headCount = 0
    /// The empty line after the fields has arrived.
    private var isHeadComplete = false
    private var isTooLarge = false
    /// How often the request went out.
    private var sends = 0
    /// libcurl wanted to send it again on another kept connection.
    private var needsFreshConnection = false

    init?() {
        guard let handle = CCurlShims_easy_init() else { return nil }
        self.handle = handle
        error = .allocate(capacity: Int(CURL_ERROR_SIZE))
        error.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        CCurlShims_easy_cleanup(handle)
        CCurlShims_slist_free_all(headers)
        error.deallocate()
    }

    /// Sets the handle up for a request. False: libcurl refuses something of it.
    func begin(_ order: Order, now: Int64) -> Bool {
        self.order = order
        sends = 0
        return prepare(order, now: now)
    }

    /// Sets the handle up to send the request once more, on a fresh connection. False: that is not to be.
    func beginAgain(after code: CURLcode, now: Int64) -> Bool {
        guard needsFreshConnection || hasMetDeadConnection(code), let order, order.deadline > now else { return false }
        return prepare(order, now: now) && CCurlShims_set_long(handle, CURLOPT_FRESH_CONNECT, 1) == CURLE_OK
    }

    private func prepare(_ order: Order, now: Int64) -> Bool {
        (body, headCount, isHeadComplete) = ([], 0, false)
        (isTooLarge, needsFreshConnection) = (false, false)
        error[0] = 0
        return set(order.request, timeout: max(1, order.deadline - now))
    }

    /// What the transfer came to; the order is done with.
    func end(_ code: CURLcode) -> Result<HTTPAnswer, HTTPFailure> {
        defer {
            order = nil
            body = []
        }
        guard code == CURLE_OK else { return .failure(failure(code)) }
        // RFC 9112 §8: libcurl takes a head that was cut off for an answer without a body.
        guard isHeadComplete else {
            return .failure(
                HTTPFailure(kind: .broken, detail: "the connection ended before the answer's header was complete"))
        }
        var type: UnsafeMutablePointer<CChar>?
        _ = CCurlShims_get_text(handle, CURLINFO_CONTENT_TYPE, &type)
        let contentType = type.map { String(cString: $0) } ?? ""
        return .success(HTTPAnswer(status: number(CURLINFO_RESPONSE_CODE), contentType: contentType, body: body))
    }

    private func failure(_ code: CURLcode) -> HTTPFailure {
        if isTooLarge { return HTTPFailure(kind: .tooLarge, detail: "the answer is too large") }
        let kind: HTTPFailure.Kind =
            switch code {
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST: .unreachable
            default: .broken
            }
        let detail = error[0] == 0 ? String(cString: CCurlShims_easy_strerror(code)) : String(cString: error)
        return HTTPFailure(kind: kind, detail: detail)
    }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        _ = CCurlShims_get_long(handle, info, &value)
        return value
    }

    // MARK: Tries

    private var isOnFreshConnection: Bool { number(CURLINFO_NUM_CONNECTS) > 0 }

    /// When the time of a second try is over; nil on the first. libcurl keeps to the same end, but after a try of its own
    /// its timer wakes it too late.
    var secondDeadline: Int64? { sends > 1 ? order?.deadline : nil }

    /// libcurl is about to send the request. False: it must not.
    ///
    /// libcurl sends again by itself when a kept connection ends before the first byte of an answer, up to five times
    /// and on other kept connections, which may be as dead as the first one. Here the second time is the last.
    func willSend() -> Bool {
        needsFreshConnection = sends == 1 && !isOnFreshConnection
        guard sends == 0 || sends == 1 && !needsFreshConnection else { return false }
        sends += 1
        return true
    }

    /// Whether a kept connection was dead in the one way that libcurl gives up on: its end was met by a write after the
    /// first one, before any read. (It tries again itself when the first write fails, or a read.)
    private func hasMetDeadConnection(_ code: CURLcode) -> Bool {
        code == CURLE_SEND_ERROR && sends == 1 && !isOnFreshConnection && headCount == 0
    }

    // MARK: The answer

    /// Bytes of the heads of one answer, those of interim ones and trailers included.
    private static let largestHead = 64 * 1024

    /// Looks at a line of the answer's head. False: there are too many.
    func receivedLine(_ line: UnsafeRawBufferPointer) -> Bool {
        headCount += line.count
        guard headCount <= Self.largestHead else {
            isTooLarge = true
            return false
        }
        if line.starts(with: "HTTP/".utf8) {
            isHeadComplete = false  // another one behind an interim answer, RFC 9110 §15.2
        } else if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) {
            isHeadComplete = true
        }
        return true
    }

    /// Takes a part of the answer's body. False: it is too large.
    func received(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let limit = order?.request.largestAnswer, bytes.count <= limit - body.count else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }
}
