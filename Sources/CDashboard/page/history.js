// What the last half hour looked like: rates from the differences of counters that only grow.

const HISTORY_SECONDS = 1800;
/** A pause longer than this is a hole in the curves, not a line across it. */
const HOLE_SECONDS = 12;

const past = {
  /** `{ at, receivedBytes, sentBytes, receivedPackets, sentPackets, connections, sessions }`; rates are null at a hole. */
  points: [],
  /** Counters of ends for "the last five minutes", twice a minute: `{ at, ends, failures }`. */
  tallies: [],
  previous: null,
  cpuShare: null,
  loopShares: [],

  add(status) {
    const at = Date.now();
    const before = this.previous;
    this.previous = status;
    const isNew = before && before.started_at !== status.started_at;
    if (isNew) this.tallies = [];
    const seconds = before && !isNew ? status.uptime - before.uptime : 0;
    const rate = (now, then) => (seconds > 0 ? Math.max(0, now - then) / seconds : null);
    if (before && (isNew || seconds > HOLE_SECONDS)) this.points.push({ at: at - 1 });
    this.points.push({
      at,
      receivedBytes: rate(status.received.bytes, before?.received.bytes),
      sentBytes: rate(status.sent.bytes, before?.sent.bytes),
      receivedPackets: rate(status.received.packets, before?.received.packets),
      sentPackets: rate(status.sent.packets, before?.sent.packets),
      connections: status.connections.current,
      sessions: status.sessions.current,
    });
    this.cpuShare = rate(status.process?.cpu_seconds, before?.process?.cpu_seconds);
    this.loopShares = (status.loops ?? []).map((loop, index) =>
      rate(loop.busy_seconds, before?.loops?.[index]?.busy_seconds));
    if (!(at - this.tallies.at(-1)?.at < 30000)) {
      this.tallies.push({ at, ends: status.ends ?? {}, failures: status.attempt_failures ?? {} });
    }
    const oldest = at - HISTORY_SECONDS * 1000;
    while (this.points.length && this.points[0].at < oldest) this.points.shift();
    while (this.tallies.length > 11) this.tallies.shift();
  },

  latest() {
    return this.points.at(-1) ?? {};
  },

  /** The oldest tally of the last five minutes. */
  tally() {
    return this.tallies[0];
  },
};
