/**
 * What the panel says, in the language of the moment. The texts are Python's catalogue, primer_nb/panel/words; they
 * come with the widget, so that the first drawing has them, and again when the language changes.
 */

/**
 * What nodes say, by attribute: functions that are called again in another language.
 * @type {WeakMap<Element, Record<string, () => string>>}
 */
const SAID = new WeakMap();

/** @typedef {{word?: string, values?: Record<string, string|number>, text?: string}} Told what Python tells */

class Language {
  constructor() {
    /** @type {Record<string, string>} */
    this.words = {};
    /** @param {string} key @param {Record<string, string|number>} [values] of its gaps */
    this.text = (key, values = {}) => this.words[key].replace(/\{(\w+)\}/g, (_, gap) => this.number(values[gap]));
    /** A text for `make` and `tell`. @param {string} key @param {Record<string, string|number>} [values] */
    this.say = (key, values) => () => this.text(key, values);
    /** The same of what Python tells. @param {Told|null} [told] */
    this.told = (told) => () => (told?.word ? this.text(told.word, told.values) : (told?.text ?? ""));
  }

  /** The browser's own kind of the language, such as en-GB, where it has one. */
  get locale() {
    const { language } = this.words;
    return navigator.languages.find((name) => name.split("-")[0] === language) ?? language;
  }

  /** A number as people write it here; anything else as it is. @param {any} value @param {number} [digits] */
  number(value, digits = 0) {
    const exact = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return typeof value === "number" ? value.toLocaleString(this.locale, exact) : value;
  }
}

/** A text of the catalogue, as Python tells one. @param {string} key @param {Record<string, any>} [values] @returns {Told} */
function word(key, values) {
  return { word: key, values };
}

/**
 * Let a node say something.
 * @param {Element} node @param {string} name `text`, or an attribute @param {() => string} text
 */
function tell(node, name, text) {
  SAID.set(node, { ...SAID.get(node), [name]: text });
  put(node, name, text());
}

/** Let a node and all in it say again what they say. @param {Element} root */
function retell(root) {
  for (const node of [root, ...root.querySelectorAll("*")]) {
    for (const [name, text] of Object.entries(SAID.get(node) ?? {})) put(node, name, text());
  }
}

/** @param {Element} node @param {string} name @param {any} value */
function put(node, name, value) {
  if (name === "text") node.textContent = value;
  else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
}
