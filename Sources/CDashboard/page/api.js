// The way to the gateway: requests, credentials, and the clock that asks again and again.

const API = (() => {
  const path = document.querySelector('meta[name="sluice-api"]').content;
  return path.endsWith("/") ? path : `${path}/`;
})();

const INTERVAL = 2000;
const LONGEST_WAIT = 30000;
/** Seconds that an answer may take. */
const PATIENCE = 15;

/** An answer that is not the one that was hoped for; `status` 0: there was none. */
class Refusal extends Error {
  constructor(status, message, challenge = "") {
    super(message);
    this.status = status;
    this.challenge = challenge;
  }
}

// Kept in this page's memory and nowhere else: it is asked for again when the page is loaded again.
const credentials = { token: null };

/** The JSON of an answer; null if it has none. Throws a Refusal. */
async function request(path, { method = "GET", body, patience = PATIENCE } = {}) {
  const headers = { Accept: "application/json" };
  if (credentials.token !== null) headers.Authorization = `Bearer ${credentials.token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(API + path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store", credentials: "same-origin", redirect: "error",
      signal: AbortSignal.timeout(patience * 1000),
    });
    if (response.ok) return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (error.name === "TimeoutError") throw new Refusal(0, `no answer within ${patience} s`);
    if (error instanceof SyntaxError) throw new Refusal(0, `what ${API}${path} answered is not JSON`);
    throw new Refusal(0, "the connection failed");
  }
  throw await refusal(response);
}

/** What a problem document says (RFC 9457), or at least the status. */
async function refusal(response) {
  let text = `${response.status} ${response.statusText}`.trim();
  try {
    const problem = await response.json();
    text = problem.detail || problem.title || text;
  } catch {
    // Somebody in between answers with a page of its own: the status has to do.
  }
  return new Refusal(response.status, text, response.headers.get("WWW-Authenticate") ?? "");
}

/** A change: asks for a token where the gateway wants one, and tries again with it. Throws a Refusal; null: given up. */
async function change(path, options) {
  for (let hint = ""; ; hint = "The gateway did not accept this token.") {
    try {
      return (await request(path, options)) ?? {};
    } catch (error) {
      if (error.status !== 401) throw error;
      if (!(await askForToken(hint))) return null;
    }
  }
}

/** The state of the link, and whoever wants to know of it. */
const link = {
  state: "connecting", detail: "", failures: 0, retryAt: 0, pausedByUser: false,
  listeners: [],
  set(state, detail = "") {
    this.state = state;
    this.detail = detail;
    for (const listener of this.listeners) listener(this);
  },
};

/** Runs `round` every two seconds: not while nobody sees the page, more rarely while the gateway does not answer. */
const poll = {
  timer: 0, isRunning: false, isWanted: false, round: null,

  start(round) {
    this.round = round;
    document.addEventListener("visibilitychange", () => this.now());
    window.addEventListener("online", () => this.now());
    this.now();
  },

  /** Asks at once, or right after the round under way. */
  async now() {
    clearTimeout(this.timer);
    if (!this.round) return;
    if (this.isRunning) {
      this.isWanted = true;
      return;
    }
    if (document.hidden) return;
    if (link.pausedByUser) {
      link.set("paused");
      return;
    }
    this.isRunning = true;
    this.isWanted = false;
    const began = performance.now();
    const wait = await this.once();
    this.isRunning = false;
    const took = performance.now() - began;
    // A gateway that needs long for its answers is not asked for more than a quarter of its time.
    const delay = this.isWanted ? 0 : Math.max(wait - took, took > 500 ? took * 3 : 0, 100);
    link.retryAt = Date.now() + delay;
    if (link.state === "down") link.set("down", link.detail);
    if (link.state !== "locked" || this.isWanted) this.timer = setTimeout(() => this.now(), delay);
  },

  /** One round; the milliseconds until the next one should begin. */
  async once() {
    try {
      await this.round();
      link.failures = 0;
      link.set(link.pausedByUser ? "paused" : "live");
      return INTERVAL;
    } catch (error) {
      if (error.status === 401) {
        link.set("locked", error.message);
        return INTERVAL;
      }
      if (!(error instanceof Refusal)) console.error(error);
      link.failures += 1;
      link.set("down", error.message);
      return Math.min(LONGEST_WAIT, INTERVAL * 2 ** Math.min(link.failures - 1, 8));
    }
  },

  togglePause() {
    link.pausedByUser = !link.pausedByUser;
    if (link.pausedByUser) link.set("paused");
    this.now();
  },
};

/** What the page knows; a view reads it, and is drawn again after each round. */
const known = {
  status: null, upstreams: null, certificates: null, configuration: null, connections: null, closed: null,
  errors: {},
};

/** Fetches one part of what is known. Its failure is shown where it would have been, unless the link itself is gone. */
async function learn(name, path, pick = answer => answer) {
  try {
    known[name] = pick(await request(path));
    delete known.errors[name];
  } catch (error) {
    if (error.status === 0 || error.status === 401) throw error;
    known.errors[name] = error.message;
  }
}

/** Rarer than every round: true when `seconds` have passed since it was last true for this name. */
const rarely = (() => {
  const last = new Map();
  const check = (name, seconds) => {
    const now = performance.now();
    if (now - (last.get(name) ?? -Infinity) < seconds * 1000) return false;
    last.set(name, now);
    return true;
  };
  check.reset = name => last.delete(name);
  return check;
})();
