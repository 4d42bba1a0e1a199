// The table of connections: the gateway searches, sorts and cuts pages; this asks and shows.

const CONNECTION_STATES = {
  proxy_header: ["busy", "PROXY header"],
  handshaking: ["busy", "TLS handshake"],
  reading_request: ["busy", "Reading request"],
  answering: ["busy", "Answering"],
  sending: ["busy", "Sending file"],
  awaiting_connect: ["busy", "Awaiting CONNECT"],
  authenticating: ["busy", "Authenticating"],
  connecting: ["busy", "Connecting"],
  waiting_for_queue: ["warn", "Waiting in queue"],
  awaiting_connack: ["busy", "Awaiting CONNACK"],
  exchanging: ["busy", "Exchanging AUTH"],
  open: ["good", "Open"],
  closing: ["warn", "Closing"],
  closed: ["muted", "Closed"],
};

function connectionState(state) {
  return CONNECTION_STATES[state] ?? ["muted", sentence(state)];
}

const connectionsView = (() => {
  const root = byId("connections");
  const DEFAULTS = { q: "", upstream: "", peer: "", state: "", sort: "age", limit: 50, offset: 0 };
  /** The last offset that the gateway takes: it has to sort all that comes before. */
  const LARGEST_OFFSET = 100000;
  /** Those that have ended are sorted by when they did, until another order is chosen. */
  const usualSort = state => (state === "closed" ? "-ended" : DEFAULTS.sort);
  const query = { ...DEFAULTS };
  let shownQuery = null;
  let isAnnouncing = false;

  // label, field to sort by, whether the first click sorts downwards, class
  const COLUMNS = [
    ["State", "state", false, ""], ["Client id", "client_id", false, ""], ["User name", "username", false, ""],
    ["Address", "address", false, ""], ["Server", "peer", false, ""], ["Received", "received_bytes", true, "right"],
    ["Sent", "sent_bytes", true, "right"], ["Waiting", "backlog", true, "right"], ["Idle", "received_idle", true, "right"],
    ["Age", "age", false, "right"], ["", null, false, "changes"],
  ];

  const select = (label, name, options) => {
    const element = el("select", { name, "aria-label": label, on: { change: () => set({ [name]: element.value, offset: 0 }) } });
    fill(element, options);
    return element;
  };

  /** Sets the options of a select: `[[value, text]]`; the chosen one stays. */
  function fill(element, options) {
    const wanted = JSON.stringify(options);
    if (element.optionsShown === wanted) return;
    element.optionsShown = wanted;
    element.replaceChildren(...options.map(([value, text]) => el("option", { value, text })));
    element.value = query[element.name];
  }

  const search = el("input", {
    type: "search", name: "q", placeholder: "Client id, user name or address", "aria-label": "Search connections by client id, user name or address",
    "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false", maxlength: 1024,
  });
  const upstream = select("Upstream", "upstream", [["", "All upstreams"]]);
  const peer = select("Server", "peer", [["", "All servers"]]);
  const states = select("State", "state", [["", "All that are open"],
    ...Object.entries(CONNECTION_STATES).map(([name, [, text]]) => [name, name === "closed" ? "Closed a while ago" : text])]);
  const sort = el("select", { name: "sort", "aria-label": "Sort by", on: { change: () => set({ sort: sort.value, offset: 0 }) } },
    ...COLUMNS.filter(one => one[1]).flatMap(([label, field, isDown]) => {
      const [up, down] = [el("option", { value: field, text: `${label}, upwards` }), el("option", { value: `-${field}`, text: `${label}, downwards` })];
      return isDown ? [down, up] : [up, down];
    }));
  const clear = el("button", { type: "button", class: "quiet", on: { click: () => set({ ...DEFAULTS, limit: query.limit }) } }, "Clear");
  const closeAll = el("button", { type: "button", class: "danger", hidden: true, on: { click: () => closeMatching() } }, "Close all that match…");

  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => set({ q: search.value, offset: 0 }), 250);
  });
  search.addEventListener("keydown", event => {
    if (event.key === "Enter") set({ q: search.value, offset: 0 });
    if (event.key === "Escape" && search.value) {
      event.preventDefault();
      search.value = "";
      set({ q: "", offset: 0 });
    }
  });

  const headings = COLUMNS.map(([label, field, isDown, kind]) => {
    if (!field) return el("th", { role: "columnheader", scope: "col", class: kind }, el("span", { class: "unseen", text: "Change" }));
    const button = el("button", { type: "button", class: "sort", on: { click: () => sortBy(heading.field, isDown) } }, label);
    const heading = Object.assign(el("th", { role: "columnheader", scope: "col", class: kind }, button), { field });
    return heading;
  });
  const idleHeading = headings.find(one => one.field === "received_idle");
  const body = el("tbody", { role: "rowgroup" });
  const scroll = table("Connections", headings, body);
  scroll.firstChild.classList.add("connections");
  const state = el("div", { class: "notice" });
  const range = el("span", { class: "number range" });
  const limit = el("select", { "aria-label": "Rows on a page", on: { change: () => set({ limit: Number(limit.value), offset: 0 }) } },
    ...[25, 50, 100, 250].map(one => el("option", { value: one, text: `${one} rows` })));
  const page = (name, label, target) => el("button", {
    type: "button", class: "icon", "aria-label": label, title: label, on: { click: () => set({ offset: target() }) },
  }, icon(name));
  const total = () => known.connections?.total ?? 0;
  const lastOffset = () =>
    Math.max(0, Math.floor(Math.min(total() - 1, LARGEST_OFFSET) / query.limit) * query.limit);
  const pages = [
    page("first", "First page", () => 0), page("previous", "Previous page", () => Math.max(0, query.offset - query.limit)),
    page("next", "Next page", () => Math.min(lastOffset(), query.offset + query.limit)), page("last", "Last page", lastOffset),
  ];
  root.append(
    el("div", { class: "row-head" }, el("h1", { text: "Connections" }), closeAll),
    el("div", { class: "filters", role: "search" },
      el("label", { class: "search" }, search, el("kbd", { "aria-hidden": "true", text: "/" })), states, upstream, peer,
      el("span", { class: "narrow-only" }, sort), clear),
    el("div", { class: "card flush" }, scroll, state,
      el("div", { class: "pager" }, range, limit, el("span", { class: "buttons" }, ...pages))),
  );

  /** The address of this view with what is asked for. */
  function address() {
    const usual = { ...DEFAULTS, sort: usualSort(query.state) };
    const parameters = new URLSearchParams(Object.entries(query).filter(([name, value]) => value !== usual[name]));
    return `#/connections${parameters.size ? `?${parameters}` : ""}`;
  }

  function set(values) {
    clearTimeout(typing);
    const before = address();
    if ("upstream" in values && values.upstream !== query.upstream) query.peer = "";
    if ("state" in values && [usualSort(query.state), "ended", "-ended"].includes(query.sort)) query.sort = usualSort(values.state);
    Object.assign(query, values);
    if (address() === before) return;
    history.replaceState(null, "", address());
    isAnnouncing = true;
    root.classList.add("asking");
    drawFilters();
    poll.now();
  }

  const sortBy = (field, isDown) => {
    const first = isDown ? `-${field}` : field;
    const second = isDown ? field : `-${field}`;
    set({ sort: query.sort === first ? second : first, offset: 0 });
  };

  const filters = () => new URLSearchParams(["q", "upstream", "peer", "state"].filter(name => query[name]).map(name => [name, query[name]]));

  async function closeMatching() {
    const wanted = filters();
    const described = [...wanted].map(([name, value]) => `${name === "q" ? "contains" : name} ${visibleString(value)}`).join(", ");
    if (!(await confirmed(`Close ${plural(total(), "connection")}?`, [
      [`All that match now: ${described}.`], ["Most clients connect again by themselves, possibly all at once."],
    ], "Close them"))) return;
    await perform(answer => `${plural(answer.closed, "connection")} closed.`, `connections?${wanted}`, { method: "DELETE" });
  }

  function createRow(one) {
    const shown = {
      badge: badge("muted", ""), link: el("a", { href: `#/connections/${encodeURIComponent(one.id)}`, class: "clip" }), user: el("span", { class: "clip" }),
      address: el("span", { class: "clip" }), peer: el("span", { class: "clip" }), upstream: el("small", { class: "clip" }),
      numbers: Array.from({ length: 5 }, () => [el("span"), el("small")]),
      kick: el("button", { type: "button", class: "small" }, "Close"),
    };
    const [received, sent, waiting, idle, age] = shown.numbers;
    const row = el("tr", { role: "row" },
      cell("State", {}, shown.badge), cell("Client id", { class: "name" }, shown.link), cell("User name", {}, shown.user),
      cell("Address", {}, shown.address), cell("Server", {}, shown.peer, shown.upstream),
      cell("Received", { class: "right" }, ...received), cell("Sent", { class: "right" }, ...sent),
      cell("Waiting", { class: "right" }, ...waiting), cell("Idle", { class: "right" }, ...idle), cell("Age", { class: "right" }, ...age),
      cell("Change", { class: "changes" }, shown.kick));
    shown.idleCell = idle[0].parentElement;
    shown.kick.addEventListener("click", () => kick(row.connection));
    row.addEventListener("click", event => {
      if (!event.target.closest("a, button") && getSelection().isCollapsed) shown.link.click();
    });
    return Object.assign(row, { shown });
  }

  function updateRow(row, one) {
    row.connection = one;
    const { shown } = row;
    if (one.state === "closed") setBadge(shown.badge, "muted", sentence(one.end?.cause ?? "closed"));
    else setBadge(shown.badge, ...connectionState(one.state));
    const name = one.mqtt?.client_id;
    setForeign(shown.link, name || (one.mqtt ? "empty client id" : "no CONNECT yet"));
    shown.link.classList.toggle("none", !name);
    setForeign(shown.user, one.mqtt?.username);
    setForeign(shown.address, `${one.remote_addr.includes(":") ? `[${one.remote_addr}]` : one.remote_addr}${one.remote_port ? `:${one.remote_port}` : ""}`);
    setForeign(shown.peer, one.upstream && (one.upstream.peer || "no server"));
    setText(shown.upstream, one.upstream ? visibleString(one.upstream.name) : "");
    const values = [
      [bytes(one.received.bytes), `${compact(one.received.packets)} packets`], [bytes(one.sent.bytes), `${compact(one.sent.packets)} packets`],
      [bytes(one.received.waiting_bytes + one.sent.waiting_bytes), ""],
      [one.end ? moment(one.end.at, clock) : duration(one.received.idle), ""], [duration(one.age), ""],
    ];
    for (const [index, [text, below]] of values.entries()) {
      setText(shown.numbers[index][0], text);
      setText(shown.numbers[index][1], below);
    }
    setAttribute(shown.idleCell, "data-label", one.end ? "Ended" : "Idle");
    shown.kick.hidden = one.state === "closed" || one.state === "closing";
    setAttribute(shown.kick, "aria-label", `Close the connection of ${name ? visibleString(name).slice(0, 64) : one.remote_addr}`);
  }

  function drawFilters() {
    if (document.activeElement !== search && search.value !== query.q) search.value = query.q;
    const all = known.upstreams ?? [];
    const names = all.map(one => one.name);
    if (query.upstream && !names.includes(query.upstream)) names.push(query.upstream);
    fill(upstream, [["", "All upstreams"], ...names.map(name => [name, visibleString(name)])]);
    const peers = [...new Set(all.filter(one => !query.upstream || one.name === query.upstream).flatMap(one => one.peers.map(each => each.address)))];
    if (query.peer && !peers.includes(query.peer)) peers.push(query.peer);
    fill(peer, [["", "All servers"], ...peers.map(name => [name, visibleString(name)])]);
    for (const element of [upstream, peer, states, sort, limit]) element.value = query[element.name || "limit"];
    // Who has ended is no longer idle.
    const isClosed = query.state === "closed";
    idleHeading.field = isClosed ? "ended" : "received_idle";
    setText(idleHeading.firstChild, isClosed ? "Ended" : "Idle");
    for (const heading of headings) {
      const isUp = heading.field && query.sort === heading.field;
      const isDown = heading.field && query.sort === `-${heading.field}`;
      setAttribute(heading, "aria-sort", isUp ? "ascending" : isDown ? "descending" : null);
    }
    clear.hidden = filters().size === 0;
    closeAll.hidden = !isWritable() || filters().size === 0 || query.state === "closed";
  }

  function drawState(rows) {
    const problem = known.errors.connections;
    if (problem) notice(state, "error", "The connections could not be read", problem);
    else if (!rows) notice(state, "loading", "Loading connections");
    else if (rows.length > 0) notice(state);
    else if (filters().size > 0) notice(state, "empty", "No connection matches", "Change the search or the filters, or clear them.");
    else notice(state, "empty", "No client is connected", "Connections appear here as soon as clients come.");
  }

  return {
    search,
    address,

    /** Takes over what the address of the page asks for. */
    open(parameters) {
      const wanted = { ...DEFAULTS, sort: usualSort(parameters.get("state")) };
      for (const name of Object.keys(DEFAULTS)) if (parameters.has(name)) wanted[name] = parameters.get(name);
      wanted.limit = Math.min(1000, Math.max(1, Number.parseInt(wanted.limit, 10) || DEFAULTS.limit));
      wanted.offset = Math.max(0, Number.parseInt(wanted.offset, 10) || 0);
      Object.assign(query, wanted);
    },

    async fetch() {
      const parameters = filters();
      for (const name of ["sort", "limit", "offset"]) parameters.set(name, query[name]);
      const asked = String(parameters);
      await Promise.all([
        learn("connections", `connections?${parameters}`),
        rarely("filters", 10) ? learn("upstreams", "upstreams", answer => answer.upstreams) : null,
      ]);
      shownQuery = asked;
      // Connections have gone meanwhile: the last page there is.
      if (query.offset > 0 && query.offset >= total() && !known.errors.connections) set({ offset: lastOffset() });
    },

    draw() {
      const rows = known.connections?.connections;
      drawFilters();
      drawState(rows);
      if (shownQuery === null) return;
      root.classList.remove("asking");
      root.classList.toggle("writable", isWritable());
      keyed(body, rows ?? [], one => one.id, createRow, updateRow);
      const first = rows?.length ? known.connections.offset + 1 : 0;
      const text = `${count(first)}–${count(first ? first + rows.length - 1 : 0)} of ${count(total())}`;
      setText(range, text);
      pages[0].disabled = pages[1].disabled = query.offset === 0;
      pages[2].disabled = pages[3].disabled = query.offset >= lastOffset();
      if (isAnnouncing) announce(`Connections ${text}`);
      isAnnouncing = false;
    },
  };
})();
