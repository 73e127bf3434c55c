// Where a person writes: slash commands, mentions, emoji, Enter to send.

import { send } from './actions.js';
import { h, uniqueId } from './dom.js';
import { fromShortcode } from './emoji.js';
import { icon } from './icons.js';
import { openEmojiPicker } from './picker.js';
import { state } from './store.js';
import { Suggestions } from './suggestions.js';

const TALLEST = 0.4; // of the window
const drafts = new Map(); // person, place and thread -> {text, mentions: label -> Slack's form}

/** A composer for a place, or for a thread in it. */
export function composer(options) {
  return new Composer(options).root;
}

class Composer {
  constructor({ key, thread = null, placeholder, onUpAtStart }) {
    Object.assign(this, { key, thread, onUpAtStart });
    const draftKey = `${state.me.id} ${key} ${thread ?? ''}`;
    if (!drafts.has(draftKey)) drafts.set(draftKey, { text: '', mentions: new Map() });
    this.draft = drafts.get(draftKey);
    const listId = uniqueId('completion');
    this.field = this.textField(placeholder, listId);
    this.field.value = this.draft.text;
    this.sendButton = h(
      'button',
      {
        class: 'composer-send',
        type: 'button',
        'aria-label': 'Send',
        title: 'Send (Enter)',
        onclick: () => this.submit(),
      },
      icon('send'),
    );
    this.suggestions = new Suggestions(this.field, listId, key, (label, form) => this.draft.mentions.set(label, form));
    this.root = h(
      'div',
      { class: 'composer' },
      this.suggestions.list,
      h('div', { class: 'composer-box' }, this.field, this.bar()),
    );
    requestAnimationFrame(() => this.grow());
  }

  textField(placeholder, listId) {
    return h('textarea', {
      class: 'composer-field',
      rows: 1,
      placeholder,
      'aria-label': placeholder,
      dir: 'auto',
      role: 'combobox',
      enterkeyhint: 'send',
      spellcheck: 'true',
      'aria-autocomplete': 'list',
      'aria-controls': listId,
      'aria-expanded': 'false',
      oninput: () => this.changed(),
      onkeydown: (event) => this.pressed(event),
    });
  }

  bar() {
    const tool = (face, label, onclick) =>
      h('button', { class: 'icon-button', type: 'button', 'aria-label': label, title: label, onclick }, face);
    const glyph = (text) => h('span', { class: 'composer-glyph', 'aria-hidden': 'true' }, text);
    const pick = () => openEmojiPicker(smile, (name) => this.insert(fromShortcode(name)));
    const smile = tool(icon('smile'), 'Emoji', pick);
    return h(
      'div',
      { class: 'composer-bar' },
      tool(glyph('/'), 'Commands', () => (this.field.value ? this.field.focus() : this.insert('/'))),
      tool(glyph('@'), 'Mention someone', () => this.insert('@')),
      smile,
      h('span', { class: 'composer-hint' }, 'Enter to send · Shift+Enter for a new line'),
      this.sendButton,
    );
  }

  /** Put a text where the cursor is, apart from the word before it. */
  insert(text) {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const gap = before && !/\s$/.test(before) ? ' ' : '';
    this.field.setRangeText(gap + text, this.field.selectionStart, this.field.selectionEnd, 'end');
    this.field.focus();
    this.changed();
  }

  changed() {
    this.draft.text = this.field.value;
    this.grow();
    this.suggestions.update();
  }

  grow() {
    this.field.style.height = 'auto';
    this.field.style.height = `${Math.min(this.field.scrollHeight, window.innerHeight * TALLEST)}px`;
    this.sendButton.disabled = !this.field.value.trim();
  }

  pressed(event) {
    if (event.isComposing || this.suggestions.pressed(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void this.submit();
    } else if (event.key === 'ArrowUp' && !this.field.value) {
      event.preventDefault();
      this.onUpAtStart?.();
    }
  }

  /** Send what is written; what is refused comes back, unless something new has been begun. */
  async submit() {
    const written = this.field.value;
    const text = written.trim();
    if (!text) return;
    this.field.value = '';
    this.changed();
    const taken = await send(this.key, text.startsWith('/') ? text : outgoing(text, this.draft.mentions), this.thread);
    if (taken) this.draft.mentions.clear();
    else if (!this.field.value) {
      this.field.value = written;
      this.changed();
    }
  }
}

// Picked mentions are written out in Slack's form; the server escapes whatever else a person typed.
function outgoing(text, mentions) {
  const longestFirst = [...mentions].sort(([one], [other]) => other.length - one.length);
  return longestFirst.reduce((result, [label, form]) => result.replaceAll(label, form), text);
}
