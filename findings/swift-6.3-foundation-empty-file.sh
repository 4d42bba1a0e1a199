#!/usr/bin/env bash
# Foundation of Swift 6.3.1 on Linux: String(contentsOfFile:) of an empty file leaves a buffer of 4 KiB behind, each time. A
# service that polls a file which is mostly empty grows without an end; Data(contentsOf:) does the same underneath.
# Sluice itself does not use Foundation; its tests do, and LeakSanitizer reports it there.
#
# Seen on 2026-11-28:
#   Swift: 6.3.1
#   20000 reads of a file of 3 bytes: under 10 MiB more
#   20000 reads of an empty file: over 60 MiB more
. "$(dirname "$0")/lib.sh"

saw "Swift" "$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)" 6.3.1
cat >main.swift <<'SWIFT'
import Foundation

func resident() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") } ?? ""
    return Int(line.filter(\.isNumber)) ?? 0
}

let name = CommandLine.arguments[1]
let before = try resident()
var bytes = 0
for _ in 0..<20_000 { bytes += try String(contentsOfFile: name, encoding: .utf8).count }
let mebibytes = try (resident() - before) / 1024
print(mebibytes < 10 ? "under 10 MiB more" : mebibytes > 60 ? "over 60 MiB more" : "\(mebibytes) MiB more")
SWIFT
swiftc -O main.swift -o reads
: >empty
printf 'abc' >three
saw "20000 reads of a file of 3 bytes" "$(./reads three)" "under 10 MiB more"
saw "20000 reads of an empty file" "$(./reads empty)" "over 60 MiB more"
