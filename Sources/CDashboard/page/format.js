// Numbers, sizes, times and other people's text, as the page shows them.

const grouped = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteClock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dated = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** What stands where there is nothing. */
const NOTHING = "–";

const isNumber = value => typeof value === "number" && Number.isFinite(value);

/** 1234567 → "1,234,567" */
const count = value => (isNumber(value) ? grouped.format(Math.round(value)) : NOTHING);

/** "1 session", "2 sessions" */
const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** Three digits of it: 1.23, 12.3, 123 */
function digits(value) {
  if (value === 0) return "0";
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

function scaled(value, units, base = 1000) {
  if (!isNumber(value)) return NOTHING;
  let index = 0;
  while (Math.abs(value) >= base * 0.9995 && index < units.length - 1) {
    value /= base;
    index += 1;
  }
  return `${index === 0 ? grouped.format(Math.round(value)) : digits(value)} ${units[index]}`.trim();
}

const bytes = value => scaled(value, ["B", "KB", "MB", "GB", "TB", "PB"]);
const byteRate = value => scaled(value, ["B/s", "KB/s", "MB/s", "GB/s", "TB/s"]);
const memory = value => scaled(value, ["B", "KiB", "MiB", "GiB", "TiB"], 1024);
const packetRate = value => {
  if (!isNumber(value)) return NOTHING;
  return value > 0 && value < 10 ? `${value.toFixed(1)} /s` : scaled(value, ["/s", "k/s", "M/s", "G/s"]);
};

/** "5.13 k packets/s" */
const packetsPerSecond = value => packetRate(value).replace(/ ?([kMG]?)\/s$/, (_, unit) => `${unit && ` ${unit}`} packets/s`);

/** A number that must not become long: 9,999, then 10.0 k. */
const compact = value => (value < 10000 ? count(value) : scaled(value, ["", "k", "M", "G", "T"]));

/** The same without zeros after the point, for axes. */
const plain = text => text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
const percent = value => (isNumber(value) ? `${(value * 100).toFixed(value > 0 && value < 0.0995 ? 1 : 0)} %` : NOTHING);

const two = value => String(Math.floor(value)).padStart(2, "0");

/** Seconds as people say them, in two units at most. */
function duration(seconds) {
  if (!isNumber(seconds)) return NOTHING;
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds < 60) return `${seconds < 10 && seconds % 1 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two((seconds % 3600) / 60)} min`;
  return `${grouped.format(Math.floor(seconds / 86400))} d ${two((seconds % 86400) / 3600)} h`;
}

/** Short times: microseconds to seconds. */
function brief(seconds) {
  if (!isNumber(seconds)) return NOTHING;
  if (seconds === 0) return "0 ms";
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${digits(seconds * 1000)} ms`;
  return seconds < 60 ? `${digits(seconds)} s` : duration(seconds);
}

/** Whole days and the like until something happens. */
function until(seconds) {
  if (!isNumber(seconds)) return NOTHING;
  if (seconds < 172800) return duration(seconds);
  return `${grouped.format(Math.floor(seconds / 86400))} days`;
}

function moment(iso, format = dated) {
  const date = new Date(iso ?? NaN);
  return Number.isNaN(date.getTime()) ? NOTHING : format.format(date);
}

const PROPER = {
  tls: "TLS", http: "HTTP", mqtt: "MQTT", websocket: "WebSocket", connect: "CONNECT", connack: "CONNACK", proxy: "PROXY", jwt: "JWT",
};

/** refused_by_broker → "refused by broker" */
const words = name => String(name).split("_").map(word => (Object.hasOwn(PROPER, word) ? PROPER[word] : word)).join(" ");

const sentence = name => words(name).replace(/^./, first => first.toUpperCase());

// Control characters, those that change the direction of text, and those that cannot be seen.
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff]/gu;

const codePoint = character => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Text that somebody else chose, as nodes: what cannot be seen, or would change what is beside it, is named instead. */
function visible(text) {
  const shown = document.createElement("bdi");
  shown.dir = "ltr";
  let last = 0;
  for (const match of String(text).matchAll(UNSEEN)) {
    shown.append(String(text).slice(last, match.index));
    const mark = document.createElement("span");
    mark.className = "unseen-character";
    mark.textContent = codePoint(match[0]);
    shown.append(mark);
    last = match.index + match[0].length;
  }
  shown.append(String(text).slice(last));
  return shown;
}

/** The same as a string, for titles, labels and messages. */
const visibleString = text => String(text).replace(UNSEEN, codePoint);
