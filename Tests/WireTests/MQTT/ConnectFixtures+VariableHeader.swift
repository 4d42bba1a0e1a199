// Variable header: protocol name, protocol level and connect flags (§3.1.2).

extension ConnectFixtures {
    static let protocolNames: [ConnectFixture] = [
        ConnectFixture(
            "[MQTT-3.1.2-1]: another protocol name", "10 ** \"MQXX\" 04 02 003C \"a\"", .silent(.protocolName)),
        ConnectFixture(
            "[MQTT-3.1.2-1]: lower case", "10 ** \"mqtt\" 05 02 003C {} \"a\"", .silent(.protocolName)),
        ConnectFixture(
            "[MQTT-3.1.2-1]: another name as long as MQIsdp", "10 ** \"MQIsdP\" 03 02 003C \"a\"",
            .silent(.protocolName)),
        ConnectFixture("[MQTT-3.1.2-1]: no name", "10 ** \"\" 04 02 003C \"a\"", .silent(.protocolName)),
        ConnectFixture("[MQTT-3.1.2-1]: MQTT-SN", "10 ** \"MQTT-SN\" 04 02 003C \"a\"", .silent(.protocolName)),
        ConnectFixture(
            "[MQTT-3.1.2-2]: MQIsdp with level 4", "10 ** \"MQIsdp\" 04 02 003C \"a\"",
            .refused(.protocolLevel, "20 02 00 01")),
        ConnectFixture(
            "[MQTT-3.1.2-2]: MQIsdp with level 5", "10 ** \"MQIsdp\" 05 02 003C {} \"a\"",
            .refused(.protocolLevel, "20 02 00 01")),
        ConnectFixture(
            "[MQTT-3.1.2-2]: MQIsdp with level 6", "10 ** \"MQIsdp\" 06 02 003C \"a\"",
            .refused(.protocolLevel, "20 02 00 01")),
        ConnectFixture(
            "[MQTT-3.1.2-2]: MQTT with level 3", "10 ** \"MQTT\" 03 02 003C \"a\"",
            .refused(.protocolLevel, "20 02 00 01")),
        ConnectFixture(
            "[MQTT-3.1.2-2]: MQTT with level 0", "10 ** \"MQTT\" 00 02 003C \"a\"",
            .refused(.protocolLevel, "20 02 00 01")),
        ConnectFixture(
            "[MQTT-3.1.2-2]: MQTT with level 1", "10 ** \"MQTT\" 01 02 003C \"a\"",
            .refused(.protocolLevel, "20 02 00 01")),
        ConnectFixture(
            "[MQTT-3.1.2-2]: MQTT with level 2", "10 ** \"MQTT\" 02 02 003C \"a\"",
            .refused(.protocolLevel, "20 02 00 01")),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-2]: MQTT with level 6", "10 ** \"MQTT\" 06 02 003C {} \"a\"",
            .refused(.protocolLevel, "20 03 00 84 00")),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-2]: MQTT with level 127, and nothing behind it", "10 ** \"MQTT\" 7F",
            .refused(.protocolLevel, "20 03 00 84 00")),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-2]: MQTT with level 6 and bit 7", "10 ** \"MQTT\" 86 02 003C {} \"a\"",
            .refused(.protocolLevel, "20 03 00 84 00")),
    ]

    static let flags: [ConnectFixture] = [
        ConnectFixture(
            "3.1 §3.1: the reserved flag is disregarded", "10 ** \"MQIsdp\" 03 03 003C \"a\"",
            .accepted("3.1 clean keepalive=60 id=a")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-3]: the reserved flag", "10 ** \"MQTT\" 04 03 003C \"a\"", .silent(.reservedFlag)),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-3]: the reserved flag", "10 ** \"MQTT\" 05 03 003C {} \"a\"",
            .refused(.reservedFlag, "20 03 00 81 00")),
        ConnectFixture(
            "3.1 §3.1: will QoS without will is disregarded", "10 ** \"MQIsdp\" 03 0A 003C \"a\"",
            .accepted("3.1 clean keepalive=60 id=a")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-11]: will QoS 1 without will", "10 ** \"MQTT\" 04 0A 003C \"a\"",
            .silent(.willQoSWithoutWill)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-11]: will QoS 2 without will", "10 ** \"MQTT\" 04 12 003C \"a\"",
            .silent(.willQoSWithoutWill)),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-11]: will QoS 1 without will", "10 ** \"MQTT\" 05 0A 003C {} \"a\"",
            .refused(.willQoSWithoutWill, "20 03 00 81 00")),
        ConnectFixture(
            "3.1 §3.1: will retain without will is disregarded", "10 ** \"MQIsdp\" 03 22 003C \"a\"",
            .accepted("3.1 clean keepalive=60 id=a")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-15]: will retain without will", "10 ** \"MQTT\" 04 22 003C \"a\"",
            .silent(.willRetainWithoutWill)),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-13]: will retain without will", "10 ** \"MQTT\" 05 22 003C {} \"a\"",
            .refused(.willRetainWithoutWill, "20 03 00 81 00")),
        ConnectFixture(
            "3.1 §3.1: will QoS 3", "10 ** \"MQIsdp\" 03 1E 003C \"a\" \"t\" \"m\"", .silent(.willQoS)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-14]: will QoS 3", "10 ** \"MQTT\" 04 1E 003C \"a\" \"t\" \"m\"", .silent(.willQoS)),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-12]: will QoS 3", "10 ** \"MQTT\" 05 1E 003C {} \"a\" {} \"t\" \"m\"",
            .refused(.willQoS, "20 03 00 81 00")),
    ]

    static let versionedFlags: [ConnectFixture] = [
        ConnectFixture(
            "3.1 §3.1: password without user name", "10 ** \"MQIsdp\" 03 42 003C \"a\" \"secret\"",
            .silent(.passwordWithoutUsername)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-22]: password without user name", "10 ** \"MQTT\" 04 42 003C \"a\" \"secret\"",
            .silent(.passwordWithoutUsername)),
        ConnectFixture(
            "5.0 §3.1.2.9: password without user name is allowed",
            "10 ** \"MQTT\" 05 42 003C {} \"a\" \"secret\"",
            .accepted("5.0 clean keepalive=60 id=a password=736563726574")),
        ConnectFixture(
            "3.1 §3.1: user name flag, and Remaining Length ends before the string",
            "10 ** \"MQIsdp\" 03 82 003C \"a\"", .accepted("3.1 clean keepalive=60 id=a")),
        ConnectFixture(
            "3.1 §3.1: both flags, and Remaining Length ends before the strings",
            "10 ** \"MQIsdp\" 03 C2 003C \"a\"", .accepted("3.1 clean keepalive=60 id=a")),
        ConnectFixture(
            "3.1 §3.1: both flags, and Remaining Length ends before the password",
            "10 ** \"MQIsdp\" 03 C2 003C \"a\" \"alice\"", .accepted("3.1 clean keepalive=60 id=a user=alice")),
        ConnectFixture(
            "3.1: user name cut short is not missing", "10 ** \"MQIsdp\" 03 82 003C \"a\" 00",
            .silent(.truncatedField)),
        ConnectFixture(
            "3.1: password cut short is not missing", "10 ** \"MQIsdp\" 03 C2 003C \"a\" \"alice\" 0002 'x'",
            .silent(.truncatedField)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-19]: user name flag without the string", "10 ** \"MQTT\" 04 82 003C \"a\"",
            .silent(.truncatedField)),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-17]: user name flag without the string", "10 ** \"MQTT\" 05 82 003C {} \"a\"",
            .refused(.truncatedField, "20 03 00 81 00")),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-21]: password flag without the field", "10 ** \"MQTT\" 04 C2 003C \"a\" \"alice\"",
            .silent(.truncatedField)),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-19]: password flag without the field",
            "10 ** \"MQTT\" 05 C2 003C {} \"a\" \"alice\"", .refused(.truncatedField, "20 03 00 81 00")),
        ConnectFixture(
            "3.1: will flag without topic", "10 ** \"MQIsdp\" 03 06 003C \"a\"", .silent(.truncatedField)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-9]: will flag without topic", "10 ** \"MQTT\" 04 06 003C \"a\"",
            .silent(.truncatedField)),
        ConnectFixture(
            "3.1.1 [MQTT-3.1.2-9]: will flag without message", "10 ** \"MQTT\" 04 06 003C \"a\" \"t\"",
            .silent(.truncatedField)),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-9]: will flag without topic", "10 ** \"MQTT\" 05 06 003C {} \"a\" {}",
            .refused(.truncatedField, "20 03 00 81 00")),
        ConnectFixture(
            "5.0 [MQTT-3.1.2-9]: will flag without payload", "10 ** \"MQTT\" 05 06 003C {} \"a\" {} \"t\"",
            .refused(.truncatedField, "20 03 00 81 00")),
    ]
}
