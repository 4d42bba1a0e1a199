/// Directives of nginx that this gateway does not have, and what an operator who brings a file from there should do about
/// each. A name is looked up here before suggesting one that is merely spelled like it.
enum NginxNames {
    static let hints: [String: String] = Dictionary(
        (blocks + process + listening + tls + http + limits + proxy + upstream + access).flatMap { entry in
            entry.names.split(separator: " ").map { (String($0), entry.hint) }
        },
        uniquingKeysWith: { first, _ in first })

    /// The hint for `name`; nil: nginx has no such directive.
    static func hint(for name: String) -> String? {
        if let hint = hints[name] { return hint }
        if families.contains(where: name.hasPrefix) { return foreign }
        return others.contains(name[...]) ? foreign : nil
    }

    private static let foreign = "it is an nginx directive without a counterpart here; remove it"
    private static let plain = "not needed: connections to brokers are plain MQTT, without HTTP; remove it"
    private static let buffers = "not needed: bytes are passed on as they arrive, within fixed limits; remove it"
    private static let alive = "not needed: a session lasts as long as its MQTT Keep Alive allows; remove it"
    private static let certificateOfBroker = "not supported: connections to brokers do not use TLS; remove it"
    private static let files = "not supported: files are served as they are; remove it"
}

// MARK: - The table: names, and the hint for all of them

extension NginxNames {
    private typealias Entry = (names: String, hint: String)

    private static let blocks: [Entry] = [
        ("http stream", "there is no such block: move its content out, to the top level"),
        ("mail", "there is no such block"),
        ("events", "there is no such block, and nothing in it needs tuning; remove it"),
        ("if", "not supported: there are no conditions; use \"location\", \"allow\" and \"deny\""),
        ("map", "not needed for the upgrade to WebSocket, and custom variables are not supported; remove it"),
        ("geo split_clients set", "not supported: there are no custom variables; remove it"),
        ("limit_except", "not needed: only \"api write=on\" takes other methods than GET and HEAD; remove it"),
    ]

    private static let process: [Entry] = [
        ("worker_processes", "write \"worker_threads\" instead: all threads are in one process"),
        ("worker_connections", "write \"worker_rlimit_nofile\" instead: a session takes two descriptors"),
        ("pid", "write \"pid_file\" instead"),
        ("daemon master_process", "not needed: sluice runs in the foreground, as systemd and Docker expect; remove it"),
        ("multi_accept use accept_mutex worker_aio_requests", "not needed: there is nothing to tune; remove it"),
        ("load_module", "not needed: there are no modules to load; remove it"),
        ("env", "not needed: the environment is not used; remove it"),
    ]

    private static let listening: [Entry] = [
        ("http3 quic_retry quic_gso", "not supported: WebSockets use TCP; remove it"),
        (
            "server_names_hash_bucket_size server_names_hash_max_size variables_hash_max_size variables_hash_bucket_size "
                + "types_hash_max_size types_hash_bucket_size map_hash_bucket_size map_hash_max_size",
            "not needed: tables grow as required; remove it"
        ),
        ("server_tokens", "not needed: responses never name the version; remove it"),
        (
            "keepalive_min_timeout keepalive_disable",
            "not needed: \"keepalive_timeout\" and \"keepalive_requests\" decide when a connection is closed; remove it"
        ),
        (
            "tcp_nodelay tcp_nopush sendfile aio directio reset_timedout_connection",
            "not needed: socket options are already set as MQTT needs them; remove it"
        ),
        (
            "large_client_header_buffers",
            "write \"client_header_buffer_size\" instead: it limits the whole request head"
        ),
        ("send_timeout lingering_close lingering_time lingering_timeout client_body_timeout", alive),
        (
            "resolver resolver_timeout",
            "not needed: the system's resolver is used; write \"resolve\" after the name in \"server\" to resolve it again"
        ),
    ]

    private static let tls: [Entry] = [
        ("ssl", "write \"ssl\" after the address in \"listen\" instead, as in \"listen 443 ssl\""),
        ("ssl_stapling_verify", "not needed: a response is always verified before it is stapled; remove it"),
        (
            "ssl_stapling_responder",
            "not supported: nothing is fetched; name a file in \"ssl_stapling_file\", and renew it from outside"
        ),
        ("ssl_ocsp ssl_ocsp_cache ssl_ocsp_responder", "not supported: write \"ssl_crl\" instead"),
        ("ssl_early_data", "not supported: 0-RTT data could be replayed; remove it"),
        ("ssl_buffer_size", buffers),
        (
            "ssl_reject_handshake",
            "not supported: the first server of an address answers for names that no other has; remove it"
        ),
        ("ssl_preread", "not supported: the gateway terminates TLS; write \"listen 443 ssl\""),
    ]

    private static let http: [Entry] = [
        ("rewrite", "not supported: there are no expressions; use \"location\" with \"return\", or \"try_files\""),
        ("etag if_modified_since", "not needed: conditional requests are always answered; remove it"),
        ("charset override_charset", "write the charset in \"types\" instead; the built-in types of text have it"),
        ("add_trailer", files),
        ("gzip", "not supported: compress files beforehand, and write \"gzip_static on\" to send FILE.gz"),
        ("gzip_vary", "not needed: with \"gzip_static\" the field Vary is always sent; remove it"),
        (
            "client_max_body_size client_body_buffer_size client_body_temp_path",
            "not needed: only \"api\" takes a body, and limits it; \"mqtt_max_packet_size\" limits MQTT packets"
        ),
        (
            "stub_status vhost_traffic_status_display",
            "write \"metrics\" instead, for Prometheus, or \"dashboard\" with \"api\", for people"
        ),
        ("vhost_traffic_status vhost_traffic_status_zone", "not needed: everything is counted always; remove it"),
        ("status", "write \"api\" instead"),
        ("autoindex", "not supported: folders are never listed; remove it"),
        (
            "disable_symlinks",
            "not needed: a symbolic link that leads out of the \"root\" is never followed; remove it"
        ),
        (
            "internal open_file_cache log_not_found log_subrequest merge_slashes "
                + "underscores_in_headers ignore_invalid_headers sub_filter mirror", files
        ),
    ]

