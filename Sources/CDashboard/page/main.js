// What holds the page together: which view is shown, the state of the link, the theme, keys.

const VIEWS = {
  overview, connections: connectionsView, upstreams: upstreamsView, certificates: certificatesView, configuration: configurationView,
};
let current = "overview";

/** Shows what the address asks for: #/VIEW?PARAMETERS or #/connections/ID. */
function route() {
  const [path, parameters = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, id] = path.split("/");
  const isDetail = view === "connections" && id;
  const next = Object.hasOwn(VIEWS, view) ? view : "overview";
  // A connection that the overview leads to is shown above the overview.
  if (!(isDetail && ["overview", "connections"].includes(current) && known.status)) {
    if (next === "connections" && !isDetail) connectionsView.open(new URLSearchParams(parameters));
    if (next !== current) scrollTo(0, 0);
    current = next;
  }
  for (const name of Object.keys(VIEWS)) byId(name).hidden = name !== current;
  for (const anchor of document.querySelectorAll("nav a")) {
    setAttribute(anchor, "aria-current", anchor.dataset.view === current ? "page" : null);
  }
  document.title = `${sentence(current)} – Sluice`;
  if (isDetail) detail.show(decode(id));
  else detail.hide();
  draw();
  poll.now();
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Asks for what is on the screen. The status comes first: it says whether the gateway answers at all. */
async function round() {
  const status = await request("status");
  known.status = status;
  past.add(status);
  const wanted = [VIEWS[current].fetch(), detail.fetch()];
  if (current !== "certificates") wanted.push(certificatesView.fetch());
  await Promise.all(wanted);
  draw();
}

function draw() {
  drawHead();
  if (known.status || current !== "overview") VIEWS[current].draw();
  detail.draw();
}

function drawHead() {
  const { status } = known;
  if (!status) return;
  setText(byId("version"), status.version);
  setText(byId("uptime"), duration(Math.floor(status.uptime)));
  setText(byId("generation"), count(status.generation.number));
  setText(byId("head-connections"), count(status.connections.current));
  setText(byId("head-sessions"), count(status.sessions.current));
  setText(byId("write"), status.write ? "allowed" : "read-only");
}

const LINK = {
  connecting: "Connecting", live: "Live", paused: "Paused", down: "No answer", locked: "Locked",
};

function drawLink() {
  const button = byId("link");
  button.dataset.link = link.state;
  setText(byId("link-text"), LINK[link.state]);
  setAttribute(button, "aria-pressed", String(link.pausedByUser));
  setAttribute(button, "aria-label", `${LINK[link.state]}: ${link.pausedByUser ? "resume" : "pause"} the live view`);
  const banner = byId("banner");
  const isTrouble = link.state === "down" || link.state === "locked";
  document.body.classList.toggle("stale", isTrouble);
  if (isTrouble !== !banner.hidden) banner.hidden = !isTrouble;
  if (!isTrouble) return;
  banner.dataset.tone = "bad";
  const what = known.status ? "What is shown is the last that it said." : "";
  setText(byId("banner-text"), link.state === "locked"
    ? `The gateway wants to know who asks: ${link.detail}`
    : `The gateway does not answer: ${link.detail}. ${what} The page tries again by itself.`);
  setText(byId("banner-action"), link.state === "locked" ? "Enter a token" : "Try now");
}

byId("banner-action").addEventListener("click", async () => {
  if (link.state === "locked" && !(await askForToken())) return;
  poll.now();
});
byId("link").addEventListener("click", () => poll.togglePause());
link.listeners.push(drawLink);

// A page that may not even read asks for a token once, by itself; not again when that was declined.
let hasAsked = false;
link.listeners.push(async ({ state }) => {
  if (state === "live") hasAsked = false;
  if (state !== "locked" || hasAsked) return;
  hasAsked = true;
  const hint = credentials.token === null ? "" : "The gateway did not accept this token.";
  if (await askForToken(hint)) {
    hasAsked = false;
    poll.now();
  }
});

// The theme: as the system has it, until it is chosen.
const THEMES = { system: ["both", "Theme: as the system"], light: ["sun", "Theme: light"], dark: ["moon", "Theme: dark"] };
let theme = "system";
try {
  theme = localStorage.getItem("sluice-theme") ?? "system";
} catch {
  // Storage is switched off: the choice lasts as long as the page.
}

function setTheme(name) {
  theme = Object.hasOwn(THEMES, name) ? name : "system";
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const [glyph, label] = THEMES[theme];
  byId("theme").replaceChildren(icon(glyph));
  setAttribute(byId("theme"), "aria-label", label);
  setAttribute(byId("theme"), "title", label);
  try {
    localStorage.setItem("sluice-theme", theme);
  } catch {
    // As above.
  }
}

byId("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(theme) + 1) % names.length]);
  announce(THEMES[theme][1]);
});
setTheme(theme);

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    if (current !== "connections") location.hash = connectionsView.address();
    byId("connections").hidden = false;
    connectionsView.search.focus();
    connectionsView.search.select();
  } else if (event.key === "p") {
    poll.togglePause();
  }
});

// The banner counts the seconds; those who listen to the page are not told each of them.
setInterval(() => {
  if (link.state !== "down" || document.hidden) return;
  const seconds = Math.max(0, Math.ceil((link.retryAt - Date.now()) / 1000));
  setText(byId("banner-action"), seconds > 0 ? `Try now (${seconds} s)` : "Trying …");
}, 500);

document.querySelector(".skip").addEventListener("click", event => {
  event.preventDefault();
  byId("main").focus();
});
window.addEventListener("hashchange", route);
route();
poll.start(round);
