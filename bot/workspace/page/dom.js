// The only place that makes DOM nodes. Text always becomes a text node: there is no way to pass markup through here.

const SVG_NS = 'http://www.w3.org/2000/svg';

/** Make an HTML element: `h('p', {class: 'lead', onclick: fn}, 'text', child, [more])`. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Make an SVG element, same arguments as `h`. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG_NS, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [key, item] of Object.entries(value)) element.style.setProperty(key, item);
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'selected')
      element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

/** Append nodes, strings, numbers or (nested) lists of them; nothing for null, undefined and false. */
export function append(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return parent;
}

/** Put these children in the place of whatever the element holds. */
export function replace(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

/**
 * Bring a container's children in line with keyed items, touching only what changed, so that focus, hover, open
 * menus and half-typed text survive a reload. `items` are `{key, print, make}`: `print` is the state as a string.
 */
export function reconcile(container, items) {
  const present = new Map([...container.children].map((node) => [node.dataset.key, node]));
  let cursor = container.firstElementChild;
  for (const { key, print, make } of items) {
    let node = present.get(key);
    present.delete(key);
    if (!node || node.dataset.print !== print) {
      const fresh = make();
      fresh.dataset.key = key;
      fresh.dataset.print = print;
      if (node) {
        const wasFocused = node.contains(document.activeElement);
        if (cursor === node) cursor = fresh;
        node.replaceWith(fresh);
        if (wasFocused && fresh.tabIndex >= 0) fresh.focus({ preventScroll: true });
      }
      node = fresh;
    }
    if (node === cursor) cursor = cursor.nextElementSibling;
    else container.insertBefore(node, cursor);
  }
  for (const stale of present.values()) stale.remove();
}

/** A short stable number for a string, for colours and change detection. */
export function hash(text) {
  let value = 5381;
  for (let index = 0; index < text.length; index += 1) value = ((value * 33) ^ text.charCodeAt(index)) >>> 0;
  return value;
}

/** Run `task` at most once per `wait` milliseconds, the last call always being served. */
export function throttle(task, wait) {
  let timer = null;
  let again = false;
  const run = async () => {
    again = false;
    try {
      await task();
    } finally {
      timer = setTimeout(() => {
        timer = null;
        if (again) void trigger();
      }, wait);
    }
  };
  const trigger = () => {
    if (timer !== null) {
      again = true;
      return undefined;
    }
    timer = setTimeout(run, 15);
    return undefined;
  };
  return trigger;
}

let lastId = 0;

/** An id that is unique in this page, for labels and descriptions. */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
