@testable import Wire

/// Headers that are accepted.
enum ProxyFixtures {
    static let accepted = text + binary + recorded

    private static let sig = ProxyFixture.signature

    private static let text: [ProxyFixture] = [
        ProxyFixture(
            "§2.1: the example of the specification", "'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443' 0D0A",
            .accepted("PROXY C0A80001:56324 C0A8000B:443")),
        ProxyFixture(
            "§2.1: the longest TCP4 line, 56 bytes", "'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535' 0D0A",
            .accepted("PROXY FFFFFFFF:65535 FFFFFFFF:65535")),
        ProxyFixture(
            "§2.1: the least numbers", "'PROXY TCP4 0.0.0.0 0.0.0.0 0 0' 0D0A",
            .accepted("PROXY 00000000:0 00000000:0")),
        ProxyFixture(
            "§2.1: TCP6", "'PROXY TCP6 2001:db8::17 2001:DB8:0:0:0:0:0:1 56324 8883' 0D0A",
            .accepted("PROXY 20010DB8000000000000000000000017:56324 20010DB8000000000000000000000001:8883")),
        ProxyFixture(
            "§2.1: the longest TCP6 line, 104 bytes",
            """
            'PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535'
            0D0A
            """,
            .accepted("PROXY FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:65535 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:65535")),
        ProxyFixture(
            "RFC 4291 §2.5.5.2: IPv4-mapped, with dots", "'PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2' 0D0A",
            .accepted("PROXY 00000000000000000000FFFFC0000201:1 00000000000000000000000000000001:2")),
        ProxyFixture("§2.1: UNKNOWN, short form", "'PROXY UNKNOWN' 0D0A", .accepted("PROXY")),
        ProxyFixture(
            "§2.1: UNKNOWN, the worst case of 107 bytes, which is ignored",
            """
            'PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535'
            0D0A
            """,
            .accepted("PROXY")),
        ProxyFixture("§2.1: UNKNOWN, anything is ignored", "'PROXY UNKNOWN ' 00 FF '  PROXY' 0D0A", .accepted("PROXY")),
    ]

    private static let binary: [ProxyFixture] = [
        ProxyFixture(
            "§2.2: TCP over IPv4", sig + "21 11 000C C0000201 C6336402 DC04 22B3",
            .accepted("PROXY C0000201:56324 C6336402:8883")),
        ProxyFixture(
            "§2.2: TCP over IPv6",
            sig + "21 21 0024 20010DB8 00*11 17 20010DB8 00*11 01 DC04 22B3",
            .accepted("PROXY 20010DB8000000000000000000000017:56324 20010DB8000000000000000000000001:8883")),
        ProxyFixture("§2.2: UNIX stream: no IP address", sig + "21 31 00D8 61*108 62*108", .accepted("PROXY")),
        ProxyFixture(
            "§2.2: UNIX stream with a TLV", sig + "21 31 00DF 61*108 62*108 05 \"id17\"", .accepted("PROXY")),
        ProxyFixture("§2.2: UNSPEC", sig + "21 00 0000", .accepted("PROXY")),
        ProxyFixture("§2.2: UNSPEC, what follows is skipped", sig + "21 00 0003 FFFFFF", .accepted("PROXY")),
        ProxyFixture("§2.2: IPv4 with UNSPEC transport", sig + "21 10 000C 00*12", .accepted("PROXY")),
        ProxyFixture("§2.2: UNSPEC family with a stream", sig + "21 01 0000", .accepted("PROXY")),
        ProxyFixture("§2.2: LOCAL", sig + "20 00 0000", .accepted("LOCAL")),
        ProxyFixture(
            "§2.2: LOCAL, the addresses are discarded", sig + "20 11 000C C0000201 C6336402 DC04 22B3",
            .accepted("LOCAL")),
        ProxyFixture("§2.2: LOCAL, the family is ignored", sig + "20 FF 0001 00", .accepted("LOCAL")),
        ProxyFixture(
            "§2.2: TLVs that nobody knows, and empty ones",
            sig + "21 11 0017 00*12 EA \"ab\" 04 \"\" F0 \"\"", .accepted("PROXY 00000000:0 00000000:0")),
        ProxyFixture(
            "The longest header that is read", sig + "21 11 1000 00*12 04 0FF1 00*4081",
            .accepted("PROXY 00000000:0 00000000:0")),
    ]

