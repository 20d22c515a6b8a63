/**
 * The transcript of one chat: its messages, the reply that is being written, what went wrong, an invitation when
 * there is nothing yet. A view draws the store and touches as few nodes as it can.
 */

const EXAMPLES = ["example_explain", "example_write", "example_names"];
const OUTCOMES = { stopped: "stopped", length: "cut", error: "interrupted" };
const WHO = { user: "you", assistant: "reply", system: "instructions" };
const NEAR_THE_END = 48;
const FENCE = /^ {0,3}(```|~~~)/;
const MARKED = /\*\*(?<bold>[^\s*][^*\n]*)\*\*|`(?<code>[^`\n]+)`|(?<!\w)\*(?<italic>[^\s*][^*\n]*)\*(?!\w)/g;
const LONG_TAIL = 20_000;

/**
 * Python's HTML as nodes; `setHTML`, where a browser has it, is a second wall.
 * @param {string} html @param {Language} language
 */
function safeNodes(html, language) {
  const box = document.createElement("template");
  if ("setHTML" in box) box.setHTML(html, { sanitizer: {} });
  else box.innerHTML = html;
  for (const code of box.content.querySelectorAll("pre > code")) frameCode(code, language);
  for (const table of box.content.querySelectorAll("table")) {
    const region = { class: "primer-table", tabindex: "0", role: "region", "aria-label": language.say("table") };
    const frame = make("div", region);
    table.replaceWith(frame);
    frame.append(table);
  }
  return box.content;
}

/** Put its language and a copy button above a code block. @param {Element} code @param {Language} language */
function frameCode(code, language) {
  const block = /** @type {HTMLElement} */ (code.parentElement);
  const written = [...code.classList].find((name) => name.startsWith("language-"))?.slice(9) || "text";
  const copy = () => copyText(code.textContent ?? "", button, language);
  const button = iconButton("copy", language.say("copy_code"), copy);
  const head = make("div", { class: "primer-code-head" }, make("span", { text: written }), button);
  const frame = make("div", { class: "primer-code" }, head);
  block.tabIndex = 0;
  block.replaceWith(frame);
  frame.append(block);
}

class View {
  /** @param {HTMLElement} root @param {Store} store */
  constructor(root, store) {
    this.root = root;
    this.store = store;
    const { say } = store.language;
    /** @type {Map<Message, HTMLElement>} */
    this.nodes = new Map();
    this.isFollowing = true;
    this.lastTop = 0;
    this.list = make("div", { class: "primer-list" });
    this.foot = make("div", { class: "primer-foot" });
    const earlier = { type: "button", class: "primer-earlier", text: say("earlier") };
    this.earlier = make("button", { ...earlier, onclick: () => this.store.loadEarlier() });
    const spoken = { role: "log", "aria-live": "polite", "aria-label": say("conversation") };
    const log = { ...spoken, class: "primer-log", tabindex: "0", onscroll: () => this.scrolled() };
    this.log = make("div", log, this.earlier, this.list, this.foot);
    this.jump = iconButton("down", say("jump"), () => this.toLatest());
    this.jump.classList.add("primer-jump");
    this.notice = make("p", { class: "primer-notice", role: "status" });
    root.classList.add("primer-transcript");
    tell(root, "data-restarted", say("restarted"));
    root.append(this.log, this.jump, this.notice);
    this.sizes = new ResizeObserver(() => this.isFollowing && this.toEnd());
    for (const node of [this.log, this.list, this.foot]) this.sizes.observe(node);
    const reached = ([seen]) => seen.isIntersecting && this.store.loadEarlier();
    this.top = new IntersectionObserver(reached, { root: this.log });
    this.top.observe(this.earlier);
    this.draw({ type: "page", done: 0 });
  }

  remove() {
    this.sizes.disconnect();
    this.top.disconnect();
  }

  /** @param {{type: string, done: number}} news `done`: how much of the running reply's HTML was there before */
  draw({ type, done }) {
    const { store, root } = this;
    if (type === "turn" || root.dataset.chat !== String(store.chat)) this.isFollowing = true;
    Object.assign(root.dataset, { chat: String(store.chat), state: store.state, ...store.counts });
    this.log.setAttribute("aria-busy", String(store.state === "streaming"));
    if (type === "delta") this.grow(done);
    else this.sync(type === "earlier");
    this.drawFoot();
    this.earlier.hidden = !store.hasEarlier;
    if (this.told !== store.notice) tell(this.notice, "text", store.language.told(store.notice));
    this.told = store.notice;
    if (this.isFollowing) this.toEnd();
    this.scrolled();
  }

  /** Make the list show the store's messages. @param {boolean} isAbove whether they were added above the rest */
  sync(isAbove) {
    const first = isAbove && this.list.firstElementChild;
    const top = first ? first.getBoundingClientRect().top : 0;
    const wanted = this.store.messages.map((message) => this.nodes.get(message) ?? this.drawn(message));
    this.nodes = new Map(this.store.messages.map((message, n) => [message, wanted[n]]));
    for (const node of [...this.list.children]) if (!wanted.includes(node)) node.remove();
    for (const [n, node] of wanted.entries()) {
      if (this.list.children[n] !== node) this.list.insertBefore(node, this.list.children[n] ?? null);
    }
    if (!first) return;
    // the browser would correct the scroll position too, a frame later: once is enough
    this.log.style.overflowAnchor = "none";
    this.log.scrollTop += first.getBoundingClientRect().top - top;
    requestAnimationFrame(() => (this.log.style.overflowAnchor = ""));
  }

  /** @param {number} done how much of the HTML is drawn */
  grow(done) {
    const message = this.store.messages.at(-1);
    const node = message?.live && this.nodes.get(message);
    if (!node) return;
    const tail = node.querySelector(".primer-tail");
    if (message.live.html.length > done) tail.before(safeNodes(message.live.html.slice(done), this.store.language));
    drawTail(tail, message.live.tail);
  }

  /** @param {Message} message */
  drawn(message) {
    const { language } = this.store;
    const body = make("div", { class: "primer-body" });
    if (message.live) {
      const tail = make("div", { class: "primer-tail", "data-waiting": language.say("waiting") });
      body.append(safeNodes(message.live.html, language), tail);
      drawTail(tail, message.live.tail);
    } else if (message.html !== undefined) body.append(safeNodes(message.html, language));
    else body.textContent = message.text ?? "";
    if (message.clipped) {
      const more = language.say("clipped", { count: message.clipped });
      body.append(make("p", { class: "primer-clipped", text: more }));
    }
    const label = language.say(WHO[message.role]);
    const attributes = { class: `primer-message primer-${message.role}`, "aria-label": label };
    return make("article", attributes, body, message.live ? null : this.actions(message));
  }

  /** @param {Message} message */
  actions(message) {
    const { language } = this.store;
    const take = async () => copyText(await this.store.source(message), copy, language);
    const copy = iconButton("copy", language.say("copy_message"), take);
    const edit = () => compose(this.root, { text: message.text, edit: message.id });
    const isReply = message.role === "assistant";
    const when = () => new Date(message.at).toLocaleString(language.locale);
    const parts = isReply ? this.note(message).map((text) => make("span", { text })) : [];
    return make(
      "footer",
      { class: "primer-actions" },
      isReply && make("span", { class: "primer-note", title: when }, ...parts),
      make("span", { class: "primer-buttons" },
        copy,
        isReply && iconButton("retry", language.say("retry"), () => this.store.send({ type: "retry" })),
        message.role === "user" && !message.clipped && iconButton("edit", language.say("edit"), edit)),
    );
  }

  /** How a reply came to be. @param {Message} message */
  note({ outcome, model, tokens, seconds }) {
    const { language } = this.store;
    const took = () => language.text("seconds", { count: language.number(seconds, 1) });
    return [
      outcome && language.say(OUTCOMES[outcome]),
      model,
      tokens && language.say(tokens === 1 ? "token" : "tokens", { count: tokens }),
      typeof seconds === "number" && took,
    ].filter(Boolean);
  }

  drawFoot() {
    const { error, messages, state, chat } = this.store;
    const shown = `${state} ${JSON.stringify(error)} ${messages.length > 0} ${chat}`;
    if (this.foot.dataset.shown === shown) return;
    this.foot.dataset.shown = shown;
    const nodes = [];
    if (!messages.length && !error) nodes.push(state === "loading" ? this.loading() : this.invitation());
    if (error) nodes.push(this.failure(error));
    this.foot.replaceChildren(...nodes);
  }

  loading() {
    return make("p", { class: "primer-loading", role: "status", text: this.store.language.say("opening") });
  }

  invitation() {
    const { say, text } = this.store.language;
    const fill = (key) => () => compose(this.root, { text: text(key) });
    const examples = EXAMPLES.map((key) => make("button", { type: "button", text: say(key), onclick: fill(key) }));
    return make(
      "div",
      { class: "primer-empty" },
      make("p", { class: "primer-empty-title", text: say("invitation") }),
      make("p", { text: say("invitation_more") }),
      make("div", { class: "primer-examples" }, ...examples),
    );
  }

  /** @param {{told: Told, retry: string, remedy: Remedy|null}} error */
  failure({ told, retry, remedy }) {
    const { language } = this.store;
    const again = () => (retry === "reply" ? this.store.send({ type: "retry" }) : this.store.hello());
    const attributes = { type: "button", class: "primer-again", text: language.say("retry"), onclick: again };
    const text = make("p", { text: language.told(told) });
    const help = remedy && remedyButton(remedy, "primer-again", language);
    const buttons = make("div", {}, help, retry && make("button", attributes));
    return make("div", { class: "primer-failure", role: "alert" }, icon("warning"), text, buttons);
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
    // growing content moves the end away from the reader; only scrolling up means "do not follow"
    if (isNear) this.isFollowing = true;
    else if (scrollTop < this.lastTop - 1) this.isFollowing = false;
    this.lastTop = scrollTop;
    this.jump.hidden = isNear && this.store.isAtEnd;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.lastTop = this.log.scrollTop;
  }

  toLatest() {
    if (!this.store.isAtEnd) this.store.hello();
    this.isFollowing = true;
    this.toEnd();
    this.log.focus();
  }
}

/**
 * Show Markdown that is not finished: the inside of an open code block as code, of the rest bold, italics and code, so
 * that little moves when Python's HTML takes its place.
 */
function drawTail(/** @type {HTMLElement} */ node, /** @type {string} */ tail) {
  const isCode = FENCE.test(tail);
  node.classList.toggle("primer-tail-code", isCode);
  if (isCode) {
    node.dataset.language = tail.match(/^[ ~`]*([^\s`]*)/)?.[1] || "text";
    const code = tail.slice(tail.indexOf("\n") + 1 || tail.length);
    const shown = node.childNodes.length === 1 ? node.firstChild : null;
    if (shown instanceof Text && code.startsWith(shown.data)) shown.appendData(code.slice(shown.data.length));
    else node.replaceChildren(code);
  } else node.replaceChildren(...(tail.length < LONG_TAIL ? marked(tail) : [tail]));
}

/** @param {string} text */
function marked(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(MARKED)) {
    const { bold, code, italic } = match.groups ?? {};
    const tag = bold ? "strong" : code ? "code" : "em";
    parts.push(text.slice(end, match.index), make(tag, { text: bold ?? code ?? italic }));
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
}

export default () => widget(new Store(), View);
