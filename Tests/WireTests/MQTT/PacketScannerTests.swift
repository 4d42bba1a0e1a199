import Testing

@testable import Wire

@Suite("PacketScanner")
struct PacketScannerTests {}
