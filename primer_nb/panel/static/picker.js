/**
 * Who answers: a button that opens a menu of providers and models. A part of the composer's module, which sends what
 * is chosen to Python and holds the state that is drawn here.
 */

class Picker {
  /** @param {any} store the composer's */
  constructor(store) {
    this.store = store;
    const { say } = store.language;
    const id = `primer-${Math.random().toString(36).slice(2)}`;
    this.name = make("span", { class: "primer-model" });
    const attributes = { type: "button", class: "primer-pick", "aria-haspopup": "dialog", "aria-expanded": "false" };
    const toggle = () => this.toggle(this.menu.hidden);
    this.button = make("button", { ...attributes, onclick: toggle }, this.name, icon("unfold"));
    this.providers = make("div", { class: "primer-providers", role: "radiogroup", "aria-label": say("provider") });
    this.input = make("input", {
      type: "text",
      role: "combobox",
      "aria-label": say("model"),
      "aria-expanded": "true",
      "aria-controls": id,
      "aria-autocomplete": "list",
      spellcheck: "false",
      oninput: () => this.drawModels(true),
      onkeydown: (event) => this.key(event),
    });
    this.options = make("div", { id, class: "primer-options", role: "listbox", "aria-label": say("models") });
    this.status = make("p", { class: "primer-options-status", role: "status" });
    const menu = { class: "primer-menu", role: "dialog", "aria-label": say("choice"), hidden: true };
    this.help = make("div", { class: "primer-help" });
    this.help.addEventListener("click", () => this.toggle(false), true); // before another dialog opens
    this.menu = make("div", menu, this.providers, this.input, this.options, this.status, this.help);
    this.menu.addEventListener("keydown", (event) => event.key === "Escape" && this.toggle(false));
    this.outside = (event) => {
      if (!this.menu.contains(event.target) && !this.button.contains(event.target)) this.toggle(false, false);
    };
    this.isOpen = false;
    this.provider = "";
  }

  remove() {
    document.removeEventListener("pointerdown", this.outside);
  }

  /** @param {boolean} open @param {boolean} [focus] whether the focus goes along */
  toggle(open, focus = true) {
    if (open === this.isOpen) return;
    this.isOpen = open;
    this.menu.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) {
      document.addEventListener("pointerdown", this.outside);
      this.look(this.store.state.provider);
      this.input.focus();
    } else {
      document.removeEventListener("pointerdown", this.outside);
      if (focus) this.button.focus();
    }
  }

  /** Show a provider's models. @param {string} provider */
  look(provider) {
    this.provider = provider;
    this.input.value = "";
    this.store.models.delete(provider);
    this.store.send({ type: "models", provider });
    this.draw();
  }

  draw() {
    const { provider, model, providers } = this.store.state;
    const { say, text } = this.store.language;
    tell(this.name, "text", () => model || provider || text("model"));
    tell(this.button, "title", say("answers", { model, provider }));
    tell(this.button, "aria-label", say("who", { model, provider }));
    if (!this.isOpen) return;
    const radio = (name) => {
      const input = make("input", { type: "radio", name: this.options.id, onchange: () => this.look(name) });
      input.checked = name === this.provider;
      return make("label", {}, input, make("span", { text: name }));
    };
    const shown = providers.join();
    if (this.providers.dataset.shown !== shown) this.providers.replaceChildren(...providers.map(radio));
    this.providers.dataset.shown = shown;
    for (const input of this.providers.querySelectorAll("input")) {
      input.checked = input.parentElement.textContent === this.provider;
    }
    tell(this.input, "placeholder", () => (provider === this.provider && model) || text("any_name"));
    this.drawModels(false);
  }

  /** @param {boolean} isTyped whether the first match is marked */
  drawModels(isTyped) {
    const found = this.store.models.get(this.provider);
    const typed = this.input.value.trim().toLowerCase();
    const names = (found?.names ?? []).filter((name) => name.toLowerCase().includes(typed)).slice(0, 100);
    const { provider, model } = this.store.state;
    const { say, told } = this.store.language;
    const option = (name, n) =>
      make("div", {
        role: "option",
        id: `${this.options.id}-${n}`,
        text: name,
        "aria-selected": String(provider === this.provider && name === model),
        onclick: () => this.choose(name),
      });
    this.options.replaceChildren(...names.map(option));
    this.options.hidden = !names.length;
    const isNew = typed && !names.includes(this.input.value.trim());
    const status = found?.error ? told(found.error) : isNew ? say("taken_as_is") : () => "";
    tell(this.status, "text", found ? status : say("asking"));
    const { remedy } = found ?? {};
    this.help.replaceChildren(...(remedy ? [remedyButton(remedy, "primer-again", this.store.language)] : []));
    this.mark(isTyped && names.length === 1 ? 0 : -1);
  }

  /** @param {number} n */
  mark(n) {
    this.marked = n;
    [...this.options.children].forEach((node, at) => node.classList.toggle("primer-marked", at === n));
    this.options.children[n]?.scrollIntoView({ block: "nearest" });
    if (n < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.options.id}-${n}`);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const count = this.options.children.length;
      if (count) this.mark((Math.max(this.marked, step > 0 ? -1 : 0) + step + count) % count);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault(); // else it presses the button that gets the focus
      this.choose(this.options.children[this.marked]?.textContent ?? this.input.value.trim());
    }
  }

  /** @param {string} model empty: the provider's own choice */
  choose(model) {
    this.store.send({ type: "choose", provider: this.provider, model });
    this.toggle(false);
  }
}

