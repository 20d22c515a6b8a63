/**
 * How the backup stands, at the foot of the list of chats: a line that can be opened, and one button. Python tells when
 * something changes; what the line says of the time ages here.
 */

/**
 * @typedef {object} Backup
 * @property {boolean} possible whether there is a server, and an account there
 * @property {"idle"|"running"|"offline"|"failed"|"elsewhere"} phase
 * @property {boolean} automatic whether what is new goes there by itself
 * @property {number|null} at when it was last complete, or got something, milliseconds since 1970
 * @property {number} waiting rows that are not there yet
 * @property {number} [rows] @property {number|null} [total] how far it is while it runs
 * @property {string|null} [chat] the only one that is sent
 * @property {boolean} [mayStop] whether somebody asked for it
 * @property {Told} [told] what went wrong @property {number|null} [again] when it is tried again
 * @property {{number: number, told: Told}|null} ended how the one ended that somebody asked for
 */

/** Until an age in milliseconds, the unit it is told in, and the milliseconds of one. @type {[number, any, number][]} */
const AGES = [[3_600_000, "minute", 60_000], [86_400_000, "hour", 3_600_000], [604_800_000, "day", 86_400_000]];
const YOUNG = 45_000;
const SLOW = 600; // milliseconds until a backup that nobody asked for is worth a word

/** How long ago or ahead a moment is. @param {number} at @param {Language} language */
function distance(at, language) {
  const away = Math.abs(Date.now() - at);
  const unit = AGES.find(([end]) => away < end);
  if (!unit) return new Date(at).toLocaleDateString(language.locale, { dateStyle: "medium" });
  const count = Math.max(1, Math.floor(away / unit[2])) * Math.sign(at - Date.now());
  return new Intl.RelativeTimeFormat(language.locale, { style: "short" }).format(count, unit[1]);
}

class BackupRow {
  /** @param {any} store of the list */
  constructor(store) {
    this.store = store;
    const { say } = store.language;
    const id = `primer-${Math.random().toString(36).slice(2)}`;
    this.text = make("span", { class: "primer-backup-text" });
    this.sign = make("span", { class: "primer-backup-sign" });
    const open = { type: "button", class: "primer-backup-line", "aria-expanded": "false", "aria-controls": id };
    this.fold = icon("unfold");
    this.fold.classList.add("primer-backup-fold");
    this.line = make("button", { ...open, onclick: () => this.open(this.more.hidden) }, this.sign, this.text, this.fold);
    this.act = make("button", { type: "button", class: "primer-icon", onclick: () => this.press() });
    const more = { id, class: "primer-backup-more", role: "group", "aria-label": say("backup") };
    this.more = make("div", { ...more, tabindex: "0", hidden: true }); // it may have to be scrolled
    this.done = make("div", { class: "primer-backup-done", "aria-hidden": "true" });
    const top = make("div", { class: "primer-backup-top" }, this.line, this.act);
    this.node = make("div", { class: "primer-backup", hidden: true }, this.done, top, this.more);
    // outside the drawer: what is hidden is not read out
    this.outcome = make("p", { class: "primer-unseen", role: "status" });
    this.clock = setInterval(() => retell(this.node), 20_000);
  }

  remove() {
    clearInterval(this.clock);
    clearTimeout(this.patience);
  }

  /** Whether it is to be seen that it runs; what is soon over only flickers. */
  get isBusy() {
    const { phase, mayStop } = this.store.backup;
    return phase === "running" && (mayStop || this.isSlow);
  }

  draw() {
    const { backup, language } = this.store;
    this.node.hidden = !backup?.possible;
    if (!backup?.possible) {
      this.asked = null;
      return;
    }
    this.wait(backup.phase === "running");
    const words = () => this.words();
    tell(this.text, "text", words);
    tell(this.line, "title", () => this.count() || (backup.at && this.last()) || words());
    this.sign.replaceChildren(icon(this.picture()));
    this.fold.toggleAttribute("hidden", !backup.told);
    this.node.dataset.phase = this.isBusy || backup.phase !== "running" ? backup.phase : "idle";
    const { rows = 0, total } = backup;
    this.done.style.setProperty("--primer-done", this.isBusy && total ? String(Math.min(1, rows / total)) : "0");
    this.drawButton();
    if (!this.more.hidden) this.fill();
    this.announce();
  }

  /** Nobody waits for what is quick. @param {boolean} isRunning */
  wait(isRunning) {
    if (!isRunning) {
      clearTimeout(this.patience);
      this.patience = undefined;
      this.isSlow = false;
    } else if (this.patience === undefined) {
      this.patience = setTimeout(() => {
        this.isSlow = true;
        this.draw();
      }, SLOW);
    }
  }

  /** The icon before the line. */
  picture() {
    const { phase, told, at, waiting } = this.store.backup;
    if (phase === "offline") return "offline";
    if (phase === "failed" || (phase === "idle" && told)) return "warning";
    return phase === "idle" && at && !waiting ? "cloud_done" : "cloud";
  }

