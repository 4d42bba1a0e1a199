import Text

@testable import Top

func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

/// An answer of `status`.
func statusText(
    started: String = "2026-11-21T09:00:00.000Z", uptime: Double = 100, bytes: Int = 0, packets: Int = 0,
    busy: Double = 0,
    more: String = ""
) -> String {
    """
    {"version":"0.1.0","started_at":"\(started)","now":"2026-11-21T09:30:00.125Z","uptime":\(uptime),"write":false,
     "generation":{"number":2,"loaded_at":"\(started)","reloads":{"succeeded":1,"failed":0},"last_failure":null},
     "process":{"pid":1,"memory_bytes":10485760,"open_fds":30,"max_fds":1024,"cpu_seconds":\(uptime / 4)},
     "loops":[{"index":0,"connections":1,"sessions":1,"turns":1,"busy_seconds":\(busy),"slow_turns":0},
              {"index":1,"connections":1,"sessions":1,"turns":1,"busy_seconds":\(busy / 2),"slow_turns":0}],
     "connections":{"accepted":10,"current":3,"by_state":{"open":2,"reading_request":1}},"sessions":{"current":2},
     "received":{"bytes":\(bytes),"packets":\(packets)},"sent":{"bytes":\(bytes * 2),"packets":\(packets)},
     "ends":{"client_disconnect":3,"client_lost":4},"attempt_failures":{"refused":1},"log_lines_dropped":0\(more)}
    """
}

/// A connection; its traffic is `bytes` and `packets` from the client, twice that to it. Texts are JSON's.
func connectionText(
    _ number: Int, client: String? = nil, user: String = "alice", age: Double = 50, bytes: Int = 1000,
    packets: Int = 10,
    idle: Double = 1, state: String = "open", end: String = "null"
) -> String {
    func flow(_ factor: Int) -> String {
        """
        {"bytes":\(bytes * factor),"packets":\(packets * factor),"publish_payload_bytes":\(bytes / 2 * factor),"idle":\(idle),
         "waiting_bytes":0,"backpressure":{"count":2,"seconds":0.5},"by_type":{"connect":{"packets":1,"bytes":40},
         "publish_qos1":{"packets":\(packets - 1),"bytes":\(bytes - 40)},"auth":{"packets":1,"bytes":2}}}
        """
    }
    let id = String(repeating: "0", count: 15) + String(number, radix: 16)
    return """
        {"id":"\(id)","state":"\(state)","remote_addr":"192.0.2.\(number)","remote_port":\(50_000 + number),
         "listener":"127.0.0.1:8083","server_name":"example.com","transport":"ws","protocol":"http/1.1","uri":"/mqtt",
         "connected_at":"2026-11-21T09:00:00.000Z","age":\(age),"tls":null,
         "websocket":{"subprotocol":"mqtt","frames_received":1,"frames_sent":1,"pings_received":0,"pings_sent":0,
          "pongs_received":0,"ping_rtt":0.0012},
         "mqtt":{"version":"5.0","client_id":"\(client ?? "client-\(number)")","username":"\(user)","keepalive":60,
          "clean_start":true,"auth_method":"password","auth_seconds":0.01,"connack_seconds":null},
         "upstream":{"name":"brokers","peer":"10.0.0.1:1883","tries":1},"received":\(flow(1)),"sent":\(flow(2)),"end":\(end)}
        """
}

let upstreamsText = """
    {"upstreams":[{"name":"brokers","balancer":"round_robin","sessions":3,"peers":[
     {"address":"10.0.0.1:1883","server":"10.0.0.1:1883","state":"up","backup":false,"weight":2,"effective_weight":0.5,
      "share":1,"max_conns":100,"sessions":3,"sessions_total":10,"tries":12,"failures":{"refused":1,"timeout":2},
      "checked":true,"healthy":true,"changed":{"weight":2}},
     {"address":"10.0.0.2:1883","server":"10.0.0.2:1883","state":"unavailable","backup":true,"weight":1,
      "effective_weight":1,"share":0,"max_conns":0,"sessions":0,"sessions_total":0,"tries":0,"failures":{},
      "checked":false,"healthy":false,"changed":{}}]}]}
    """

/// A round with these answers.
func look(
    status: String = statusText(), connections: [String]? = nil, isEnded: Bool = false,
    upstreams: String = upstreamsText,
    detail: String? = nil, certificates: String? = nil
) throws -> Look {
    var answers: [(query: Query, json: JSONValue)] = [(.status, try json(status)), (.upstreams, try json(upstreams))]
    if let connections {
        let query = ConnectionQuery(isEnded: isEnded, order: SortOrder(.age, isDescending: true), limit: 100)
        let text = "{\"total\":\(connections.count),\"connections\":[\(connections.joined(separator: ","))]}"
        answers.append((.connections(query), try json(text)))
    }
    if let detail { answers.append((.connection(id: "1"), try json(detail))) }
    if let certificates { answers.append((.certificates, try json(certificates))) }
    return try Look(answers)
}

func machine(
    _ columns: Int = 80, _ rows: Int = 24, order: SortOrder = SortOrder(.clientID, isDescending: false),
    filter: String = ""
) -> TopMachine {
    TopMachine(
        url: "http://127.0.0.1:9090/api/", size: .init(columns: columns, rows: rows), order: order, limit: 200,
        filter: filter, interval: 2000)
}

/// The screen as text, without blanks at the ends of lines.
func screen(_ machine: TopMachine, now: Int64 = 0) -> [String] {
    Screen.lines(machine, now: now).map { line in
        var text = line.text
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}
