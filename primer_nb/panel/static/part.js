/**
 * How a part of the panel lives: its store with the widget's model, from before Python's first message; any number of
 * views draw it.
 */

class PartStore {
  constructor() {
    /** @type {(message: object, buffers?: ArrayBuffer[]) => void} */
    this.send = () => {};
    /** @type {Set<any>} */
    this.views = new Set();
    this.language = new Language();
  }

  /** @param {any} view */
  add(view) {
    this.views.add(view);
    this.send({ type: "hello" });
  }

  /** @param {any} view */
  remove(view) {
    this.views.delete(view);
  }
}

/**
 * The widget of a store that has `receive(news)`, and of views that have `root` and `remove()`.
 * @param {any} store @param {new (root: HTMLElement, store: any) => any} View
 */
function widget(store, View) {
  return {
    /** @param {{model: any}} context */
    initialize({ model }) {
      store.send = (message, buffers) => model.send(message, undefined, buffers);
      store.language.words = model.get("words");
      model.on("msg:custom", (news) => store.receive(news));
      model.on("change:words", () => {
        store.language.words = model.get("words");
        for (const view of store.views) retell(view.root);
      });
      return store.watch?.();
    },
    /** @param {{el: HTMLElement}} context */
    render({ el }) {
      tell(el, "lang", store.language.say("language"));
      el.addEventListener("keydown", keepKey);
      const view = new View(el, store);
      store.add(view);
      return () => {
        store.remove(view);
        view.remove();
        el.removeEventListener("keydown", keepKey);
        el.replaceChildren();
      };
    },
  };
}
