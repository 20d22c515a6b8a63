/**
 * What a browser knows of the chat that is shown: a window of its messages and the reply that is being written. It
 * lives with the widget's model, from before the first message of Python's; any number of views draw it.
 */

/**
 * @typedef {object} Message
 * @property {string} id
 * @property {"user"|"assistant"|"system"} role
 * @property {string} [text] what a person wrote
 * @property {string} [html] what a model wrote, rendered and sanitised by Python
 * @property {number} [clipped] how many characters are not shown
 * @property {string} [model] who wrote a reply
 * @property {number|null} [tokens] how long it is
 * @property {number|null} [seconds] how long it took
 * @property {"stopped"|"length"|"error"|""} [outcome] what to know about its end
 * @property {number} at milliseconds since 1970
 * @property {Live} [live] while it is being written
 *
 * @typedef {object} Live
 * @property {number} stream which subscription its pieces come from
 * @property {number} seq the last piece that arrived
 * @property {string} html its finished blocks
 * @property {string} tail Markdown that may still change its meaning
 */

const MOST_IN_PAGE = 300;

class Store extends PartStore {
  constructor() {
    super();
    this.client = Math.random().toString(36).slice(2);
    /** @type {Message[]} */
    this.messages = [];
    /** @type {string|null|undefined} */
    this.chat = undefined;
    this.hasEarlier = false;
    this.isLoading = false;
    this.isAtEnd = true;
    /** @type {{told: Told, retry: string, remedy: Remedy|null}|null} */
    this.error = null;
    /** @type {Told|null} */
    this.notice = null;
    this.isPassing = false;
    this.state = "loading";
    /** Tests wait for these; they only grow. */
    this.counts = { turns: 0, chunks: 0, pages: 0 };
    /** @type {Map<string, (text: string) => void>} */
    this.copying = new Map();
  }

  get live() {
    return this.messages.at(-1)?.live;
  }

  /** Tell Python who looks; the browser's tab may be hidden, and come back. */
  watch() {
    const seen = () => (document.hidden ? this.pause() : this.hello());
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }

  /** Ask for the page, and for what happens from then on. */
  hello() {
    if (this.views.size && !document.hidden) this.send({ type: "hello", client: this.client });
  }

  pause() {
    this.send({ type: "pause", client: this.client });
  }

  /** @param {{draw(news: any): void}} view */
  add(view) {
    this.views.add(view);
    if (this.views.size === 1) this.hello();
  }

  /** @param {{draw(news: any): void}} view */
  remove(view) {
    this.views.delete(view);
    if (!this.views.size) this.pause();
  }

  loadEarlier() {
    if (!this.hasEarlier || this.isLoading) return;
    this.isLoading = true;
    this.send({ type: "earlier", before: this.messages[0].id });
  }

  /** The message as it was written. @param {Message} message @returns {Promise<string>} */
  source(message) {
    if (message.text !== undefined && !message.clipped) return Promise.resolve(message.text);
    return new Promise((resolve) => {
      this.copying.set(message.id, resolve);
      this.send({ type: "source", message_id: message.id });
    });
  }

  /** @param {any} news a message of Python's */
  receive(news) {
    const done = this.live?.html.length ?? 0;
    if (news.type === "page") this.replace(news);
    else if (news.type === "earlier") this.prepend(news);
    else if (news.type === "turn") this.turn(news);
    else if (news.type === "delta") this.grow(news);
    else if (news.type === "end") this.end(news);
    else if (news.type === "error") this.error = news.error;
    else if (news.type === "notice") Object.assign(this, { notice: news.told, isPassing: news.passes });
    else if (news.type === "ready") this.announce();
    else if (news.type === "source") this.copying.get(news.message_id)?.(news.text);
    for (const view of this.views) view.draw({ type: news.type, done });
  }

  /** Tell who looks elsewhere that a reply has ended, and nothing of it. */
  announce() {
    if (!document.hidden || globalThis.Notification?.permission !== "granted") return;
    const shown = new Notification(this.language.text("ready"), { tag: "primer" });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
  }

  replace(news) {
    const known = new Map(this.messages.map((message) => [message.id, message]));
    const kept = (message) => {
      const old = known.get(message.id);
      return old && !old.live && !message.live && old.outcome === message.outcome ? old : message;
    };
    this.messages = news.messages.map(kept);
    this.chat = news.chat;
    this.hasEarlier = news.has_earlier;
    this.error = news.error;
    this.notice = news.notice;
    this.isLoading = false;
    this.isAtEnd = true;
    this.state = this.live ? "streaming" : "ready";
    this.counts.pages += 1;
  }

  prepend(news) {
    this.isLoading = false;
    if (news.before !== this.messages[0]?.id) return;
    const all = [...news.messages, ...this.messages];
    this.isAtEnd &&= all.length <= MOST_IN_PAGE;
    this.messages = all.slice(0, MOST_IN_PAGE);
    this.hasEarlier = news.has_earlier;
    this.counts.pages += 1;
  }

  /** New messages at the end; `after` names the one they follow, when they replace what came later. */
  turn(news) {
    if (!this.isAtEnd) {
      this.hello();
      return;
    }
    const kept = this.messages.findIndex((message) => message.id === news.after) + 1 || this.messages.length;
    const all = [...this.messages.slice(0, kept), ...news.messages];
    this.hasEarlier ||= all.length > MOST_IN_PAGE;
    this.messages = all.slice(-MOST_IN_PAGE);
    this.chat = news.chat;
    this.error = null;
    this.notice = null;
    this.state = "streaming";
  }

  grow(news) {
    const live = this.live;
    if (live?.stream !== news.stream) return;
    if (news.seq !== live.seq + 1) {
      this.hello();
      return;
    }
    if (this.isPassing) this.notice = null;
    this.isPassing = false;
    live.seq = news.seq;
    live.html += news.html;
    live.tail = news.replace ? news.tail : live.tail + news.tail;
    this.counts.chunks += 1;
  }

  end(news) {
    if (this.live?.stream !== news.stream) return;
    const last = this.messages.slice(-1)[0];
    const message = news.message && { html: last.live?.html, ...news.message };
    this.messages = [...this.messages.slice(0, -1), ...(message ? [message] : [])];
    this.error = news.error;
    this.state = news.state;
    this.counts.turns += 1;
  }
}

