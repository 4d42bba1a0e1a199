extension Snapshot {
    /// Reads and checks the configuration at `path`.
    ///
    /// - Parameters:
    ///   - path: The main file; positions in errors name it as it is written here.
    ///   - prefix: The folder that relative paths in the text start from, certificates and logs and `root`. It should
    ///     be absolute. Relative includes start from the folder of the main file instead.
    ///   - source: Reads the files. The files that the text names otherwise, such as certificates, are not opened.
    /// - Throws: The first error: of syntax, then of names and contexts, then of values, then of the whole.
    package static func load(
        path: String, prefix: String, source: ConfigurationSource
    ) throws(ConfigurationError) -> Snapshot {
        let statements = try Parser.parse(path: path, source: source)
        try DirectiveTable.check(statements, in: .main)
        var builder = Builder(prefix: prefix)
        try builder.run(statements, in: .main)
        return try builder.snapshot(of: path)
    }
}
