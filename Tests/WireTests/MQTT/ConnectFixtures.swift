/// The table of CONNECT fixtures: unit tests, mutation seeds and peers that speak bytes draw from it.
enum ConnectFixtures {
    static let all: [ConnectFixture] =
        clients + fixedHeader + framing + protocolNames + flags + versionedFlags + properties + willProperties
        + clientIDs + wills + credentials
}

// MARK: What clients really send

extension ConnectFixtures {
    static let clients: [ConnectFixture] = [
        ConnectFixture(
            "3.1.1 §3.1: the smallest packet, every byte spelt out",
            """
            10 0C           // CONNECT, Remaining Length 12
            00 04 4D515454  // protocol name MQTT
            04              // protocol level
            02              // connect flags: Clean Session
            00 3C           // keep alive 60 s
            00 00           // client identifier: empty
            """,
            .accepted("3.1.1 clean keepalive=60 id=")),
        ConnectFixture(
            "5.0 §3.1: the smallest packet, every byte spelt out",
            """
            10 0D           // CONNECT, Remaining Length 13
            00 04 4D515454  // protocol name MQTT
            05              // protocol version
            02              // connect flags: Clean Start
            00 3C           // keep alive 60 s
            00              // Property Length
            00 00           // client identifier: empty
            """,
            .accepted("5.0 clean keepalive=60 id=")),
        ConnectFixture(
            "3.1 §3.1: the smallest packet, every byte spelt out",
            """
            10 0F                // CONNECT, Remaining Length 15
            00 06 4D5149736470   // protocol name MQIsdp
            03                   // protocol version
            02                   // connect flags: Clean Session
            00 3C                // keep alive 60 s
            00 01 61             // client identifier a
            """,
            .accepted("3.1 clean keepalive=60 id=a")),
        ConnectFixture(
            "3.1.1 figure 3.6: every field",
            """
            10 ** "MQTT" 04
            EE              // user, password, retain, will QoS 1, will, clean
            000A "dev-1" "state" "gone" "alice" "secret"
            """,
            .accepted(
                "3.1.1 clean keepalive=10 id=dev-1 will=state:676F6E65 qos=1 retain user=alice password=736563726574")),
        ConnectFixture(
            "3.1 §3.1: every field",
            """
            10 ** "MQIsdp" 03 F6 000A "dev-1" "state" "gone" "alice" "secret"
            """,
            .accepted(
                "3.1 clean keepalive=10 id=dev-1 will=state:676F6E65 qos=2 retain user=alice password=736563726574")),
        ConnectFixture(
            "5.0 §3.1: every field",
            """
            10 ** "MQTT" 05 C6 000A
            {                       // CONNECT properties
              11 0000000A           // Session Expiry Interval 10 s
              21 0014               // Receive Maximum 20
            }
            "dev-1"
            { 18 00000005 }         // will properties: Will Delay Interval 5 s
            "state" "gone" "alice" "secret"
            """,
            .accepted(
                "5.0 clean keepalive=10 id=dev-1 will=state:676F6E65 qos=0 willproperties=1800000005 "
                    + "user=alice password=736563726574 expiry=10 receive=20")),
        ConnectFixture(
            "MQTT.js sends the first byte alone",
            "10",
            .needsMore),
        ConnectFixture("nothing yet", "", .needsMore),
        ConnectFixture(
            "a packet whose last byte is missing",
            """
            10 0C 0004 4D515454 04 02 003C 00
            """,
            .needsMore),
        ConnectFixture(
            "3.1.1 §3.1.4: packets right after CONNECT are no part of it",
            """
            10 0C 0004 4D515454 04 02 003C 0000
            30 07 0003 'a/b' 'hi'   // PUBLISH
            C0 00                   // PINGREQ
            """,
            .accepted("3.1.1 clean keepalive=60 id=")),
        ConnectFixture(
            "Mosquitto bridge: bit 7 of level 3",
            """
            10 ** "MQIsdp" 83 02 003C "edge"
            """,
            .accepted("3.1 bridge clean keepalive=60 id=edge")),
        ConnectFixture(
            "Mosquitto bridge: bit 7 of level 4",
            """
            10 ** "MQTT" 84 02 003C "edge"
            """,
            .accepted("3.1.1 bridge clean keepalive=60 id=edge")),
        ConnectFixture(
            "bit 7 of level 5 is never refused",
            """
            10 ** "MQTT" 85 02 003C {} "edge"
            """,
            .accepted("5.0 bridge clean keepalive=60 id=edge")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-24]: keep alive 0 is off",
            """
            10 ** "MQTT" 04 02 0000 "a"
            """,
            .accepted("3.1.1 clean keepalive=0 id=a")),
        ConnectFixture(
            "3.1: the highest keep alive",
            """
            10 ** "MQIsdp" 03 02 FFFF "a"
            """,
            .accepted("3.1 clean keepalive=65535 id=a")),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-22]: the highest keep alive",
            """
            10 ** "MQTT" 05 02 FFFF {} "a"
            """,
            .accepted("5.0 clean keepalive=65535 id=a")),
    ]
}

