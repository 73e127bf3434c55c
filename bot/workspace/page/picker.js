// The emoji picker for reactions and the composer.

import { h, replace } from './dom.js';
import { FREQUENT, findEmoji, fromShortcode } from './emoji.js';
import { closePopover, openPopover } from './popover.js';

const COLUMNS = 8;

/** Let the person pick an emoji; `choose` gets its shortcode. */
export function openEmojiPicker(anchor, choose) {
  const grid = h('div', { class: 'emoji-grid', role: 'group', 'aria-label': 'Emoji' });
  const pick = (name) => {
    closePopover();
    choose(name);
  };
  const draw = (query) => {
    const found = query
      ? findEmoji(query.toLowerCase().replaceAll(':', '').replaceAll(' ', '_'), 48)
      : [
          ...FREQUENT.map((name) => [name, fromShortcode(name)]),
          ...findEmoji('', 60).filter(([name]) => !FREQUENT.includes(name)),
        ].slice(0, 48);
    replace(
      grid,
      found.map(([name, symbol]) =>
        h(
          'button',
          {
            class: 'emoji-cell',
            type: 'button',
            title: `:${name}:`,
            'aria-label': name.replaceAll('_', ' '),
            onclick: () => pick(name),
          },
          symbol,
        ),
      ),
    );
    if (!found.length) grid.append(h('div', { class: 'listbox-none' }, 'No emoji found'));
  };
  const search = h('input', {
    class: 'listbox-search',
    type: 'text',
    placeholder: 'Find an emoji',
    'aria-label': 'Find an emoji',
    autocomplete: 'off',
    oninput: () => draw(search.value),
  });
  const walk = (event) => {
    const cells = [...grid.querySelectorAll('.emoji-cell')];
    const at = cells.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (event.target === search && event.key === 'Enter') cells[0]?.click();
    else if (event.target === search && event.key === 'ArrowDown') cells[0]?.focus();
    else if (at >= 0 && step) (cells[at + step] ?? (step < 0 ? search : cells.at(-1))).focus();
    else return;
    event.preventDefault();
  };
  draw('');
  openPopover(anchor, h('div', { role: 'dialog', 'aria-label': 'Choose an emoji', onkeydown: walk }, search, grid), {
    className: 'popover-emoji',
    align: 'end',
  });
}
