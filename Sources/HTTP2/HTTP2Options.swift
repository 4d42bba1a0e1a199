import CNghttp2

/// What the connections of a loop have in common: what nghttp2 calls, and how it is set up.
package final class HTTP2Options {
    let callbacks: OpaquePointer
    let options: OpaquePointer

    /// nil when there is no memory.
    package init?() {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_option_new(&options)
        guard let callbacks, let options else { return nil }
        HTTP2Callbacks.install(callbacks)
        // Credit is given when bytes were used, not when they came.
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_no_closed_streams(options, 1)
        self.callbacks = callbacks
        self.options = options
    }

    deinit {
        nghttp2_session_callbacks_del(callbacks)
        nghttp2_option_del(options)
    }
}
