// The body of a view (modal or App Home): its blocks, what stands in its inputs, and what is wrong with them.

import { click } from './actions.js';
import { drawBlocks } from './blocks/index.js';
import { reconcile } from './dom.js';
import { Form, isEmpty } from './elements/form.js';
import { directory } from './store.js';

export class ViewSurface {
  constructor(surface) {
    this.surface = surface;
    this.form = new Form();
    this.errors = {};
    this.view = null;
    this.root = null;
  }

  /** Bring `root` in line with the view; inputs that are still there keep what was typed. */
  draw(root, view) {
    this.root = root;
    this.view = view;
    const blocks = view.blocks ?? [];
    const ctx = {
      surface: this.surface,
      lookup: directory,
      source: { view_id: view.id },
      form: this.form,
      errors: this.errors,
      clearError: (blockId) => this.clearError(blockId),
      act: (detail) => click({ view_id: view.id }, { ...detail, values: this.form.toJSON() }),
    };
    this.form.keepOnly(new Set(blocks.flatMap(keysOf)));
    reconcile(
      root,
      blocks.map((block, index) => ({
        key: block.block_id ?? `at-${index}`,
        print: JSON.stringify([block, this.errors[block.block_id] ?? null]),
        make: () => drawBlocks([block], ctx)[0],
      })),
    );
  }

  clearError(blockId) {
    if (!(blockId in this.errors)) return;
    delete this.errors[blockId];
    const block = [...this.root.children].find((one) => one.dataset.blockId === blockId);
    block?.querySelector('.input')?.classList.remove('invalid');
    block?.querySelector('.input-error')?.replaceChildren();
    block?.querySelector('[aria-invalid]')?.removeAttribute('aria-invalid');
  }

  /** Show errors by block_id and go to the first of them. */
  showErrors(errors) {
    this.errors = errors;
    this.draw(this.root, this.view);
    const first = [...this.root.children].find((one) => one.dataset.blockId in errors);
    (first?.querySelector('input, textarea, button') ?? first)?.focus();
    first?.scrollIntoView({ block: 'nearest' });
  }

  /** What Slack's client refuses before sending: required inputs left empty, texts too short, not an address. */
  check() {
    const errors = {};
    for (const block of this.view.blocks ?? []) {
      if (block.type !== 'input') continue;
      const problem = problemWith(block, this.form.get(block.block_id, block.element?.action_id));
      if (problem) errors[block.block_id] = problem;
    }
    return errors;
  }
}

function problemWith({ element = {}, optional }, value) {
  if (isEmpty(value)) return optional || element.type === 'file_input' ? null : 'Please complete this required field.';
  const text = String(value);
  if (element.min_length && text.length < element.min_length)
    return `Please use at least ${element.min_length} characters.`;
  if (element.max_length && text.length > element.max_length)
    return `Please use at most ${element.max_length} characters.`;
  if (element.type === 'email_text_input' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text))
    return 'Please enter a valid email address.';
  if (element.type === 'url_text_input' && !/^https?:\/\/\S+$/i.test(text)) return 'Please enter a valid URL.';
  return element.type === 'number_input' ? numberProblem(element, text) : null;
}

function numberProblem(element, text) {
  const number = Number(text);
  if (!text.trim() || !Number.isFinite(number)) return 'Please enter a number.';
  if (!element.is_decimal_allowed && !Number.isInteger(number)) return 'Please enter a whole number.';
  if (element.min_value !== undefined && number < Number(element.min_value))
    return `Please enter ${element.min_value} or more.`;
  if (element.max_value !== undefined && number > Number(element.max_value))
    return `Please enter ${element.max_value} or less.`;
  return null;
}

function keysOf(block) {
  const elements = [block.element, block.accessory, ...(block.elements ?? []), ...(block.actions ?? [])].filter(
    (one) => one?.action_id,
  );
  const own = elements.map((one) => `${block.block_id}\n${one.action_id}`);
  return [...own, ...(block.child_blocks ?? []).flatMap(keysOf)];
}
