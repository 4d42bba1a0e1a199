// Payload: client identifier, will, user name and password (§3.1.3).

extension ConnectFixtures {
    static let clientIDs: [ConnectFixture] = [
        ConnectFixture(
            "3.1 §3.1: empty client identifier", "10 ** \"MQIsdp\" 03 02 003C \"\"",
            .refused(.clientIDEmpty, "20 02 00 02")),
        ConnectFixture(
            "3.1 §3.1: empty client identifier without Clean Session", "10 ** \"MQIsdp\" 03 00 003C \"\"",
            .refused(.clientIDEmpty, "20 02 00 02")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.3-6]: empty client identifier with Clean Session", "10 ** \"MQTT\" 04 02 003C \"\"",
            .accepted("3.1.1 clean keepalive=60 id=")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.3-8]: empty client identifier without Clean Session", "10 ** \"MQTT\" 04 00 003C \"\"",
            .refused(.clientIDEmpty, "20 02 00 02")),
        ConnectFixture(
            "5.0 [MQTT-3.1.3-6]: empty client identifier without Clean Start",
            "10 ** \"MQTT\" 05 00 003C {} \"\"", .accepted("5.0 keepalive=60 id=")),
        ConnectFixture(
            "3.1: 24 characters", "10 ** \"MQIsdp\" 03 02 003C \"abcdefghijklmnopqrstuvwx\"",
            .accepted("3.1 clean keepalive=60 id=abcdefghijklmnopqrstuvwx")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.3-5]: 24 characters, and none of 0-9a-zA-Z",
            "10 ** \"MQTT\" 04 02 003C \"------------------------\"",
            .accepted("3.1.1 clean keepalive=60 id=------------------------")),
        ConnectFixture(
            "5.0 [MQTT-3.1.3-5]: the longest client identifier",
            "10 ** \"MQTT\" 05 02 003C {} FFFF 61*65535",
            .accepted("5.0 clean keepalive=60 id=65535 bytes"), limit: 70_000),
        ConnectFixture(
            "3.1.1 §1.5.3: characters of two, three and four bytes", "10 ** \"MQTT\" 04 02 003C \"é€😀\"",
            .accepted("3.1.1 clean keepalive=60 id=é€😀")),
        ConnectFixture(
            "5.0 [MQTT-1.5.4-3]: U+FEFF is no byte order mark", "10 ** \"MQTT\" 05 02 003C {} 0004 EFBBBF 'a'",
            .accepted("5.0 clean keepalive=60 id=\u{FEFF}a")),
        ConnectFixture(
            "3.1: client identifier not UTF-8", "10 ** \"MQIsdp\" 03 02 003C 0001 FF", .silent(.clientIDNotUTF8)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.3-4]: client identifier not UTF-8", "10 ** \"MQTT\" 04 02 003C 0003 'a' C3 'b'",
            .silent(.clientIDNotUTF8)),
        ConnectFixture(
            "5.0 [MQTT-3.1.3-4]: client identifier not UTF-8", "10 ** \"MQTT\" 05 02 003C {} 0002 'a' 80",
            .refused(.clientIDNotUTF8, "20 03 00 81 00")),
        ConnectFixture(
            "3.1.1 [MQTT-1.5.3-2]: client identifier with U+0000", "10 ** \"MQTT\" 04 02 003C 0003 'a' 00 'b'",
            .silent(.clientIDNotUTF8)),
        ConnectFixture(
            "5.0 [MQTT-1.5.4-2]: client identifier with U+0000",
            "10 ** \"MQTT\" 05 02 003C {} 0009 'abcdefgh' 00", .refused(.clientIDNotUTF8, "20 03 00 81 00")),
        ConnectFixture(
            "3.1.1 [MQTT-1.5.3-1]: client identifier with a surrogate", "10 ** \"MQTT\" 04 02 003C 0003 EDA080",
            .silent(.clientIDNotUTF8)),
        ConnectFixture(
            "5.0 [MQTT-1.5.4-1]: client identifier with a surrogate",
            "10 ** \"MQTT\" 05 02 003C {} 0003 EDBFBF", .refused(.clientIDNotUTF8, "20 03 00 81 00")),
        ConnectFixture(
            "3.1: client identifier with U+0000", "10 ** \"MQIsdp\" 03 02 003C 0001 00", .silent(.clientIDNotUTF8)),
    ]

    static let wills: [ConnectFixture] = [
        ConnectFixture(
            "3.1.1 §3.1.3.3: an empty will message", "10 ** \"MQTT\" 04 06 003C \"a\" \"t\" 0000",
            .accepted("3.1.1 clean keepalive=60 id=a will=t: qos=0")),
        ConnectFixture(
            "3.1.1 §3.1.3.3: a binary will message", "10 ** \"MQTT\" 04 16 003C \"a\" \"t\" 0002 00FF",
            .accepted("3.1.1 clean keepalive=60 id=a will=t:00FF qos=2")),
        ConnectFixture(
            "3.1: will topic not UTF-8", "10 ** \"MQIsdp\" 03 06 003C \"a\" 0001 FF \"m\"",
            .silent(.willTopicNotUTF8)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.3-10]: will topic not UTF-8", "10 ** \"MQTT\" 04 06 003C \"a\" 0001 FF \"m\"",
            .silent(.willTopicNotUTF8)),
        ConnectFixture(
            "5.0 [MQTT-3.1.3-11]: will topic not UTF-8", "10 ** \"MQTT\" 05 06 003C {} \"a\" {} 0001 FF \"m\"",
            .refused(.willTopicNotUTF8, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 [MQTT-1.5.4-2]: will topic with U+0000",
            "10 ** \"MQTT\" 05 06 003C {} \"a\" {} 0001 00 \"m\"", .refused(.willTopicNotUTF8, "20 03 00 81 00")),
        ConnectFixture(
            "3.1: empty will topic", "10 ** \"MQIsdp\" 03 06 003C \"a\" \"\" \"m\"", .silent(.willTopicEmpty)),
        ConnectFixture(
            "3.1.1 [MQTT-4.7.3-1]: empty will topic", "10 ** \"MQTT\" 04 06 003C \"a\" \"\" \"m\"",
            .silent(.willTopicEmpty)),
        ConnectFixture(
            "5.0 [MQTT-4.7.3-1]: empty will topic", "10 ** \"MQTT\" 05 06 003C {} \"a\" {} \"\" \"m\"",
            .refused(.willTopicEmpty, "20 03 00 90 00")),
        ConnectFixture(
            "3.1: will topic with #", "10 ** \"MQIsdp\" 03 06 003C \"a\" \"t/#\" \"m\"", .silent(.willTopicWildcard)),
        ConnectFixture(
            "3.1.1 [MQTT-4.7.1-1]: will topic with #", "10 ** \"MQTT\" 04 06 003C \"a\" \"t/#\" \"m\"",
            .silent(.willTopicWildcard)),
        ConnectFixture(
            "3.1.1 [MQTT-4.7.1-1]: will topic with +", "10 ** \"MQTT\" 04 06 003C \"a\" \"+/t\" \"m\"",
            .silent(.willTopicWildcard)),
        ConnectFixture(
            "5.0 [MQTT-4.7.0-1]: will topic with #", "10 ** \"MQTT\" 05 06 003C {} \"a\" {} \"#\" \"m\"",
            .refused(.willTopicWildcard, "20 03 00 90 00")),
        ConnectFixture(
            "5.0 [MQTT-4.7.0-1]: will topic with +", "10 ** \"MQTT\" 05 06 003C {} \"a\" {} \"t/+\" \"m\"",
            .refused(.willTopicWildcard, "20 03 00 90 00")),
        ConnectFixture(
            "3.1.1: will message runs past the end", "10 ** \"MQTT\" 04 06 003C \"a\" \"t\" FFFF 'm'",
            .silent(.truncatedField)),
        ConnectFixture(
            "5.0: will payload runs past the end", "10 ** \"MQTT\" 05 06 003C {} \"a\" {} \"t\" FFFF 'm'",
            .refused(.truncatedField, "20 03 00 81 00")),
    ]

    static let credentials: [ConnectFixture] = [
        ConnectFixture(
            "3.1.1 §3.1.3.4: an empty user name", "10 ** \"MQTT\" 04 82 003C \"a\" \"\"",
            .accepted("3.1.1 clean keepalive=60 id=a user=")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-18]: user name alone", "10 ** \"MQTT\" 04 82 003C \"a\" \"alice\"",
            .accepted("3.1.1 clean keepalive=60 id=a user=alice")),
        ConnectFixture(
            "3.1: user name not UTF-8", "10 ** \"MQIsdp\" 03 82 003C \"a\" 0001 FF", .silent(.usernameNotUTF8)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.3-11]: user name not UTF-8", "10 ** \"MQTT\" 04 82 003C \"a\" 0002 C080",
            .silent(.usernameNotUTF8)),
        ConnectFixture(
            "5.0 [MQTT-3.1.3-12]: user name not UTF-8", "10 ** \"MQTT\" 05 82 003C {} \"a\" 0004 F4908080",
            .refused(.usernameNotUTF8, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 [MQTT-1.5.4-2]: user name with U+0000", "10 ** \"MQTT\" 05 82 003C {} \"a\" 0002 6100",
            .refused(.usernameNotUTF8, "20 03 00 81 00")),
        ConnectFixture(
            "3.1: password is binary", "10 ** \"MQIsdp\" 03 C2 003C \"a\" \"alice\" 0003 00FFC0",
            .accepted("3.1 clean keepalive=60 id=a user=alice password=00FFC0")),
        ConnectFixture(
            "3.1.1 §3.1.3.5: password is binary", "10 ** \"MQTT\" 04 C2 003C \"a\" \"alice\" 0003 00FFC0",
            .accepted("3.1.1 clean keepalive=60 id=a user=alice password=00FFC0")),
        ConnectFixture(
            "5.0 §3.1.3.6: password is binary", "10 ** \"MQTT\" 05 C2 003C {} \"a\" \"alice\" 0003 00FFC0",
            .accepted("5.0 clean keepalive=60 id=a user=alice password=00FFC0")),
        ConnectFixture(
            "3.1.1 §3.1.3.5: an empty password", "10 ** \"MQTT\" 04 C2 003C \"a\" \"alice\" 0000",
            .accepted("3.1.1 clean keepalive=60 id=a user=alice password=")),
        ConnectFixture(
            "3.1.1 §3.1.3.5: the longest password", "10 ** \"MQTT\" 04 C2 003C \"a\" \"alice\" FFFF FF*65535",
            .accepted("3.1.1 clean keepalive=60 id=a user=alice password=65535 bytes"), limit: 70_000),
    ]
}
