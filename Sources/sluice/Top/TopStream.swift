import CShims
import Glibc
import Reactor
import Telemetry
import Top

/// `sluice top --once` and `--json`: what was asked for on standard output, for scripts.
struct TopStream {
    let client: TopClient
    let options: TopOptions
    let isOnce: Bool
    let isJSON: Bool

    func run() throws(Failure) {
        signal(SIGPIPE, SIG_IGN)
        try client.start()
        var last: Look?
        while true {
            let began = monotonicMilliseconds()
            let isFirst = last == nil
            switch client.askAndWait(queries) {
            case .failed(let reason):
                // Later the gateway may be starting again.
                guard isJSON, !isOnce, !isFirst else { throw Failure(description: reason) }
                guard write(JSONLine.failure(url: options.address.url, at: now, reason)) else { return }
            case .answered(let look, let bodies):
                let rates = last.flatMap { Rates(from: $0, to: look) }
                last = look
                // Once, with rates: the first look is only there to be compared with.
                if !(isOnce && options.hasRates && isFirst) {
                    guard write(text(look, bodies, rates)), !isOnce else { return }
                }
            }
            sleep(until: began + options.interval)
        }
    }

    private var queries: [Query] {
        let limit = options.order.field.isRate && !options.isEnded ? TopMachine.mostConnections : options.limit
        return [
            .status, .upstreams, .certificates,
            .connections(
                ConnectionQuery(
                    isEnded: options.isEnded, order: options.order, limit: limit, filter: options.filter)),
        ]
    }

    private var now: String { Timestamp.iso8601(wallMilliseconds()) }

    private func text(_ look: Look, _ bodies: [(query: Query, body: [UInt8])], _ rates: Rates?) -> String {
        isJSON
            ? JSONLine.text(url: options.address.url, at: now, bodies, rates)
            : PlainText.text(look, rates, order: options.order, limit: options.limit)
    }

    private func sleep(until time: Int64) {
        while true {
            let left = time - monotonicMilliseconds()
            guard left > 0 else { return }
            usleep(UInt32(clamping: min(left, 1000) * 1000))
        }
    }

    /// False: nobody reads any longer.
    private func write(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
