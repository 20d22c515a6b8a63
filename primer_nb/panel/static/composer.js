/**
 * The composer: the box a message is written in, send and stop, and who answers. A text stays in the box until Python
 * says that it is stored.
 */

/**
 * @typedef {object} State
 * @property {boolean} running whether a reply is being written
 * @property {string} provider
 * @property {string} model
 * @property {string[]} providers
 */

class Store extends PartStore {
  constructor() {
    super();
    /** @type {State} */
    this.state = { running: false, provider: "", model: "", providers: [] };
    /** @type {Map<string, {names: string[], error: Told|null, remedy: Remedy|null}>} */
    this.models = new Map();
    /** @type {Told|null} */
    this.failure = null;
    this.isSending = false;
  }

  /** @param {any} news a message of Python's */
  receive(news) {
    if (news.type === "state") this.state = news.state;
    else if (news.type === "models") this.models.set(news.provider, news);
    else if (news.type === "accepted" || news.type === "refused") {
      this.isSending = false;
      this.failure = news.told ?? null;
    } else if (news.type === "reset") this.failure = null;
    for (const view of this.views) view.draw(news);
  }

  /** @param {string} text @param {string|undefined} edit */
  submit(text, edit) {
    this.isSending = true;
    this.failure = null;
    this.send({ type: "send", text, edit });
    for (const view of this.views) view.draw({});
  }
}

class Composer {
  /** @param {HTMLElement} root @param {Store} store */
  constructor(root, store) {
    this.root = root;
    this.store = store;
    const { say } = store.language;
    /** @type {string|undefined} the message that is being edited */
    this.edit = undefined;
    this.box = make("textarea", {
      rows: "1",
      "aria-label": say("message"),
      placeholder: say("placeholder"),
      autocomplete: "off",
      onkeydown: (event) => this.key(event),
      oninput: () => this.draw({}),
    });
    this.failure = make("p", { class: "primer-refused", role: "alert" });
    const cancel = iconButton("close", say("leave_edit"), () => this.leaveEdit());
    const told = make("span", { text: say("editing") });
    this.editing = make("div", { class: "primer-editing" }, icon("edit"), told, cancel);
    this.picker = new Picker(store);
    this.go = make("button", { type: "button", class: "primer-go", onclick: () => this.act() });
    const hint = make("span", { class: "primer-hint", text: say("hint") });
    const bar = make("div", { class: "primer-bar" }, this.picker.button, hint, this.go);
    root.classList.add("primer-composer");
    const frame = make("div", { class: "primer-box" }, this.editing, this.box, bar, this.picker.menu);
    root.append(this.failure, frame);
    this.deafen = hear(root, "primer-compose", (detail) => this.fill(detail));
    this.draw({});
  }

  remove() {
    this.deafen();
    this.picker.remove();
  }

  /** @param {any} news */
  draw(news) {
    const { state, failure, isSending, language } = this.store;
    if (news.type === "reset" || (news.type === "accepted" && this.box.value === this.sent)) this.clear();
    if (news.type === "recall" && !this.box.value) this.fill({ text: news.text });
    tell(this.failure, "text", language.told(failure));
    this.failure.hidden = !failure;
    this.editing.hidden = !this.edit;
    this.root.dataset.state = state.running ? "running" : isSending ? "sending" : "ready";
    const act = state.running ? "stop" : "send";
    if (this.go.dataset.act !== act) {
      this.go.dataset.act = act;
      this.go.replaceChildren(icon(act));
      for (const name of ["title", "aria-label"]) tell(this.go, name, language.say(act));
    }
    this.go.disabled = !state.running && (isSending || !this.box.value.trim());
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
    this.picker.draw();
  }

  /** @param {{text?: string, edit?: string}} detail */
  fill({ text, edit }) {
    if (text !== undefined) {
      this.box.value = text;
      this.edit = edit;
    }
    this.draw({});
    this.box.focus();
  }

  clear() {
    this.box.value = "";
    this.edit = undefined;
    this.sent = undefined;
  }

  leaveEdit() {
    this.clear();
    this.draw({});
    this.box.focus();
  }

  act() {
    if (this.store.state.running) this.store.send({ type: "stop" });
    else if (this.box.value.trim() && !this.store.isSending) {
      this.sent = this.box.value;
      this.store.submit(this.sent, this.edit);
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      if (!this.store.state.running) this.act();
    } else if (event.key === "ArrowUp" && !this.box.value) {
      event.preventDefault();
      this.store.send({ type: "recall" });
    } else if (event.key === "Escape") {
      if (this.edit) this.leaveEdit();
      else if (this.store.state.running) this.act();
      else leave(this.root);
    }
  }
}

/** Give the keys back to the notebook. @param {HTMLElement} root */
function leave(root) {
  const outside = root.closest(".primer-panel")?.parentElement?.closest("[tabindex]");
  if (outside) /** @type {HTMLElement} */ (outside).focus();
  else /** @type {HTMLElement} */ (document.activeElement)?.blur();
}

export default () => widget(new Store(), Composer);
