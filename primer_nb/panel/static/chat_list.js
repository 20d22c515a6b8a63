/**
 * The chats of a user: search, new, open, rename and delete in place. Python searches and sorts; at 320 px the list
 * is a drawer behind a bar.
 */

/**
 * @typedef {object} Chat
 * @property {string} id
 * @property {string} title
 * @property {number} at when it last changed, milliseconds since 1970
 * @property {boolean} running whether a reply is being written
 */

class Store extends PartStore {
  constructor() {
    super();
    /** @type {Chat[]} */
    this.chats = [];
    this.current = null;
    this.title = "";
    this.hasMore = false;
    /** @type {Told|null} */
    this.failure = null;
    this.isReady = false;
    /** @type {Backup|null} */
    this.backup = null;
    /** @type {Set<string>} ids of listed chats of which the server lacks something */
    this.unsaved = new Set();
  }

  /** @param {any} news a message of Python's */
  receive(news) {
    if (news.type === "backup" || news.type === "unsaved") {
      if (news.type === "backup") this.backup = news.state;
      else this.unsaved = new Set(news.ids);
      for (const view of this.views) view.drawBackup();
      return;
    }
    if (news.type === "chats") Object.assign(this, { ...news.state, failure: null, isReady: true });
    else if (news.type === "error") this.failure = news.told;
    for (const view of this.views) {
      if (news.type === "reset") view.reset();
      else view.draw();
    }
  }
}

/** Which group of the list a time belongs to. @param {number} at @param {Language} language */
function groupOf(at, language) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  if (at >= midnight) return language.text("today");
  if (at >= midnight - 86_400_000) return language.text("yesterday");
  if (at >= midnight - 7 * 86_400_000) return language.text("previous_week");
  return new Date(at).toLocaleDateString(language.locale, { month: "long", year: "numeric" });
}

class ChatList {
  /** @param {HTMLElement} root @param {Store} store */
  constructor(root, store) {
    this.root = root;
    this.store = store;
    const { say } = store.language;
    /** @type {{id: string, what: "rename"|"delete"}|null} the row that is being changed */
    this.changing = null;
    this.toggle = iconButton("list", say("chats"), () => this.open(!this.isOpen));
    this.toggle.setAttribute("aria-expanded", "false");
    this.title = make("span", { class: "primer-title" });
    const create = () => this.create();
    const plus = iconButton("plus", say("new_chat"), create);
    this.top = make("div", { class: "primer-top" }, this.toggle, this.title, plus);
    this.search = make("input", {
      type: "search",
      "aria-label": say("search"),
      placeholder: say("search"),
      oninput: () => this.searchSoon(),
    });
    const keys = { onkeydown: (event) => this.key(event), onfocusin: (event) => this.rove(event.target) };
    this.list = make("div", { class: "primer-chats", ...keys });
    this.failure = make("p", { class: "primer-refused", role: "alert" });
    const words = make("span", { text: say("new_chat") });
    const fresh = make("button", { type: "button", class: "primer-new", onclick: create }, icon("plus"), words);
    const search = make("div", { class: "primer-search" }, icon("search"), this.search);
    const drawer = { class: "primer-drawer", "aria-label": say("chats") };
    this.backup = new BackupRow(store);
    this.drawer = make("nav", drawer, fresh, search, this.failure, this.list, this.backup.node);
    root.classList.add("primer-chat-list");
    root.append(this.top, this.drawer, this.backup.outcome);
    this.drawer.addEventListener("keydown", (event) => event.key === "Escape" && this.isOpen && this.open(false));
    this.outside = (event) => this.isOpen && !root.contains(event.target) && this.open(false, false);
    document.addEventListener("pointerdown", this.outside);
    this.isOpen = false;
    this.draw();
    this.drawBackup();
  }

  remove() {
    this.backup.remove();
    clearTimeout(this.timer);
    document.removeEventListener("pointerdown", this.outside);
  }

  /** The drawer of a narrow panel. @param {boolean} open @param {boolean} [focus] */
  open(open, focus = true) {
    this.isOpen = open;
    this.root.classList.toggle("primer-open", open);
    this.toggle.setAttribute("aria-expanded", String(open));
    if (focus) (open ? this.search : this.toggle).focus();
  }

  create() {
    this.store.send({ type: "new" });
    this.open(false, false);
    compose(this.root);
  }

  /** Somebody else works now. */
  reset() {
    clearTimeout(this.timer);
    this.search.value = "";
    this.changing = null;
  }

  searchSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.store.send({ type: "search", text: this.search.value }), 150);
  }

  /** @param {boolean} [isChange] whether a row itself asks for it */
  draw(isChange = false) {
    const { chats, current, title, failure, isReady, hasMore, language } = this.store;
    if (this.changing && !isChange) return; // a title that is being typed stays
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    tell(this.title, "text", this.named(title));
    tell(this.failure, "text", language.told(failure));
    this.failure.hidden = !failure;
    const nodes = [];
    let group = "";
    for (const chat of chats) {
      const its = () => groupOf(chat.at, language);
      if (its() !== group) nodes.push(make("li", { class: "primer-group", text: its }));
      group = its();
      nodes.push(make("li", { class: "primer-row", "data-chat": chat.id }, ...this.row(chat, chat.id === current)));
    }
    const empty = isReady && (this.search.value ? "none_found" : "none_yet");
    const note = chats.length ? hasMore && "older" : empty;
    const more = note && make("p", { class: "primer-none", text: language.say(note) });
    this.list.replaceChildren(make("ul", {}, ...nodes), ...(more ? [more] : []));
    markUnsaved(this.list, this.store);
    this.rove(this.list.querySelector("[aria-current]") ?? this.list.querySelector("button"));
    if (focused) this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  drawBackup() {
    this.backup.draw();
    markUnsaved(this.list, this.store);
  }

  /** Only one row takes part in the order of Tab; the arrows go to the others. @param {Element|null} within */
  rove(within) {
    const row = within?.closest("[data-chat]");
    for (const button of this.list.querySelectorAll("button")) button.tabIndex = row?.contains(button) ? 0 : -1;
  }

  /** What a chat is called. @param {string} title may be empty */
  named(title) {
    return () => title || this.store.language.text("new_chat");
  }

  /** @param {Chat} chat @param {boolean} isCurrent */
  row(chat, isCurrent) {
    const what = this.changing?.id === chat.id ? this.changing.what : "";
    if (what === "rename") return [this.renaming(chat)];
    if (what === "delete") return [this.deleting(chat)];
    const go = () => {
      this.store.send({ type: "open", chat_id: chat.id });
      this.open(false, false);
    };
    const { language } = this.store;
    const dot = { class: "primer-running", role: "img", "aria-label": language.say("answering") };
    const running = chat.running && make("span", dot);
    const named = this.named(chat.title);
    const attributes = { type: "button", class: "primer-open-chat", title: named, onclick: go };
    const states = { "aria-current": isCurrent ? "true" : undefined, "aria-keyshortcuts": "F2 Delete" };
    const text = make("span", { class: "primer-chat-title", text: named });
    const unsaved = make("span", { class: "primer-unseen primer-unsaved", text: language.say("not_backed_up") });
    const open = make("button", { ...attributes, ...states, "data-key": `open ${chat.id}` }, running, text, unsaved);
    const change = (name, what, label) => {
      const button = iconButton(name, language.say(what), () => this.change({ id: chat.id, what }));
      tell(button, "aria-label", () => language.text(label, { title: named() }));
      return button;
    };
    const save = saveButton(this.store, chat.id, named, () => this.backup.ask());
    return [open, change("edit", "rename", "rename_chat"), change("delete", "delete", "delete_chat"), save];
  }

  /** @param {{id: string, what: "rename"|"delete"}|null} changing */
  change(changing) {
    this.changing = changing;
    this.draw(true);
    if (changing) this.focusOn(changing.id);
  }

  /** @param {string} id a chat's */
  focusOn(id) {
    const row = this.list.querySelector(`[data-chat="${CSS.escape(id)}"]`);
    row?.querySelector("input, .primer-no, .primer-open-chat")?.focus();
    row?.querySelector("input")?.select();
  }

  /** @param {Chat} chat */
  renaming(chat) {
    const input = make("input", { type: "text", "aria-label": this.store.language.say("title"), maxlength: "255" });
    input.value = chat.title;
    const save = () => {
      if (this.changing?.what !== "rename") return;
      const title = input.value.trim();
      if (title && title !== chat.title) this.store.send({ type: "rename", chat_id: chat.id, title });
      chat.title = title || chat.title;
      this.change(null);
    };
    input.addEventListener("blur", save);
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && !event.isComposing) {
        event.preventDefault(); // else it presses the button that gets the focus
        input.blur();
        this.focusOn(chat.id);
      } else if (event.key === "Escape") {
        this.change(null);
        this.focusOn(chat.id);
      }
    });
    return input;
  }

  /** @param {Chat} chat */
  deleting(chat) {
    const keep = () => {
      this.change(null);
      this.focusOn(chat.id);
    };
    const erase = () => {
      this.changing = null;
      this.store.send({ type: "delete", chat_id: chat.id });
      this.search.focus();
    };
    const { text, say } = this.store.language;
    const which = () => text("delete_which", { title: this.named(chat.title)() });
    return make(
      "div",
      { class: "primer-confirm", role: "group", "aria-label": which },
      make("span", { text: say("delete_this") }),
      make("button", { type: "button", class: "primer-yes", text: say("delete"), onclick: erase }),
      make("button", { type: "button", class: "primer-no", text: say("keep"), onclick: keep }),
    );
  }

  /** Arrows walk over the chats, F2 renames, Delete asks. @param {KeyboardEvent} event */
  key(event) {
    const row = event.target.closest("[data-chat]");
    const rows = [...this.list.querySelectorAll("[data-chat]")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!row || this.changing) {
      if (event.key !== "Escape" || !this.changing) return;
      const { id } = this.changing;
      event.stopPropagation(); // the drawer stays open
      this.change(null);
      this.focusOn(id);
    } else if (step) {
      event.preventDefault();
      rows[rows.indexOf(row) + step]?.querySelector(".primer-open-chat")?.focus();
    } else if (event.key === "F2") this.change({ id: row.dataset.chat, what: "rename" });
    else if (event.key === "Delete") this.change({ id: row.dataset.chat, what: "delete" });
  }
}

export default () => widget(new Store(), ChatList);
