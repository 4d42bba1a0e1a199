// The first view: figures, curves, what needs attention, how the process does.

const overview = (() => {
  const root = byId("overview");
  const tile = (label, tone) => {
    const value = el("span", { class: "tile-value", text: NOTHING });
    const note = el("span", { class: "tile-note", text: " " });
    return {
      element: el("div", { class: `tile ${tone ?? ""}` }, el("span", { class: "tile-label", text: label }), value, note),
      set(text, below) {
        setText(value, text);
        setText(note, below);
      },
    };
  };
  const tiles = {
    sessions: tile("Sessions"), connections: tile("Connections"), received: tile("Received", "received"), sent: tile("Sent", "sent"),
    ends: tile("Refused or lost"), process: tile("Process"),
  };
  const both = (received, sent) => [
    { key: received, label: "Received", tone: "received" }, { key: sent, label: "Sent", tone: "sent" },
  ];
  const charts = [
    new LineChart("Throughput", both("receivedBytes", "sentBytes"), byteRate),
    new LineChart("Packets", both("receivedPackets", "sentPackets"), packetRate, { whole: true }),
    new LineChart("Connections", [
      { key: "connections", label: "Connections", tone: "third" }, { key: "sessions", label: "Sessions", tone: "fourth" },
    ], count, { whole: true, mark: compact }),
  ];
  let span = 300;
  const spans = el("div", { class: "segments", role: "group", "aria-label": "Time shown in the curves" });
  for (const [seconds, label] of [[300, "5 min"], [900, "15 min"], [1800, "30 min"]]) {
    spans.append(el("button", {
      type: "button", "data-span": seconds, "aria-pressed": String(seconds === span),
      on: { click: () => {
        span = seconds;
        for (const one of spans.children) one.setAttribute("aria-pressed", String(Number(one.dataset.span) === span));
        draw();
      } },
    }, label));
  }

  const attention = card("Attention", { class: "attention" });
  const attentionList = el("ul", { class: "plain" });
  attention.append(attentionList);

  const states = card("Connections by state");
  const stateList = el("ul", { class: "bars" });
  states.append(stateList);

  const upstreamCard = card("Upstreams");
  const upstreamList = el("ul", { class: "plain rows" });
  upstreamCard.append(upstreamList);

  const loops = card("Event loops");
  const loopList = el("ul", { class: "bars" });
  const turns = el("p", { class: "hint" });
  const processFacts = el("p", { class: "hint" });
  loops.append(loopList, turns, processFacts);

  root.append(
    el("h1", { class: "unseen", text: "Overview" }),
    el("div", { class: "tiles" }, ...Object.values(tiles).map(one => one.element)),
    attention,
    el("div", { class: "row-head" }, el("h2", { text: "Traffic" }), spans),
    el("div", { class: "charts" }, ...charts.map(one => one.element)),
    el("div", { class: "columns" }, upstreamCard, states, loops),
    ends.element,
    ends.recent,
  );

  function concerns() {
    const { status, upstreams, certificates } = known;
    const found = [];
    for (const upstream of upstreams ?? []) {
      for (const peer of upstream.peers) {
        const [tone, label] = peerState(peer.state);
        if (tone === "good" || tone === "busy") continue;
        found.push([tone === "muted" ? "warn" : tone, `${visibleString(peer.address)} in ${visibleString(upstream.name)} is ${label.toLowerCase()}`, "#/upstreams"]);
      }
    }
    for (const one of certificates ?? []) {
      const [tone, text] = expiry(one.expires_in);
      if (tone === "good") continue;
      found.push([tone, `The certificate for ${visibleString(one.server_name || one.subject)} ${text}`, "#/certificates"]);
    }
    const failure = status.generation.last_failure;
    if (failure && failure.at > status.generation.loaded_at) {
      found.push(["bad", `The last reload failed, ${moment(failure.at)}: ${visibleString(failure.detail)}`, "#/configuration"]);
    }
    if (status.log_lines_dropped > 0) found.push(["warn", `${plural(status.log_lines_dropped, "log line")} dropped: the disk or the log server is too slow`]);
    const { open_fds: open, max_fds: most } = status.process;
    if (most > 0 && open / most > 0.8) found.push([open / most > 0.95 ? "bad" : "warn", `${count(open)} of ${count(most)} file descriptors are in use: raise worker_rlimit_nofile`]);
    return found.sort((a, b) => (b[0] === "bad") - (a[0] === "bad"));
  }

  function drawAttention() {
    const all = concerns();
    const found = all.slice(0, 6);
    if (all.length > found.length) found.push(["muted", `and ${all.length - found.length} more`]);
    if (found.length === 0) found.push(["good", "Nothing needs attention"]);
    attention.classList.toggle("calm", all.length === 0);
    keyed(attentionList, found, one => `${one[0]} ${one[1]}`, ([tone, text, target]) =>
      el("li", {}, target ? el("a", { href: target }, badge(tone, text)) : badge(tone, text)), () => {});
  }

  function drawUpstreams() {
    keyed(upstreamList, known.upstreams ?? [], one => one.name, one => {
      const shown = { count: el("span", { class: "number" }), peers: el("span") };
      return Object.assign(el("li", {},
        el("a", { href: `#/upstreams` }, visible(one.name)), shown.peers, shown.count), { shown });
    }, ({ shown }, one) => {
      const tones = one.peers.map(peer => peerState(peer.state)[0]);
      const up = tones.filter(tone => tone === "good").length;
      const tone = up === 0 ? "bad" : up < tones.length ? "warn" : "good";
      if (!shown.badge) shown.peers.append(shown.badge = badge(tone, ""));
      setBadge(shown.badge, tone, `${up} of ${plural(tones.length, "server")} up`);
      setText(shown.count, plural(one.sessions, "session"));
    });
  }

  function drawLoops({ loops: all, process }) {
    keyed(loopList, all ?? [], one => one.index, one => barRow(`Loop ${one.index}`), (row, one, index) => {
      const share = past.loopShares[index];
      row.set(share ?? 0, `${percent(share)} busy`, plural(one.connections, "connection"));
    });
    const slow = (all ?? []).reduce((sum, one) => sum + one.slow_turns, 0);
    const longest = Math.max(0, ...(all ?? []).map(one => one.longest_turn_seconds));
    setText(turns, `${slow ? plural(slow, "slow turn") : "No slow turn"}, the longest took ${brief(longest)}`);
    setText(processFacts, `Process ${process.pid}, ${count(process.open_fds)} of ${count(process.max_fds)} file descriptors`);
  }

  function draw() {
    const { status } = known;
    if (!status) return;
    const now = past.latest();
    const { connections, sessions, process } = status;
    tiles.sessions.set(count(sessions.current), "now");
    tiles.connections.set(count(connections.current), `${count(connections.accepted)} accepted`);
    tiles.received.set(byteRate(now.receivedBytes), packetsPerSecond(now.receivedPackets));
    tiles.sent.set(byteRate(now.sentBytes), packetsPerSecond(now.sentPackets));
    const bad = ends.total(status.ends);
    tiles.ends.set(count(bad), `${count(bad - ends.total(past.tally()?.ends))} in the last 5 min`);
    tiles.process.set(percent(past.cpuShare), `of one core · ${memory(process.memory_bytes)}`);
    for (const chart of charts) chart.update(past.points, span);
    drawAttention();
    drawUpstreams();
    const byState = Object.entries(connections.by_state).filter(([, number]) => number > 0).sort((a, b) => b[1] - a[1]);
    keyed(stateList, byState, one => one[0], ([state]) => barRow(connectionState(state)[1], `#/connections?state=${state}`),
      (row, [, number]) => row.set(number / Math.max(1, connections.current), count(number), percent(number / Math.max(1, connections.current))));
    drawLoops(status);
    ends.draw();
  }

  return {
    draw,
    async fetch() {
      await Promise.all([
        learn("upstreams", "upstreams", answer => answer.upstreams),
        learn("closed", "connections?state=closed&sort=-ended&limit=10", answer => answer.connections),
      ]);
    },
  };
})();
