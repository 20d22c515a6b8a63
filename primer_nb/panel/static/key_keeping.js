/**
 * The provider keys and the preferences in the dialog. A key is never shown: what is listed is that there is one, since
 * when, or which variable of the environment has one.
 */

const PROVIDER = { name: "provider", label: "provider", type: "select" };
const PROVIDER_KEY = { name: "key", label: "key", type: "password", autocomplete: "off" };
const CHECK = { name: "check", label: "check_first", type: "checkbox" };
const ADD = { action: "add_key", fields: [PROVIDER, PROVIDER_KEY, CHECK], button: "store_key", busy: "storing" };

class KeyKeeping {
  /** @param {any} dialog */
  constructor(dialog) {
    this.dialog = dialog;
    this.store = dialog.store;
    const { say } = this.store.language;
    this.list = make("ul", { class: "primer-keys" });
    this.form = new Form(this.store, ADD, (answer) => this.stored(answer));
    this.node = make("div", { class: "primer-section" },
      make("h3", { text: say("provider_keys") }),
      make("p", { class: "primer-hint-text", text: say("keys_note") }),
      this.list,
      make("h3", { text: say("add_key") }),
      this.form.node);
  }

  forget() {
    this.form.empty();
    this.form.complain(null);
  }

  /** Choose a provider for the form. @param {string} [provider] */
  aim(provider) {
    this.wanted = provider ?? this.wanted;
    const { provider: select } = this.form.inputs;
    if ([...select.options].some(({ value }) => value === this.wanted)) select.value = this.wanted;
  }

  draw() {
    const { providers } = this.store;
    const keys = this.store.keys ?? [];
    const { say } = this.store.language;
    const { provider: select } = this.form.inputs;
    const chosen = select.value;
    select.replaceChildren(...providers.map(({ name }) => make("option", { value: name, text: name })));
    this.aim(chosen || undefined);
    const lent = providers.filter(({ name, variable }) => variable && !keys.some((key) => key.provider === name));
    const rows = [...keys.map((key) => this.row(key)), ...lent.map((provider) => this.lent(provider))];
    const none = make("li", { class: "primer-none", text: say("no_keys") });
    this.list.replaceChildren(...(rows.length ? rows : [none]));
    this.list.hidden = !this.store.keys;
  }

  /** A stored key. @param {{provider: string, at: number}} key */
  row({ provider, at }) {
    const { language } = this.store;
    const date = () => new Date(at).toLocaleDateString(language.locale, { dateStyle: "medium" });
    const since = make("span", { text: () => language.text("stored_on", { date: date() }) });
    const button = make("button", { type: "button", class: "primer-plain primer-remove" });
    const arm = (isArmed) => {
      button.classList.toggle("primer-danger", isArmed);
      tell(button, "text", language.say(isArmed ? "remove_for_good" : "remove"));
      tell(button, "aria-label", language.say(isArmed ? "remove_key_for_good" : "remove_key", { provider }));
    };
    const press = () => {
      if (button.classList.contains("primer-danger")) this.remove(provider);
      else arm(true);
    };
    button.addEventListener("click", press);
    button.addEventListener("blur", () => arm(false));
    arm(false);
    return make("li", {}, make("div", {}, make("strong", { text: provider }), since), button);
  }

  /** A key that the environment has. @param {{name: string, variable: string}} provider */
  lent({ name, variable }) {
    const from = make("span", { text: this.store.language.say("from_variable", { variable }) });
    return make("li", {}, make("div", {}, make("strong", { text: name }), from));
  }

  /** @param {string} provider */
  remove(provider) {
    this.form.focus();
    const answered = ({ told }) => (told ? this.form.complain(told) : this.dialog.tell("key_removed", { provider }));
    this.store.ask("remove_key", answered, { provider });
  }

  /** @param {{provider: string, is_checked: boolean}} answer */
  stored({ provider, is_checked: isChecked }) {
    this.dialog.tell(isChecked ? "key_checked" : "key_stored", { provider });
    this.form.focus();
  }

  focus() {
    this.form.inputs.key.focus();
    return true;
  }
}

const THEMES = { system: "system", light: "light", dark: "dark" };
const LANGUAGES = { en: "english", de: "german" };

class Preferences {
  /** @param {any} dialog */
  constructor(dialog) {
    this.dialog = dialog;
    this.store = dialog.store;
    const { say } = this.store.language;
    const name = `primer-${Math.random().toString(36).slice(2)}`;
    const id = `${name}-language`;
    this.themes = Object.entries(THEMES).map(([value, text]) => {
      const input = make("input", { type: "radio", name, value, onchange: () => this.prefer({ theme: value }) });
      return make("label", {}, input, make("span", { text: say(text) }));
    });
    const options = Object.entries(LANGUAGES).map(([value, text]) => make("option", { value, text: say(text) }));
    const speak = () => this.prefer({ language: this.language.value });
    this.language = make("select", { id, onchange: speak }, ...options);
    this.notify = make("input", { type: "checkbox", onchange: () => this.toggle() });
    this.allow = make("button", { type: "button", class: "primer-link", onclick: () => this.permit() });
    const back = () => this.prefer({ automatic_backup: this.automatic.checked });
    const needs = `${name}-needs`;
    this.automatic = make("input", { type: "checkbox", "aria-describedby": needs, onchange: back });
    this.needs = make("p", { id: needs, class: "primer-field-hint" });
    this.failure = make("p", { class: "primer-refused", role: "alert", hidden: true });
    const group = { class: "primer-choices", role: "radiogroup", "aria-label": say("theme") };
    this.node = make("div", { class: "primer-section" },
      make("h3", { text: say("theme") }),
      make("div", group, ...this.themes),
      make("div", { class: "primer-field" }, make("label", { for: id, text: say("language_of_panel") }), this.language),
      make("label", { class: "primer-check" }, this.notify, make("span", { text: say("notify") })),
      this.allow,
      make("label", { class: "primer-check" }, this.automatic, make("span", { text: say("automatic_backup") })),
      this.needs,
      this.failure);
  }

  forget() {
    this.failure.hidden = true;
  }

  draw() {
    const { who, language } = this.store;
    if (!who) return;
    for (const label of this.themes) label.firstChild.checked = label.firstChild.value === who.theme;
    this.language.value = who.language;
    this.notify.checked = who.notifications;
    const isPossible = who.backup === "possible";
    this.automatic.checked = isPossible && who.automatic;
    this.automatic.disabled = !isPossible;
    this.needs.hidden = isPossible;
    tell(this.needs, "text", isPossible ? () => "" : language.say(who.backup));
    const permission = globalThis.Notification?.permission ?? "denied";
    this.allow.hidden = !who.notifications || permission === "granted";
    this.allow.disabled = permission === "denied";
    tell(this.allow, "text", language.say(permission === "denied" ? "notify_blocked" : "notify_allow"));
  }

  toggle() {
    this.prefer({ notifications_enabled: this.notify.checked });
    if (this.notify.checked) this.permit();
  }

  /** Ask the browser, which in turn asks the user. */
  async permit() {
    if (globalThis.Notification?.permission === "default") await Notification.requestPermission();
    this.draw();
  }

  /** @param {Record<string, any>} changed */
  prefer(changed) {
    const answered = ({ told }) => {
      tell(this.failure, "text", this.store.language.told(told));
      this.failure.hidden = !told;
      if (told) this.draw();
    };
    this.store.ask("prefer", answered, { changed });
  }

  focus() {
    this.themes.find((label) => label.firstChild.checked)?.firstChild.focus();
    return true;
  }
}
