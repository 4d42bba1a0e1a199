import Text

/// Words for an answer that is not one of the API's: what came back, and what would be right. Some of them are the other
/// side's: they are cleaned where they are shown.
package enum Refusal {
    /// nil: it may be an answer.
    package static func reason(
        url: String, status: Int, contentType: String, body: [UInt8], hasCredentials: Bool
    ) -> String? {
        let isJSON = contentType.lowercased().contains("json")
        if status == 200 {
            guard isJSON else { return "\(url) is no API: \(what(status, contentType)); \(remedy)" }
            return nil
        }
        let problem = isJSON ? try? JSONParser.parse(body) : nil
        let detail = problem?["detail"]?.text ?? problem?["title"]?.text
        let came = "\(url): \(what(status, detail ?? contentType))"
        switch status {
        case 401:
            return came
                + (hasCredentials
                    ? "; the password or token is not the right one"
                    : "; use --user NAME, or --token-file FILE (or SLUICE_TOKEN)")
        case 403: return came + (hasCredentials ? "" : "; is this address allowed, or are credentials needed?")
        case 404: return "there is no API at \(came); \(remedy)"
        case 300..<400: return "\(came); give the URL that it leads to"
        case 421: return "\(came); in the URL, use an address, localhost or a server_name"
        default: return detail == nil ? "\(came); \(remedy)" : came
        }
    }

    private static let remedy =
        "give the URL of a location with `api;`, such as http://127.0.0.1:9090/api/"

    private static func what(_ status: Int, _ words: String) -> String {
        words.isEmpty ? "status \(status)" : "status \(status), \(words)"
    }

    /// No answer came: in libcurl's words, and what to try.
    package static func noAnswer(url: String, detail: String, isUnreachable: Bool, isHTTPS: Bool) -> String {
        if isHTTPS, detail.contains("wrong version number") {
            return "\(url): \(detail); no TLS is spoken there: is it http?"
        }
        if detail.contains("certificate") || detail.contains("SSL") {
            return "\(url): \(detail); "
                + (isHTTPS
                    ? "name the authority with --cacert FILE, or do not check with --insecure" : "is it https?")
        }
        guard isUnreachable else { return "\(url): \(detail)" + (isHTTPS ? "" : "; is it https?") }
        return "\(url): \(detail); is the gateway running, with a server that listens there and a location with `api;`?"
    }
}
