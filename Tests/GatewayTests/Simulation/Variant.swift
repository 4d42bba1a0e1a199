#if DEBUG
    import Configuration
    import Reactor

    @testable import Gateway

    /// A configuration that runs are made with.
    struct Variant: Sendable {
        enum Port: Sendable { case plain, proxyHeader }
        enum Frames: String, Sendable { case packet, packets, stream }

        let name: String
        var frames = Frames.packet
        /// Lines in the upstream block.
        var upstream = ""
        /// Lines in the location that leads to the brokers.
        var location = ""
        var ports: [Port] = [.plain]
        var brokers = ["10.1.0.1:1883", "10.1.0.2:1883", "10.1.0.3:1883"]
        var sendsProxyHeader = false

        static let all = [
            Variant(name: "round robin", location: "websocket_ping 5s; mqtt_connect_timeout 3s;"),
            Variant(name: "no pings", frames: .packets, upstream: "least_conn;", location: "websocket_ping 0;"),
            Variant(
                name: "unix sockets", frames: .stream,
                location: "upstream_connect_timeout 500ms; upstream_connack_timeout 1s; upstream_tries 5;",
                brokers: ["unix:/run/a.sock", "unix:/run/b.sock"]),
            Variant(
                name: "hash, rebalanced", frames: .packets,
                upstream: "hash $mqtt_client_id consistent; rebalance rate=100/s idle=1s; proxy_protocol v1;",
                location: "upstream_tries_timeout 3s;", sendsProxyHeader: true),
            Variant(
                name: "behind a front", upstream: "random two;",
                location: "deny 10.9.0.0/16; allow all; mqtt_max_packet_size 20k; mqtt_max_connect_size 1k;",
                ports: [.plain, .proxyHeader], brokers: ["10.1.0.1:1883", "unix:/run/a.sock"]),
        ]

        /// The file that clients ask for.
        static let page = Array(String(repeating: "A line of the page that clients ask for.\n", count: 2000).utf8)

        var isRebalanced: Bool { upstream.contains("rebalance") }

        func text(root: String) -> String {
            let servers = brokers.map { "server \($0) max_fails=2 fail_timeout=2s;" }.joined(separator: " ")
            let listens = ports.enumerated().map { index, port in
                "listen 127.0.0.1:\(8083 + index)\(port == .proxyHeader ? " proxy_protocol" : "");"
            }
            return """
                worker_threads 1;
                error_log /dev/null info;
                upstream brokers { \(servers) \(upstream) }
                server {
                    \(listens.joined(separator: " "))
                    set_real_ip_from 10.0.0.0/8;
                    client_header_timeout 4s;
                    access_log /dev/null json;
                    location /mqtt { mqtt_pass brokers; websocket_frames \(frames.rawValue); \(location) }
                    location /files { root \(root); }
                }
                """
        }

        func gateway(root: String) throws -> SimulatedGateway {
            let text = Array(text(root: root).utf8)
            let source = ConfigurationSource(read: { _, _ in text }, glob: { _ in [] }, exists: { _ in true })
            return try SimulatedGateway(Snapshot.load(path: "/sluice.conf", prefix: "/", source: source))
        }
    }
#endif
