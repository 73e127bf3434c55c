// Line icons of our own, drawn on a 20 × 20 grid.

import { svg } from './dom.js';

const PATHS = {
  hash: 'M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h14M2.5 12.5h14',
  lock: 'M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9',
  home: 'M3 9.5 10 3.5l7 6M5 8v8.5h10V8',
  message: 'M3 4h14v10H9l-4 3v-3H3z',
  info: 'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM10 9v5M10 6.2v.3',
  thread: 'M3 4h14v9H9.5L6 16v-3H3zM6.5 7.5h7M6.5 10h4',
  smile: 'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM7 8v.5M13 8v.5M6.5 11.5c1.5 3 5.5 3 7 0',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  moreUp: 'M10 4.5v.01M10 10v.01M10 15.5v.01',
  close: 'M5 5l10 10M15 5 5 15',
  back: 'M12.5 4 6.5 10l6 6',
  forward: 'M7.5 4l6 6-6 6',
  down: 'M5 7.5l5 5 5-5',
  up: 'M5 12.5l5-5 5 5',
  send: 'M3 3.5 17.5 10 3 16.5 5.5 10zM5.5 10h6',
  stop: 'M5.5 5.5h9v9h-9z',
  search: 'M8.5 3a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM12.5 12.5 17 17',
  sun:
    'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v2M10 16v2M2 10h2M16 10h2' +
    'M4.3 4.3l1.5 1.5M14.2 14.2l1.5 1.5M4.3 15.7l1.5-1.5M14.2 5.8l1.5-1.5',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5 7 7 0 1 0 16.5 12z',
  system: 'M3 4h14v10H3zM7.5 17h5M10 14v3',
  keyboard: 'M2.5 5h15v10h-15zM5.5 8h.01M8.5 8h.01M11.5 8h.01M14.5 8h.01M5.5 12h9',
  eye: 'M2 10c3-6 13-6 16 0-3 6-13 6-16 0zM10 7.7a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6z',
  menu: 'M3 5.5h14M3 10h14M3 14.5h14',
  check: 'M4 10.5 8 14.5 16 5.5',
  plus: 'M10 4v12M4 10h12',
  file: 'M5 2.5h6.5L15.5 6.5v11H5zM11.5 2.5v4h4',
  play: 'M6.5 4v12l10-6z',
  image: 'M3 4h14v12H3zM3 13.5l4-4 4 4 2.5-2.5 3.5 3M13 7.5h.01',
  link: 'M8.5 11.5a3 3 0 0 0 4.2 0l3-3a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-3 3a3 3 0 0 0 4.2 4.2l1-1',
  warning: 'M10 3 18 17H2zM10 8v4.5M10 14.6v.2',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.7 11h7.6l.7-11',
  copy: 'M7 7h9v10H7zM4 13V3h9',
  up_thumb: 'M3 9h3v8H3zM6 10l3.5-7c1.7 0 2.3 1 2 2.5L11 8h4.5c1 0 1.7.9 1.5 1.9l-1.2 5.6c-.2.9-.9 1.5-1.8 1.5H6',
  down_thumb: 'M3 11h3V3H3zM6 10l3.5 7c1.7 0 2.3-1 2-2.5L11 12h4.5c1 0 1.7-.9 1.5-1.9l-1.2-5.6C15.6 3.6 14.9 3 14 3H6',
  filter: 'M3 4.5h14l-5.5 6.5v5l-3-1.5V11z',
  bolt: 'M11 2.5 4.5 11.5H9l-1 6 6.5-9H10z',
};

/** A decorative icon; the control around it carries the label. */
export function icon(name, size = 18) {
  return svg(
    'svg',
    { class: 'icon', viewBox: '0 0 20 20', width: size, height: size, 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: PATHS[name] ?? PATHS.bolt, 'stroke-width': name.startsWith('more') ? 3 : null }),
  );
}

/** Names of the icons an `icon_button` may ask for, and what is drawn for them. */
export function namedIcon(name) {
  const known = {
    trash: 'trash',
    copy: 'copy',
    link: 'link',
    file: 'file',
    'thumbs-up': 'up_thumb',
    'thumbs-down': 'down_thumb',
  };
  return icon(known[name] ?? 'bolt', 16);
}

/** MeshClaw's own mark: three strokes caught in a mesh. */
export function mark(size = 36) {
  const strokes = 'M9 27C9 17 13 12 19 9M15.5 29C15.5 21 18 16 24 12.5M22 30c0-6 2-9.5 6-12';
  return svg(
    'svg',
    { class: 'mark', viewBox: '0 0 36 36', width: size, height: size, 'aria-hidden': 'true', focusable: 'false' },
    svg('rect', { width: 36, height: 36, rx: 8, class: 'mark-ground' }),
    svg('path', { class: 'mark-mesh', d: 'M0 12 12 0M0 24 24 0M0 36 36 0M12 36 36 12M24 36 36 24' }),
    svg('path', { class: 'mark-claw', d: strokes }),
  );
}
