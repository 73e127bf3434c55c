// Pictures, files and videos. Nothing is fetched from elsewhere until the person asks: a picture's address can tell
// its sender that, when and from where it was looked at.

import { h } from '../dom.js';
import { icon } from '../icons.js';
import { inert, plain, safeUrl } from '../text.js';

const own = (url) => url.startsWith('data:image/') || new URL(url, location.href).origin === location.origin;

/** An image element (`accessory`, `context`, `card-icon`, `hero`) or the picture of an image block (`block`). */
export function picture(image, kind) {
  const alt = inert(image.alt_text ?? '');
  const address = image.image_url ?? image.slack_file?.url ?? '';
  const url = /^data:image\/(png|jpeg|gif|webp);base64,/.test(address) ? address : safeUrl(address);
  if (!url || url.startsWith('mailto:')) return missing(alt || 'Image', kind);
  if (own(url)) return shown(url, alt, kind);
  const host = new URL(url).host;
  const small = kind === 'context' || kind === 'card-icon';
  const ask = h(
    'button',
    {
      class: `picture-ask picture-${kind}`,
      type: 'button',
      title: `${alt}\nShow image from ${host}`,
      'aria-label': `${alt}. Show image from ${host}`,
      onclick: () => ask.replaceWith(shown(url, alt, kind)),
    },
    icon('image', small ? 14 : 22),
    small ? null : h('span', { class: 'picture-alt' }, alt),
    small ? null : h('span', { class: 'picture-host' }, `Show image from ${host}`),
  );
  return ask;
}

function shown(url, alt, kind) {
  const image = h('img', {
    class: `picture picture-${kind}`,
    src: url,
    alt,
    title: alt,
    loading: 'lazy',
    referrerpolicy: 'no-referrer',
    decoding: 'async',
  });
  image.addEventListener('error', () => image.replaceWith(missing(alt || 'Image', kind)));
  return image;
}

function missing(alt, kind) {
  return h(
    'span',
    { class: `picture-missing picture-${kind}`, role: 'img', 'aria-label': alt, title: alt },
    icon('image', 14),
    kind === 'context' || kind === 'card-icon' ? null : h('span', null, alt),
  );
}

/** image block: an optional title above the picture. */
export function imageBlock(block) {
  const title = block.title && h('figcaption', null, plain(block.title));
  return h('figure', { class: 'figure' }, title, picture(block, 'block'));
}

/** file block: what is known of a file, as a card. */
export function fileBlock(block) {
  const file = block.file ?? {};
  const url = file.permalink ? safeUrl(file.permalink) : null;
  const name = inert(file.title ?? file.name ?? block.external_id ?? 'File');
  return linkCard(icon('file', 22), url ? external(url, name) : name, [
    inert(file.pretty_type ?? 'File'),
    block.source === 'remote' ? 'kept elsewhere' : null,
  ]);
}

/** video block: a card that links to the video; nothing is embedded. */
export function videoBlock(block) {
  const url = safeUrl(block.title_url ?? block.video_url);
  const title = plain(block.title) || inert(block.alt_text ?? 'Video');
  const about = [plain(block.author_name), plain(block.provider_name)].filter(Boolean);
  return linkCard(icon('play', 22), url ? external(url, title) : title, about, plain(block.description));
}

/** call block: who is on a call, and the way to join. */
export function callBlock(block) {
  const call = block.call?.v1 ?? {};
  const url = call.join_url ? safeUrl(call.join_url) : null;
  return linkCard(icon('play', 22), inert(call.name ?? 'Call'), [url && external(url, 'Join')]);
}

const external = (url, label) =>
  h('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow', title: inert(url) }, label);

function linkCard(figure, title, about, description) {
  const details = about.filter(Boolean).flatMap((one, index) => (index ? [' · ', one] : [one]));
  return h(
    'div',
    { class: 'link-card' },
    h('span', { class: 'link-card-figure' }, figure),
    h(
      'div',
      { class: 'link-card-text' },
      h('div', { class: 'link-card-title', dir: 'auto' }, title),
      details.length ? h('div', { class: 'dim' }, details) : null,
      description ? h('div', { dir: 'auto' }, description) : null,
    ),
  );
}
