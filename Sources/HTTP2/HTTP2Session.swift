import CNghttp2

/// The server's side of one HTTP/2 connection: nghttp2, whose callbacks become events. It has no socket and no clock: bytes
/// come in through `receive` and go out through `produce`. Used by the thread of its loop alone.
package struct HTTP2Session: ~Copyable {
    private let session: OpaquePointer
    private let state: UnsafeMutablePointer<HTTP2State>

    /// What a connection allows its client.
    package struct Limits: Sendable {
        package var concurrentStreams: Int
        /// Bytes of a request's head.
        package var headSize: Int

        package init(concurrentStreams: Int, headSize: Int) {
            self.concurrentStreams = concurrentStreams
            self.headSize = headSize
        }
    }

    /// Bytes of all streams together that a client may send ahead; those of one stream are bounded by its own window, which is
    /// the 65,535 of RFC 9113 §6.9.2.
    private static let connectionWindow: Int32 = 1 << 20

    /// Its SETTINGS wait to be sent. nil when there is no memory. `gathered` outlives it.
    package init?(_ options: HTTP2Options, _ limits: Limits, _ gathered: GatheredFramesPointer, now: Int64) {
        let state = UnsafeMutablePointer<HTTP2State>.allocate(capacity: 1)
        state.initialize(to: HTTP2State(headLimit: limits.headSize, gathered: gathered, now: now))
        var session: OpaquePointer?
        guard nghttp2_session_server_new2(&session, options.callbacks, state, options.options) == 0, let session,
            Self.submitSettings(limits, session)
        else {
            nghttp2_session_del(session)
            state.deinitialize(count: 1)
            state.deallocate()
            return nil
        }
        self.session = session
        self.state = state
    }

    deinit {
        nghttp2_session_del(session)
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// In the first frame, as browsers decide by it at once (RFC 8441 §3).
    private static func submitSettings(_ limits: Limits, _ session: OpaquePointer) -> Bool {
        let entries = [
            (NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL.rawValue, 1),
            (NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue, UInt32(clamping: limits.concurrentStreams)),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue, UInt32(clamping: limits.headSize)),
            (NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue, 1),
        ].map { nghttp2_settings_entry(settings_id: Int32(bitPattern: $0.0), value: $0.1) }
        return nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries, entries.count) == 0
            && nghttp2_session_set_local_window_size(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, connectionWindow) == 0
    }

    // MARK: From the client

    /// Takes what a read has brought, and adds what was in it to the events. `now` in milliseconds.
    package mutating func receive(
        _ bytes: UnsafeMutableRawPointer, count: Int, now: Int64
    ) throws(HTTP2Failure) {
        state.pointee.now = now
        let taken = nghttp2_session_mem_recv(session, bytes.assumingMemoryBound(to: UInt8.self), count)
        if state.pointee.isFlooded || taken == Int(NGHTTP2_ERR_FLOODED.rawValue) { throw .flood }
        guard taken >= 0 else {
            throw taken == Int(NGHTTP2_ERR_NOMEM.rawValue) ? .outOfMemory : .protocolError
        }
        // A GOAWAY of nghttp2's own waits then; or the client has said the same, and no stream is open.
        guard nghttp2_session_want_read(session) == 0, !state.pointee.isGoing, !state.pointee.isClientGoing else {
            return
        }
        state.pointee.isGoing = true
        throw .protocolError
    }

    /// The next event; nil: none is left.
    @inline(__always)
    package mutating func nextEvent() -> HTTP2Event? { state.pointee.nextEvent() }

    /// The head of the request whose event was handed out last, once. nil: the client has reset the stream since. Throws when
    /// it was longer than is allowed.
    package mutating func takeHead(of stream: Int32) -> (head: HTTP2Head, isTooLong: Bool)? {
        guard let entry = state.pointee.takeHead(of: stream), nghttp2_session_find_stream(session, stream) != nil
        else { return nil }
        state.pointee.floodGuard.served()
        return entry
    }

    /// The client opens no further stream: it has sent GOAWAY.
    package var isClientGoing: Bool { state.pointee.isClientGoing }

    /// What events of the stream carry from here on. It has its turn beside its siblings, whatever their age: without a priority
    /// nghttp2 sends all of the oldest first (RFC 9218 §4.2).
    package func attach(_ owner: UnsafeMutableRawPointer, to stream: Int32) {
        nghttp2_session_set_stream_user_data(session, stream, owner)
        var priority = nghttp2_extpri(urgency: UInt32(NGHTTP2_EXTPRI_DEFAULT_URGENCY), inc: 1)
        nghttp2_session_change_extpri_stream_priority(session, stream, &priority, 1)
    }

    /// What is attached to a stream.
    package func owner(of stream: Int32) -> UnsafeMutableRawPointer? {
        nghttp2_session_get_stream_user_data(session, stream)
    }

    /// Bytes of a stream were used: the client may send as many more on it.
    package func consume(_ count: Int, of stream: Int32) {
        nghttp2_session_consume_stream(session, stream, count)
    }

    // MARK: To the client

    /// Begins a response; `output` gives its content, and stays where it is until the stream is closed. nil: there is none.
    package func respond(
        _ block: borrowing FieldBlock, on stream: Int32, output: UnsafeMutablePointer<StreamOutput>?
    ) -> Bool {
        block.withFields { fields, count in
            guard let output else { return nghttp2_submit_response(session, stream, fields, count, nil) == 0 }
            var provider = nghttp2_data_provider()
            provider.source.ptr = UnsafeMutableRawPointer(output)
            provider.read_callback = HTTP2Callbacks.readOutput
            return nghttp2_submit_response(session, stream, fields, count, &provider) == 0
        }
    }

    /// The output of a stream has something (again).
    @inline(__always)
    package func resume(_ stream: Int32, _ output: UnsafeMutablePointer<StreamOutput>) {
        guard output.pointee.isDeferred else { return }
        output.pointee.isDeferred = false
        output.pointee.isBound = false
        nghttp2_session_resume_data(session, stream)
    }

    /// Ends a stream at once.
    package func reset(_ stream: Int32, _ code: HTTP2Code) {
        nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
    }

    /// Says that the connection comes to its end, and takes streams on (RFC 9113 §6.8).
    package func announceEnd() { nghttp2_submit_shutdown_notice(session) }

    /// Takes no further streams: those that come are events of their own.
    package func goAway(_ code: HTTP2Code) {
        guard !state.pointee.isGoing else { return }
        state.pointee.isGoing = true
        state.pointee.lastStream = nghttp2_session_get_last_proc_stream_id(session)
        nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), state.pointee.lastStream, code.rawValue, nil, 0)
    }

    /// Gathers frames while there is room. Returns whether there may be more.
    package mutating func produce() -> Bool {
        let gathered = state.pointee.gathered
        state.pointee.isFull = false
        while gathered.pointee.room >= GatheredFrames.frameRoom {
            var bytes: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(session, &bytes)
            guard count > 0, let bytes else { return state.pointee.isFull }
            gathered.pointee.append(bytes, count: count)
        }
        return true
    }

    /// Whether anything waits that does not wait for the client.
    package var wantsToSend: Bool { nghttp2_session_want_write(session) != 0 }
}
