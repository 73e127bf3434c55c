// card and carousel.

import { h } from '../dom.js';
import { drawElement } from '../elements/index.js';
import { icon } from '../icons.js';
import { textNodes } from './basic.js';
import { picture } from './media.js';

export function card(block, ctx) {
  const figure = block.icon ? picture(block.icon, 'card-icon') : null;
  const title = block.title ? h('div', { class: 'card-title' }, textNodes(block.title, ctx.lookup)) : null;
  const subtitle = block.subtitle ? h('div', { class: 'card-subtitle' }, textNodes(block.subtitle, ctx.lookup)) : null;
  return h(
    'article',
    { class: 'card' },
    block.hero_image ? h('div', { class: 'card-hero' }, picture(block.hero_image, 'hero')) : null,
    figure || title || subtitle ? h('div', { class: 'card-head' }, figure, h('div', null, title, subtitle)) : null,
    block.body ? h('div', { class: 'card-body' }, textNodes(block.body, ctx.lookup)) : null,
    block.actions?.length
      ? h(
          'div',
          { class: 'actions' },
          block.actions.map((element) => drawElement(element, ctx, block)),
        )
      : null,
  );
}

export function carousel(block, ctx) {
  const cards = (block.elements ?? []).map((one) => h('li', null, card(one, ctx)));
  const track = h('ul', { class: 'carousel-track', tabindex: '0' }, cards);
  const move = (direction) =>
    track.scrollBy({ left: direction * Math.max(220, track.clientWidth * 0.8), behavior: 'smooth' });
  const arrow = (name, direction, label) =>
    h(
      'button',
      {
        class: `icon-button carousel-arrow carousel-${name}`,
        type: 'button',
        'aria-label': label,
        onclick: () => move(direction),
      },
      icon(name),
    );
  return h(
    'div',
    { class: 'carousel', role: 'group', 'aria-label': `${cards.length} cards` },
    arrow('back', -1, 'Earlier cards'),
    track,
    arrow('forward', 1, 'Later cards'),
  );
}
