// How connections ended: by cause, and the latest ones.

/** A bar with its name, a number and a note; `href` where it leads. */
function barRow(label, href) {
  const number = el("span", { class: "number" });
  const note = el("span", { class: "note" });
  const fill = el("span", { class: "fill" });
  const name = href ? el("a", { href }, label) : el("span", {}, label);
  name.classList.add("bar-name");
  return Object.assign(el("li", { class: "bar-row" }, name, number, note, el("span", { class: "track", "aria-hidden": "true" }, fill)), {
    set(part, text, more = "") {
      setBar(fill, part);
      setText(number, text);
      setText(note, more);
    },
  });
}

const ends = (() => {
  const ORDERLY = new Set([
    "client_disconnect", "client_closed", "served", "keepalive_timeout", "shutdown", "drained", "rebalanced", "kicked",
    "broker_disconnect",
  ]);
  const LOST = new Set([
    "client_lost", "client_idle", "websocket_error", "text_frame", "malformed_packet", "protocol_error", "packet_too_large",
    "token_expired", "access_revoked", "broker_lost", "broker_protocol_error", "broker_stalled", "send_timeout",
  ]);
  const groupOf = cause => (ORDERLY.has(cause) ? "orderly" : LOST.has(cause) ? "lost" : "refused");

  const groups = [
    ["refused", "Refused", "Nothing has been refused"],
    ["lost", "Lost or broken off", "Nothing has been lost"],
    ["orderly", "Ended in good order", "Nothing has ended yet"],
    ["attempts", "Failed attempts", "Every attempt has succeeded"],
  ].map(([name, title, none]) => {
    const list = el("ul", { class: `bars ${name}` });
    const empty = el("p", { class: "hint", text: none });
    const element = card(title, {}, list, empty);
    const total = el("span", { class: "number total" });
    element.head.append(total);
    return { name, element, list, empty, total };
  });

  const recentList = el("ul", { class: "plain ends-list" });
  const recentEmpty = el("p", { class: "hint", text: "No connection has ended yet." });
  const recent = card("Recently ended", { class: "recent" }, recentList, recentEmpty);
  recent.head.append(el("a", { class: "more", href: "#/connections?state=closed" }, "All that are kept"));

  function drawGroup(group, entries, before) {
    entries.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const sum = entries.reduce((total, [, number]) => total + number, 0);
    const most = Math.max(1, ...entries.map(([, number]) => number));
    setText(group.total, count(sum));
    group.empty.hidden = entries.length > 0;
    keyed(group.list, entries, one => one[0], ([cause]) => barRow(sentence(cause)), (row, [cause, number]) => {
      const latest = number - (before?.[cause] ?? 0);
      row.set(number / most, count(number), latest > 0 ? `+${count(latest)} in 5 min` : "");
    });
  }

  return {
    element: el("div", {}, el("div", { class: "row-head" }, el("h2", { text: "Refusals and ends" }), el("span", { class: "hint", text: "since the start" })),
      el("div", { class: "columns four" }, ...groups.map(one => one.element))),
    recent,
    groupOf,

    /** How many were refused or lost. */
    total(causes) {
      return Object.entries(causes ?? {}).reduce((sum, [cause, number]) => sum + (groupOf(cause) === "orderly" ? 0 : number), 0);
    },

    draw() {
      const before = past.tally();
      for (const group of groups) {
        const isAttempts = group.name === "attempts";
        const all = Object.entries((isAttempts ? known.status.attempt_failures : known.status.ends) ?? {});
        drawGroup(group, all.filter(([cause, number]) => number > 0 && (isAttempts || groupOf(cause) === group.name)),
          isAttempts ? before?.failures : before?.ends);
      }
      const latest = known.closed ?? [];
      recentEmpty.hidden = latest.length > 0;
      keyed(recentList, latest, one => one.id, one => {
        const cause = one.end?.cause ?? "closed";
        const tone = { orderly: "muted", lost: "warn", refused: "bad" }[groupOf(cause)];
        return el("li", {},
          el("time", { class: "number", datetime: one.end?.at, text: moment(one.end?.at, clock) }),
          badge(tone, sentence(cause)),
          el("a", { href: `#/connections/${one.id}`, class: "clip" }, one.mqtt?.client_id ? visible(one.mqtt.client_id) : el("span", { class: "none", text: "no client id" })),
          el("span", { class: "soft clip" }, visible(one.remote_addr)),
          el("span", { class: "soft number", text: duration(one.age) }));
      }, () => {});
    },
  };
})();
