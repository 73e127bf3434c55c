// Buttons, overflow menus, icon buttons and feedback buttons.

import { h } from '../dom.js';
import { confirmed } from '../dialog.js';
import { icon, namedIcon } from '../icons.js';
import { openMenu } from '../popover.js';
import { plain, safeUrl } from '../text.js';

// Run an action with the control showing that it is under way; a second press meanwhile does nothing.
async function busy(control, action) {
  if (control.getAttribute('aria-busy') === 'true') return;
  control.setAttribute('aria-busy', 'true');
  try {
    const worked = await action();
    control.classList.toggle('failed', worked === false);
  } finally {
    control.removeAttribute('aria-busy');
  }
}

/** button and workflow_button; with a `url` it opens the address as well as telling the app. */
export function buttonElement(element, ctx, block) {
  const url = element.url ? safeUrl(element.url) : null;
  const style = element.style === 'primary' || element.style === 'danger' ? ` ${element.style}` : '';
  const press = async () => {
    if (!(await confirmed(element.confirm, ctx.lookup))) return;
    if (url) window.open(url, '_blank', 'noopener,noreferrer');
    await busy(button, () => ctx.act({ element, block_id: block.block_id, action_id: element.action_id }));
  };
  const button = h(
    'button',
    {
      class: `button${style}`,
      type: 'button',
      'aria-label': element.accessibility_label ?? null,
      title: url,
      onclick: press,
    },
    h('span', { class: 'button-text', dir: 'auto' }, plain(element.text)),
    url ? icon('link', 14) : null,
  );
  button.dataset.actionId = element.action_id ?? '';
  return button;
}

/** overflow: a menu behind three dots. */
export function overflowElement(element, ctx, block) {
  const choose = async (option) => {
    if (!(await confirmed(element.confirm, ctx.lookup))) return;
    const url = option.url ? safeUrl(option.url) : null;
    if (url) window.open(url, '_blank', 'noopener,noreferrer');
    await busy(button, () =>
      ctx.act({ element, block_id: block.block_id, action_id: element.action_id, value: option.value }),
    );
  };
  const open = () =>
    openMenu(
      button,
      'More options',
      (element.options ?? []).map((option) => ({
        label: plain(option.text),
        hint: plain(option.description),
        run: () => choose(option),
      })),
      { align: 'end' },
    );
  const button = h(
    'button',
    {
      class: 'button overflow',
      type: 'button',
      'aria-label': 'More options',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      onclick: open,
    },
    icon('more'),
  );
  button.dataset.actionId = element.action_id ?? '';
  return button;
}

/** icon_button, shown only to those it is meant for. */
export function iconButtonElement(element, ctx, block) {
  const audience = element.visible_to_user_ids;
  if (audience?.length && !audience.includes(ctx.lookup.me.id)) return null;
  const label = element.accessibility_label ?? plain(element.text);
  const press = async () => {
    if (!(await confirmed(element.confirm, ctx.lookup))) return;
    await busy(button, () => ctx.act({ element, block_id: block.block_id, action_id: element.action_id }));
  };
  const button = h(
    'button',
    {
      class: 'icon-button context-action',
      type: 'button',
      'aria-label': label,
      title: plain(element.text),
      onclick: press,
    },
    namedIcon(element.icon),
  );
  button.dataset.actionId = element.action_id ?? '';
  return button;
}

/** feedback_buttons: a thumb up and a thumb down; the one pressed stays lit. */
export function feedbackElement(element, ctx, block) {
  const half = (object, name) => {
    const press = () =>
      busy(button, async () => {
        const worked = await ctx.act({
          element,
          block_id: block.block_id,
          action_id: element.action_id,
          value: object.value,
        });
        if (worked) for (const one of group.children) one.setAttribute('aria-pressed', String(one === button));
        return worked;
      });
    const label = object.accessibility_label ?? plain(object.text);
    const button = h(
      'button',
      {
        class: 'icon-button context-action',
        type: 'button',
        'aria-label': label,
        title: plain(object.text),
        'aria-pressed': 'false',
        onclick: press,
      },
      icon(name, 16),
    );
    button.dataset.actionId = element.action_id ?? '';
    button.dataset.value = object.value;
    return button;
  };
  const halves = [half(element.positive_button ?? {}, 'up_thumb'), half(element.negative_button ?? {}, 'down_thumb')];
  const group = h('span', { class: 'feedback', role: 'group', 'aria-label': 'Feedback' }, halves);
  return group;
}