  /** What the line says now. */
  words() {
    const { backup, language } = this.store;
    const { text } = language;
    const { phase, at, waiting, rows = 0, total, told } = backup;
    if (this.isBusy && total) {
      const part = Math.min(1, rows / total).toLocaleString(language.locale, { style: "percent" });
      return text("backing_up_part", { part });
    }
    if (this.isBusy) return text("backing_up");
    if (phase === "failed") return text("backup_failed");
    if (phase === "elsewhere") return text("other_backs_up");
    if (phase === "offline") return waiting ? text("offline_waiting", { count: waiting }) : text("offline");
    if (told) return text("backup_partly");
    if (!at) return text(waiting ? "never_backed_up" : "nothing_to_back_up");
    if (waiting) return text(waiting === 1 ? "change_waits" : "changes_wait", { count: waiting });
    const when = Date.now() - at < YOUNG ? text("just_now") : distance(at, language);
    const said = text("backed_up", { when });
    return said[0].toLocaleUpperCase(language.locale) + said.slice(1); // in some languages the time comes first
  }

  /** How far it is, exactly; nothing when it does not run. */
  count() {
    const { rows = 0, total } = this.store.backup;
    return this.isBusy && total ? this.store.language.text("rows_of", { rows: Math.min(rows, total), total }) : "";
  }

  /** When the last backup was, exactly. */
  last() {
    const { backup, language } = this.store;
    const when = new Date(backup.at).toLocaleString(language.locale, { dateStyle: "medium", timeStyle: "short" });
    return language.text("last_backup", { when });
  }

  drawButton() {
    const { say } = this.store.language;
    const { mayStop } = this.store.backup;
    const isStop = this.isBusy && mayStop;
    const label = say(isStop ? "stop_backup" : "back_up_now");
    tell(this.act, "title", label);
    tell(this.act, "aria-label", label);
    this.act.replaceChildren(icon(isStop ? "stop" : "upload"));
    // not disabled: the focus would go to the notebook, and keys with it
    this.act.setAttribute("aria-disabled", String(this.isBusy && !mayStop));
  }

  press() {
    const { backup } = this.store;
    if (this.isBusy) {
      if (backup.mayStop) this.store.send({ type: "stop_backup" });
      return;
    }
    this.ask();
    this.store.send({ type: "back_up" });
  }

  /** Remember that this view asked, so that it tells how the backup ends. */
  ask() {
    this.asked = this.store.backup.ended?.number ?? 0;
    tell(this.outcome, "text", () => "");
  }

  /** Say once how the backup ended that this view asked for. */
  announce() {
    const { backup, language } = this.store;
    if (this.asked == null || !backup.ended || backup.ended.number === this.asked) return;
    this.asked = null;
    tell(this.outcome, "text", language.told(backup.ended.told));
  }

  /** @param {boolean} isOpen whether everything is told */
  open(isOpen) {
    this.more.hidden = !isOpen;
    this.line.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.fill();
  }

  fill() {
    const { backup, language } = this.store;
    const { say, text } = language;
    const { at, waiting, told, again, automatic, phase } = backup;
    const lines = [];
    if (phase === "offline") lines.push(make("p", { class: "primer-backup-note", text: say("offline_note") }));
    if (told) lines.push(make("p", { class: phase === "offline" ? "" : "primer-backup-note", text: language.told(told) }));
    if (told && again) lines.push(make("p", { text: () => text("next_try", { when: distance(again, language) }) }));
    if (this.count()) lines.push(make("p", { text: () => this.count() }));
    if (at) lines.push(make("p", { text: () => this.last() }));
    if (waiting && at && phase !== "running") {
      lines.push(make("p", { text: say(waiting === 1 ? "change_waits" : "changes_wait", { count: waiting }) }));
    }
    lines.push(make("p", { text: say(automatic ? "by_itself" : "by_hand") }));
    this.more.replaceChildren(...lines);
  }
}

/**
 * A button that sends one chat, and at the same time the sign that it has something the server lacks.
 * @param {any} store of the list @param {string} id of the chat @param {() => string} named @param {() => void} asks
 */
function saveButton(store, id, named, asks) {
  const { language } = store;
  const save = () => {
    if (store.backup?.phase === "running") return;
    asks();
    store.send({ type: "back_up", chat_id: id });
  };
  const button = iconButton("upload", language.say("not_backed_up"), save);
  button.classList.add("primer-save");
  tell(button, "aria-label", () => language.text("back_up_chat", { title: named() }));
  return button;
}

/** Show on the rows of a list which chats the server lacks something of. @param {HTMLElement} list @param {any} store */
function markUnsaved(list, store) {
  for (const row of list.querySelectorAll("[data-chat]")) {
    const isUnsaved = Boolean(store.backup?.possible) && store.unsaved.has(row.dataset.chat);
    const isSending = isUnsaved && store.backup.phase === "running" && store.backup.chat === row.dataset.chat;
    for (const sign of row.querySelectorAll(".primer-save, .primer-unsaved")) {
      // what is hidden cannot keep the focus, which would go to the notebook
      if (!isUnsaved && sign === document.activeElement) row.querySelector(".primer-open-chat").focus();
      sign.hidden = !isUnsaved;
      sign.classList.toggle("primer-sending", isSending);
    }
  }
}
