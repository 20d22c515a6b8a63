/**
 * Who works here, at the foot of the list of chats, and a dialog in the panel behind it: the account, the provider
 * keys, the preferences. What Python answers goes to the view that asked, and nothing of it is kept.
 */

/**
 * @typedef {object} Who
 * @property {string|null} email `null` for the local user, who has no account
 * @property {string} name
 * @property {string} theme @property {string} language @property {boolean} notifications
 * @property {boolean} automatic whether what is new is backed up by itself
 * @property {"possible"|"needs_account"|"needs_server"} backup
 */

/** @type {[string, any][]} */
const SECTIONS = [["account", Signing], ["keys", KeyKeeping], ["preferences", Preferences]];
const STOPS = "button, input, select, [tabindex='0']";

class Store extends PartStore {
  constructor() {
    super();
    /** @type {Who|null} */
    this.who = null;
    /** @type {{provider: string, at: number}[]|null} `null` until they are known */
    this.keys = null;
    /** @type {{name: string, variable: string|null}[]} */
    this.providers = [];
    this.rules = { minimum: 15, is_open: true };
    /** @type {Map<string, (answer: any) => void>} */
    this.asked = new Map();
  }

  /**
   * Have Python do something.
   * @param {string} action @param {(answer: any) => void} answered
   * @param {Record<string, any>} values @param {Record<string, string>} [secrets]
   */
  ask(action, answered, values, secrets = {}) {
    const ask = Math.random().toString(36).slice(2);
    this.asked.set(ask, answered);
    const buffers = Object.values(secrets).map((text) => new TextEncoder().encode(text).slice().buffer);
    this.send({ ...values, type: "ask", action, ask, secrets: Object.keys(secrets) }, buffers);
  }

  askRules() {
    this.send({ type: "rules" });
  }

  /** A hint that may name a rule of the administrator. @param {string} key */
  rule(key) {
    return () => this.language.text(key, this.rules);
  }

  /** @param {any} news a message of Python's */
  receive(news) {
    if (news.type === "answer") {
      this.asked.get(news.ask)?.(news);
      this.asked.delete(news.ask);
      return;
    }
    if (news.type === "who") {
      if (news.who.email !== this.who?.email) this.keys = null;
      this.who = news.who;
    } else if (news.type === "keys") Object.assign(this, { keys: news.keys, providers: news.providers });
    else if (news.type === "rules") this.rules = news.rules;
    for (const view of this.views) view.draw(news.type);
  }
}

class Account {
  /** @param {HTMLElement} root @param {Store} store */
  constructor(root, store) {
    this.root = root;
    this.store = store;
    const { say } = store.language;
    this.face = make("span", { class: "primer-face", "aria-hidden": "true" });
    this.lines = [make("strong"), make("span")];
    const names = make("span", { class: "primer-names" }, ...this.lines);
    const label = make("span", { class: "primer-unseen", text: say("title") });
    const attributes = { type: "button", class: "primer-who", "aria-haspopup": "dialog", title: say("title") };
    const open = () => this.open("account");
    this.row = make("button", { ...attributes, onclick: open }, label, this.face, names, icon("settings"));
    this.overlay = make("div", { class: "primer-overlay", hidden: true }, this.frame());
    this.overlay.addEventListener("pointerdown", (event) => event.target === this.overlay && this.close());
    this.overlay.addEventListener("keydown", (event) => this.key(event));
    root.classList.add("primer-account");
    root.append(this.row, this.overlay);
    this.deafen = hear(root, "primer-settle", (detail) => this.open(detail.section, detail.provider));
    this.draw("who");
  }

  frame() {
    const { say } = this.store.language;
    const id = `primer-${Math.random().toString(36).slice(2)}`;
    this.sections = Object.fromEntries(SECTIONS.map(([name, Section]) => [name, new Section(this)]));
    const tab = ([name]) => {
      const its = { id: `${id}-${name}-tab`, "aria-controls": `${id}-body`, onclick: () => this.turn(name) };
      return make("button", { type: "button", role: "tab", "data-name": name, text: say(name), ...its });
    };
    this.tabs = SECTIONS.map(tab);
    const list = { class: "primer-tabs", role: "tablist", onkeydown: (event) => this.walk(event) };
    this.notice = make("p", { class: "primer-done", role: "status" });
    this.body = make("div", { id: `${id}-body`, class: "primer-sheet-body", role: "tabpanel" });
    const close = iconButton("close", say("close"), () => this.close());
    const head = make("div", { class: "primer-sheet-head" }, make("h2", { id, text: say("title") }), close);
    const dialog = { class: "primer-sheet", role: "dialog", "aria-modal": "true", "aria-labelledby": id };
    return make("div", dialog, head, make("div", list, ...this.tabs), this.notice, this.body);
  }

