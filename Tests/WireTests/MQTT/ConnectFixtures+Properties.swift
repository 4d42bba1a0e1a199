import Wire

// MARK: Properties of CONNECT and of its will (5.0 §3.1.2.11, §3.1.3.2)

extension ConnectFixtures {
    static let properties: [ConnectFixture] = [
        ConnectFixture(
            "5.0 §3.1.2.11: every property",
            """
            10 ** "MQTT" 05 02 003C
            {
              11 FFFFFFFF           // Session Expiry Interval: never
              21 FFFF               // Receive Maximum
              27 00010000           // Maximum Packet Size 64 KiB
              22 000A               // Topic Alias Maximum 10
              19 01                 // Request Response Information
              17 00                 // Request Problem Information
              26 "k" "v"            // User Property
              26 "k" "v"            // and the same again [5.0 §3.1.2.11.8]
              15 "SCRAM-SHA-1"      // Authentication Method
              16 0002 00FF          // Authentication Data
            }
            "a"
            """,
            .accepted(
                "5.0 clean keepalive=60 id=a expiry=4294967295 receive=65535 packetsize=65536 aliases=10 "
                    + "wantsresponse noproblem method=SCRAM-SHA-1 data=00FF")),
        ConnectFixture(
            "5.0 §3.1.2.11: the default values said aloud",
            "10 ** \"MQTT\" 05 02 003C { 11 00000000 22 0000 19 00 17 01 } \"a\"",
            .accepted("5.0 clean keepalive=60 id=a expiry=0 aliases=0")),
        ConnectFixture(
            "5.0 §3.1.2.11.9: Authentication Method without data", "10 ** \"MQTT\" 05 02 003C { 15 \"x\" } \"a\"",
            .accepted("5.0 clean keepalive=60 id=a method=x")),
        ConnectFixture(
            "5.0 §3.1.2.11.10: Authentication Data without method",
            "10 ** \"MQTT\" 05 02 003C { 16 0001 00 } \"a\"",
            .refused(.authenticationDataWithoutMethod, "20 03 00 82 00")),
        refused("§2.2.2.2: unknown identifier 0x00", "00", .propertyUnknown, 0x81),
        refused("§2.2.2.2: unknown identifier 0x04", "04 00", .propertyUnknown, 0x81),
        refused("§2.2.2.2: unknown identifier 0x7F", "7F", .propertyUnknown, 0x81),
        refused("§2.2.2.2: unknown identifier of two bytes", "9101 00000000", .propertyUnknown, 0x81),
        refused("[MQTT-1.5.5-1]: identifier 0x11 in two bytes", "9100 00000000", .propertyTruncated, 0x81),
        refused("§2.2.2.2: identifier without an end", "FFFFFFFF", .propertyTruncated, 0x81),
        refused("§2.2.2.2: Subscription Identifier has no place here", "0B 01", .propertyNotAllowed, 0x81),
        refused("§2.2.2.2: Topic Alias has no place here", "23 0001", .propertyNotAllowed, 0x81),
        refused("§2.2.2.2: a property of CONNACK", "13 003C", .propertyNotAllowed, 0x81),
        refused("§2.2.2.2: Reason String has no place here", "1F \"x\"", .propertyNotAllowed, 0x81),
        refused("§2.2.2.2: Will Delay Interval belongs to the will", "18 00000001", .propertyNotAllowed, 0x81),
        refused("§3.1.2.11.2: Session Expiry Interval twice", "11 00000001 11 00000001", .propertyDuplicate, 0x82),
        refused("§3.1.2.11.3: Receive Maximum twice", "21 0001 21 0002", .propertyDuplicate, 0x82),
        refused("§3.1.2.11.4: Maximum Packet Size twice", "27 00000001 27 00000001", .propertyDuplicate, 0x82),
        refused("§3.1.2.11.5: Topic Alias Maximum twice", "22 0001 22 0001", .propertyDuplicate, 0x82),
        refused("§3.1.2.11.6: Request Response Information twice", "19 01 19 01", .propertyDuplicate, 0x82),
        refused("§3.1.2.11.7: Request Problem Information twice", "17 01 17 01", .propertyDuplicate, 0x82),
        refused("§3.1.2.11.9: Authentication Method twice", "15 \"x\" 15 \"x\"", .propertyDuplicate, 0x82),
        refused(
            "§3.1.2.11.10: Authentication Data twice", "15 \"x\" 16 0000 16 0000", .propertyDuplicate, 0x82),
        refused("§3.1.2.11.3: Receive Maximum 0", "21 0000", .propertyValue, 0x82),
        refused("§3.1.2.11.4: Maximum Packet Size 0", "27 00000000", .propertyValue, 0x82),
        refused("§3.1.2.11.6: Request Response Information 2", "19 02", .propertyValue, 0x82),
        refused("§3.1.2.11.7: Request Problem Information 255", "17 FF", .propertyValue, 0x82),
        refused("[MQTT-1.5.4-1]: Authentication Method not UTF-8", "15 0001 FF", .propertyNotUTF8, 0x81),
        refused("[MQTT-1.5.7-1]: name of a User Property not UTF-8", "26 0001 FF \"v\"", .propertyNotUTF8, 0x81),
        refused("[MQTT-1.5.7-1]: value of a User Property not UTF-8", "26 \"k\" 0001 00", .propertyNotUTF8, 0x81),
        refused("a User Property without its value", "26 \"k\"", .propertyTruncated, 0x81),
        refused("a four byte value cut short", "11 000000", .propertyTruncated, 0x81),
        refused("a two byte value cut short", "21 00", .propertyTruncated, 0x81),
        refused("a byte value cut short", "17", .propertyTruncated, 0x81),
        refused("a string that runs past the list", "15 0002 'x'", .propertyTruncated, 0x81),
        refused("binary data that runs past the list", "15 \"x\" 16 FFFF 00", .propertyTruncated, 0x81),
        ConnectFixture(
            "5.0 §2.2.2.1: Property Length beyond the packet", "10 ** \"MQTT\" 05 02 003C 7F 11 00000001 \"a\"",
            .refused(.propertyTruncated, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 §2.2.2.1: Property Length missing", "10 ** \"MQTT\" 05 02 003C",
            .refused(.propertyTruncated, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 [MQTT-1.5.5-1]: Property Length 0 in two bytes", "10 ** \"MQTT\" 05 02 003C 8000 \"a\"",
            .refused(.propertyTruncated, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 §1.5.5: Property Length without an end", "10 ** \"MQTT\" 05 02 003C FFFFFFFF \"a\"",
            .refused(.propertyTruncated, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 §2.2.2.1: a list of more than 127 bytes",
            "10 ** \"MQTT\" 05 02 003C { 26 \"k\" 00C8 61*200 } \"a\"",
            .accepted("5.0 clean keepalive=60 id=a")),
    ]

    static let willProperties: [ConnectFixture] = [
        ConnectFixture(
            "5.0 §3.1.3.2: every will property",
            """
            10 ** "MQTT" 05 06 003C {} "a"
            {
              18 00000005     // Will Delay Interval
              01 01           // Payload Format Indicator: UTF-8
              02 0000000A     // Message Expiry Interval
              03 "b"          // Content Type
              08 "r"          // Response Topic
              09 0001 FF      // Correlation Data
              26 "k" "v"      // User Property
              26 "k" "v"
            }
            "t" "é"
            """,
            .accepted(
                "5.0 clean keepalive=60 id=a will=t:C3A9 qos=0 willproperties="
                    + "1800000005010102" + "0000000A" + "03000162" + "08000172" + "090001FF" + "2600016B000176"
                    + "2600016B000176")),
        ConnectFixture(
            "5.0 §3.1.3.2.3: UTF-8 text with U+0000 is text",
            "10 ** \"MQTT\" 05 06 003C {} \"a\" { 01 01 } \"t\" 0001 00",
            .accepted("5.0 clean keepalive=60 id=a will=t:00 qos=0 willproperties=0101")),
        ConnectFixture(
            "5.0 §3.1.3.2.3: unspecified bytes may be anything",
            "10 ** \"MQTT\" 05 06 003C {} \"a\" { 01 00 } \"t\" 0001 FF",
            .accepted("5.0 clean keepalive=60 id=a will=t:FF qos=0 willproperties=0100")),
        ConnectFixture(
            "5.0 §3.1.3.2.3: will payload said to be UTF-8 is not",
            "10 ** \"MQTT\" 05 06 003C {} \"a\" { 01 01 } \"t\" 0001 FF",
            .refused(.willPayloadFormat, "20 03 00 99 00")),
        refusedWill("§3.1.3.2.3: Payload Format Indicator 2", "01 02", .propertyValue, 0x82),
        refusedWill("§3.1.3.2.3: Payload Format Indicator twice", "01 01 01 01", .propertyDuplicate, 0x82),
        refusedWill("§3.1.3.2.2: Will Delay Interval twice", "18 00000001 18 00000001", .propertyDuplicate, 0x82),
        refusedWill("§3.1.3.2.4: Message Expiry Interval twice", "02 00000001 02 00000001", .propertyDuplicate, 0x82),
        refusedWill("§3.1.3.2.5: Content Type twice", "03 \"b\" 03 \"b\"", .propertyDuplicate, 0x82),
        refusedWill("§3.1.3.2.6: Response Topic twice", "08 \"r\" 08 \"r\"", .propertyDuplicate, 0x82),
        refusedWill("§3.1.3.2.7: Correlation Data twice", "09 0000 09 0000", .propertyDuplicate, 0x82),
        refusedWill("[MQTT-3.3.2-14]: Response Topic with #", "08 \"r/#\"", .responseTopicWildcard, 0x82),
        refusedWill("[MQTT-3.3.2-14]: Response Topic with +", "08 \"+\"", .responseTopicWildcard, 0x82),
        refusedWill("[MQTT-3.3.2-13]: Response Topic not UTF-8", "08 0001 FF", .propertyNotUTF8, 0x81),
        refusedWill("[MQTT-1.5.4-2]: Content Type with U+0000", "03 0001 00", .propertyNotUTF8, 0x81),
        refusedWill("[MQTT-1.5.7-1]: User Property not UTF-8", "26 0001 80 \"v\"", .propertyNotUTF8, 0x81),
        refusedWill("§2.2.2.2: unknown identifier", "05 00", .propertyUnknown, 0x81),
        refusedWill("§2.2.2.2: a property of CONNECT", "11 00000001", .propertyNotAllowed, 0x81),
        refusedWill("§2.2.2.2: a property of PUBLISH", "23 0001", .propertyNotAllowed, 0x81),
        refusedWill("Correlation Data that runs past the list", "09 0004 00", .propertyTruncated, 0x81),
        ConnectFixture(
            "5.0 §3.1.3.2: will Property Length beyond the packet",
            "10 ** \"MQTT\" 05 06 003C {} \"a\" 7F \"t\" \"m\"", .refused(.propertyTruncated, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 §3.1.3.2: will Property Length missing",
            "10 ** \"MQTT\" 05 06 003C {} \"a\"", .refused(.propertyTruncated, "20 03 00 81 00")),
    ]

    /// A sound packet except for its CONNECT properties.
    private static func refused(
        _ name: String, _ properties: String, _ kind: ConnectError.Kind, _ reason: UInt8
    ) -> ConnectFixture {
        ConnectFixture(
            "5.0 " + name, "10 ** \"MQTT\" 05 02 003C { \(properties) } \"a\"",
            .refused(kind, "20 03 00 \(PacketNotation.hexadecimal(reason)) 00"))
    }

    /// A sound packet except for its will properties.
    private static func refusedWill(
        _ name: String, _ properties: String, _ kind: ConnectError.Kind, _ reason: UInt8
    ) -> ConnectFixture {
        ConnectFixture(
            "5.0 will " + name, "10 ** \"MQTT\" 05 06 003C {} \"a\" { \(properties) } \"t\" \"m\"",
            .refused(kind, "20 03 00 \(PacketNotation.hexadecimal(reason)) 00"))
    }
}
