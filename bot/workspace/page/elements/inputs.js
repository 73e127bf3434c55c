// Text, number, date and choice inputs.

import { h, uniqueId } from '../dom.js';
import { confirmed } from '../dialog.js';
import { mrkdwnInline } from '../mrkdwn.js';
import { plain } from '../text.js';
import { fromLocal, toLocal } from '../time.js';
import { binding } from './form.js';

const TYPED = { email_text_input: 'email', url_text_input: 'url', number_input: 'text' };
const CHARACTER_PAUSE_MS = 300;

function naming(element, ctx) {
  const described = ctx.describedBy ?? null;
  const name = ctx.labelId
    ? { 'aria-labelledby': ctx.labelId }
    : { 'aria-label': plain(element.placeholder) || element.type.replaceAll('_', ' ') };
  return { ...name, 'aria-describedby': described };
}

/** plain_text_input, email, url, number and rich_text_input (typed as mrkdwn). */
export function textInput(element, ctx, block) {
  const bound = binding(element, block, ctx);
  const long = element.multiline || element.type === 'rich_text_input';
  const field = h(long ? 'textarea' : 'input', {
    class: 'field',
    type: long ? null : (TYPED[element.type] ?? 'text'),
    inputmode: element.type === 'number_input' ? (element.is_decimal_allowed ? 'decimal' : 'numeric') : null,
    rows: long ? 4 : null,
    placeholder: plain(element.placeholder) || null,
    maxlength: element.max_length ?? null,
    dir: 'auto',
    autocomplete: 'off',
    'data-autofocus': element.focus_on_load === true,
    ...naming(element, ctx),
  });
  field.dataset.actionId = element.action_id ?? '';
  field.value = bound.value ?? '';
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ['on_enter_pressed'];
  let timer;
  field.addEventListener('input', () => {
    bound.keep(field.value);
    clearTimeout(timer);
    if (bound.acts && triggers.includes('on_character_entered'))
      timer = setTimeout(() => bound.tell(field.value), CHARACTER_PAUSE_MS);
  });
  field.addEventListener('keydown', (event) => {
    const sends =
      bound.acts &&
      triggers.includes('on_enter_pressed') &&
      event.key === 'Enter' &&
      !(long && event.shiftKey) &&
      !event.isComposing;
    if (!sends) return;
    event.preventDefault();
    event.stopPropagation();
    void bound.tell(field.value);
  });
  return field;
}

/** datepicker, timepicker and datetimepicker, as the browser draws them. */
export function timeInput(element, ctx, block) {
  const bound = binding(element, block, ctx);
  const kind = { datepicker: 'date', timepicker: 'time', datetimepicker: 'datetime-local' }[element.type];
  const field = h('input', { class: 'field field-time', type: kind, ...naming(element, ctx) });
  field.dataset.actionId = element.action_id ?? '';
  const zone = element.timezone ?? ctx.lookup.me.tz;
  if (bound.value !== undefined && bound.value !== null)
    field.value = kind === 'datetime-local' ? toLocal(bound.value, zone) : bound.value;
  let before = field.value;
  field.addEventListener('change', async () => {
    if (!(await confirmed(element.confirm, ctx.lookup))) {
      field.value = before;
      return;
    }
    before = field.value;
    await bound.report(!field.value ? null : kind === 'datetime-local' ? fromLocal(field.value, zone) : field.value);
  });
  const hint = kind !== 'date' && h('span', { class: 'field-zone' }, String(zone).replaceAll('_', ' '));
  return h('span', { class: 'field-row' }, field, hint);
}

/** checkboxes and radio_buttons. */
export function choiceInput(element, ctx, block) {
  const bound = binding(element, block, ctx);
  const many = element.type === 'checkboxes';
  const group = uniqueId('choice');
  const started = [bound.value ?? []].flat();
  const boxes = (element.options ?? []).map((option) => {
    const box = h('input', { type: many ? 'checkbox' : 'radio', name: group, checked: started.includes(option.value) });
    box.dataset.value = option.value;
    return [box, option];
  });
  let before = started;
  const read = () => boxes.filter(([box]) => box.checked).map(([box]) => box.dataset.value);
  const change = async () => {
    if (!(await confirmed(element.confirm, ctx.lookup))) {
      for (const [box] of boxes) box.checked = before.includes(box.dataset.value);
      return;
    }
    before = read();
    await bound.report(many ? before : (before[0] ?? null));
  };
  const rows = boxes.map(([box, option]) => {
    const text = option.text?.type === 'mrkdwn' ? mrkdwnInline(option.text.text, ctx.lookup) : plain(option.text);
    const hint =
      option.description &&
      h(
        'span',
        { class: 'choice-hint' },
        option.description.type === 'mrkdwn'
          ? mrkdwnInline(option.description.text, ctx.lookup)
          : plain(option.description),
      );
    return h(
      'label',
      { class: 'choice' },
      box,
      h('span', { class: 'choice-text' }, h('span', { dir: 'auto' }, text), hint),
    );
  });
  const root = h(
    'div',
    { class: 'choices', role: many ? 'group' : 'radiogroup', ...naming(element, ctx), onchange: change },
    rows,
  );
  root.dataset.actionId = element.action_id ?? '';
  return root;
}

/** file_input: the local workspace keeps no files, and says so. */
export function fileInput() {
  return h(
    'div',
    { class: 'note' },
    'Files can’t be uploaded in the local workspace. In Slack, this is where files are chosen.',
  );
}
