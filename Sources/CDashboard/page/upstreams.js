// Upstreams and their servers, with what can be changed about them.

const PEER_STATES = {
  up: ["good", "Up"],
  starting: ["busy", "Starting"],
  draining: ["warn", "Draining"],
  full: ["warn", "Full"],
  unhealthy: ["bad", "Unhealthy"],
  unavailable: ["bad", "Unavailable"],
  down: ["muted", "Down"],
  gone: ["muted", "Gone"],
};

function peerState(state) {
  return PEER_STATES[state] ?? ["muted", sentence(state)];
}

/** A cell of a table that becomes a card on a narrow screen: there it shows its label. */
const cell = (label, properties, ...children) =>
  el("td", { role: "cell", "data-label": label, ...properties }, ...children);

/** A table with explicit roles: they survive being laid out as cards. */
function table(label, columns, body) {
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    el("table", { role: "table", class: "cards", "aria-label": label },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...columns)), body));
}

const upstreamsView = (() => {
  const root = byId("upstreams");
  const state = el("div", { class: "notice" });
  const list = el("div", { class: "stack" });
  const hint = el("p", { class: "hint" });
  root.append(el("h1", { text: "Upstreams" }), hint, state, list);

  const heading = (text, kind) => el("th", { role: "columnheader", scope: "col", class: kind, text });

  function createUpstream(upstream) {
    const section = card("");
    section.heading.append(visible(upstream.name));
    section.facts = el("span", { class: "hint" });
    section.total = el("span", { class: "number total" });
    section.head.append(section.facts, section.total);
    section.body = el("tbody", { role: "rowgroup" });
    section.append(table(`Servers of ${visibleString(upstream.name)}`, [
      heading("State"), heading("Server"), heading("Weight", "right"), heading("Share of new sessions"),
      heading("Sessions", "right"), heading("Limit", "right"), heading("Tries", "right"), heading("Failures"),
      heading("", "changes"),
    ], section.body));
    return section;
  }

  function createPeer() {
    const shown = {
      badge: el("span"), address: el("strong"), notes: el("small"), weight: el("span"), share: el("span", { class: "number" }),
      fill: el("span", { class: "fill" }), sessions: el("span"), total: el("small"), limit: el("span"), tries: el("span"), failures: el("span"),
      drain: el("button", { type: "button", class: "small" }), change: el("button", { type: "button", class: "small" }, "Change…"),
      restore: el("button", { type: "button", class: "small" }, "As configured"),
    };
    shown.badge = badge("muted", "");
    const row = el("tr", { role: "row" },
      cell("State", {}, shown.badge),
      cell("Server", { class: "name" }, shown.address, shown.notes),
      cell("Weight", { class: "right" }, shown.weight),
      cell("Share of new sessions", { class: "share" }, el("span", { class: "track", "aria-hidden": "true" }, shown.fill), shown.share),
      cell("Sessions", { class: "right" }, shown.sessions, shown.total),
      cell("Limit", { class: "right" }, shown.limit),
      cell("Tries", { class: "right" }, shown.tries),
      cell("Failures", { class: "failures" }, shown.failures),
      cell("Change", { class: "changes" }, el("span", { class: "buttons" }, shown.drain, shown.change, shown.restore)));
    shown.drain.addEventListener("click", () => drainPeer(row.upstream, row.peer, !row.peer.drain));
    shown.change.addEventListener("click", () => changePeer(row.upstream, row.peer));
    shown.restore.addEventListener("click", () => restorePeer(row.upstream, row.peer));
    return Object.assign(row, { shown });
  }

  function updatePeer(row, peer, upstream) {
    const { shown } = row;
    Object.assign(row, { peer, upstream });
    setBadge(shown.badge, ...peerState(peer.state));
    setForeign(shown.address, peer.address);
    const changed = Object.entries(peer.changed ?? {});
    const notes = [
      peer.server && peer.server !== peer.address ? `from ${visibleString(peer.server)}` : "",
      peer.backup ? "backup" : "",
      peer.checked ? (peer.healthy ? "passes its checks" : "fails its checks") : "",
      changed.length ? `by hand: ${changed.map(([name, value]) => `${words(name)} ${value}`).join(", ")}` : "",
    ];
    setText(shown.notes, notes.filter(Boolean).join(" · "));
    const isSlow = Math.abs(peer.effective_weight - peer.weight) > 0.005;
    setText(shown.weight, isSlow ? `${digits(peer.effective_weight)} of ${peer.weight}` : String(peer.weight));
    setBar(shown.fill, peer.share);
    setText(shown.share, percent(peer.share));
    setText(shown.sessions, count(peer.sessions));
    setText(shown.total, `${count(peer.sessions_total)} in all`);
    setText(shown.limit, peer.max_conns > 0 ? count(peer.max_conns) : "none");
    setText(shown.tries, count(peer.tries));
    const failures = Object.entries(peer.failures ?? {}).filter(([, number]) => number > 0);
    setText(shown.failures, failures.map(([name, number]) => `${words(name)} ${count(number)}`).join(", ") || "none");
    shown.failures.classList.toggle("none", failures.length === 0);
    setText(shown.drain, peer.drain ? "Undrain" : "Drain");
    shown.restore.hidden = changed.length === 0;
    const name = visibleString(peer.address);
    setAttribute(shown.drain, "aria-label", `${shown.drain.textContent} ${name}`);
    setAttribute(shown.change, "aria-label", `Change ${name}`);
    setAttribute(shown.restore, "aria-label", `${name} as configured`);
  }

  return {
    fetch: () => learn("upstreams", "upstreams", answer => answer.upstreams),
    draw() {
      const all = known.upstreams;
      const problem = known.errors.upstreams;
      if (problem) notice(state, "error", "The upstreams could not be read", problem);
      else if (!all) notice(state, "loading", "Loading the upstreams");
      else if (all.length === 0) notice(state, "empty", "There is no upstream", "Add an upstream block with the addresses of your brokers, and name it in mqtt_pass.");
      else notice(state);
      setText(hint, isWritable() ? "" : "This view is read-only: with \"api write=on;\" servers can be drained and changed here.");
      keyed(list, all ?? [], one => one.name, createUpstream, (section, one) => {
        section.classList.toggle("writable", isWritable());
        setText(section.facts, one.balancer);
        setText(section.total, plural(one.sessions, "session"));
        keyed(section.body, one.peers, peer => peer.address, createPeer, (row, peer) => updatePeer(row, peer, one));
      });
    },
  };
})();