    private static let limits: [Entry] = [
        (
            "limit_conn limit_conn_zone limit_conn_status limit_conn_log_level limit_conn_dry_run",
            "write \"limit_connections per=ip 10\" instead, without a zone"
        ),
        (
            "limit_req limit_req_zone limit_req_status limit_req_log_level limit_req_dry_run",
            "write \"limit_connect_rate per=ip 10/s burst=20\" instead, without a zone"
        ),
        ("limit_rate_after", "not needed: \"limit_rate\" lets what comes in a second pass at once; remove it"),
    ]

    private static let proxy: [Entry] = [
        ("proxy_pass", "write \"mqtt_pass\" instead, with an upstream or an address, without a scheme"),
        ("proxy_connect_timeout", "write \"upstream_connect_timeout\" instead"),
        ("proxy_read_timeout proxy_send_timeout proxy_timeout proxy_socket_keepalive", alive),
        (
            "proxy_set_header",
            "\(plain); to send brokers the client's address write \"proxy_protocol\" in the \"upstream\""
        ),
        (
            "proxy_http_version proxy_redirect proxy_hide_header proxy_pass_header proxy_cookie_path proxy_cookie_domain "
                + "proxy_intercept_errors proxy_method proxy_pass_request_headers proxy_pass_request_body proxy_set_body "
                + "proxy_ignore_headers proxy_ignore_client_abort proxy_cache_bypass", plain
        ),
        (
            "proxy_buffering proxy_request_buffering proxy_buffers proxy_buffer_size proxy_busy_buffers_size "
                + "proxy_max_temp_file_size proxy_temp_path proxy_cache proxy_cache_path proxy_cache_valid "
                + "proxy_cache_key proxy_no_cache proxy_store preread_buffer_size preread_timeout", buffers
        ),
        (
            "proxy_next_upstream",
            "not needed: which failures lead to another try is fixed; \"upstream_tries\" sets how many brokers are tried"
        ),
        ("proxy_next_upstream_tries", "write \"upstream_tries\" instead"),
        ("proxy_next_upstream_timeout", "write \"upstream_tries_timeout\" instead"),
        (
            "proxy_ssl proxy_ssl_certificate proxy_ssl_certificate_key proxy_ssl_ciphers proxy_ssl_name proxy_ssl_protocols "
                + "proxy_ssl_server_name proxy_ssl_trusted_certificate proxy_ssl_verify proxy_ssl_verify_depth "
                + "proxy_ssl_session_reuse", certificateOfBroker
        ),
        ("proxy_upload_rate proxy_download_rate", "write \"limit_rate in=1m out=1m\" instead"),
    ]

    private static let upstream: [Entry] = [
        ("keepalive keepalive_time", "not needed: each session has a connection of its own to its broker; remove it"),
        ("ip_hash", "write \"hash $remote_addr consistent\" instead"),
        ("least_time", "write \"least_conn\" instead"),
        ("sticky sticky_cookie_insert", "write \"hash $mqtt_client_id consistent\" instead"),
        ("zone", "not needed: session counts are always shared by all loops; remove it"),
        ("match", "not supported: the parameters of \"health_check\" state what passes"),
        ("queue ntlm state", foreign),
    ]

    private static let access: [Entry] = [
        ("auth_delay", "not needed: wrong passwords of one address are limited; remove it"),
        ("auth_jwt", "write \"auth_jwt_key_file\" or \"auth_jwt_jwks_url\" instead"),
        ("auth_jwt_key_request", "write \"auth_jwt_jwks_url\" instead"),
        ("auth_request auth_request_set", "write \"auth_http\" instead"),
        ("mqtt_preread mqtt mqtt_buffers", "not needed: the CONNECT is always parsed; remove it"),
    ]

    /// Prefixes of modules without a counterpart.
    private static let families = [
        "fastcgi_", "uwsgi_", "scgi_", "grpc_", "memcached_", "gzip", "gunzip", "brotli", "js_", "perl", "lua_", "dav_",
        "geoip_", "image_filter", "xslt_", "userid", "secure_link", "random_index", "otel_", "smtp_", "imap_", "pop3_",
        "modsecurity", "more_", "ssi", "addition_", "charset_", "subs_filter", "open_log_file", "open_file_cache_",
    ]

    private static let others: Set<Substring> = Set(
        """
        absolute_redirect accept_mutex_delay add_after_body add_before_body ancient_browser \
        chunked_transfer_encoding client_body_in_file_only client_body_in_single_buffer client_header_buffers \
        connection_pool_size create_full_put_path debug_connection debug_points directio_alignment empty_gif flv f4f \
        google_perftools_profiles hls lock_file max_ranges mp4 min_delete_depth modern_browser msie_padding msie_refresh \
        output_buffers pcre_jit port_in_redirect postpone_output protocol read_ahead recursive_error_pages referer_hash \
        request_pool_size rewrite_log send_lowat sendfile_max_chunk server_name_in_redirect slice ssl_engine \
        status_zone subrequest_output_buffer_size thread_pool timer_resolution uninitialized_variable_warn valid_referers \
        variables worker_cpu_affinity worker_priority working_directory break proxy_responses proxy_requests \
        proxy_half_close proxy_bind_dynamic
        """.split(separator: " "))
}
