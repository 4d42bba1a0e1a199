// Certificates, and the configuration that is in use.

/** How soon a certificate runs out: the tone, and the rest of a sentence. */
function expiry(seconds) {
  if (seconds <= 0) return ["bad", `expired ${until(-seconds)} ago`];
  return [seconds < 7 * 86400 ? "bad" : seconds < 30 * 86400 ? "warn" : "good", `expires in ${until(seconds)}`];
}

const certificatesView = (() => {
  const root = byId("certificates");
  const state = el("div", { class: "notice" });
  const body = el("tbody", { role: "rowgroup" });
  const heading = text => el("th", { role: "columnheader", scope: "col", text });
  const list = el("div", { class: "card flush" }, table("Certificates", [
    heading("Server name"), heading("Expires"), heading("Names"), heading("Subject and issuer"), heading("Key"), heading("File"),
  ], body));
  root.append(el("h1", { text: "Certificates" }), state, list);

  const lines = values => values.map(value => el("span", { class: "line" }, visible(value)));

  return {
    async fetch() {
      if (rarely("certificates", 60)) await learn("certificates", "certificates", answer => answer.certificates);
    },

    draw() {
      const all = known.certificates;
      const problem = known.errors.certificates;
      if (problem) notice(state, "error", "The certificates could not be read", problem);
      else if (!all) notice(state, "loading", "Loading the certificates");
      else if (all.length === 0) notice(state, "empty", "No listener uses TLS", "Add \"ssl\" to a listen directive, with ssl_certificate and ssl_certificate_key.");
      else notice(state);
      list.hidden = !all?.length;
      const sorted = [...(all ?? [])].sort((a, b) => a.expires_in - b.expires_in);
      keyed(body, sorted, one => `${one.server_name} ${one.file} ${one.serial}`, one =>
        el("tr", { role: "row" },
          cell("Server name", { class: "name" }, el("strong", {}, visible(one.server_name || "default")), el("small", {}, (one.listeners ?? []).join(", "))),
          cell("Expires", {}, badge("muted", ""), el("small", { text: moment(one.not_after) })),
          cell("Names", {}, ...lines((one.names ?? []).slice(0, 6)), one.names?.length > 6 ? el("small", { text: `and ${one.names.length - 6} more` }) : null),
          cell("Subject and issuer", {}, ...lines([one.subject]), el("small", {}, "from ", visible(one.issuer))),
          cell("Key", {}, one.key),
          cell("File", { class: "file" }, visible(one.file))),
      (row, one) => {
        const [tone, text] = expiry(one.expires_in);
        setBadge(row.children[1].firstChild, tone, tone === "good" ? until(one.expires_in) : sentence(text));
      });
    },
  };
})();

const configurationView = (() => {
  const root = byId("configuration");
  const button = el("button", { type: "button", class: "primary", on: { click: () => reload() } }, "Reload…");
  const hint = el("p", { class: "hint" });
  const problem = el("div", { class: "problem", role: "alert", hidden: true }, el("strong"), el("pre", { tabindex: 0 }));
  const facts = el("dl", { class: "definitions wide" });
  const state = el("div", { class: "notice" });
  const text = el("pre", { class: "configuration", tabindex: 0, role: "region", "aria-label": "The configuration in use" });
  const box = el("div", { class: "card flush" }, text);
  root.append(el("div", { class: "row-head" }, el("h1", { text: "Configuration" }), button), hint, problem,
    el("div", { class: "card" }, facts), state, box);
  let shownGeneration = null;

  return {
    async fetch() {
      const number = known.status?.generation.number;
      if (number === shownGeneration && !rarely("configuration", 60)) return;
      await learn("configuration", "config");
      shownGeneration = number;
    },

    draw() {
      const { status, configuration } = known;
      button.hidden = !isWritable();
      setText(hint, isWritable() ? "" : "This view is read-only: with \"api write=on;\" the configuration can be reloaded here; \"sluice -s reload\" always works.");
      const generation = status?.generation;
      const failure = generation?.last_failure;
      if (known.reloadProblem && generation && !failure) known.reloadProblem = null;
      problem.hidden = !failure && !known.reloadProblem;
      if (!problem.hidden) {
        setText(problem.firstChild, failure ? `The last reload that failed, ${moment(failure.at)}` : "The reload failed");
        setForeignLines(problem.lastChild, failure?.detail ?? known.reloadProblem);
      }
      if (generation) {
        keyed(facts, [
          ["Generation", count(generation.number)], ["In use since", moment(generation.loaded_at)],
          ["Reloads", `${count(generation.reloads.succeeded)} succeeded, ${count(generation.reloads.failed)} failed`],
          ["Process started", moment(status.started_at)], ["Version", status.version],
        ], one => one[0], ([name]) => el("div", {}, el("dt", { text: name }), el("dd")), (element, [, value]) => setForeign(element.lastChild, value));
      }
      const trouble = known.errors.configuration;
      if (trouble) notice(state, "error", "The configuration could not be read", trouble);
      else if (!configuration) notice(state, "loading", "Loading the configuration");
      else notice(state);
      box.hidden = !configuration;
      if (configuration) setForeignLines(text, configuration.text);
    },
  };
})();

/** Text of several lines: each is made visible by itself. */
function setForeignLines(element, text) {
  if (element.foreignText === text) return;
  element.foreignText = text;
  element.replaceChildren(...text.split("\n").flatMap((line, index) => [index ? "\n" : "", visible(line)]));
}
