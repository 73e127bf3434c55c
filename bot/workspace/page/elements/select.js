// Select menus, single and multiple, over options, people or conversations: a button that opens a filtered list.

import { post } from '../api.js';
import { h, replace, uniqueId } from '../dom.js';
import { confirmed } from '../dialog.js';
import { icon } from '../icons.js';
import { avatar } from '../people.js';
import { closePopover, openPopover } from '../popover.js';
import { inert, plain } from '../text.js';
import { binding, isEmpty } from './form.js';

/** Any `*_select` element. */
export function selectElement(element, ctx, block) {
  const multi = element.type.startsWith('multi_');
  const bound = binding(element, block, ctx);
  const source = optionSource(element, ctx, block);
  let chosen = isEmpty(bound.value) ? [] : [bound.value].flat().map(String);
  const labelId = ctx.labelId ?? null;
  const face = h('span', { class: 'select-face' });
  const valueId = uniqueId('value');
  face.id = valueId;
  const button = h(
    'button',
    {
      class: 'select',
      type: 'button',
      role: 'combobox',
      'aria-haspopup': 'listbox',
      'aria-expanded': 'false',
      ...naming(labelId, valueId, plain(element.placeholder)),
      onclick: () => open(),
    },
    face,
    icon('down', 16),
  );
  button.dataset.actionId = element.action_id ?? '';
  const paint = () => replace(face, faceOf(chosen, multi, source, plain(element.placeholder) || 'Choose…'));
  const change = async (next) => {
    if (!(await confirmed(element.confirm, ctx.lookup))) return;
    chosen = next;
    paint();
    await bound.report(multi ? chosen : (chosen[0] ?? null));
  };
  const open = () => openList(button, { element, multi, source, chosen: () => chosen, change });
  paint();
  return h('div', { class: multi ? 'select-wrap multi' : 'select-wrap' }, button);
}

function naming(labelId, valueId, placeholder) {
  return labelId ? { 'aria-labelledby': `${labelId} ${valueId}` } : { 'aria-label': placeholder || 'Choose' };
}

function faceOf(chosen, multi, source, placeholder) {
  if (!chosen.length) return h('span', { class: 'select-placeholder' }, placeholder);
  const labels = chosen.map((value) => source.label(value));
  return multi ? labels.map((label) => h('span', { class: 'token' }, label)) : labels[0];
}

// Where the entries come from: {label(value), load(query) -> [{title, options: [{value, label, hint, figure}]}]}.
function optionSource(element, ctx, block) {
  const kind = element.type.replace('multi_', '').replace('_select', '');
  if (kind === 'static') return fixedSource(groupsOf(element));
  if (kind === 'external') return externalSource(element, ctx, block);
  const people = [...ctx.lookup.people()].map((who) => ({
    value: who.id,
    label: inert(who.name),
    hint: who.handle ? `@${who.handle}` : '',
    figure: () => avatar(who, 20),
  }));
  const channels = ctx.lookup.channels().map((one) => ({
    value: one.id,
    label: inert(one.name),
    hint: '',
    figure: () => icon(one.is_private ? 'lock' : 'hash', 16),
  }));
  if (kind === 'users') return fixedSource([{ title: '', options: people }]);
  if (kind === 'channels') return fixedSource([{ title: '', options: channels }]);
  return fixedSource([
    { title: 'Channels', options: channels },
    { title: 'People', options: people },
  ]);
}

function groupsOf(element) {
  const entry = (option) => ({
    value: String(option.value),
    label: plain(option.text),
    hint: plain(option.description),
  });
  if (element.option_groups)
    return element.option_groups.map((group) => ({ title: plain(group.label), options: group.options.map(entry) }));
  return [{ title: '', options: (element.options ?? []).map(entry) }];
}

function fixedSource(groups) {
  const labels = new Map(groups.flatMap((group) => group.options).map((option) => [option.value, option.label]));
  const matches = (query) => (option) =>
    `${option.label} ${option.hint}`.toLocaleLowerCase().includes(query.toLocaleLowerCase());
  return {
    label: (value) => labels.get(value) ?? value,
    load: async (query) =>
      groups
        .map((group) => ({ ...group, options: group.options.filter(matches(query)) }))
        .filter((group) => group.options.length),
  };
}

