// All there is to know of one connection.

const detail = (() => {
  const dialog = byId("detail");
  let id = null;
  let connection = null;
  let previous = null;
  let problem = "";

  const title = el("h2", { id: "detail-title", class: "foreign" });
  const state = badge("muted", "");
  const under = el("p", { class: "hint" });
  const close = el("button", { type: "button", class: "icon", "aria-label": "Close this panel", title: "Close (Esc)", on: { click: () => dialog.close() } }, icon("close"));
  const kickButton = el("button", { type: "button", class: "danger", on: { click: () => kick(connection) } }, "Close connection");
  const trouble = el("div", { class: "notice" });
  const ending = el("p", { class: "ending" });
  const flows = el("div", { class: "flows" });
  const mix = card("Packets by type");
  const mixHead = el("div", { class: "mix-head", "aria-hidden": "true" }, el("span"), el("span", { text: "Received" }), el("span", { text: "Sent" }));
  const mixList = el("ul", { class: "mix" });
  const mixEmpty = el("p", { class: "hint", text: "No packet has been exchanged." });
  mix.append(mixHead, mixList, mixEmpty);
  const facts = el("div", { class: "fact-groups" });
  const content = el("div", { class: "panel-body", tabindex: 0, role: "region", "aria-label": "Details" }, trouble, ending, flows, mix, facts);
  dialog.append(el("header", { class: "panel-head" }, el("div", { class: "panel-title" }, title, el("div", { class: "panel-state" }, state, under)), kickButton, close), content);

  dialog.addEventListener("click", event => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    if (id === null) return;
    id = null;
    location.hash = connectionsView.address();
  });

  /** Lists of facts by group; a value of null is left out, text of others goes through `visible`. */
  function groups(one) {
    const { tls, websocket: web, mqtt, upstream } = one;
    const yes = value => (value ? "yes" : "no");
    return [
      ["Client", [
        ["Client id", mqtt?.client_id || null], ["User name", mqtt?.username || null],
        ["Address", one.remote_addr], ["Port", one.remote_port || null],
        ["Connected", moment(one.connected_at)], ["For", duration(one.age)], ["Connection id", one.id],
      ]],
      ["Request", [
        ["Listener", one.listener], ["Server name", one.server_name || null], ["Transport", one.transport],
        ["Protocol", one.protocol], ["URI", one.uri || null],
      ]],
      ["MQTT", mqtt && [
        ["Version", mqtt.version], ["Keep Alive", mqtt.keepalive === 0 ? "off" : duration(mqtt.keepalive)],
        [mqtt.version?.startsWith("5") ? "Clean start" : "Clean session", yes(mqtt.clean_start)],
        ["Authenticated by", mqtt.auth_method ? words(mqtt.auth_method) : "none"],
        ["Authentication took", isNumber(mqtt.auth_seconds) ? brief(mqtt.auth_seconds) : null],
        ["CONNACK after", isNumber(mqtt.connack_seconds) ? brief(mqtt.connack_seconds) : null],
      ]],
      ["Upstream", upstream && [["Upstream", upstream.name], ["Server", upstream.peer], ["Tries", count(upstream.tries)]]],
      ["TLS", tls && [
        ["Version", tls.version], ["Cipher", tls.cipher], ["Key exchange", tls.group], ["Resumed", yes(tls.resumed)],
        ["Server name", tls.server_name || null], ["Client certificate", tls.client_cn || "none"],
      ]],
      ["WebSocket", web && [
        ["Subprotocol", web.subprotocol || "none"], ["Frames received", count(web.frames_received)], ["Frames sent", count(web.frames_sent)],
        ["Pings sent", count(web.pings_sent)], ["Pongs received", count(web.pongs_received)],
        ["Pings received", count(web.pings_received)],
        ["Round-trip time", isNumber(web.ping_rtt) ? brief(web.ping_rtt) : "not measured yet"],
      ]],
    ].filter(([, list]) => list).map(([name, list]) => [name, list.filter(([, value]) => value !== null && value !== undefined)]);
  }

  const definition = ([name]) => el("div", {}, el("dt", { text: name }), el("dd"));
  const fillDefinition = (element, [, value]) => setForeign(element.lastChild, String(value));

  function drawFacts() {
    keyed(facts, groups(connection), one => one[0], ([name]) => {
      const list = el("dl", { class: "definitions" });
      return Object.assign(card(name, {}, list), { list });
    }, (section, [, list]) => keyed(section.list, list, one => one[0], definition, fillDefinition));
  }

  /** Bytes and packets a second since the reading before. */
  function rates(name) {
    const seconds = previous?.id === connection.id ? connection.age - previous.age : 0;
    if (connection.end || !(seconds > 0.2)) return null;
    return {
      bytes: (connection[name].bytes - previous[name].bytes) / seconds, packets: (connection[name].packets - previous[name].packets) / seconds,
    };
  }

  function drawFlows() {
    const all = [["Received", "received", "from the client"], ["Sent", "sent", "to the client"]];
    keyed(flows, all, one => one[1], ([label, name, direction]) => {
      const shown = { rate: el("span", { class: "tile-value" }), note: el("span", { class: "tile-note" }), list: el("dl", { class: "definitions" }) };
      const head = el("div", { class: `tile ${name}` }, el("span", { class: "tile-label", text: `${label} ${direction}` }), shown.rate, shown.note);
      return Object.assign(el("div", { class: "card" }, head, shown.list), { shown });
    }, ({ shown }, [, name]) => {
      const flow = connection[name];
      const rate = rates(name);
      setText(shown.rate, connection.end ? bytes(flow.bytes) : rate ? byteRate(rate.bytes) : bytes(flow.bytes));
      setText(shown.note, rate ? packetsPerSecond(rate.packets) : "in all");
      keyed(shown.list, [
        ["Bytes", bytes(flow.bytes)], ["Packets", count(flow.packets)], ["Publish payload", bytes(flow.publish_payload_bytes)],
        ["Last activity", connection.end ? NOTHING : `${duration(flow.idle)} ago`], ["Waiting", bytes(flow.waiting_bytes)],
        ["Backpressure", flow.backpressure?.count ? `${plural(flow.backpressure.count, "time")}, ${brief(flow.backpressure.seconds)}` : "never"],
      ], one => one[0], definition, fillDefinition);
    });
  }

  const NONE = { packets: 0, bytes: 0 };
  const TYPE = name => name.replace(/_qos(\d)$/, " QoS $1").replace(/^[a-z]+/, word => word.toUpperCase());

  function drawMix() {
    const [received, sent] = [connection.received.by_type ?? {}, connection.sent.by_type ?? {}];
    const names = [...new Set([...Object.keys(received), ...Object.keys(sent)])];
    const most = Math.max(1, ...[received, sent].flatMap(side => Object.values(side).map(one => one.packets)));
    const order = Object.keys(known.packetOrder ??= {});
    for (const name of names) if (!order.includes(name)) known.packetOrder[name] = true;
    mixEmpty.hidden = names.length > 0;
    mixHead.hidden = names.length === 0;
    names.sort((a, b) => (received[b]?.packets ?? 0) + (sent[b]?.packets ?? 0) - (received[a]?.packets ?? 0) - (sent[a]?.packets ?? 0) || (a < b ? -1 : 1));
    keyed(mixList, names, name => name, name => {
      const side = (label, tone) => {
        const [fill, number, size] = [el("span", { class: `fill ${tone}` }), el("span", { class: "number" }), el("span", { class: "note" })];
        return { element: el("span", { class: "mix-side" }, el("span", { class: "unseen", text: label }), number, size, el("span", { class: "track", "aria-hidden": "true" }, fill)), fill, number, size };
      };
      const [left, right] = [side("received", "received"), side("sent", "sent")];
      return Object.assign(el("li", {}, el("span", { class: "mix-name", text: TYPE(name) }), left.element, right.element), { left, right });
    }, (row, name) => {
      for (const [shown, one] of [[row.left, received[name] ?? NONE], [row.right, sent[name] ?? NONE]]) {
        setBar(shown.fill, one.packets / most);
        setText(shown.number, one.packets ? count(one.packets) : NOTHING);
        setText(shown.size, one.packets ? bytes(one.bytes) : "");
      }
    });
  }

  function drawEnding() {
    const end = connection.end;
    ending.hidden = !end;
    if (!end) return;
    const side = { client: "the client", upstream: "the broker", gateway: "the gateway" }[end.side] ?? end.side;
    const codes = [isNumber(end.websocket_code) ? `WebSocket code ${end.websocket_code}` : "", isNumber(end.mqtt_reason) ? `MQTT reason ${end.mqtt_reason} (0x${end.mqtt_reason.toString(16).toUpperCase().padStart(2, "0")})` : ""].filter(Boolean).join(", ");
    setText(ending, `Ended ${moment(end.at)}: ${words(end.cause)}, by ${side}${codes ? ` (${codes})` : ""}`);
    ending.dataset.tone = ends.groupOf(end.cause);
  }

  return {
    get isOpen() {
      return id !== null;
    },

    show(wanted) {
      if (id !== wanted) {
        id = wanted;
        connection = (known.connections?.connections ?? []).concat(known.closed ?? []).find(one => one.id === wanted) ?? null;
        previous = null;
        problem = "";
        content.scrollTop = 0;
      }
      if (!dialog.open) dialog.showModal();
      close.focus();
      this.draw();
    },

    hide() {
      id = null;
      if (dialog.open) dialog.close();
    },

    async fetch() {
      if (id === null || connection?.end) return;
      const wanted = id;
      try {
        const answer = await request(`connections/${encodeURIComponent(wanted)}`);
        if (id !== wanted) return;
        previous = connection;
        connection = answer;
        problem = "";
      } catch (error) {
        if (error.status === 0 || error.status === 401) throw error;
        if (id === wanted) problem = error.status === 404 ? "gone" : error.message;
      }
    },

    draw() {
      if (id === null) return;
      const name = connection?.mqtt?.client_id;
      setForeign(title, name || (connection ? connection.remote_addr : `Connection ${id}`));
      for (const part of [state, ending, flows, mix, facts]) part.hidden = !connection;
      kickButton.hidden = !isWritable() || !connection || Boolean(connection.end) || problem !== "";
      if (problem === "gone") notice(trouble, "empty", "The gateway no longer knows this connection", "It ended, and newer ends have taken its place. The access log has it.");
      else if (problem) notice(trouble, "error", "This connection could not be read", problem);
      else if (!connection) notice(trouble, "loading", "Loading the connection");
      else notice(trouble);
      if (!connection) return;
      setBadge(state, ...connectionState(connection.end ? "closed" : connection.state));
      setText(under, `${visibleString(connection.remote_addr)} · ${duration(connection.age)}`);
      drawEnding();
      drawFlows();
      drawMix();
      drawFacts();
    },
  };
})();
