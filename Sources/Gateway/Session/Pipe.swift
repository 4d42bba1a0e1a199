import Reactor
import Tunnel
import Wire

/// Both directions of an open session, and how long its client may be silent.
struct Pipe: ~Copyable {
    let framing: Framing
    /// From the client; its frames are decoded from the upgrade on.
    var uplink: Uplink
    /// To the client.
    var downlink: Downlink
    /// To the broker, from the moment at which the session is open.
    var upstream = Leg()
    /// nil: no message is compressed.
    let compression: SessionCompression?
    /// The end that waits until the packet under way to the client is whole.
    var postponedEnd: PostponedEnd?

    var keepAlive = KeepAlive(seconds: 0, pingInterval: 0)
    var offload = KeepAliveOffload()
    /// When the broker was last sent something.
    var forwardedAt: Int64
    /// When the client last showed that it is there: it sent something, or took some of what waited for it.
    var heardAt: Int64
    /// When it was last sent a ping; 0: never.
    var pingedAt: Int64 = 0
    /// The client, and the broker, are not read: they are ahead of a rate.
    var isReceivedHeld = false
    var isSentHeld = false
    /// When anything last came from the client, and from the broker.
    var receivedAt: Int64
    var sentAt: Int64
    /// When the client's credentials expire, on the loop's clock.
    var expiresAt: Int64 = .max
    var bytes = ByteCounts()
    /// Pings of the gateway's own.
    var pings = Pings()
    /// How long the client, and the broker, were not read because the other side did not take what they sent.
    var receivedBackpressure = Backpressure()
    var sentBackpressure = Backpressure()

    /// When anything last came from either side.
    var activeAt: Int64 { max(receivedAt, sentAt) }

    /// An end that the gateway wants and that can wait for the packet under way.
    struct PostponedEnd {
        let cause: EndCause
        let reason: ReasonCode?
    }

    /// Whether a frame of the gateway's own may be sent to the client now, or a packet where there are no frames.
    var isBetweenFrames: Bool {
        framing.hasControlFrames ? downlink.isBetweenFrames : downlink.isBetweenPackets
    }

    init(_ framing: Framing, compression: SessionCompression?, now: Int64) {
        self.framing = framing
        self.compression = compression
        uplink = Uplink(framing: framing, isCompressible: compression != nil)
        downlink = Downlink(framing: framing, version: .v3_1_1)
        heardAt = now
        forwardedAt = now
        receivedAt = now
        sentAt = now
    }
}
