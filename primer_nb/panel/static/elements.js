/**
 * What the panel's modules share: elements, icons, the clipboard, keys. Python puts this file in front of each of them,
 * so that a widget is one ES module without imports.
 */

const ICONS = {
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  close: "M6 6l12 12M18 6L6 18",
  cloud: "M7 18.5a4.5 4.5 0 0 1-.5-9 5.8 5.8 0 0 1 11.2 1.3 3.9 3.9 0 0 1-.4 7.7z",
  cloud_done: "M7 18.5a4.5 4.5 0 0 1-.5-9 5.8 5.8 0 0 1 11.2 1.3 3.9 3.9 0 0 1-.4 7.7zM9.2 13.6l2 2 3.8-4",
  delete: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  done: "M4 12.5l5 5L20 6.5",
  down: "M12 5v14M6 13l6 6 6-6",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  hide: "M4 4l16 16M9.9 6.3A9 9 0 0 1 12 6c6 0 9 6 9 6a16 16 0 0 1-2.6 3.3M6.4 8A16 16 0 0 0 3 12s3 6 9 6a9 9 0 0 0 4-1",
  list: "M4 6h16M4 12h16M4 18h10",
  offline: "M6 9.7a4.5 4.5 0 0 0 1 8.8h10.2M9.5 6.4a5.8 5.8 0 0 1 8.2 4.4 3.9 3.9 0 0 1 2.3 6.4M4 4l16 16",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20a7.5 7.5 0 0 1 15 0",
  plus: "M12 5v14M5 12h14",
  retry: "M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20",
  settings: "M4 7h9M17 7h3M15 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM4 17h3M11 17h9M9 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  show: "M3 12s3-6 9-6 9 6 9 6-3 6-9 6-9-6-9-6zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  send: "M12 20V5M5.5 11.5L12 5l6.5 6.5",
  stop: "M7 7h10v10H7z",
  upload: "M12 15V5M8 9l4-4 4 4M5 15v4h14v-4",
  unfold: "M7 10l5 5 5-5",
  warning: "M12 4l9 16H3zM12 10v4M12 17v.5",
};

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `text` is the text, `on…` a listener, the rest attributes; a function
 *   returns the value in the language of the moment
 * @param {...(Node|null|undefined|false)} children
 * @returns {any}
 */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (typeof value === "function") tell(node, name, value);
    else put(node, name, value);
  }
  node.append(...children.filter((child) => child));
  return node;
}

/** @param {keyof typeof ICONS} name */
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(svg.namespaceURI, "path")).setAttribute("d", ICONS[name]);
  return svg;
}

/** @param {keyof typeof ICONS} name @param {() => string} label @param {(event: Event) => void} act */
function iconButton(name, label, act) {
  const attributes = { type: "button", class: "primer-icon", title: label, "aria-label": label, onclick: act };
  return make("button", attributes, icon(name));
}

/**
 * Keep a key inside the panel: JupyterLab runs the cell at Shift+Enter and has single-letter commands. Saving the
 * notebook stays possible.
 * @param {KeyboardEvent} event
 */
function keepKey(event) {
  if (!((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s")) event.stopPropagation();
}

/** Put text into the composer of the panel that a node is in, and the cursor behind it. */
function compose(/** @type {Element} */ node, /** @type {{text?: string, edit?: string}} */ detail = {}) {
  node.dispatchEvent(new CustomEvent("primer-compose", { bubbles: true, detail }));
}

/** @typedef {{section: string, provider?: string}} Remedy where in the account's dialog something can be done */

/**
 * A button that opens the account's dialog of the panel it is in.
 * @param {Remedy} remedy @param {string} kind its class @param {Language} language
 */
function remedyButton(remedy, kind, language) {
  const text = language.say(remedy.section === "keys" ? "add_key" : "sign_in");
  const open = () => button.dispatchEvent(new CustomEvent("primer-settle", { bubbles: true, detail: remedy }));
  const button = make("button", { type: "button", class: kind, text, onclick: open });
  return button;
}

/**
 * Listen to what the other parts of a view's panel ask for; returns what ends it.
 * @param {HTMLElement} root @param {string} type @param {(detail: any) => void} act
 */
function hear(root, type, act) {
  const listen = (event) => event.target.closest(".primer-panel")?.contains(root) && act(event.detail);
  document.addEventListener(type, listen);
  return () => document.removeEventListener(type, listen);
}

/** @param {string} text @param {HTMLElement} button shows how it went @param {Language} language */
async function copyText(text, button, language) {
  const written = navigator.clipboard?.writeText(text).then(() => true, () => false);
  const copied = (await written) || copyBySelection(text);
  const show = (name, label) => {
    button.replaceChildren(icon(name));
    button.setAttribute("aria-label", label);
  };
  show(copied ? "done" : "warning", language.text(copied ? "copied" : "not_copied"));
  setTimeout(() => show("copy", button.title), 1500);
}

/** Pages that come without TLS have no clipboard API. @param {string} text */
function copyBySelection(text) {
  const box = make("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  const copied = document.execCommand("copy");
  box.remove();
  return copied;
}

