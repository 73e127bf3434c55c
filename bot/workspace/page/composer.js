// Where a person writes: slash commands, mentions, emoji, Enter to send.

import { send } from './actions.js';
import { completionsFor } from './completion.js';
import { h, replace, uniqueId } from './dom.js';
import { icon } from './icons.js';
import { openEmojiPicker } from './picker.js';
import { fromShortcode } from './emoji.js';
import { state } from './store.js';

const drafts = new Map();

/** A composer for a place, or for a thread in it. */
export function composer({ key, thread = null, placeholder, onUpAtStart }) {
  const draftKey = `${state.me.id} ${key} ${thread ?? ''}`;
  const draft = drafts.get(draftKey) ?? { text: '', mentions: new Map() };
  drafts.set(draftKey, draft);
  const listId = uniqueId('completion');
  const list = h('div', {
    class: 'completion',
    role: 'listbox',
    id: listId,
    'aria-label': 'Suggestions',
    hidden: true,
  });
  const field = h('textarea', {
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
  });
  field.value = draft.text;
  const sendButton = h(
    'button',
    { class: 'composer-send', type: 'button', 'aria-label': 'Send', title: 'Send (Enter)', onclick: () => submit() },
    icon('send'),
  );
  const helper = completion(field, list, draft, key);

  const grow = () => {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, window.innerHeight * 0.4)}px`;
    sendButton.disabled = !field.value.trim();
  };
  const changed = () => {
    draft.text = field.value;
    grow();
    helper.update();
  };
  const insert = (text) => {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
    field.focus();
    changed();
  };
  const submit = async () => {
    const text = field.value.trim();
    if (!text) return;
    const whole = field.value;
    field.value = '';
    changed();
    const taken = await send(key, text.startsWith('/') ? text : outgoing(text, draft.mentions), thread);
    if (taken) draft.mentions.clear();
    else if (!field.value) {
      field.value = whole;
      changed();
    }
  };
  field.addEventListener('input', changed);
  field.addEventListener('click', helper.update);
  field.addEventListener('blur', () => setTimeout(helper.hide, 120));
  field.addEventListener('keydown', (event) => {
    if (event.isComposing || helper.keydown(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void submit();
    } else if (event.key === 'ArrowUp' && !field.value) {
      event.preventDefault();
      onUpAtStart?.();
    }
  });
  const tool = (name, label, onclick) =>
    h(
      'button',
      { class: 'icon-button', type: 'button', 'aria-label': label, title: label, onclick },
      name.length === 1 ? h('span', { class: 'composer-glyph', 'aria-hidden': 'true' }, name) : icon(name),
    );
  const start = (mark) => () =>
    mark === '/' && field.value
      ? insert('')
      : insert(field.value && !/\s$/.test(field.value.slice(0, field.selectionStart)) ? ` ${mark}` : mark);
  const smile = tool('smile', 'Emoji', () => openEmojiPicker(smile, (name) => insert(fromShortcode(name))));
  requestAnimationFrame(grow);
  return h(
    'div',
    { class: 'composer' },
    list,
    h(
      'div',
      { class: 'composer-box' },
      field,
      h(
        'div',
        { class: 'composer-bar' },
        tool('/', 'Commands', start('/')),
        tool('@', 'Mention someone', start('@')),
        smile,
        h('span', { class: 'composer-hint' }, 'Enter to send · Shift+Enter for a new line'),
        sendButton,
      ),
    ),
  );
}

// Picked mentions are written out in Slack's form; the server escapes whatever else a person typed.
function outgoing(text, mentions) {
  const longestFirst = [...mentions].sort(([one], [other]) => other.length - one.length);
  return longestFirst.reduce((result, [label, form]) => result.replaceAll(label, form), text);
}

function completion(field, list, draft, key) {
  let offers = [];
  let active = 0;
  let range = null;
  const hide = () => {
    list.hidden = true;
    offers = [];
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const choose = (offer) => {
    field.setRangeText(offer.insert, range[0], range[1], 'end');
    if (offer.form) draft.mentions.set(offer.insert.trim(), offer.form);
    draft.text = field.value;
    hide();
    field.focus();
    field.dispatchEvent(new Event('input'));
  };
  const draw = () => {
    replace(
      list,
      offers.map((offer, index) =>
        h(
          'div',
          {
            class: index === active ? 'option active' : 'option',
            role: 'option',
            id: `${list.id}-${index}`,
            'aria-selected': String(index === active),
            onpointerdown: (event) => event.preventDefault(),
            onclick: () => choose(offer),
          },
          offer.figure?.() ?? null,
          h(
            'span',
            { class: 'menu-text' },
            h(
              'span',
              { class: 'option-name' },
              offer.label,
              offer.usage ? h('span', { class: 'dim' }, ` ${offer.usage}`) : null,
            ),
            offer.hint ? h('span', { class: 'menu-hint' }, offer.hint) : null,
          ),
        ),
      ),
    );
    field.setAttribute('aria-expanded', 'true');
    field.setAttribute('aria-activedescendant', `${list.id}-${active}`);
    list.children[active]?.scrollIntoView({ block: 'nearest' });
  };
  const update = () => {
    const found = completionsFor(field.value, field.selectionStart, key);
    if (!found || !found.offers.length) return hide();
    ({ offers, range } = found);
    active = 0;
    list.hidden = false;
    return draw();
  };
  const keydown = (event) => {
    if (list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const complete = !offers[active].form && offers[active].insert.trim() === field.value.slice(...range);
    const sure = event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey && !complete);
    if (step) active = (active + step + offers.length) % offers.length;
    else if (event.key === 'Escape') hide();
    else if (sure) choose(offers[active]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    if (step) draw();
    return true;
  };
  return { update, hide, keydown };
}
