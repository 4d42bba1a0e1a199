import Configuration

extension Output {
    /// Loads the result as the gateway would, and takes out what it refuses, with the reason, until it loads.
    ///
    /// - Throws: What is wrong when that has no place in the text: nothing of the file is for Sluice.
    mutating func settle(path: String) throws(ConfigurationError) {
        for _ in 0..<Self.mostErrors {
            let (text, indices) = self.text
            let error: ConfigurationError
            do throws(ConfigurationError) {
                _ = try Snapshot.load(path: Self.name, prefix: "/", source: .one(Self.name, text))
                return
            } catch let found {
                error = found
            }
            guard error.position.line > 0, error.position.line <= indices.count else {
                throw ConfigurationError(
                    at: Position(file: path, line: 0, column: 0), "nothing of it is for Sluice: \(error.message)",
                    hint: "it takes \"server\" blocks that serve files, or pass MQTT to brokers")
            }
            let index = indices[error.position.line - 1]
            let reason = originalPlaces(error.message + (error.hint.map { "; \($0)" } ?? ""), indices)
            let refused = refused(with: index, error)
            let guards = refused.map { lines[$0].refusedGuard }
            for place in refused { remove(at: place, reason) }
            close(zip(refused, guards).compactMap { place, kind in kind.map { (place, $0) } })
        }
        throw ConfigurationError(
            at: Position(file: path, line: 0, column: 0),
            "more than \(Self.mostErrors) of its directives have arguments that Sluice does not take")
    }

    /// What is refused with the line at `index`: the same words elsewhere, if it is their value that is wrong.
    private func refused(with index: Int, _ error: ConfigurationError) -> [Int] {
        guard case .directive(let words) = lines[index].kind,
            [" must be ", " must have ", " has no parameter "].contains(where: error.message.contains)
        else { return [index] }
        return lines.indices.filter { other in
            if case .directive(words) = lines[other].kind { true } else { false }
        }
    }

    /// `text` with the places of nginx's file in the place of those of ours, which change.
    private func originalPlaces(_ text: String, _ indices: [Int]) -> String {
        var parts = text.split(separator: "\(Self.name):", omittingEmptySubsequences: false).map(String.init)
        for index in parts.indices.dropFirst() {
            let number = parts[index].prefix { $0.isNumber || $0 == ":" }
            let line = number.split(separator: ":").first.flatMap { Int($0) } ?? 0
            let origin = indices.indices.contains(line - 1) ? lines[indices[line - 1]].origin : nil
            parts[index] = (origin?.name.position.place ?? "line \(line)") + parts[index].dropFirst(number.count)
        }
        return parts.joined()
    }

    private static let name = "converted.conf"
    private static let mostErrors = 200
}

extension Output.Line {
    /// What is to be closed without it, as it cannot simply be left out; nil: nothing.
    fileprivate var refusedGuard: Output.Guard? {
        guard case .directive(let words) = kind, let name = words.first else { return nil }
        return switch name {
        case "deny": .rule
        case "ssl_verify_client", "ssl_client_certificate", "ssl_crl": .identity
        case "set_real_ip_from", "real_ip_header": .address
        default: nil
        }
    }
}

extension ConfigurationSource {
    /// One file that is not on a disk.
    fileprivate static func one(_ name: String, _ text: String) -> ConfigurationSource {
        let bytes = Array(text.utf8)
        return ConfigurationSource(
            read: { path, _ throws(ReadFailure) in
                guard path == name else { throw ReadFailure(reason: "no such file") }
                return bytes
            },
            glob: { _ in [] }, exists: { $0 == name })
    }
}