  remove() {
    this.deafen();
    this.shut(false);
  }

  /** @param {string} what changed */
  draw(what) {
    if (what === "who") this.drawRow();
    if (this.overlay.hidden) return;
    if (what === "who") this.store.send({ type: "look" });
    if (what === "rules") {
      retell(this.overlay);
      this.sections.account.obey();
    }
    this.sections[this.name].draw();
  }

  drawRow() {
    const { who, language } = this.store;
    const { text } = language;
    const lines = () => {
      if (!who) return ["", ""];
      if (!who.email) return [text("local_user"), text("not_signed_in")];
      return who.name ? [who.name, who.email] : [who.email, text("signed_in")];
    };
    this.face.replaceChildren(who?.email ? initial(lines()[0]) : icon("person"));
    this.face.classList.toggle("primer-known", Boolean(who?.email));
    for (const [n, line] of this.lines.entries()) tell(line, "text", () => lines()[n]);
  }

  /** @param {string} name of a section @param {string} [provider] whose key is missing */
  open(name, provider) {
    this.opener = document.activeElement;
    this.overlay.hidden = false;
    for (const other of this.root.parentElement?.children ?? []) other.inert = other !== this.root;
    this.store.send({ type: "look" });
    if (provider) this.sections.keys.aim(provider);
    this.turn(name);
    this.focus();
  }

  /** Open it, unless it is: something has to be seen. */
  present() {
    if (this.overlay.hidden) this.open("account");
  }

  /** @param {boolean} [isSure] whether nothing may keep it open */
  close(isSure = false) {
    if (this.overlay.hidden) return;
    if (isSure || this.sections.account.mayClose()) {
      this.shut(true);
      return;
    }
    this.turn("account");
    this.focus();
  }

  /** @param {boolean} isFocused whether the focus goes back to where it came from */
  shut(isFocused) {
    this.overlay.hidden = true;
    for (const other of this.root.parentElement?.children ?? []) other.inert = false;
    for (const section of Object.values(this.sections)) section.forget();
    this.tell(null);
    if (isFocused) (this.opener?.isConnected ? this.opener : this.row).focus();
  }

  /** Show a section. @param {string} name */
  turn(name) {
    this.name = name;
    for (const tab of this.tabs) {
      const isIt = tab.dataset.name === name;
      tab.setAttribute("aria-selected", String(isIt));
      tab.tabIndex = isIt ? 0 : -1;
      if (isIt) this.body.setAttribute("aria-labelledby", tab.id);
    }
    this.tell(null);
    this.sections[name].draw();
    this.body.replaceChildren(this.sections[name].node);
    this.body.scrollTop = 0;
  }

  /** Say what was done. @param {string|null} key @param {Record<string, string>} [values] */
  tell(key, values) {
    tell(this.notice, "text", key ? this.store.language.say(key, values) : () => "");
  }

  focus() {
    if (!this.sections[this.name].focus()) this.tabs.find((tab) => tab.tabIndex === 0)?.focus();
  }

  /** Arrows walk over the tabs. @param {KeyboardEvent} event */
  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = this.tabs.findIndex((tab) => tab.tabIndex === 0);
    const tab = this.tabs[(at + step + this.tabs.length) % this.tabs.length];
    event.preventDefault();
    this.turn(tab.dataset.name);
    tab.focus();
  }

  /** Escape closes; Tab stays inside. @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Tab") {
      const all = [...this.overlay.querySelectorAll(STOPS)];
      const stops = all.filter((node) => node.tabIndex >= 0 && node.offsetParent && !node.disabled);
      const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
      if (event.target !== from) return;
      event.preventDefault();
      to.focus();
    }
  }
}

export default () => widget(new Store(), Account);
