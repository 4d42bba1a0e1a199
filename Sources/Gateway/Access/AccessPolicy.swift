import Access
import Configuration
import Reactor
import Wire

/// Which clients one location admits, and what it takes to find out. Built once, shared by all loops.
final class AccessPolicy: Sendable {
    let settings: AccessSettings
    let methods: [Deliberation.Method]
    let passwords: PasswordChecker?
    let tokens: TokenVerifier?
    let http: AuthHTTP?
    /// Milliseconds.
    let timeout: Int64
    /// Whether something of the request is asked for after the upgrade.
    let readsRequest: Bool

    init(_ location: LocationSettings, passwords: PasswordChecker?, tokens: TokenVerifier?, http: AuthHTTP?) {
        settings = location.access
        self.passwords = passwords
        self.tokens = tokens
        self.http = http
        var methods: [Deliberation.Method] = []
        if settings.certificate != nil { methods.append(.certificate) }
        if tokens != nil { methods.append(.jwt) }
        if passwords != nil { methods.append(.passwordFile) }
        if http != nil { methods.append(.http) }
        self.methods = methods
        timeout = settings.timeout.milliseconds
        let templates =
            location.mqtt.setConnect.map(\.value) + (settings.jwt?.requirements.compactMap(\.value) ?? [])
        readsRequest =
            settings.jwt?.places.contains(where: \.isInRequest) ?? false
            || !(settings.http?.forwardedHeaders.isEmpty ?? true)
            || templates.contains(where: \.usesRequest)
    }

    /// `allow` and `deny`: the first rule that the address is in decides.
    func allows(_ address: CompactAddress) -> Bool {
        guard !settings.addressRules.isEmpty else { return true }
        let bytes = address.bytes
        return settings.addressRules.first { $0.network.contains(bytes) }?.isAllowed ?? true
    }

    func hasToken(in place: TokenPlace) -> Bool { settings.jwt?.places.contains(place) ?? false }

}

/// The parts of requests that may hold a token, over all locations: one that is brought to a wrong place, or to none, is a
/// token all the same, and belongs in no log.
struct TokenPlaces: Sendable {
    private var arguments: Set<String> = []
    private var cookies: Set<String> = []
    private var fields: Set<String> = []
    private var isEmpty: Bool { arguments.isEmpty && cookies.isEmpty && fields.isEmpty }

    init(_ servers: [ServerSettings]) {
        let admins = servers.flatMap { $0.locations.compactMap(\.admin) }
        if admins.contains(where: { $0.realm != nil || $0.tokenFile != nil }) { fields.insert("authorization") }
        for place in servers.flatMap({ $0.locations.flatMap { $0.access.jwt?.places ?? [] } }) {
            switch place {
            case .query(let name): arguments.insert(name)
            case .cookie(let name): cookies.insert(name)
            case .header(let name): fields.insert(name)
            case .subprotocol: fields.insert("sec-websocket-protocol")
            case .username, .password: break
            }
        }
    }

    /// The request as a log may show it.
    func hidden(in head: RequestHead) -> RequestHead {
        isEmpty ? head : head.redacting(arguments: arguments, cookies: cookies, fields: fields)
    }

    /// Its target alone.
    func hiddenTarget(of head: RequestHead) -> String {
        arguments.isEmpty ? head.target : head.redactingTarget(arguments: arguments)
    }
}

extension TokenPlace {
    /// Whether the token comes with the upgrade, rather than in the CONNECT.
    var isInRequest: Bool {
        switch self {
        case .username, .password: false
        case .query, .cookie, .header, .subprotocol: true
        }
    }
}

extension Template {
    /// Whether it asks for the host, the method, fields, cookies or arguments of the request.
    var usesRequest: Bool {
        segments.contains { segment in
            switch segment {
            case .variable(.http), .variable(.cookie), .variable(.argument), .variable(.host), .variable(.args),
                .variable(.isArgs), .variable(.requestMethod):
                true
            default: false
            }
        }
    }

    /// The claims that it asks for.
    var claims: [String] {
        segments.compactMap { segment in
            if case .variable(.jwtClaim(let name)) = segment { name } else { nil }
        }
    }
}

extension RequestHead {
    /// The token at a place of the request; nil: there is none.
    func token(_ place: TokenPlace) -> String? {
        switch place {
        case .username, .password: nil
        case .query(let name): argument(name)
        case .cookie(let name): cookie(name)
        case .header(let name): first(name).map(Self.withoutScheme)
        // A browser can only offer it as one more subprotocol: `new WebSocket(url, ["mqtt", token])`.
        case .subprotocol: tokens("sec-websocket-protocol").first { $0.utf8.count { $0 == UInt8(ascii: ".") } == 2 }
        }
    }

    /// `Bearer`, RFC 6750 §2.1.
    private static func withoutScheme(_ value: String) -> String {
        guard value.prefix(7).lowercased() == "bearer " else { return value }
        return String(value.dropFirst(7).drop { $0 == " " })
    }
}
