// Questions to the operator: whether to go ahead, for a token, and what a server is to be changed to.

/** Opens a dialog with a form; resolves to what `take` makes of it, or null when it is dismissed. */
function ask({ title, content, action, danger = false, take = () => true }) {
  return new Promise(resolve => {
    let answer = null;
    const number = ask.number = (ask.number ?? 0) + 1;
    const before = document.activeElement;
    const dialog = el("dialog", { class: "question", "aria-labelledby": `question-${number}` });
    const form = el("form", { method: "dialog" },
      el("h2", { id: `question-${number}`, text: title }),
      ...content,
      el("div", { class: "actions" },
        el("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, "Cancel"),
        el("button", { type: "submit", class: danger ? "danger" : "primary" }, action)));
    form.addEventListener("submit", event => {
      event.preventDefault();
      answer = take(form);
      if (answer !== undefined) dialog.close();
    });
    dialog.addEventListener("click", event => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus?.({ preventScroll: true });
      resolve(answer ?? null);
    });
    dialog.append(form);
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector("input:not([type=checkbox])") ?? form.querySelector(danger ? ".quiet" : "[type=submit]")).focus();
  });
}

const paragraph = (...content) => el("p", {}, ...content);

/** A question of one sentence or more; true: go ahead. */
async function confirmed(title, content, action) {
  return (await ask({ title, content: content.map(one => paragraph(...[one].flat())), action, danger: true })) === true;
}

let tokenDialog = null;

/** Asks for the token, once however many requests want one; false: not given. */
function askForToken(hint = "") {
  tokenDialog ??= (async () => {
    const field = el("input", {
      type: "password", name: "token", required: true, autocomplete: "off", spellcheck: "false", "aria-describedby": "token-help",
    });
    const token = await ask({
      title: "Token", action: "Continue",
      content: [
        hint ? el("p", { class: "wrong", role: "alert", text: hint }) : null,
        el("label", { class: "field" }, "Token of the API", field),
        el("p", {
          class: "hint", id: "token-help",
          text: "One of those in the file that api_token_file names. It stays in the memory of this page, until you close it.",
        }),
      ].filter(Boolean),
      // A field of HTTP is bytes: what is none of ASCII cannot be a token.
      take: () => (/^[\x21-\x7e]+$/.test(field.value.trim()) ? field.value.trim() : field.focus()),
    });
    tokenDialog = null;
    if (token === null) return false;
    credentials.token = token;
    return true;
  })();
  return tokenDialog;
}

/** Makes a change and says how it went; what came of it, or null. */
async function perform(what, path, options) {
  try {
    const answer = await change(path, options);
    if (answer === null) return null;
    toast(typeof what === "function" ? what(answer) : what);
    poll.now();
    return answer;
  } catch (error) {
    const advice = error.status === 403 ? " (changes need \"api write=on;\")" : "";
    toast(`${error.status ? "The gateway refused: " : "It is not known whether this was done: "}${error.message}${advice}`, "bad");
    return null;
  }
}

const isWritable = () => known.status?.write === true;

/** The label of a number field; an empty field is "as configured". */
function numberField(label, name, value, attributes) {
  return el("label", { class: "field" }, label,
    el("input", { type: "number", name, value, inputmode: "numeric", placeholder: "as configured", step: 1, ...attributes }));
}

const peerPath = (upstream, peer) =>
  `upstreams/${encodeURIComponent(upstream.name)}/peers/${encodeURIComponent(peer.address)}`;

/** Changes weight, limit and state of a server. */
async function changePeer(upstream, peer) {
  const check = (label, name, isOn, hint) =>
    el("label", { class: "check" }, el("input", { type: "checkbox", name, checked: isOn }), el("span", {}, label, el("small", { text: hint })));
  const wanted = await ask({
    title: `Change ${visibleString(peer.address)}`, action: "Change",
    content: [
      paragraph("In ", el("strong", {}, visible(upstream.name)), ". Lasts until the gateway's process ends, reloads included."),
      el("div", { class: "fields" },
        numberField("Weight", "weight", peer.weight, { min: 1, max: 65535 }),
        numberField("Session limit (0: none)", "max_conns", peer.max_conns, { min: 0, max: 2147483647 })),
      check("Drain", "drain", peer.drain, "It gets no new sessions; those it has stay."),
      check("Down", "down", peer.down, "It is marked as permanently unavailable."),
    ],
    take: form => Object.fromEntries(["weight", "max_conns", "drain", "down"].map(name => {
      const field = form.elements[name];
      return [name, field.type === "checkbox" ? field.checked : field.value === "" ? null : Number(field.value)];
    })),
  });
  if (!wanted) return;
  // Only what differs, or is no longer to differ from the configuration.
  const body = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== peer[name]));
  if (Object.keys(body).length === 0) return;
  await perform(`${visibleString(peer.address)} has been changed.`, peerPath(upstream, peer), { method: "PATCH", body });
}

async function drainPeer(upstream, peer, drain) {
  const address = visibleString(peer.address);
  if (drain && !(await confirmed(`Drain ${address}?`, [
    [`It gets no new sessions. Its ${plural(peer.sessions, "session")} stay until their clients leave.`],
  ], "Drain"))) return;
  await perform(drain ? `${address} gets no new sessions.` : `${address} gets new sessions again.`, peerPath(upstream, peer), {
    method: "PATCH", body: { drain },
  });
}

async function restorePeer(upstream, peer) {
  const body = Object.fromEntries(Object.keys(peer.changed).map(name => [name, null]));
  const address = visibleString(peer.address);
  if (!(await confirmed(`${address} as configured?`, [["What has been changed by hand is undone: ",
    Object.entries(peer.changed).map(([name, value]) => `${name} ${value}`).join(", "), "."]], "Undo"))) return;
  await perform(`${address} is as configured.`, peerPath(upstream, peer), { method: "PATCH", body });
}

async function kick(connection) {
  const name = connection.mqtt?.client_id;
  if (!(await confirmed("Close this connection?", [
    [el("strong", {}, name ? visible(name) : connection.id), ` from ${connection.remote_addr}`],
    ["The client is disconnected; most clients connect again by themselves."],
  ], "Close connection"))) return false;
  return (await perform("The connection has been closed.", `connections/${encodeURIComponent(connection.id)}`, { method: "DELETE" })) !== null;
}

async function reload() {
  if (!(await confirmed("Reload the configuration?", [
    ["The configuration is read and checked. If it is right, new connections use it and open ones continue; if not, nothing changes."],
  ], "Reload"))) return;
  try {
    const answer = await change("reload", { method: "POST", patience: 60 });
    if (answer === null) return;
    known.reloadProblem = null;
    toast(`Generation ${answer.generation} is in use.`);
  } catch (error) {
    if (error.status === 422) known.reloadProblem = error.message;
    toast(error.status === 422 ? "The configuration is wrong: nothing has been changed." : `Not reloaded: ${error.message}`, "bad");
  }
  rarely.reset("configuration");
  rarely.reset("certificates");
  poll.now();
}