    /// What HAProxy 2.6.12 and nginx 1.22.1 sent.
    private static let recorded: [ProxyFixture] = [
        ProxyFixture(
            "HAProxy: send-proxy", "'PROXY TCP4 127.0.0.2 127.0.0.3 25001 24001' 0D0A",
            .accepted("PROXY 7F000002:25001 7F000003:24001")),
        ProxyFixture(
            "HAProxy: send-proxy, IPv6", "'PROXY TCP6 ::1 ::1 25002 24001' 0D0A",
            .accepted("PROXY 00000000000000000000000000000001:25002 00000000000000000000000000000001:24001")),
        ProxyFixture(
            "HAProxy: send-proxy-v2", sig + "21 11 000C 7F000002 7F000003 61AB 5DC2",
            .accepted("PROXY 7F000002:25003 7F000003:24002")),
        ProxyFixture(
            "HAProxy: send-proxy-v2, IPv6", sig + "21 21 0024 00*15 01 00*15 01 61AC 5DC2",
            .accepted("PROXY 00000000000000000000000000000001:25004 00000000000000000000000000000001:24002")),
        ProxyFixture(
            "HAProxy: crc32c, unique-id",
            sig + "21 11 0022 7F000002 7F000003 61AD 5DC3 03 0004 69B708E8 05 \"7F00000261AD\"",
            .accepted("PROXY 7F000002:25005 7F000003:24003")),
        ProxyFixture(
            "HAProxy: crc32c, unique-id, IPv6",
            sig + "21 21 0052 00*15 01 00*15 01 61AE 5DC3 03 0004 9FF60B25 05 \"0000000000000000000000000000000161AE\"",
            .accepted("PROXY 00000000000000000000000000000001:25006 00000000000000000000000000000001:24003")),
        ProxyFixture(
            "HAProxy: TLS, authority, crc32c",
            sig + """
                21 11 007E 7F000002 7F000003 61AF 5DC4
                03 0004 A833175F          // CRC32C
                01 "mqtt"                 // ALPN
                02 "mqtt.example.com"     // AUTHORITY
                05 "conn-17"              // UNIQUE_ID
                20 0044 01 00000000       // SSL: no certificate; HAProxy writes its verify result
                21 "TLSv1.3" 25 "EC256" 24 "ecdsa-with-SHA256" 23 "TLS_AES_256_GCM_SHA384"
                """,
            .accepted("PROXY 7F000002:25007 7F000003:24004")),
        ProxyFixture(
            "HAProxy: TLS with a client certificate",
            sig + """
                21 11 008A 7F000002 7F000003 61B0 5DC4
                03 0004 791BA681
                01 "mqtt" 02 "mqtt.example.com" 05 "conn-17"
                20 0050 07 00000000       // SSL: presented on this connection, verified
                21 "TLSv1.3" 22 "device-17" 25 "EC256" 24 "ecdsa-with-SHA256" 23 "TLS_AES_256_GCM_SHA384"
                """,
            .accepted("PROXY 7F000002:25008 7F000003:24004")),
        ProxyFixture("HAProxy: health check", sig + "20 00 0007 03 0004 A9B87E8F", .accepted("LOCAL")),
        ProxyFixture(
            "nginx: proxy_protocol on", "'PROXY TCP4 127.0.0.2 127.0.0.3 25009 24011' 0D0A",
            .accepted("PROXY 7F000002:25009 7F000003:24011")),
        ProxyFixture(
            "nginx: proxy_protocol on, IPv6", "'PROXY TCP6 ::1 ::1 25010 24011' 0D0A",
            .accepted("PROXY 00000000000000000000000000000001:25010 00000000000000000000000000000001:24011")),
    ]
}
