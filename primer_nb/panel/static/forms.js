/**
 * A form that Python answers: its fields, a button that shows that it works, and what went wrong, in place. What is
 * secret leaves in a buffer of the message, not in its text, which a log may show, and leaves the box as it is sent.
 */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label key of a text
 * @property {"text"|"email"|"password"|"checkbox"|"select"} type a password is secret
 * @property {string} [autocomplete]
 * @property {boolean} [isOptional]
 * @property {string} [repeats] the field that it must be like
 * @property {boolean} [isNew] whether it is a password that has to be long enough
 * @property {string} [hint] key of a text
 *
 * @typedef {object} Plan
 * @property {string} action what Python is asked to do
 * @property {Field[]} fields
 * @property {string} button @property {string} busy keys of texts
 * @property {"primer-danger"|"primer-quiet"} [kind] of the button
 */

class Form {
  /** @param {any} store @param {Plan} plan @param {(answer: any) => void} done */
  constructor(store, plan, done) {
    this.store = store;
    this.plan = plan;
    this.done = done;
    this.isBusy = false;
    /** @type {Record<string, any>} */
    this.inputs = {};
    const fields = plan.fields.map((field) => this.field(field));
    this.failure = make("p", { class: "primer-refused", role: "alert" });
    const kind = `primer-submit ${plan.kind ?? ""}`;
    this.button = make("button", { type: "submit", class: kind, text: store.language.say(plan.button) });
    const submit = { class: "primer-form", novalidate: true, onsubmit: (event) => this.submit(event) };
    this.node = make("form", submit, ...fields, this.failure, this.button);
    this.complain(null);
  }

  /** @param {Field} field */
  field({ name, label, type, autocomplete, hint, isOptional }) {
    const { say, text } = this.store.language;
    const id = `primer-${Math.random().toString(36).slice(2)}`;
    const names = { id, name, autocomplete, spellcheck: "false", "aria-describedby": hint && `${id}-hint` };
    const input = type === "select" ? make("select", names) : make("input", { type, ...names });
    this.inputs[name] = input;
    if (type === "checkbox") {
      input.checked = true;
      return make("label", { class: "primer-check" }, input, make("span", { text: say(label) }));
    }
    const named = () => (isOptional ? text("optional", { field: text(label) }) : text(label));
    const box = make("div", { class: "primer-entry" }, input, type === "password" && this.eye(input));
    const more = hint && make("p", { id: `${id}-hint`, class: "primer-field-hint", text: this.store.rule(hint) });
    return make("div", { class: "primer-field" }, make("label", { for: id, text: named }), box, more);
  }

  /** A button that shows what is typed. @param {HTMLInputElement} input */
  eye(input) {
    const { say } = this.store.language;
    const show = (isShown) => {
      input.type = isShown ? "text" : "password";
      button.replaceChildren(icon(isShown ? "hide" : "show"));
      button.setAttribute("aria-pressed", String(isShown));
    };
    const button = iconButton("show", say("show_typed"), () => show(input.type === "password"));
    button.setAttribute("aria-pressed", "false");
    input.addEventListener("primer-hide", () => show(false));
    return button;
  }

  /** @param {string} name */
  value(name) {
    const input = this.inputs[name];
    return input.type === "checkbox" ? input.checked : input.value;
  }

  /** What is wrong with a field before Python is asked, if anything. @param {Field} field @returns {Told|null} */
  wrong({ name, label, type, isOptional, repeats, isNew }) {
    const value = this.value(name);
    if (type === "checkbox") return null;
    if (!value.trim()) return isOptional ? null : word("fill_in", { field: this.store.language.text(label) });
    if (type === "email" && !/^\S+@\S+$/.test(value.trim())) return word("email_shape");
    const { minimum } = this.store.rules;
    if (isNew && [...value.normalize("NFC")].length < minimum) return word("too_short", { minimum });
    return repeats && value !== this.value(repeats) ? word("not_same") : null;
  }

  /** @param {Event} event */
  submit(event) {
    event.preventDefault();
    if (this.isBusy) return;
    for (const field of this.plan.fields) {
      const told = this.wrong(field);
      if (told) {
        this.complain(told, field.name);
        return;
      }
    }
    this.complain(null);
    const secret = this.plan.fields.filter((field) => field.type === "password" && !field.repeats);
    const plain = this.plan.fields.filter((field) => field.type !== "password");
    const pick = (fields) => Object.fromEntries(fields.map(({ name }) => [name, this.value(name)]));
    const asked = [pick(plain), pick(secret)];
    this.empty();
    this.work(true);
    this.store.ask(this.plan.action, (answer) => this.answered(answer), ...asked);
  }

  /** Take what is secret out of the boxes. */
  empty() {
    for (const { name, type } of this.plan.fields) {
      if (type !== "password") continue;
      this.inputs[name].value = "";
      this.inputs[name].dispatchEvent(new Event("primer-hide"));
    }
  }

  /** @param {any} answer */
  answered(answer) {
    this.work(false);
    if (answer.told) this.complain(answer.told, this.plan.fields.find(({ type }) => type === "password")?.name);
    else this.done(answer);
  }

  /** Nothing is disabled meanwhile: the focus would go to the notebook, and keys with it. @param {boolean} isBusy */
  work(isBusy) {
    this.isBusy = isBusy;
    tell(this.button, "text", this.store.language.say(isBusy ? this.plan.busy : this.plan.button));
    this.button.setAttribute("aria-disabled", String(isBusy));
    this.node.setAttribute("aria-busy", String(isBusy));
  }

  /** @param {Told|null} told @param {string} [name] the field that it is about */
  complain(told, name) {
    tell(this.failure, "text", this.store.language.told(told));
    this.failure.hidden = !told;
    for (const [its, input] of Object.entries(this.inputs)) {
      input.setAttribute("aria-invalid", String(Boolean(told) && its === name));
    }
    if (name) this.inputs[name].focus();
  }

  focus() {
    const empty = this.plan.fields.find(({ name, type }) => type !== "checkbox" && !this.value(name));
    this.inputs[(empty ?? this.plan.fields[0]).name].focus();
  }
}
