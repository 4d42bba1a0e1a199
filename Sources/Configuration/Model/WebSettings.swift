/// How a location answers requests of a web application: with files, or with what `return` says.
package struct WebSettings: Sendable, Equatable {
    /// Whether `FILE.gz` is sent in the place of FILE.
    package enum Precompressed: String, Sendable, CaseIterable {
        case off
        /// To clients that accept gzip.
        case on
        /// To all.
        case always
    }

    /// Files of a folder, in the order in which they are looked for.
    package var index = ["index.html"]
    package var tryFiles: TryFiles?
    package var precompressed = Precompressed.off
    package var expires = Expires.off
    package var headers: [AddedHeader] = []
    package var errorPages: [ErrorPage] = []
    /// nil: the types that are built in.
    package var types: FileTypes?
    /// Of a file whose ending has no type.
    package var defaultType = Self.binary

    package static let binary = "application/octet-stream"

    package init() {}
}

/// Where the files of a location are.
package struct FileRoot: Sendable, Equatable {
    package enum Mapping: Sendable, Equatable {
        /// The whole path of the request follows the folder.
        case root
        /// What comes after the location's own path follows the folder.
        case alias
        /// Every request gets this file of the folder.
        case file(String)
    }
    /// The absolute path of a folder.
    package var folder: String
    package var mapping: Mapping

    package init(folder: String, mapping: Mapping = .root) {
        self.folder = folder
        self.mapping = mapping
    }
}

/// `return`: an answer without a file.
package struct FixedAnswer: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        /// What the status says.
        case none
        case text(Template)
        /// Where the client is sent.
        case location(Template)
    }
    package var code: Int
    package var content: Content

    package init(code: Int, content: Content) {
        self.code = code
        self.content = content
    }

    /// Statuses whose text is where the client is sent.
    package static let redirects: Set<Int> = [301, 302, 303, 307, 308]
}

/// `try_files`: the first of some files that exists, or else something that need not.
package struct TryFiles: Sendable, Equatable {
    package struct Candidate: Sendable, Equatable {
        /// Follows the root.
        package var path: Template
        /// Whether it is a folder that is looked for, whose `index` is served.
        package var isFolder: Bool
    }
    package enum Fallback: Sendable, Equatable {
        /// The request is answered as if it had asked for this path, with a query or without.
        case path(Template)
        case status(Int)
    }
    package var candidates: [Candidate]
    package var fallback: Fallback
}

/// `error_page`: what takes the place of the answers with some statuses.
package struct ErrorPage: Sendable, Equatable {
    package enum Status: Sendable, Equatable {
        /// That of the error.
        case kept
        /// That of the page.
        case ofPage
        case changed(Int)
    }
    package var codes: [Int]
    package var status: Status
    /// A path that is served, or a URL that the client is sent to.
    package var target: String
}

/// `add_header`
package struct AddedHeader: Sendable, Equatable {
    package var name: String
    package var value: Template
    /// Whether errors have it, too.
    package var always: Bool

    /// Whether answers with this status have a header without `always`, and what `expires` says: as in nginx.
    package static func applies(to code: Int) -> Bool {
        switch code {
        case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308: true
        default: false
        }
    }
}

/// `expires`: how long an answer may be kept by caches.
package enum Expires: Sendable, Equatable {
    case off
    /// Seconds from now; negative: it must not be kept.
    case after(Int)
    /// Seconds from when the file was changed.
    case afterChange(Int)
    /// It must not be kept.
    case epoch
    /// As long as possible.
    case max
}

/// `types`: the media type of a file by its ending.
package struct FileTypes: Sendable, Equatable {
    /// By ending, in lower case and without its dot.
    package var byEnding: [String: String] = [:]

    package init(_ byEnding: [String: String] = [:]) { self.byEnding = byEnding }
}
