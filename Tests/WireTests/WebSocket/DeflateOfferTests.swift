import Testing

@testable import Wire

@Suite("permessage-deflate: offers (RFC 7692 §7.1)")
struct DeflateOfferTests {
    private static let plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    @Test(
        "Offers that are agreed to",
        arguments: [
            ("permessage-deflate", nil), ("Permessage-Deflate", nil),
            ("permessage-deflate; client_max_window_bits", nil),
            ("permessage-deflate ;client_max_window_bits=8", nil),
            ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", nil),
            ("permessage-deflate; server_max_window_bits=9", 9),
            ("permessage-deflate; server_max_window_bits = \"15\"; client_max_window_bits = \"15\"", 15),
        ] as [(String, Int?)])
    func agreed(text: String, bits: Int?) throws {
        let offer = try #require(DeflateOffer(text))
        #expect(offer.serverWindowBits == bits)
        #expect(offer.answer == Self.plain + (bits.map { "; server_max_window_bits=\($0)" } ?? ""))
    }

    @Test(
        "Offers that are declined: another extension; a parameter that is unknown, wrong, or there twice",
        arguments: [
            "", "x", "permessage-deflate2", "permessage-deflate;", "permessage-deflate; ", "permessage-deflate; x",
            "permessage-deflate; =", "permessage-deflate; server_no_context_takeover=", "permessage-deflate=1",
            "permessage-deflate; client_no_context_takeover=true", "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=", "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=09",
            "permessage-deflate; server_max_window_bits=+9",
            "permessage-deflate; server_max_window_bits=99999999999999999999",
            "permessage-deflate; client_max_window_bits=\"", "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=10; SERVER_MAX_WINDOW_BITS=10",
        ])
    func declined(text: String) {
        #expect(DeflateOffer(text) == nil)
    }
}