function externalSource(element, ctx, block) {
  const labels = new Map();
  for (const option of [element.initial_option, ...(element.initial_options ?? [])])
    if (option) labels.set(option.value, plain(option.text));
  return {
    label: (value) => labels.get(value) ?? value,
    minimum: element.min_query_length ?? 3,
    load: async (query) => {
      const answer = await post('options', {
        ...ctx.source,
        as: ctx.lookup.me.id,
        action_id: element.action_id,
        block_id: block.block_id,
        query,
      });
      const groups = groupsOf(answer);
      for (const option of groups.flatMap((group) => group.options)) labels.set(option.value, option.label);
      return groups;
    },
  };
}

function openList(button, menu) {
  new OptionList(menu).open(button);
}

// The opened list; `menu` is {element, multi, source, chosen(), change(values)}.
class OptionList {
  constructor(menu) {
    this.menu = menu;
    this.active = 0;
    this.id = uniqueId('list');
    this.list = h('div', {
      class: 'listbox',
      role: 'listbox',
      id: this.id,
      'aria-multiselectable': String(menu.multi),
      'aria-label': 'Options',
    });
    this.search = h('input', {
      class: 'listbox-search',
      type: 'text',
      placeholder: 'Find…',
      autocomplete: 'off',
      role: 'combobox',
      'aria-controls': this.id,
      'aria-expanded': 'true',
      'aria-autocomplete': 'list',
      'aria-label': 'Find an option',
      oninput: () => {
        this.active = 0;
        void this.draw();
      },
      onkeydown: (event) => this.pressed(event),
    });
  }

  open(button) {
    openPopover(button, [this.search, this.list], { className: 'popover-list' });
    void this.draw();
  }

  get isFull() {
    const most = this.menu.element.max_selected_items;
    return Boolean(this.menu.multi && most && this.menu.chosen().length >= most);
  }

  async pick(value) {
    const { multi, chosen, change } = this.menu;
    const had = chosen().includes(value);
    if (!had && this.isFull) return;
    if (!multi) {
      closePopover();
      await change([value]);
      return;
    }
    await change(had ? chosen().filter((one) => one !== value) : [...chosen(), value]);
    if (this.list.isConnected) await this.draw();
  }

  pressed(event) {
    const rows = this.rows();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.mark((this.active + step + rows.length) % Math.max(1, rows.length));
    else if (event.key === 'Enter') rows[this.active]?.click();
    else return;
    event.preventDefault();
  }

  rows() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }

  async draw() {
    const groups = await loadInto(this.list, this.menu.source, this.search.value);
    if (!groups) return;
    let index = 0;
    const row = (option) => {
      const selected = this.menu.chosen().includes(option.value);
      const id = `${this.id}-${index++}`;
      return optionRow(option, {
        id,
        selected,
        blocked: this.isFull && !selected,
        onclick: () => this.pick(option.value),
      });
    };
    replace(
      this.list,
      groups.map(({ title, options }) => titled(title, options.map(row))),
    );
    if (!index) this.list.append(h('div', { class: 'listbox-none' }, 'No matches'));
    this.mark(Math.max(0, Math.min(this.active, index - 1)));
  }

  mark(active) {
    this.active = active;
    const rows = this.rows();
    rows.forEach((row, index) => row.classList.toggle('active', index === active));
    if (!rows[active]) return;
    this.search.setAttribute('aria-activedescendant', rows[active].id);
    rows[active].scrollIntoView({ block: 'nearest' });
  }
}

function titled(title, rows) {
  return title
    ? h('div', { role: 'group', 'aria-label': title }, h('div', { class: 'listbox-title' }, title), rows)
    : rows;
}

async function loadInto(list, source, query) {
  if (source.minimum && query.length < source.minimum) {
    replace(list, h('div', { class: 'listbox-none' }, `Type at least ${source.minimum} characters`));
    return null;
  }
  try {
    return await source.load(query);
  } catch {
    replace(list, h('div', { class: 'listbox-none' }, 'These options can’t be loaded.'));
    return null;
  }
}

function optionRow(option, { id, selected, blocked, onclick }) {
  return h(
    'div',
    {
      class: 'option',
      role: 'option',
      id,
      'aria-selected': String(selected),
      'aria-disabled': blocked ? 'true' : null,
      dataset: { value: option.value },
      onclick,
    },
    option.figure?.() ?? null,
    h(
      'span',
      { class: 'menu-text' },
      h('span', { dir: 'auto' }, option.label),
      option.hint && h('span', { class: 'menu-hint' }, option.hint),
    ),
    selected ? h('span', { class: 'menu-check', 'aria-hidden': 'true' }, '✓') : null,
  );
}
