import TLS
import Text
import Wire

extension AdminGate {
    /// Fields of every answer of the operator's side, metrics and problems included: no browser keeps it, guesses its type,
    /// embeds it, or lets a page of another site see it.
    static let securityFields = fields(policy: policy())

    /// The same for the dashboard, whose scripts and styles are those that have one of these hashes (`sourceHash`), and no
    /// other.
    static func securityFields(scripts: [String], styles: [String]) -> [HTTPField] {
        fields(policy: policy(scripts: scripts, styles: styles))
    }

    /// How a Content-Security-Policy names the exact content of one `<script>` or `<style>` element.
    static func sourceHash(_ content: String) -> String {
        "'sha256-\(Base64.encode(Digest.sha256(Array(content.utf8)).span))'"
    }

    private static func fields(policy: String) -> [HTTPField] {
        [
            HTTPField("Content-Security-Policy", policy),
            HTTPField("X-Content-Type-Options", "nosniff"),
            HTTPField("X-Frame-Options", "DENY"),
            HTTPField("Referrer-Policy", "no-referrer"),
            HTTPField("Cross-Origin-Resource-Policy", "same-origin"),
            HTTPField("Cross-Origin-Opener-Policy", "same-origin"),
            HTTPField("Cache-Control", "no-store"),
        ]
    }

    /// W3C Content Security Policy Level 3.
    private static func policy(scripts: [String] = [], styles: [String] = []) -> String {
        var parts = ["default-src 'none'"]
        if !scripts.isEmpty {
            parts += [
                "script-src \(scripts.joined(separator: " "))", "connect-src 'self'",
                "img-src data:",  // the page's icon
                "require-trusted-types-for 'script'", "trusted-types 'none'",  // no script makes markup of text
            ]
        }
        if !styles.isEmpty { parts.append("style-src \(styles.joined(separator: " "))") }
        return (parts + ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]).joined(separator: "; ")
    }
}
