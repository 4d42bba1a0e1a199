#!/usr/bin/env bash
# bench.sh: says how to measure. A number without its setup says nothing, so no single command prints one.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

cat <<'TEXT'
Measure the release build (`make build`), never a debug build, on an otherwise idle machine:

  1. Brokers first, alone: what they can do without the gateway is the ceiling of every result with it.
  2. Start .build/release/sluice -c FILE with `worker_threads 1` and `access_log off`; pin it and the load to
     different cores (taskset), so that the load does not take the gateway's time.
  3. Load it with any MQTT client that speaks wss, in four shapes: many idle connections (memory each), connects
     per second (with and without TLS session tickets), small messages there and back, large payloads one way.
  4. Read what the gateway used, not only what came through:
       CPU time      awk '{ print ($14 + $15) / 100 " s" }' /proc/PID/stat      before and after
       memory        grep VmRSS /proc/PID/status                                idle and under load
       system calls  strace -c -f -p PID        hot spots    perf record -g -p PID
  5. Run gateway and rival (nginx, HAProxy: same certificate, ciphers, buffer sizes, one worker) alternately, at least
     five times each, and compare the medians. Write down versions, kernel, processor and both configurations.

TEXT
