#!/usr/bin/env bash
# Swift 6.3.1 on Linux under Debian 12's libfaketime (0.9.10-2.1): CommandLine.arguments is empty in the first program that has the
# library, not even the program's own name is there. A program started by one that has it already sees its arguments. A
# server that takes its configuration file from the command line runs with another one, and says nothing: preload the
# library for a program before it (`env LD_PRELOAD=… env PROGRAM`).
#
# Seen on 2026-11-28:
#   Swift: 6.3.1
#   arguments: ["./show", "a", "b"]
#   with the library: []
#   started by a program with the library: ["./show", "a", "b"]
#   a C program with the library: 3 arguments
. "$(dirname "$0")/lib.sh"

saw "Swift" "$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)" 6.3.1
debian bookworm libfaketime=0.9.10-2.1
library=$(find "$WORK/debian" -name libfaketime.so.1)
echo 'print(CommandLine.arguments)' >show.swift
swiftc show.swift -o show
printf '#include <stdio.h>\nint main(int count, char **list) { return printf("%%d arguments\\n", count) < 0; }\n' >count.c
gcc count.c -o count
saw "arguments" "$(./show a b)" '["./show", "a", "b"]'
saw "with the library" "$(LD_PRELOAD=$library ./show a b)" '[]'
saw "started by a program with the library" "$(env LD_PRELOAD="$library" env ./show a b)" '["./show", "a", "b"]'
saw "a C program with the library" "$(LD_PRELOAD=$library ./count a b)" "3 arguments"
