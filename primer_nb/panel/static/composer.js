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

class Store {
  constructor() {
    /** @type {(message: object) => void} */
    this.send = () => {};
    /** @type {Set<Composer>} */
    this.views = new Set();
    /** @type {State} */
    this.state = { running: false, provider: "", model: "", providers: [] };
    /** @type {Map<string, {names: string[], error: string}>} */
    this.models = new Map();
    this.failure = "";
    this.isSending = false;
  }

  /** @param {any} news a message of Python's */
  receive(news) {
    if (news.type === "state") this.state = news.state;
    else if (news.type === "models") this.models.set(news.provider, news);
    else if (news.type === "accepted" || news.type === "refused") {
      this.isSending = false;
      this.failure = news.type === "refused" ? news.text : "";
    }
    for (const view of this.views) view.draw(news);
  }

  /** @param {string} text @param {string|undefined} edit */
  submit(text, edit) {
    this.isSending = true;
    this.failure = "";
    this.send({ type: "send", text, edit });
    for (const view of this.views) view.draw({});
  }
}

class Composer {
  /** @param {HTMLElement} root @param {Store} store */
  constructor(root, store) {
    this.root = root;
    this.store = store;
    /** @type {string|undefined} the message that is being edited */
    this.edit = undefined;
    this.box = make("textarea", {
      rows: "1",
      "aria-label": "Message",
      placeholder: "Ask anything",
      autocomplete: "off",
      onkeydown: (event) => this.key(event),
      oninput: () => this.draw({}),
    });
    this.failure = make("p", { class: "primer-refused", role: "alert" });
    const cancel = iconButton("close", "Stop editing", () => this.leaveEdit());
    const told = make("span", { text: "Editing an earlier message; what followed stays stored." });
    this.editing = make("div", { class: "primer-editing" }, icon("edit"), told, cancel);
    this.picker = new Picker(store);
    this.go = make("button", { type: "button", class: "primer-go", onclick: () => this.act() });
    const hint = make("span", { class: "primer-hint", text: "Enter sends, Shift+Enter breaks the line" });
    const bar = make("div", { class: "primer-bar" }, this.picker.button, hint, this.go);
    root.classList.add("primer-composer");
    const frame = make("div", { class: "primer-box" }, this.editing, this.box, bar, this.picker.menu);
    root.append(this.failure, frame);
    root.addEventListener("keydown", keepKey);
    this.filled = (event) => event.target.closest(".primer-panel")?.contains(root) && this.fill(event.detail);
    document.addEventListener("primer-compose", this.filled);
    this.draw({});
  }

  remove() {
    document.removeEventListener("primer-compose", this.filled);
    this.root.removeEventListener("keydown", keepKey);
    this.picker.remove();
    this.root.replaceChildren();
  }

  /** @param {any} news */
  draw(news) {
    const { state, failure, isSending } = this.store;
    if (news.type === "accepted" && this.box.value === this.sent) this.clear();
    if (news.type === "recall" && !this.box.value) this.fill({ text: news.text });
    this.failure.textContent = failure;
    this.failure.hidden = !failure;
    this.editing.hidden = !this.edit;
    this.root.dataset.state = state.running ? "running" : isSending ? "sending" : "ready";
    const label = state.running ? "Stop" : "Send message";
    if (this.go.title !== label) {
      this.go.replaceChildren(icon(state.running ? "stop" : "send"));
      this.go.title = label;
      this.go.setAttribute("aria-label", label);
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

export default () => {
  const store = new Store();
  return {
    /** @param {{model: any}} context */
    initialize({ model }) {
      store.send = (message) => model.send(message);
      model.on("msg:custom", (news) => store.receive(news));
    },
    /** @param {{el: HTMLElement}} context */
    render({ el }) {
      const view = new Composer(el, store);
      store.views.add(view);
      store.send({ type: "hello" });
      return () => {
        store.views.delete(view);
        view.remove();
      };
    },
  };
};
