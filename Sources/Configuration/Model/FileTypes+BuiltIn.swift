extension FileTypes {
    /// What applies without `types`: the types of IANA, and what is text is UTF-8.
    package static let builtIn: FileTypes = {
        var byEnding: [String: String] = [:]
        for (type, endings) in table {
            for ending in endings.split(separator: " ") { byEnding[String(ending)] = type }
        }
        return FileTypes(byEnding)
    }()

    private static let table: [(type: String, endings: String)] = [
        ("text/html; charset=utf-8", "html htm"),
        ("text/css; charset=utf-8", "css"),
        ("text/javascript; charset=utf-8", "js mjs cjs"),
        ("text/plain; charset=utf-8", "txt text log conf"),
        ("text/csv; charset=utf-8", "csv"),
        ("text/markdown; charset=utf-8", "md"),
        ("text/calendar; charset=utf-8", "ics"),
        ("text/vtt; charset=utf-8", "vtt"),
        ("application/json", "json map"),
        ("application/ld+json", "jsonld"),
        ("application/geo+json", "geojson"),
        ("application/manifest+json", "webmanifest"),
        ("application/xml", "xml xsd xsl"),
        ("application/xhtml+xml", "xhtml"),
        ("application/rss+xml", "rss"),
        ("application/atom+xml", "atom"),
        ("application/wasm", "wasm"),
        ("application/pdf", "pdf"),
        ("application/zip", "zip"),
        ("application/gzip", "gz tgz"),
        ("application/vnd.ms-fontobject", "eot"),
        ("application/vnd.android.package-archive", "apk"),
        ("font/woff2", "woff2"),
        ("font/woff", "woff"),
        ("font/ttf", "ttf"),
        ("font/otf", "otf"),
        ("image/svg+xml", "svg"),
        ("image/png", "png"),
        ("image/apng", "apng"),
        ("image/jpeg", "jpg jpeg"),
        ("image/gif", "gif"),
        ("image/webp", "webp"),
        ("image/avif", "avif"),
        ("image/bmp", "bmp"),
        ("image/tiff", "tif tiff"),
        ("image/x-icon", "ico"),
        ("audio/mpeg", "mp3"),
        ("audio/ogg", "ogg oga opus"),
        ("audio/wav", "wav"),
        ("audio/mp4", "m4a"),
        ("audio/aac", "aac"),
        ("audio/flac", "flac"),
        ("video/mp4", "mp4 m4v"),
        ("video/webm", "webm"),
        ("video/ogg", "ogv"),
        ("video/quicktime", "mov"),
        ("video/mp2t", "ts"),
        ("application/vnd.apple.mpegurl", "m3u8"),
    ]
}
