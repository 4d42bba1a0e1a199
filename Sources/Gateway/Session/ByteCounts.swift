/// MQTT bytes that a session has carried, CONNECT and CONNACK included; WebSocket and TLS are not counted.
struct ByteCounts: BitwiseCopyable {
    /// From the client.
    var received: UInt64 = 0
    /// To the client.
    var sent: UInt64 = 0
}
