import Foundation
import Testing

@testable import Configuration

/// Operators come with a file of nginx's: each of its words is answered by what to do, not by a spelling like it.
@Suite struct NginxNamesTests {
    /// Words of certbot's include, of the usual WebSocket proxy, and of nginx's own nginx.conf; with a part of the answer.
    static let lines: [(line: String, place: Contexts, hint: String)] =
        [
            ("ssl on;", .server, "listen 443 ssl"),
            ("ssl_stapling_verify on;", .server, "always verified"),
            ("ssl_stapling_responder http://a;", .server, "\"ssl_stapling_file\""),
            ("resolver 8.8.8.8 valid=300s;", .server, "\"resolve\""), ("resolver_timeout 5s;", .server, "\"resolve\""),
            (
                "map $http_upgrade $connection_upgrade { default upgrade; '' close; }", .main,
                "not needed for the upgrade"
            ),
            ("client_max_body_size 0;", .server, "\"mqtt_max_packet_size\""),
            ("proxy_pass http://brokers;", .location, "\"mqtt_pass\""),
            ("proxy_set_header Upgrade $http_upgrade;", .location, "\"proxy_protocol\""),
            ("proxy_http_version 1.1;", .location, "plain MQTT"),
            ("proxy_read_timeout 3600s;", .location, "Keep Alive"),
            ("proxy_send_timeout 3600s;", .location, "Keep Alive"), ("proxy_timeout 1h;", .server, "Keep Alive"),
            ("proxy_connect_timeout 5s;", .location, "\"upstream_connect_timeout\""),
            ("proxy_buffering off;", .location, "not needed"), ("proxy_ssl on;", .server, "do not use TLS"),
            ("proxy_next_upstream error timeout;", .location, "\"upstream_tries\""),
            ("limit_conn addr 10;", .location, "limit_connections per=ip 10"),
            ("limit_req zone=one burst=5;", .location, "limit_connect_rate per=ip 10/s burst=20"),
            ("limit_conn_zone $binary_remote_addr zone=addr:10m;", .main, "limit_connections per=ip 10"),
            (
                "limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;", .main,
                "limit_connect_rate per=ip 10/s burst=20"
            ),
            ("events { worker_connections 1024; }", .main, "no such block"), ("http { }", .main, "no such block"),
            ("stream { }", .main, "no such block"), ("worker_processes auto;", .main, "\"worker_threads\""),
            ("worker_connections 1024;", .main, "\"worker_rlimit_nofile\""),
            ("pid /run/nginx.pid;", .main, "\"pid_file\""),
            ("daemon off;", .main, "foreground"), ("load_module modules/x.so;", .main, "no modules"),
            ("keepalive 32;", .upstream, "connection of its own"),
            ("ip_hash;", .upstream, "\"hash $remote_addr consistent\""),
            ("zone brokers 64k;", .upstream, "not needed"), ("least_time header;", .upstream, "\"least_conn\""),
            ("sticky cookie srv;", .upstream, "\"hash $mqtt_client_id consistent\""),
            ("autoindex on;", .location, "never listed"), ("disable_symlinks on;", .location, "never followed"),
            ("sendfile on;", .main, "not needed"), ("tcp_nopush on;", .main, "not needed"),
            ("tcp_nodelay on;", .main, "not needed"), ("keepalive_disable msie6;", .main, "keepalive_timeout"),
            ("types_hash_max_size 2048;", .main, "not needed"), ("server_tokens off;", .main, "never name the version"),
            ("gzip on;", .main, "\"gzip_static on\""), ("gzip_vary on;", .main, "always sent"),
            ("gzip_types text/css;", .main, "without a counterpart here"), ("charset utf-8;", .main, "\"types\""),
            ("etag off;", .main, "always answered"),
            ("if ($host = a) { return 404; }", .server, "conditions"),
            ("set $a b;", .server, "variables"), ("rewrite ^ / last;", .location, "\"try_files\""),
            ("fastcgi_pass unix:/run/php.sock;", .location, "without a counterpart here"),
            ("status_zone a;", .server, "without a counterpart here"),
            ("stub_status;", .location, "\"metrics\""), ("auth_delay 1s;", .location, "are limited"),
            ("auth_request /auth;", .location, "\"auth_http\""), ("multi_accept on;", .main, "nothing to tune"),
            ("large_client_header_buffers 4 16k;", .main, "\"client_header_buffer_size\""),
        ]

    @Test(arguments: lines) func nginxWordIsAnswered(line: String, place: Contexts, hint: String) throws {
        let name = String(line.prefix { $0 != " " && $0 != ";" })
        let pass = "mqtt_pass 127.0.0.1:1883;"
        let text =
            switch place {
            case .main: "\(line)\nserver { listen 8083; location / { \(pass) } }"
            case .upstream: "upstream a { server 127.0.0.1:1883;\n\(line)\n}"
            case .server: "server { listen 8083;\n\(line)\nlocation / { \(pass) } }"
            default: "server { listen 8083; location / { \(pass)\n\(line)\n} }"
            }
        let error = try #require(errorText(text))
        #expect(error.hasPrefix("a.conf:\(place == .main ? 1 : 2):1: unknown directive \"\(name)\"; "))
        #expect(error.contains(hint), "\(error)")
        #expect(!error.contains("did you mean"), "\(error)")
    }

    @Test func noNameIsOneOfOurs() {
        #expect(NginxNames.hints.keys.filter(DirectiveTable.isKnown).isEmpty)
    }

    /// What a hint names in quotes is there to be written.
    @Test(arguments: Set(NginxNames.hints.values).sorted()) func hintNamesWhatIsThere(hint: String) {
        let quoted = hint.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .compactMap { $0.offset.isMultiple(of: 2) ? nil : $0.element.split(separator: " ").first }
        let parameters = ["ssl", "resolve", "max_conns"]
        for word in quoted {
            #expect(DirectiveTable.isKnown(String(word)) || parameters.contains(String(word)), "\(hint)")
        }
    }

    @Test func misspellingsAreStillSuggested() {
        for (wrong, right) in [("mqtt_pas", "mqtt_pass"), ("proxy_protocl", "proxy_protocol"), ("lissten", "listen")] {
            #expect(errorText("\(wrong) a;")?.contains("did you mean \"\(right)\"?") ?? false)
        }
    }
}
