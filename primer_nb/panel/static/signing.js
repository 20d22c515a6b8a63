/**
 * The account in the dialog: sign in, sign up, set a new password with the recovery key, change the password, delete
 * the account. One page at a time; a recovery key is on its page and nowhere else.
 */

const EMAIL = { name: "email", label: "email", type: "email", autocomplete: "username" };
const PASSWORD = { name: "password", label: "password", type: "password", autocomplete: "current-password" };
const NEW = { type: "password", autocomplete: "new-password" };
const NEW_TWICE = [
  { ...NEW, name: "new", label: "new_password", hint: "password_hint", isNew: true },
  { ...NEW, name: "again", label: "password_again", repeats: "new" },
];
const NAME = { name: "name", label: "name", type: "text", autocomplete: "name", isOptional: true };
const STAY = { name: "stay", label: "stay", type: "checkbox" };
const KEY = { name: "key", label: "recovery_key", type: "password", autocomplete: "off", hint: "recovery_hint" };

/**
 * What each page shows; `ways` lead to others: the text that says so, and the page.
 * @type {Record<string, {heading?: string, note?: string, plan?: Plan, ways?: [string, string][]}>}
 */
const PAGES = {
  sign_in: {
    heading: "sign_in",
    note: "sign_in_note",
    plan: { action: "sign_in", fields: [EMAIL, PASSWORD, STAY], button: "sign_in", busy: "signing_in" },
    ways: [["create_account", "register"], ["forgot", "reset"]],
  },
  register: {
    heading: "create_account",
    note: "register_note",
    plan: { action: "register", fields: [EMAIL, NAME, ...NEW_TWICE], button: "create_account", busy: "creating" },
    ways: [["have_account", "sign_in"]],
  },
  reset: {
    heading: "set_password",
    plan: { action: "reset", fields: [KEY, ...NEW_TWICE], button: "set_password", busy: "setting" },
    ways: [["have_account", "sign_in"]],
  },
  home: { ways: [["change_password", "change"], ["delete_account", "erase"]] },
  change: {
    heading: "change_password",
    plan: {
      action: "change",
      fields: [{ ...PASSWORD, label: "old_password" }, ...NEW_TWICE],
      button: "change_password",
      busy: "setting",
    },
    ways: [["back", "home"]],
  },
  erase: {
    heading: "delete_account",
    note: "delete_note",
    plan: { action: "erase", fields: [PASSWORD], button: "delete_for_good", busy: "deleting", kind: "primer-danger" },
    ways: [["back", "home"]],
  },
  recovery: { heading: "recovery_title", note: "recovery_note" },
};
const OF_A_PERSON = ["home", "change", "erase"];
const OF_NOBODY = ["sign_in", "register", "reset"];

class Signing {
  /** @param {any} dialog */
  constructor(dialog) {
    this.dialog = dialog;
    this.store = dialog.store;
    this.node = make("div", { class: "primer-section" });
    this.forget();
  }

  /** Keep nothing that was typed or shown. */
  forget() {
    this.page = "";
    this.email = "";
    /** @type {Form|undefined} */
    this.form = undefined;
    this.isWarned = false;
    this.node.replaceChildren();
  }

  /** Show what fits who works here; a page that still fits stays, and what is typed on it. */
  draw() {
    if (!this.store.who || this.page === "recovery") return;
    const fitting = this.store.who.email ? OF_A_PERSON : OF_NOBODY;
    if (!fitting.includes(this.page) || this.page === "home") this.show(fitting[0]);
  }

  /** @param {string} page @param {string} [key] a recovery key */
  show(page, key = "") {
    const had = this.node.contains(document.activeElement);
    const { say } = this.store.language;
    const { heading, note, plan, ways = [] } = PAGES[page];
    this.email = this.form?.inputs.email?.value ?? this.email;
    this.page = page;
    this.form = plan && new Form(this.store, plan, (answer) => this.done(plan.action, answer));
    if (this.form?.inputs.email) this.form.inputs.email.value = this.email;
    if (plan?.fields.some((field) => field.isNew)) this.store.askRules();
    const own = page === "home" ? this.home() : page === "recovery" ? this.recovery(key) : [];
    const way = ([text, to]) => {
      const kind = to === "erase" ? "primer-link primer-danger" : "primer-link";
      return make("button", { type: "button", class: kind, text: say(text), onclick: () => this.show(to) });
    };
    const parts = [
      heading && make("h3", { text: say(heading) }),
      note && make("p", { class: "primer-hint-text", text: say(note) }),
      ...own,
      this.form?.node,
      make("div", { class: "primer-ways" }, ...ways.map(way)),
    ];
    this.node.replaceChildren(...parts.filter(Boolean));
    if (had) this.dialog.focus();
  }

  /** Say what the administrator decided, before somebody fills in a form for nothing. */
  obey() {
    if (this.page === "register" && !this.store.rules.is_open) this.form?.complain(word("registration_closed"));
  }

  home() {
    const { email, name } = this.store.who;
    const plan = { action: "sign_out", fields: [], button: "sign_out", busy: "signing_out", kind: "primer-quiet" };
    const out = new Form(this.store, plan, () => this.dialog.tell("signed_out"));
    const face = make("span", { class: "primer-face", "aria-hidden": "true", text: initial(name || email) });
    const lines = [make("strong", { text: name || email }), name && make("span", { text: email })];
    return [make("div", { class: "primer-person" }, face, make("div", {}, ...lines)), out.node];
  }

  /** @param {string} key shown here and kept nowhere else */
  recovery(key) {
    const { language } = this.store;
    const shown = make("code", { class: "primer-recovery", text: key });
    const mark = make("span", { class: "primer-mark" }, icon("copy"));
    const take = () => copyText(shown.textContent, mark, language);
    const words = make("span", { text: language.say("copy_key") });
    const copy = make("button", { type: "button", class: "primer-plain", onclick: take }, mark, words);
    const saved = { type: "button", class: "primer-submit", text: language.say("saved") };
    this.warning = make("p", { class: "primer-refused", role: "alert" });
    return [shown, copy, this.warning, make("button", { ...saved, onclick: () => this.dialog.close(true) })];
  }

  /** Whether the dialog may be closed: the only sight of a recovery key is not lost by one key. */
  mayClose() {
    if (this.page !== "recovery" || this.isWarned) return true;
    this.isWarned = true;
    tell(this.warning, "text", this.store.language.say("recovery_warning"));
    return false;
  }

  /** @param {string} action @param {any} answer */
  done(action, answer) {
    if (answer.recovery_key) {
      this.show("recovery", answer.recovery_key);
      this.dialog.present();
    } else if (action === "sign_in") this.dialog.close(true);
    else if (action === "erase") this.dialog.tell("account_deleted");
    else {
      this.show("home");
      this.dialog.tell("password_changed");
    }
  }

  /** Focus what is to be filled in or pressed next, if anything. @returns {boolean} */
  focus() {
    if (this.form) this.form.focus();
    else if (this.page === "recovery") this.node.querySelector(".primer-submit").focus();
    return Boolean(this.form) || this.page === "recovery";
  }
}

/** @param {string} text */
function initial(text) {
  return [...text][0].toUpperCase();
}
