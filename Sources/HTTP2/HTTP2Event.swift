/// What a read has brought on an HTTP/2 connection (RFC 9113), in the order in which it came. Bytes lie in the memory that was
/// read, and may be changed in place: whoever handles an event does so before the next read.
package enum HTTP2Event: BitwiseCopyable {
    /// A request whose head is whole: `HTTP2Session.takeHead` hands it out. `isEnd`: no content follows.
    case request(stream: Int32, isEnd: Bool)
    /// Content of a request, or bytes of a tunnel. `owner`: what was attached to the stream; nil: nothing was yet.
    case data(stream: Int32, owner: UnsafeMutableRawPointer?, bytes: UnsafeMutableRawPointer, count: Int)
    /// The client has ended its side (END_STREAM).
    case end(stream: Int32, owner: UnsafeMutableRawPointer?)
    /// The client gives a stream more credit.
    case credit(stream: Int32, owner: UnsafeMutableRawPointer?)
    /// The stream is over: both sides have ended it, or one has reset it. Nothing can be sent on it.
    case closed(owner: UnsafeMutableRawPointer?)
    /// A stream that has come after the last one that a GOAWAY of ours allows.
    case late(stream: Int32)
    /// A response without content has left, and our side of the stream is over.
    case ended(owner: UnsafeMutableRawPointer?)
    /// The client has broken a rule of RFC 9113, and GOAWAY has told it so.
    case broken
    /// Bytes of the stream's output have been taken, or its end: see `StreamOutput`.
    case sent(owner: UnsafeMutableRawPointer?)
}

/// Why an HTTP/2 connection cannot go on.
package enum HTTP2Failure: Error, Sendable, Equatable, BitwiseCopyable {
    /// The client has broken a rule of RFC 9113; a GOAWAY that says so may wait to be sent.
    case protocolError
    /// More frames that only cost work than any client needs (RFC 9113 §10.5).
    case flood
    case outOfMemory
}

/// Codes of RST_STREAM and GOAWAY (RFC 9113 §7).
package enum HTTP2Code: UInt32, Sendable {
    case noError = 0, protocolError = 1, internalError = 2, refusedStream = 7, cancel = 8, enhanceYourCalm = 11
}
