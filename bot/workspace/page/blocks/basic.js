// section, header, divider, context, actions, input, alert, markdown, context_actions, container.

import { append, h, uniqueId } from '../dom.js';
import { drawElement } from '../elements/index.js';
import { icon } from '../icons.js';
import { markdown } from '../markdown.js';
import { mrkdwn } from '../mrkdwn.js';
import { inert, plain } from '../text.js';
import { picture } from './media.js';

/** A text object as nodes: mrkdwn parsed, plain_text as it is. */
export function textNodes(object, lookup) {
  if (object === null || object === undefined) return [];
  if (object.type === 'mrkdwn') return mrkdwn(object.text, lookup);
  return [h('div', { class: 'plain', dir: 'auto' }, plain(object))];
}

export function section(block, ctx) {
  const fields = block.fields?.length
    ? h(
        'div',
        { class: 'fields' },
        block.fields.map((field) => h('div', { class: 'field-cell' }, textNodes(field, ctx.lookup))),
      )
    : null;
  const body = h('div', { class: 'section-body' }, textNodes(block.text, ctx.lookup), fields);
  if (!block.accessory) return body;
  const drawn = drawElement(block.accessory, ctx, block);
  const tall = ['checkboxes', 'radio_buttons'].includes(block.accessory.type);
  return h(
    'div',
    { class: tall ? 'section section-tall' : 'section' },
    body,
    h('div', { class: 'section-accessory' }, drawn),
  );
}

export function header(block) {
  return h(
    'div',
    { class: 'header', role: 'heading', 'aria-level': Math.min(6, (block.level ?? 1) + 2), dir: 'auto' },
    plain(block.text),
  );
}

export function divider() {
  return h('hr', { class: 'divider' });
}

export function context(block, ctx) {
  const parts = (block.elements ?? []).map((element) =>
    element.type === 'image'
      ? picture(element, 'context')
      : h('div', { class: 'context-text' }, textNodes(element, ctx.lookup)),
  );
  return h('div', { class: 'context' }, parts);
}

export function actions(block, ctx) {
  return h(
    'div',
    { class: 'actions', role: 'group', 'aria-label': 'Actions' },
    (block.elements ?? []).map((element) => drawElement(element, ctx, block)),
  );
}

export function contextActions(block, ctx) {
  return h(
    'div',
    { class: 'actions context-actions' },
    (block.elements ?? []).map((element) => drawElement(element, ctx, block)),
  );
}

/** input: label, element, hint, and the error the app gave for this block, tied together for screen readers. */
export function input(block, ctx) {
  const ids = { label: uniqueId('label'), hint: uniqueId('hint'), error: uniqueId('error') };
  const error = ctx.errors?.[block.block_id];
  const inner = { ...ctx, labelId: ids.label, describedBy: `${ids.hint} ${ids.error}` };
  const field = drawElement(block.element ?? {}, inner, block);
  const optional = block.optional ? h('span', { class: 'dim' }, ' (optional)') : null;
  const isText = field.matches?.('input, textarea');
  const label = h(
    isText ? 'label' : 'div',
    { class: 'input-label', id: ids.label },
    h('span', { dir: 'auto' }, plain(block.label)),
    optional,
  );
  if (isText) {
    field.id = uniqueId('field');
    label.htmlFor = field.id;
    field.required = !block.optional;
    if (error) field.setAttribute('aria-invalid', 'true');
  }
  return h(
    'div',
    { class: error ? 'input invalid' : 'input' },
    label,
    field,
    h(
      'div',
      { class: 'input-error', id: ids.error, role: 'alert' },
      error ? [icon('warning', 16), inert(error)] : null,
    ),
    h('div', { class: 'input-hint', id: ids.hint, dir: 'auto' }, plain(block.hint)),
  );
}

const LEVELS = { info: 'info', warning: 'warning', error: 'warning', success: 'check', default: 'info' };

export function alert(block, ctx) {
  const level = Object.hasOwn(LEVELS, block.level) ? block.level : 'default';
  return h(
    'div',
    { class: `alert alert-${level}`, role: level === 'error' || level === 'warning' ? 'alert' : 'note' },
    icon(LEVELS[level]),
    h('div', null, textNodes(block.text, ctx.lookup)),
  );
}

export function markdownBlock(block, ctx) {
  return append(h('div', { class: 'markdown' }), markdown(block.text, ctx.lookup));
}

/** container: blocks under a common title, foldable when the app says so. */
export function container(block, ctx) {
  const title = block.rich_text_title
    ? ctx.draw([block.rich_text_title], ctx)
    : h('span', { class: 'container-title' }, plain(block.title));
  const head = [
    block.icon ? picture(block.icon, 'card-icon') : null,
    h(
      'span',
      null,
      title,
      block.subtitle ? h('span', { class: 'dim container-subtitle' }, textNodes(block.subtitle, ctx.lookup)) : null,
    ),
  ];
  const body = h('div', { class: 'container-body' }, ctx.draw(block.child_blocks ?? [], ctx));
  if (!block.is_collapsible)
    return h(
      'div',
      { class: 'container' },
      h('div', { class: block.has_header_divider ? 'container-head ruled' : 'container-head' }, head),
      body,
    );
  return h(
    'details',
    { class: 'container', open: !block.default_collapsed },
    h('summary', { class: 'container-head' }, head),
    body,
  );
}
