import CCurl

extension Transfer {
    /// Tells libcurl all of a request. `timeout` in milliseconds. False: it refuses something.
    func set(_ request: HTTPRequest, timeout: Int64) -> Bool {
        CCurlShims_easy_reset(handle)
        return setBounds(timeout: Int(clamping: timeout)) && setTexts(request) && setTrust(request)
            && setBody(request.body) && setHeaders(request.headers) && setCallbacks()
    }

    private func setBounds(timeout: Int) -> Bool {
        let options: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1),
            (CURLOPT_TIMEOUT_MS, timeout),
            // Its own limit would else end a longer wait after 300 seconds.
            (CURLOPT_CONNECTTIMEOUT_MS, timeout),
            (CURLOPT_TCP_NODELAY, 1),
            (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1),
            // A name that is still being looked up when its request ends must not hold up the thread.
            (CURLOPT_QUICK_EXIT, 1),
        ]
        return options.allSatisfy { CCurlShims_set_long(handle, $0, $1) == CURLE_OK }
    }

    private func setTexts(_ request: HTTPRequest) -> Bool {
        let texts: [(CURLoption, String)] = [
            (CURLOPT_URL, request.url),
            // Without it the environment may name one.
            (CURLOPT_PROXY, ""),
            (CURLOPT_PROTOCOLS_STR, "http,https"),
            (CURLOPT_USERAGENT, "sluice"),
        ]
        return texts.allSatisfy { CCurlShims_set_text(handle, $0, $1) == CURLE_OK }
    }

    private func setTrust(_ request: HTTPRequest) -> Bool {
        guard request.verifiesServer else {
            return CCurlShims_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0) == CURLE_OK
                && CCurlShims_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0) == CURLE_OK
        }
        guard let path = request.authorities else { return true }
        return CCurlShims_set_text(handle, CURLOPT_CAINFO, path) == CURLE_OK
    }

    /// The bytes are not copied: the order holds them until the end.
    private func setBody(_ body: HTTPBody?) -> Bool {
        guard let body else { return true }
        return CCurlShims_set_long(handle, CURLOPT_POST, 1) == CURLE_OK
            && CCurlShims_set_long(handle, CURLOPT_POSTFIELDSIZE, body.count) == CURLE_OK
            && CCurlShims_set_pointer(handle, CURLOPT_POSTFIELDS, body.bytes.baseAddress) == CURLE_OK
    }

    private func setHeaders(_ fields: [(name: String, value: String)]) -> Bool {
        CCurlShims_slist_free_all(headers)
        // No wait for a "100 Continue" (RFC 9110 §10.1.1) that few servers send.
        headers = CCurlShims_slist_append(nil, "Expect:")
        for (name, value) in fields {
            // libcurl sends lines as they are.
            guard !(name + value).utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else { return false }
            // With nothing after the colon, libcurl would remove the field.
            guard let list = CCurlShims_slist_append(headers, value.isEmpty ? "\(name);" : "\(name): \(value)") else {
                return false
            }
            headers = list
        }
        return CCurlShims_set_list(handle, CURLOPT_HTTPHEADER, headers) == CURLE_OK
    }

    private func setCallbacks() -> Bool {
        let this = Unmanaged.passUnretained(self).toOpaque()
        return CCurlShims_set_pointer(handle, CURLOPT_ERRORBUFFER, error) == CURLE_OK
            && CCurlShims_set_pointer(handle, CURLOPT_WRITEDATA, this) == CURLE_OK
            && CCurlShims_set_write(handle, Self.write) == CURLE_OK
            && CCurlShims_set_pointer(handle, CURLOPT_HEADERDATA, this) == CURLE_OK
            && CCurlShims_set_header(handle, Self.header) == CURLE_OK
            && CCurlShims_set_pointer(handle, CURLOPT_PREREQDATA, this) == CURLE_OK
            && CCurlShims_set_prerequest(handle, Self.prerequest) == CURLE_OK
    }

    // The context of all is the transfer, which outlives its easy handle. The size is always 1.

    private static let write: curl_write_callback = { bytes, _, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        return transfer.received(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
    }

    private static let header: curl_write_callback = { bytes, _, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        return transfer.receivedLine(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
    }

    private static let prerequest: curl_prereq_callback = { context, _, _, _, _ in
        guard let context else { return CURL_PREREQFUNC_ABORT }
        let isAllowed = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().willSend()
        return isAllowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }
}
