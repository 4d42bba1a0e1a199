/// nginx's language, which is also ours, for `sluice convert`: reading a file of nginx's, and writing one of ours.
package enum NginxSyntax {
    /// The statements of a file of nginx's, whose names and contexts are not checked.
    ///
    /// - Parameters:
    ///   - path: The file; positions name it as it is written here.
    ///   - folder: Where relative includes start, with a final "/"; nil: the folder of the file.
    ///   - source: Reads the files.
    /// - Throws: The first error of syntax, or a file that cannot be read.
    package static func parse(
        path: String, folder: String?, source: ConfigurationSource
    ) throws(ConfigurationError) -> [Statement] {
        try Parser.parse(path: path, folder: folder, source: source)
    }

    /// Whether Sluice has a directive of this name in a context: main, upstream, server or location.
    package static func isDirective(_ name: String, in context: String) -> Bool {
        DirectiveTable.all.contains { $0.name == name && $0.contexts.names.contains(context) }
    }

    /// What an operator who brings a directive of nginx's should do about it; nil: nginx has no such directive, or we have it.
    package static func advice(for name: String) -> String? { NginxNames.hint(for: name) }

    /// A word that is read as `text`: quoted where it must be.
    package static func word(_ text: String) -> String { Quoting.word(text) }
}
