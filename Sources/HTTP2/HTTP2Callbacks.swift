import CNghttp2
import CShims

/// What nghttp2 calls. Nothing but notes is made here: whoever runs the session handles the events afterwards.
enum HTTP2Callbacks {
    static func install(_ callbacks: OpaquePointer) {
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, beginFrame)
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, beginHeaders)
        nghttp2_session_callbacks_set_on_header_callback(callbacks, header)
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frameReceived)
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, dataReceived)
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, streamClosed)
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frameSent)
        nghttp2_session_callbacks_set_send_data_callback(callbacks, sendData)
    }

    private static func state(_ user: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<HTTP2State>? {
        user?.assumingMemoryBound(to: HTTP2State.self)
    }

    // MARK: From the client

    private static let beginFrame:
        @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame_hd>?, UnsafeMutableRawPointer?) -> Int32 = {
            _, header, user in
            guard let header = header?.pointee, let state = state(user) else { return 0 }
            let isEnd = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            let frame: FloodGuard.Frame?
            switch UInt32(header.type) {
            case NGHTTP2_DATA.rawValue: frame = header.length == 0 && !isEnd ? .emptyData : nil
            case NGHTTP2_HEADERS.rawValue:
                frame = .head
                if state.pointee.isGoing, header.stream_id > state.pointee.lastStream {
                    state.pointee.add(.late(stream: header.stream_id))
                }
            case NGHTTP2_RST_STREAM.rawValue: frame = .reset
            case NGHTTP2_CONTINUATION.rawValue: frame = .continuation
            case NGHTTP2_WINDOW_UPDATE.rawValue: frame = .windowUpdate
            default: frame = .control
            }
            guard let frame else { return 0 }
            return state.pointee.allows(frame) ? 0 : Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }

    private static let beginHeaders:
        @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafeMutableRawPointer?) -> Int32 = {
            _, frame, user in
            guard let frame, let state = state(user) else { return 0 }
            // One that nghttp2 has refused in the middle was never finished.
            state.pointee.isHeadTooLong = false
            // Trailers end a stream, and say nothing more here.
            state.pointee.head = frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST ? HTTP2Head() : nil
            return 0
        }

    private static let header:
        @convention(c) (
            OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt8>?, Int,
            UInt8, UnsafeMutableRawPointer?
        ) -> Int32 = { _, _, name, nameCount, value, valueCount, _, user in
            guard let state = state(user), state.pointee.head != nil, !state.pointee.isHeadTooLong else { return 0 }
            state.pointee.head?.add(
                UnsafeBufferPointer(start: name, count: nameCount),
                UnsafeBufferPointer(start: value, count: valueCount))
            guard state.pointee.head?.size ?? 0 > state.pointee.headLimit else { return 0 }
            // The rest is decompressed, as HPACK needs it, and not kept.
            state.pointee.isHeadTooLong = true
            return state.pointee.allows(.oversizedHead) ? 0 : Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }

    private static let frameReceived:
        @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafeMutableRawPointer?) -> Int32 = {
            session, frame, user in
            guard let frame, let state = state(user) else { return 0 }
            let header = frame.pointee.hd
            let stream = header.stream_id
            let isEnd = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            switch UInt32(header.type) {
            case NGHTTP2_HEADERS.rawValue where frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST:
                state.pointee.finishHead(of: stream)
                state.pointee.add(.request(stream: stream, isEnd: isEnd))
            case NGHTTP2_HEADERS.rawValue where isEnd, NGHTTP2_DATA.rawValue where isEnd:
                state.pointee.add(.end(stream: stream, owner: owner(session, stream)))
            case NGHTTP2_GOAWAY.rawValue: state.pointee.isClientGoing = true
            case NGHTTP2_WINDOW_UPDATE.rawValue where stream > 0:
                state.pointee.add(.credit(stream: stream, owner: owner(session, stream)))
            default: break
            }
            return 0
        }

    private static let dataReceived:
        @convention(c) (OpaquePointer?, UInt8, Int32, UnsafePointer<UInt8>?, Int, UnsafeMutableRawPointer?) -> Int32 =
            { session, _, stream, bytes, count, user in
                guard let bytes, count > 0, let state = state(user) else { return 0 }
                // The window of the connection is for all: a stream that nobody reads keeps back its own alone.
                nghttp2_session_consume_connection(session, count)
                state.pointee.add(
                    .data(
                        stream: stream, owner: owner(session, stream),
                        bytes: UnsafeMutableRawPointer(mutating: bytes), count: count))
                return 0
            }

    private static let streamClosed: @convention(c) (OpaquePointer?, Int32, UInt32, UnsafeMutableRawPointer?) -> Int32 =
        {
            session, stream, _, user in
            guard let state = state(user) else { return 0 }
            if let owner = owner(session, stream) { state.pointee.add(.closed(owner: owner)) }
            return 0
        }

    private static func owner(_ session: OpaquePointer?, _ stream: Int32) -> UnsafeMutableRawPointer? {
        nghttp2_session_get_stream_user_data(session, stream)
    }

    // MARK: To the client

    private static let frameSent:
        @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafeMutableRawPointer?) -> Int32 = {
            session, frame, user in
            guard let frame, let state = state(user) else { return 0 }
            let header = frame.pointee.hd
            switch UInt32(header.type) {
            case NGHTTP2_HEADERS.rawValue where header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0:
                state.pointee.add(.ended(owner: owner(session, header.stream_id)))
            case NGHTTP2_GOAWAY.rawValue where !state.pointee.isGoing && frame.pointee.goaway.last_stream_id != .max:
                // Neither ours nor the announcement of an end: nghttp2's own word to a client that has broken a rule.
                state.pointee.isGoing = true
                state.pointee.add(.broken)
            default: break
            }
            return 0
        }

    /// How much of a stream's output may leave in a frame.
    static let readOutput:
        @convention(c) (
            OpaquePointer?, Int32, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<UInt32>?,
            UnsafeMutablePointer<nghttp2_data_source>?, UnsafeMutableRawPointer?
        ) -> Int = { session, stream, _, length, flags, source, _ in
            guard let flags, let output = output(source) else { return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
            let room = output.pointee.room(remote: nghttp2_session_get_stream_remote_window_size(session, stream))
            let count = min(room, length)
            let isEnd = output.pointee.isEnd && count == output.pointee.available
            guard count > 0 || isEnd else {
                output.pointee.isDeferred = true
                output.pointee.isBound = output.pointee.available > 0
                return Int(NGHTTP2_ERR_DEFERRED.rawValue)
            }
            flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
            if isEnd { flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
            return count
        }

    /// Copies a DATA frame to the gathered ones.
    private static let sendData:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<nghttp2_frame>?, UnsafePointer<UInt8>?, Int,
            UnsafeMutablePointer<nghttp2_data_source>?, UnsafeMutableRawPointer?
        ) -> Int32 = { session, frame, header, length, source, user in
            guard let frame, let header, let output = output(source), let state = state(user) else {
                return Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
            }
            let gathered = state.pointee.gathered
            guard gathered.pointee.room >= 9 + length else {
                state.pointee.isFull = true
                return Int32(NGHTTP2_ERR_WOULDBLOCK.rawValue)
            }
            // The stream may have been reset since nghttp2 asked for this frame, which waited for room: nothing is there to copy, and
            // the room still holds what went to others.
            guard length == 0 || output.pointee.source != nil && output.pointee.available >= length else {
                return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
            }
            let place = gathered.pointee.start + gathered.pointee.count
            place.copyMemory(from: header, byteCount: 9)
            switch output.pointee.source {
            case .memory(let bytes):
                (place + 9).copyMemory(from: bytes, byteCount: length)
                output.pointee.source = .memory(bytes + length)
            case .file(let descriptor, let offset):
                guard CShims_read_at(descriptor, place + 9, length, offset) == length else {
                    // RST_STREAM tells the client that the response is not whole.
                    output.pointee.isCutShort = true
                    return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
                }
                output.pointee.source = .file(descriptor: descriptor, offset: offset + length)
            case nil: break
            }
            gathered.pointee.count += 9 + length
            output.pointee.available -= length
            output.pointee.taken += length
            if frame.pointee.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 { output.pointee.isEnded = true }
            state.pointee.floodGuard.sentData()
            state.pointee.add(.sent(owner: owner(session, frame.pointee.hd.stream_id)))
            return 0
        }

    private static func output(
        _ source: UnsafeMutablePointer<nghttp2_data_source>?
    ) -> UnsafeMutablePointer<StreamOutput>? {
        source?.pointee.ptr?.assumingMemoryBound(to: StreamOutput.self)
    }
}
