/**
 * A secret that is shown once. The button asks Python for it; the answer is drawn in the view whose button was clicked,
 * and is kept nowhere else.
 */

class Store extends PartStore {
  constructor() {
    super();
    /** @type {{kind: string, waits: boolean}|null} what Python last said */
    this.state = null;
    this.client = crypto.getRandomValues(new Uint32Array(2)).join("-"); // every page on the kernel gets the answer
    /** @type {View|null} whose button was clicked */
    this.asking = null;
  }

  /** @param {any} news a message of Python's */
  receive(news) {
    if (news.type === "state") this.state = news;
    else if (news.type === "text" && news.client === this.client) this.asking?.reveal(news.text);
    for (const view of this.views) view.draw();
  }

  /** @param {View} view */
  ask(view) {
    this.asking = view;
    this.send({ type: "show", client: this.client });
  }
}

class View {
  /** @param {HTMLElement} root @param {Store} store */
  constructor(root, store) {
    this.root = root;
    this.store = store;
    const { say } = store.language;
    this.title = make("strong");
    this.note = make("p", { class: "primer-once-note", "aria-live": "polite" });
    this.show = make("button", {
      type: "button",
      class: "primer-once-show",
      text: say("show"),
      onclick: () => this.ask(),
    });
    this.code = make("code", { tabindex: "0" });
    this.copy = iconButton("copy", say("copy"), () => copyText(this.code.textContent, this.copy, store.language));
    this.text = make("div", { class: "primer-once-text" }, this.code, this.copy);
    root.classList.add("primer-once");
    root.append(this.title, this.note, this.show, this.text);
    this.draw();
  }

  remove() {
    this.code.textContent = "";
  }

  draw() {
    const { state, language } = this.store;
    const isShown = this.code.textContent !== "";
    this.root.hidden = !state;
    this.show.hidden = isShown || !state?.waits;
    this.text.hidden = !isShown;
    if (!state) return;
    const isToken = state.kind === "token";
    tell(this.title, "text", language.say(isToken ? "token" : "recovery_key"));
    tell(this.note, "text", language.say(!isShown && !state.waits ? "gone" : isToken ? "about_token" : "about_key"));
  }

  ask() {
    this.show.disabled = true;
    this.store.ask(this);
  }

  /** @param {string} text */
  reveal(text) {
    this.code.textContent = text;
    this.draw();
    this.code.focus();
  }
}

export default () => widget(new Store(), View);