// MARK: The fixed header, and what is not MQTT

extension ConnectFixtures {
    static let fixedHeader: [ConnectFixture] = [
        ConnectFixture("[MQTT-3.1.0-1]: PUBLISH first", "30 05 0001 'a' 'hi'", .silent(.notConnect)),
        ConnectFixture("[MQTT-3.1.0-1]: SUBSCRIBE first", "82 06 0001 0001 'a' 00", .silent(.notConnect)),
        ConnectFixture("[MQTT-3.1.0-1]: PINGREQ first", "C0 00", .silent(.notConnect)),
        ConnectFixture("[MQTT-3.1.0-1]: DISCONNECT first", "E0 00", .silent(.notConnect)),
        ConnectFixture("[MQTT-3.1.0-1]: AUTH first", "F0 00", .silent(.notConnect)),
        ConnectFixture("[MQTT-3.1.0-1]: CONNACK first", "20 02 00 00", .silent(.notConnect)),
        ConnectFixture("[MQTT-3.1.0-1]: the reserved type 0", "00 00", .silent(.notConnect)),
        ConnectFixture("TLS ClientHello", "16 03 01 02 00 01 00 01 FC 03 03", .silent(.looksLikeTLS)),
        ConnectFixture("the first byte of a TLS ClientHello", "16", .silent(.looksLikeTLS)),
        ConnectFixture("HTTP GET", "'GET / HTTP/1.1' 0D0A", .silent(.looksLikeHTTP)),
        ConnectFixture("HTTP POST", "'POST / HTTP/1.1' 0D0A", .silent(.looksLikeHTTP)),
        ConnectFixture("HTTP CONNECT", "'CONNECT a:1 HTTP/1.1' 0D0A", .silent(.looksLikeHTTP)),
        ConnectFixture("HTTP/2 preface, RFC 9113 §3.4", "'PRI * HTTP/2.0' 0D0A0D0A", .silent(.looksLikeHTTP)),
        ConnectFixture("the first byte of GET tells nothing but that it is not CONNECT", "47", .silent(.notConnect)),
        ConnectFixture("GETX is no method", "'GETX'", .silent(.notConnect)),
        ConnectFixture(
            "PROXY protocol version 1", "'PROXY TCP4 192.0.2.1 192.0.2.2 1 2' 0D0A", .silent(.looksLikeProxyProtocol)),
        ConnectFixture(
            "PROXY protocol version 2", "0D0A0D0A000D0A51 5549540A 21 11 000C", .silent(.looksLikeProxyProtocol)),
        ConnectFixture(
            "PROXY protocol version 2, first four bytes", "0D0A0D0A", .silent(.looksLikeProxyProtocol)),
        ConnectFixture(
            "3.1.1 [MQTT-2.2.2-2]: flags of the fixed header are not 0",
            "11 0C 0004 4D515454 04 02 003C 0000", .silent(.fixedHeaderFlags)),
        ConnectFixture(
            "5.0 [MQTT-2.1.3-1]: flags of the fixed header are not 0",
            "18 0D 0004 4D515454 05 02 003C 00 0000", .silent(.fixedHeaderFlags)),
        ConnectFixture(
            "16 is CONNECT with flags when no TLS version follows", "16 0C 00 04", .silent(.fixedHeaderFlags)),
        ConnectFixture("§2.2.3: Remaining Length in five bytes", "10 8080808001", .silent(.remainingLength)),
        ConnectFixture(
            "§2.2.3: Remaining Length that does not end in four bytes", "10 FFFFFFFF", .silent(.remainingLength)),
        ConnectFixture("§2.2.3: Remaining Length that may still end", "10 FFFFFF", .needsMore),
        ConnectFixture(
            "3.1.1 §2.2.3: Remaining Length 12 in two bytes is tolerated",
            "10 8C00 0004 4D515454 04 02 003C 0000", .accepted("3.1.1 clean keepalive=60 id=")),
        ConnectFixture(
            "3.1 §2.1: Remaining Length 15 in two bytes is tolerated",
            "10 8F00 \"MQIsdp\" 03 02 003C \"a\"", .accepted("3.1 clean keepalive=60 id=a")),
        ConnectFixture(
            "5.0 [MQTT-1.5.5-1]: Remaining Length 13 in two bytes",
            "10 8D00 0004 4D515454 05 02 003C 00 0000", .refused(.remainingLength, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 [MQTT-1.5.5-1]: Remaining Length 13 in four bytes",
            "10 8D808000 0004 4D515454 05 02 003C 00 0000", .refused(.remainingLength, "20 03 00 81 00")),
    ]

    static let framing: [ConnectFixture] = [
        ConnectFixture(
            "5.0 §3.2.2.2: longer than the limit", "10 8008 \"MQTT\" 05",
            .refused(.tooLarge, "20 03 00 95 00"), limit: 1024),
        ConnectFixture(
            "5.0: longer than the limit, from a bridge", "10 8008 \"MQTT\" 85",
            .refused(.tooLarge, "20 03 00 95 00"), limit: 1024),
        ConnectFixture("3.1.1: longer than the limit", "10 8008 \"MQTT\" 04", .silent(.tooLarge), limit: 1024),
        ConnectFixture("3.1: longer than the limit", "10 8008 0006 4D", .silent(.tooLarge), limit: 1024),
        ConnectFixture(
            "level 3 of MQTT: longer than the limit", "10 8008 \"MQTT\" 03", .silent(.tooLarge), limit: 1024),
        ConnectFixture(
            "level 6 of MQTT: longer than the limit", "10 8008 \"MQTT\" 06", .silent(.tooLarge), limit: 1024),
        ConnectFixture("longer than the limit, level not there yet", "10 8008 \"MQTT\"", .needsMore, limit: 1024),
        ConnectFixture("longer than the limit, name not there yet", "10 8008 0004", .needsMore, limit: 1024),
        ConnectFixture("longer than the limit, another name", "10 8008 0004 'MQXX'", .silent(.tooLarge), limit: 1024),
        ConnectFixture("longer than the limit, and too short for a name", "10 06", .silent(.tooLarge), limit: 7),
        ConnectFixture("longer than the limit, the longest there is", "10 FFFFFF7F", .needsMore),
        ConnectFixture("as long as the limit", "10 06", .needsMore, limit: 8),
        ConnectFixture(
            "3.1 [MQTT-3.1.4-1]: bytes behind the last field",
            "10 ** \"MQIsdp\" 03 02 003C \"a\" 00", .silent(.trailingBytes)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.4-1]: bytes behind the last field",
            "10 ** \"MQTT\" 04 02 003C \"a\" 00", .silent(.trailingBytes)),
        ConnectFixture(
            "5.0 [MQTT-3.1.4-1]: bytes behind the last field",
            "10 ** \"MQTT\" 05 02 003C {} \"a\" 00", .refused(.trailingBytes, "20 03 00 81 00")),
        ConnectFixture(
            "3.1.1: a user name without its flag",
            "10 ** \"MQTT\" 04 02 003C \"a\" \"alice\"", .silent(.trailingBytes)),
        ConnectFixture(
            "3.1: client identifier runs past the end",
            "10 ** \"MQIsdp\" 03 02 003C 0002 'a'", .silent(.truncatedField)),
        ConnectFixture(
            "3.1.1: client identifier runs past the end",
            "10 ** \"MQTT\" 04 02 003C 0002 'a'", .silent(.truncatedField)),
        ConnectFixture(
            "5.0: client identifier runs past the end",
            "10 ** \"MQTT\" 05 02 003C {} 0002 'a'", .refused(.truncatedField, "20 03 00 81 00")),
        ConnectFixture(
            "5.0: client identifier runs past the end into the next packet",
            "10 0E 0004 4D515454 05 02 003C 00 0002 'a'  C0 00", .refused(.truncatedField, "20 03 00 81 00")),
        ConnectFixture("an empty packet", "10 00", .silent(.truncatedField)),
        ConnectFixture("protocol name runs past the end", "10 05 0004 'MQT'", .silent(.truncatedField)),
        ConnectFixture("no protocol level", "10 ** \"MQTT\"", .silent(.truncatedField)),
        ConnectFixture("3.1.1: no connect flags", "10 ** \"MQTT\" 04", .silent(.truncatedField)),
        ConnectFixture("5.0: no connect flags", "10 ** \"MQTT\" 05", .refused(.truncatedField, "20 03 00 81 00")),
        ConnectFixture("3.1.1: half a keep alive", "10 ** \"MQTT\" 04 02 00", .silent(.truncatedField)),
        ConnectFixture(
            "5.0: half a keep alive", "10 ** \"MQTT\" 05 02 00", .refused(.truncatedField, "20 03 00 81 00")),
        ConnectFixture("3.1.1: no client identifier", "10 ** \"MQTT\" 04 02 003C", .silent(.truncatedField)),
        ConnectFixture(
            "5.0: no client identifier", "10 ** \"MQTT\" 05 02 003C {}", .refused(.truncatedField, "20 03 00 81 00")),
    ]
}
