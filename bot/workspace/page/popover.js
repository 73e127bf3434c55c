// Floating panels: one open at a time, above everything, closed by Escape, by clicking elsewhere or by leaving.

import { h, uniqueId } from './dom.js';

let current = null;

/** Close the open panel, if any; focus goes back to what opened it unless `keepFocus`. */
export function closePopover(keepFocus = false) {
  if (!current) return;
  const { panel, anchor, onclose, cleanup } = current;
  current = null;
  cleanup();
  panel.remove();
  anchor.setAttribute('aria-expanded', 'false');
  if (!keepFocus) anchor.focus({ preventScroll: true });
  onclose?.();
}

/**
 * Open `content` beside `anchor`. `place` is 'below' or 'above'; it flips when there is no room. `passive` panels
 * (completions) leave the focus where it is.
 */
export function openPopover(
  anchor,
  content,
  { place = 'below', align = 'start', className = '', onclose, passive = false } = {},
) {
  closePopover(true);
  const panel = h('div', { class: `popover ${className}`, popover: 'manual', id: uniqueId('panel') }, content);
  (anchor.closest('dialog[open]') ?? document.body).append(panel);
  panel.showPopover();
  position(panel, anchor, place, align);
  anchor.setAttribute('aria-expanded', 'true');
  current = {
    panel,
    anchor,
    onclose,
    cleanup: watch(panel, anchor, passive, () => position(panel, anchor, place, align)),
  };
  if (!passive)
    (panel.querySelector('[data-autofocus], input, button, [tabindex="0"]') ?? panel).focus({ preventScroll: true });
  return panel;
}

function position(panel, anchor, place, align) {
  const edge = 8;
  const from = anchor.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const roomBelow = window.innerHeight - from.bottom - edge;
  const roomAbove = from.top - edge;
  const below =
    place === 'below'
      ? roomBelow >= Math.min(size.height, 200) || roomBelow >= roomAbove
      : roomAbove < Math.min(size.height, 200) && roomBelow > roomAbove;
  panel.style.maxHeight = `${Math.max(120, (below ? roomBelow : roomAbove) - 4)}px`;
  const height = Math.min(size.height, below ? roomBelow - 4 : roomAbove - 4);
  const left = align === 'end' ? from.right - size.width : from.left;
  panel.style.left = `${Math.max(edge, Math.min(left, window.innerWidth - size.width - edge))}px`;
  panel.style.top = `${below ? from.bottom + 4 : Math.max(edge, from.top - height - 4)}px`;
}

function watch(panel, anchor, passive, reposition) {
  const outside = (event) => {
    if (!panel.contains(event.target) && !anchor.contains(event.target)) closePopover(true);
  };
  const keys = (event) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      closePopover(passive);
    } else if (event.key === 'Tab' && !passive) {
      closePopover();
    }
  };
  const scrolled = (event) => {
    if (panel.contains(event.target)) return;
    const seen = anchor.getBoundingClientRect();
    if (!anchor.isConnected || seen.bottom < 0 || seen.top > window.innerHeight) closePopover(true);
    else reposition();
  };
  document.addEventListener('pointerdown', outside, true);
  document.addEventListener('keydown', keys, true);
  document.addEventListener('scroll', scrolled, true);
  window.addEventListener('resize', reposition);
  return () => {
    document.removeEventListener('pointerdown', outside, true);
    document.removeEventListener('keydown', keys, true);
    document.removeEventListener('scroll', scrolled, true);
    window.removeEventListener('resize', reposition);
  };
}

/** A menu of `{label, hint?, icon?, checked?, danger?, run}` entries; null draws a line between groups. */
export function openMenu(anchor, label, entries, options = {}) {
  const items = entries.map((entry) => {
    if (!entry) return h('div', { class: 'menu-line', role: 'separator' });
    return h(
      'button',
      {
        class: entry.danger ? 'menu-item danger' : 'menu-item',
        type: 'button',
        role: entry.checked === undefined ? 'menuitem' : 'menuitemradio',
        'aria-checked': entry.checked === undefined ? null : String(entry.checked),
        tabindex: '-1',
        onclick: () => {
          closePopover();
          entry.run();
        },
      },
      entry.icon ?? null,
      h(
        'span',
        { class: 'menu-text' },
        h('span', null, entry.label),
        entry.hint && h('span', { class: 'menu-hint' }, entry.hint),
      ),
      entry.checked ? h('span', { class: 'menu-check', 'aria-hidden': 'true' }, '✓') : null,
    );
  });
  const menu = h(
    'div',
    { class: 'menu', role: 'menu', 'aria-label': label, onkeydown: (event) => moveIn(event, menu) },
    items,
  );
  anchor.setAttribute('aria-haspopup', 'menu');
  const panel = openPopover(anchor, menu, { className: 'popover-menu', ...options });
  (menu.querySelector('[aria-checked="true"]') ?? menu.querySelector('.menu-item'))?.focus();
  return panel;
}

/** Arrow keys, Home, End and first letters inside a menu. */
function moveIn(event, menu) {
  const items = [...menu.querySelectorAll('.menu-item')];
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    items[(next + items.length) % items.length]?.focus();
  } else if (event.key.length === 1 && /\S/.test(event.key)) {
    const letter = event.key.toLocaleLowerCase();
    [...items.slice(at + 1), ...items]
      .find((item) => item.textContent.trim().toLocaleLowerCase().startsWith(letter))
      ?.focus();
  }
}
