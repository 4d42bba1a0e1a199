// Making and changing elements. Nothing here takes markup: text is text.

const SVG = "http://www.w3.org/2000/svg";
const byId = id => document.getElementById(id);

/** An element: `{ class, text, on: { click }, …attributes }` and its children. null and undefined are left out. */
function el(tag, properties = {}, ...children) {
  return furnish(document.createElement(tag), properties, children);
}

function svg(tag, properties = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), properties, children);
}

function furnish(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Changes text only where it differs, so that a selection in it survives. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : value);
}

/** Puts text of somebody else's into an element. */
function setForeign(element, text) {
  if (element.foreignText === text) return;
  element.foreignText = text;
  element.replaceChildren(text === null || text === undefined || text === "" ? NOTHING : visible(text));
}

/** How far a bar goes, 0 to 1. The policy of this page has no style attributes; a script may set properties. */
function setBar(element, value) {
  element.style.setProperty("--part", Math.max(0, Math.min(1, value || 0)).toFixed(4));
}

/** Makes the children of `parent` those of `items`, keeping the element of each key. */
function keyed(parent, items, key, create, update) {
  const known = parent.keyedElements ?? new Map();
  const next = new Map();
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let position = parent.firstChild;
  for (const [index, item] of items.entries()) {
    const name = key(item, index);
    if (next.has(name)) continue;
    const element = known.get(name) ?? create(item);
    known.delete(name);
    next.set(name, element);
    update(element, item, index);
    if (element === position) position = position.nextSibling;
    else parent.insertBefore(element, position);
  }
  for (const element of known.values()) element.remove();
  parent.keyedElements = next;
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

// Shapes tell states apart, not colours alone.
const SHAPES = {
  good: ["circle", { cx: 6, cy: 6, r: 5 }],
  busy: ["circle", { cx: 6, cy: 6, r: 4, class: "hollow" }],
  warn: ["path", { d: "M6 .8 11.6 11H.4z" }],
  bad: ["path", { d: "M2 .6 6 4.6 10 .6 11.4 2 7.4 6l4 4-1.4 1.4-4-4-4 4L.6 10l4-4-4-4z" }],
  muted: ["path", { d: "M1 4.8h10v2.4H1z" }],
};

/** A state: its shape and its word. */
function badge(tone, text) {
  const element = el("span", { class: "badge" });
  setBadge(element, tone, text);
  return element;
}

function setBadge(element, tone, text) {
  if (element.dataset.tone !== tone) {
    element.dataset.tone = tone;
    const [tag, attributes] = SHAPES[tone] ?? SHAPES.muted;
    element.replaceChildren(
      svg("svg", { viewBox: "0 0 12 12", width: 10, height: 10, "aria-hidden": "true" }, svg(tag, attributes)),
      el("span"),
    );
  }
  setText(element.lastChild, text);
}

const ICONS = {
  sun: "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M8 .8v2M8 13.200v2M.8 8h2M13.200 8h2M2.900 2.900l1.400 1.400M11.700 11.700l1.400 1.400M13.100 2.900l-1.400 1.400M4.300 11.700l-1.400 1.400",
  moon: "M13.500 9.800A6 6 0 0 1 6.200 2.500a6 6 0 1 0 7.300 7.300z",
  both: "M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM8 2v12M8 5h4.800M8 8h6M8 11h4.800",
  close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  first: "M8.500 3.500 4 8l4.500 4.500M12.500 3.500 8 8l4.500 4.500",
  previous: "M10 3.500 5.500 8l4.500 4.500",
  next: "M6 3.500 10.500 8 6 12.500",
  last: "M7.500 3.500 12 8l-4.500 4.500M3.500 3.500 8 8l-4.500 4.500",
};

const icon = name =>
  svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, class: "glyph", "aria-hidden": "true" },
    svg("path", { d: ICONS[name] }));

/** A panel of a view, with its heading. */
function card(title, properties = {}, ...children) {
  const heading = el("h2", { text: title });
  const head = el("header", { class: "card-head" }, heading);
  return Object.assign(el("section", { ...properties, class: `card ${properties.class ?? ""}` }, head, ...children), {
    head, heading,
  });
}

/** What a place shows instead of its content: that it loads, that there is nothing, or what went wrong and what to do. */
function notice(element, kind, title, advice) {
  const id = `${kind}\n${title}\n${advice ?? ""}`;
  element.hidden = !kind;
  if (element.noticeShown === id) return;
  element.noticeShown = id;
  element.className = `notice ${kind ?? ""}`;
  element.replaceChildren(
    kind === "loading" ? el("span", { class: "spinner", "aria-hidden": "true" }) : "",
    el("strong", { text: title ?? "" }),
    advice ? el("p", { text: advice }) : "",
  );
}

/** Says something once, to those who listen to the page. */
function announce(text) {
  setText(byId("announcer"), text);
}

/** Says how something went; it goes by itself, an error later. */
function toast(text, tone = "good") {
  const close = el("button", { type: "button", class: "icon", "aria-label": "Dismiss", on: { click: () => element.remove() } },
    icon("close"));
  const element = el("div", { class: "toast", "data-tone": tone }, badge(tone, text), close);
  byId("toasts").append(element);
  while (byId("toasts").children.length > 4) byId("toasts").firstChild.remove();
  setTimeout(() => element.remove(), tone === "bad" ? 20000 : 6000);
}
