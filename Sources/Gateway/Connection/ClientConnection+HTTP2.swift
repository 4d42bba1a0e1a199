import HTTP2
import Reactor
import Tunnel

/// From here on HTTP/2 (RFC 9113) is spoken: because ALPN has chosen it, or because a plain connection begins with its preface.
extension ClientConnection {
    /// Whether the preface of HTTP/2 is taken, as a client sends it that knows already that it is spoken (RFC 9113 §3.3).
    func beginsHTTP2(_ exchange: HTTPExchange) -> Bool {
        tls == nil && exchange.answered == 0 && exchange.listener.defaultServer.site.settings.http2.isOn
    }

    mutating func beginHTTP2() {
        guard let site = exchange?.listener.defaultServer.site else { return }
        let limits = HTTP2Session.Limits(
            concurrentStreams: site.settings.http2.maxConcurrentStreams, headSize: site.headLimit)
        guard
            let session = HTTP2Session(loop.pointee.http2Options, limits, loop.pointee.frames, now: loop.pointee.now)
        else { return abort(.outOfResources) }
        let http2 = HTTP2Pointer.allocate(capacity: 1)
        http2.initialize(to: HTTP2Connection(session))
        self.http2 = http2
        machine.multiplexingBegan()
        exchange?.request.httpVersion = "2.0"
        limit(site.headerTimeout)
    }
}
