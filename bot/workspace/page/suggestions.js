// The list above a composer that offers commands, people, channels and emoji while one types.

import { completionsFor } from './completion.js';
import { h, replace } from './dom.js';

const LEAVE_MS = 120; // a click on an offer comes after the field has lost the focus

export class Suggestions {
  /** `mentioned(label, form)` is told of every mention picked: what stands in the field, and Slack's form of it. */
  constructor(field, listId, key, mentioned) {
    Object.assign(this, { field, key, mentioned, offers: [], active: 0, range: null });
    this.list = h('div', {
      class: 'completion',
      role: 'listbox',
      id: listId,
      'aria-label': 'Suggestions',
      hidden: true,
    });
    field.addEventListener('click', () => this.update());
    field.addEventListener('blur', () => setTimeout(() => this.hide(), LEAVE_MS));
  }

  /** Offer what fits the word before the cursor, or nothing. */
  update() {
    const found = completionsFor(this.field.value, this.field.selectionStart, this.key);
    if (!found?.offers.length) {
      this.hide();
      return;
    }
    Object.assign(this, found, { active: 0 });
    this.list.hidden = false;
    this.draw();
  }

  hide() {
    this.list.hidden = true;
    this.offers = [];
    this.field.setAttribute('aria-expanded', 'false');
    this.field.removeAttribute('aria-activedescendant');
  }

  /** Take a key while offers are shown; true when it was one of theirs. */
  pressed(event) {
    if (this.list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.active = (this.active + step + this.offers.length) % this.offers.length;
    else if (event.key === 'Escape') this.hide();
    else if (this.isChoice(event)) this.choose(this.offers[this.active]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    if (step) this.draw();
    return true;
  }

  // Enter sends a command that is already written out in full; Tab always chooses.
  isChoice(event) {
    const offer = this.offers[this.active];
    const complete = !offer.form && offer.insert.trim() === this.field.value.slice(...this.range);
    return event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey && !complete);
  }

  choose(offer) {
    this.field.setRangeText(offer.insert, this.range[0], this.range[1], 'end');
    if (offer.form) this.mentioned(offer.insert.trim(), offer.form);
    this.hide();
    this.field.focus();
    this.field.dispatchEvent(new Event('input'));
  }

  draw() {
    replace(
      this.list,
      this.offers.map((offer, index) => this.row(offer, index)),
    );
    this.field.setAttribute('aria-expanded', 'true');
    this.field.setAttribute('aria-activedescendant', `${this.list.id}-${this.active}`);
    this.list.children[this.active]?.scrollIntoView({ block: 'nearest' });
  }

  row(offer, index) {
    const chosen = index === this.active;
    const usage = offer.usage ? h('span', { class: 'dim' }, ` ${offer.usage}`) : null;
    return h(
      'div',
      {
        class: chosen ? 'option active' : 'option',
        role: 'option',
        id: `${this.list.id}-${index}`,
        'aria-selected': String(chosen),
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => this.choose(offer),
      },
      offer.figure(),
      h(
        'span',
        { class: 'menu-text' },
        h('span', { class: 'option-name' }, offer.label, usage),
        offer.hint ? h('span', { class: 'menu-hint' }, offer.hint) : null,
      ),
    );
  }
}
