import Testing

@testable import Top

@Suite struct ScreenTests {
    /// Two looks with traffic between them, and names that somebody chose to do harm.
    private func busy(_ columns: Int, _ rows: Int) throws -> TopMachine {
        let names = ["\\u001b[2J\\u202eevil", "你好你好你好你好你好", "plain", ""]
        var machine = machine(columns, rows, order: SortOrder(.receivedBytes, isDescending: true))
        for step in 0...1 {
            let connections = names.enumerated().map { index, name in
                connectionText(
                    index + 1, client: name, age: Double(50 + 2 * step), bytes: 4000 - index * 1000 + step * 3000,
                    packets: 100 + step * 10, state: index == 3 ? "awaiting_connect" : "open")
            }
            machine.arrived(
                try look(
                    status: statusText(
                        uptime: Double(100 + 2 * step), bytes: step * 40_000, packets: step * 500, busy: Double(step)),
                    connections: connections))
        }
        return machine
    }

    /// The lines, as they are between the quotes.
    private func check(_ lines: [String], _ expected: String, at location: SourceLocation = #_sourceLocation) {
        let shown = lines.joined(separator: "\n")
        if shown != expected { Issue.record("the screen is\n\(shown)\nEND", sourceLocation: location) }
    }

    @Test("40x10: what matters most")
    func smallest() throws {
        check(
            screen(try busy(40, 10)),
            #"""
            sluice 0.1.0  up 1m42s  2 sessions
            in 20KB/s  out 39KB/s  cpu 25%
            CLIENT ID       STATE        IN/s  OUT/s
            \x1B[2J~        open         1.5K   2.9K
            你好你好你好你~ open         1.5K   2.9K
            plain           open         1.5K   2.9K
                            awaiting_~   1.5K   2.9K


            1 of 4  by -received_bytes  q quit
            """#)
    }

    @Test("80x24: peers over connections; the sorted column is marked")
    func usual() throws {
        check(
            screen(try busy(80, 24)),
            #"""
            sluice 0.1.0  up 1m42s  2 sessions  3 connections  09:30:00Z  every 2s
            in 20KB/s  250 packets/s  out 39KB/s  250 packets/s  cpu 25%  memory 10MB
            2 loops, busy 38%  most 50%  0:[#####.....] 50%  1:[###.......] 25%
            UPSTREAM PEER          STATE        WEIGHT SHARE SESSIONS  TOTAL  TRIES FAILED
            brokers  10.0.0.1:1883 up          2 (0.5)  100%    3/100     10     12      3
            brokers  10.0.0.2:1883 unavailable       1    0%        0      0      0      0
            CLIENT ID           ADDRESS         STATE            PEER            IN/s  OUT/s
            \x1B[2J~            192.0.2.1:50001 open             10.0.0.1:1883   1.5K   2.9K
            你好你好你好你好你~ 192.0.2.2:50002 open             10.0.0.1:1883   1.5K   2.9K
            plain               192.0.2.3:50003 open             10.0.0.1:1883   1.5K   2.9K
                                192.0.2.4:50004 awaiting_connect 10.0.0.1:1883   1.5K   2.9K












            1 of 4  by -received_bytes  q quit  ? help  c connections  u upstreams  e ended
            """#)
    }

    @Test("160x20: everything there is room for")
    func wide() throws {
        check(
            screen(try busy(160, 20)),
            #"""
            sluice 0.1.0  up 1m42s  2 sessions  3 connections  09:30:00Z  every 2s  http://127.0.0.1:9090/api/
            in 20KB/s  250 packets/s  out 39KB/s  250 packets/s  cpu 25%  memory 10MB  files 30/1024  generation 2
            2 loops, busy 38%  most 50%  0:[#####.....] 50%  1:[###.......] 25%
            UPSTREAM PEER          STATE       ROLE    WEIGHT SHARE SESSIONS  TOTAL  TRIES FAILED CHECK     BALANCER    FAILURES             CHANGED
            brokers  10.0.0.1:1883 up                 2 (0.5)  100%    3/100     10     12      3 healthy   round_robin timeout 2, refused 1 weight
            brokers  10.0.0.2:1883 unavailable backup       1    0%        0      0      0      0 -         round_robin
            CLIENT ID        USER   ADDRESS         STATE            MQTT  UPSTREAM  PEER            IN/s  OUT/s INPKT/s OUTPKT/s    -IN    OUT  INPKT  OUTPKT   IDLE    AGE
            \x1B[2J~         alice  192.0.2.1:50001 open             5.0   brokers   10.0.0.1:1883   1.5K   2.9K       5       10   6.8K    14K    110     220     1s    52s
            你好你好你好你~  alice  192.0.2.2:50002 open             5.0   brokers   10.0.0.1:1883   1.5K   2.9K       5       10   5.9K    12K    110     220     1s    52s
            plain            alice  192.0.2.3:50003 open             5.0   brokers   10.0.0.1:1883   1.5K   2.9K       5       10   4.9K   9.8K    110     220     1s    52s
                             alice  192.0.2.4:50004 awaiting_connect 5.0   brokers   10.0.0.1:1883   1.5K   2.9K       5       10   3.9K   7.8K    110     220     1s    52s








            1 of 4  q quit  ? help  c connections  u upstreams  e ended  / filter  s sort  r reverse  p pause
            """#)
    }

    @Test("Columns stand under each other, whatever the names")
    func alignment() throws {
        for columns in [40, 57, 80, 133, 200] {
            for line in Screen.lines(try busy(columns, 24), now: 0) {
                #expect(line.width <= columns)
                #expect(!line.text.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" })
            }
        }
        let lines = screen(try busy(80, 24))
        let rows = lines.dropFirst(7).prefix(4)
        let columns = Set(
            rows.compactMap { line in
                line.firstRange(of: "192.0.2.").map { TerminalText.columns(ofWord: String(line[..<$0.lowerBound])) }
            })
        #expect(rows.count == 4 && columns.count == 1)
    }

    @Test("Upstreams, with their failures by name")
    func upstreams() throws {
        var machine = try busy(160, 12)
        _ = machine.press(.character("u"))
        check(
            screen(machine),
            #"""
            sluice 0.1.0  up 1m42s  2 sessions  3 connections  09:30:00Z  every 2s  http://127.0.0.1:9090/api/
            in 20KB/s  250 packets/s  out 39KB/s  250 packets/s  cpu 25%  memory 10MB  files 30/1024  generation 2
            UPSTREAM PEER          STATE       ROLE    WEIGHT SHARE SESSIONS  TOTAL  TRIES FAILED CHECK     BALANCER    FAILURES             CHANGED
            brokers  10.0.0.1:1883 up                 2 (0.5)  100%    3/100     10     12      3 healthy   round_robin timeout 2, refused 1 weight
            brokers  10.0.0.2:1883 unavailable backup       1    0%        0      0      0      0 -         round_robin






            q quit  ? help  c connections  u upstreams  e ended  / filter  s sort  r reverse  p pause
            """#)
    }

    @Test("Those that have ended, and why")
    func ended() throws {
        var machine = machine(100, 20)
        _ = machine.press(.character("e"))
        let end =
            "{\"at\":\"2026-11-21T09:29:58.000Z\",\"cause\":\"client_lost\",\"side\":\"client\",\"mqtt_reason\":142}"
        machine.arrived(try look(connections: [connectionText(1, state: "closed", end: end)], isEnded: true))
        check(
            screen(machine).filter { !$0.isEmpty },
            #"""
            sluice 0.1.0  up 1m40s  2 sessions  3 connections  09:30:00Z  every 2s  http://127.0.0.1:9090/api/
            in -  out -  memory 10MB  files 30/1024  generation 2
            2 loops, busy -
            client_lost 4  client_disconnect 3
            ENDED     CLIENT ID  USER   ADDRESS         CAUSE        SIDE    CODE REASON PEER          LASTED
            09:29:58Z client-1   alice  192.0.2.1:50001 client_lost  client     -    142 10.0.0.1:1883    50s
            1 of 1  q quit  ? help  c connections  u upstreams  e ended  / filter  s sort  r reverse  p pause
            """#)
    }

    @Test("A connection's detail, with its packets in the order of the standard")
    func detail() throws {
        var machine = try busy(100, 40)
        _ = machine.press(.enter)
        check(
            screen(machine).filter { !$0.isEmpty },
            #"""
            open  \x1B[2J\xE2\x80\xAEevil  connection 0000000000000001
            user               alice                           transport          ws
            MQTT               5.0                             protocol           http/1.1
            keep alive         1m00s                           URI                /mqtt
            clean start        yes                             connected at       2026-11-21T09:00:00.000Z
            authenticated by   password                        age                52s
            decided in         10.00 ms                        subprotocol        mqtt
            upstream           brokers                         frames in          1
            peer               10.0.0.1:1883                   frames out         1
            tries              1                               pings in           0
            address            192.0.2.1                       pings out          0
            port               50001                           pongs in           0
            listener           127.0.0.1:8083                  ping round trip    1.20 ms
            server name        example.com
                                  IN   BYTES     OUT   BYTES
            packets              110    6.8K     220     14K
            each second            5    1.5K      10    2.9K
              connect              1      40       1      40
              publish_qos1       109    6.8K     109    6.8K
              auth                 1       2       1       2
            PUBLISH payload             3.4K            6.8K
            waiting                        0               0
            idle                  1s              1s
            times held back        2               2
            time held back      0.5s            0.5s
            Esc back  arrows scroll  q quit
            """#)
    }

    @Test("A detail that is longer than the screen scrolls to its end, and no further")
    func scrolling() throws {
        var machine = try busy(80, 10)
        _ = machine.press(.enter)
        let first = screen(machine)
        _ = machine.press(.end)
        let last = screen(machine)
        #expect(last[8].hasPrefix("time held back") && first[0] != last[0])
        _ = machine.press(.down)
        #expect(screen(machine) == last)
        _ = machine.press(.home)
        #expect(screen(machine) == first)
    }

    @Test("A detail of a connection that the gateway has forgotten says so")
    func forgotten() throws {
        var machine = try busy(80, 24)
        _ = machine.press(.enter)
        machine.arrived(try look(status: statusText(uptime: 110), connections: []))
        #expect(screen(machine)[1] == "the gateway no longer knows it")
    }

    @Test("When the gateway is gone its last figures stay, with the time since, until it is back")
    func silence() throws {
        var machine = try busy(80, 24)
        let before = screen(machine)
        machine.failed("connection refused", now: 10_000)
        machine.failed("connection refused again", now: 12_000)
        let shown = screen(machine, now: 75_000)
        #expect(shown.last == " no answer for 1m05s, trying again: connection refused again")
        #expect(shown.dropLast() == before.dropLast())
        machine.arrived(try look(connections: []))
        #expect(screen(machine, now: 80_000).last?.contains("no answer") == false)
    }

    @Test("What somebody should look at is under the header")
    func warnings() throws {
        var machine = machine(120, 24)
        let certificates = """
            {"certificates":[{"server_name":"a.example","expires_in":3600},{"server_name":"b.example","expires_in":99999999},
             {"server_name":"","file":"c.crt","expires_in":-5}]}
            """
        machine.arrived(
            try look(
                status: statusText(more: ",\"log_lines_dropped\":7").replacing("\"log_lines_dropped\":0,", with: ""),
                certificates: certificates))
        #expect(
            screen(machine)[3]
                == "certificate of c.crt has expired  certificate of a.example expires in 1h00m  7 log lines dropped")
    }

    @Test("States are words as well as colours")
    func styles() throws {
        let lines = Screen.lines(try busy(160, 24), now: 0)
        let styles = lines.flatMap(\.pieces).filter {
            ["open", "awaiting_connect", "up", "unavailable"].contains($0.text.split(separator: " ").first)
        }
        #expect(Set(styles.map(\.style)).isSuperset(of: [.good, .warning, .bad]))
    }

    @Test("A long filter shows its end while it is typed")
    func editing() throws {
        var machine = try busy(40, 10)
        _ = machine.press(.character("/"))
        for scalar in (String(repeating: "x", count: 60) + "\u{202E}end").unicodeScalars {
            _ = machine.press(.character(scalar))
        }
        let line = screen(machine)[9]
        #expect(line.hasPrefix("filter: x") && line.hasSuffix("\\xE2\\x80\\xAEend_"))
        #expect(TerminalText.columns(ofWord: line) <= 40)
    }
}
