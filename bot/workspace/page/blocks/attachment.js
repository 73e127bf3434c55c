// Secondary attachments, as older apps send them: a coloured bar beside blocks or a title and a text.

import { h } from '../dom.js';
import { link } from '../entities.js';
import { mrkdwn } from '../mrkdwn.js';
import { inert, plain } from '../text.js';
import { drawBlocks } from './index.js';

const COLOURS = { good: '#2c9a68', warning: '#d99a1c', danger: '#c0303c' };

/** One attachment of a message. */
export function attachment(one, ctx) {
  const colour = /^#?[0-9a-f]{6}$/i.test(one.color ?? '') ? `#${one.color.replace('#', '')}` : COLOURS[one.color];
  const inside = one.blocks?.length ? drawBlocks(one.blocks, ctx) : legacy(one, ctx);
  return [
    one.pretext ? h('div', null, mrkdwn(one.pretext, ctx.lookup)) : null,
    h('div', { class: 'attachment', style: colour ? { '--bar': colour } : {} }, inside),
  ];
}

function legacy(one, ctx) {
  const title = one.title
    ? h(
        'div',
        { class: 'attachment-title' },
        one.title_link ? link(one.title_link, plain(one.title)) : plain(one.title),
      )
    : null;
  const fields = (one.fields ?? []).map((field) =>
    h('div', { class: 'field-cell' }, h('strong', null, plain(field.title)), mrkdwn(field.value, ctx.lookup)),
  );
  return [
    one.author_name ? h('div', { class: 'dim' }, inert(one.author_name)) : null,
    title,
    mrkdwn(one.text ?? (title ? '' : one.fallback), ctx.lookup),
    fields.length ? h('div', { class: 'fields' }, fields) : null,
    one.footer ? h('div', { class: 'context' }, inert(one.footer)) : null,
  ];
}
