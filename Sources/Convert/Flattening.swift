import Configuration

extension Statement {
    /// A server with the locations inside of locations beside them, and with what they inherit: Sluice has one level of them.
    var flattened: Statement {
        guard let block else { return self }
        var result = self
        switch name.text {
        case "http": result.block = block.map(\.flattened)
        case "server": result.block = block.flatMap { $0.name.text == "location" ? $0.unnested : [$0] }
        default: break
        }
        return result
    }

    /// A location without those in it, and those, one after the other.
    private var unnested: [Statement] {
        let own = block ?? []
        guard own.has("location") else { return [self] }
        var outer = self
        outer.block = own.filter { $0.name.text != "location" }
        let inner = own.filter { $0.name.text == "location" }.flatMap { location in
            var location = location
            let names = Set((location.block ?? []).map(\.name.text))
            // An inner list replaces the outer one; `allow` and `deny` are one list.
            let replaced = names.isDisjoint(with: ["allow", "deny"]) ? names : names.union(["allow", "deny"])
            location.block =
                own.filter { outer in
                    (Self.inherited.contains(outer.name.text) || outer.isInheritedGuard)
                        && !replaced.contains(outer.name.text)
                }
                + (location.block ?? [])
            return location.unnested
        }
        return [outer] + inner
    }

    /// Directives of files and access that a location inside another one inherits.
    private static let inherited: Set<String> = [
        "root", "index", "add_header", "expires", "error_page", "gzip_static", "types", "default_type", "access_log",
        "allow",
        "deny", "satisfy", "auth_basic", "auth_basic_user_file", "auth_request", "auth_jwt", "secure_link",
        "proxy_set_header",
    ]
}
