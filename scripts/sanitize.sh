# shellcheck shell=bash disable=SC2034
# Sourced by test.sh with $sanitizer: build flags, options of the sanitizer's runtime, and what became of its reports.

case ${sanitizer:?} in
address) scratch=.build-asan ;;
thread) scratch=.build-tsan ;;
*) fail "--sanitize takes address or thread, not \"$sanitizer\"." ;;
esac
flags+=(--sanitize "$sanitizer")

# Reports go to files, so that none is lost in a test that looks at something else.
reports=$ROOT/$scratch/reports
rm -rf "$reports"
mkdir -p "$reports"
export ASAN_OPTIONS="detect_leaks=1:quarantine_size_mb=8:log_path=$reports/asan"
export LSAN_OPTIONS="suppressions=$ROOT/scripts/lsan.supp:print_suppressions=0"
export TSAN_OPTIONS="suppressions=$ROOT/scripts/tsan.supp:log_path=$reports/tsan"

# ThreadSanitizer's shadow memory collides with mappings that are placed with more than 28 random bits.
if [ "$sanitizer" = thread ] && [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
    runner=(setarch "$(uname -m)" --addr-no-randomize)
fi

# Prints the reports; fails if there is one.
sanitizer_reports() {
    local report found=0
    for report in "$reports"/*; do
        [ -s "$report" ] || continue
        found=1
        say "Report ${report#"$ROOT"/}"
        cat "$report"
    done
    [ $found -eq 0 ] && done_ "no report of the $sanitizer sanitizer"
}
