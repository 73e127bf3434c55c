// Small dialogs of the page itself: confirmation before an action, the keyboard help, an image up close.

import { h, uniqueId } from './dom.js';
import { icon } from './icons.js';
import { mrkdwn } from './mrkdwn.js';
import { plain } from './text.js';

/** Show a dialog; resolves with what `finish` was called with (undefined when dismissed). */
export function showDialog(title, build, className = '') {
  return new Promise((resolve) => {
    const id = uniqueId('dialog');
    let result;
    const finish = (value) => {
      result = value;
      dialog.close();
    };
    const close = h(
      'button',
      { class: 'icon-button', type: 'button', 'aria-label': 'Close', onclick: () => finish() },
      icon('close'),
    );
    const dialog = h(
      'dialog',
      { class: `dialog ${className}`, 'aria-labelledby': id, onclick: (event) => event.target === dialog && finish() },
      h('div', { class: 'dialog-head' }, h('h2', { id }, title), close),
      build(finish),
    );
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector('[data-autofocus]')?.focus();
  });
}

/** Ask what a `confirm` object asks; true when there is none or the person agreed. */
export async function confirmed(confirm, lookup) {
  if (!confirm) return true;
  const text = confirm.text?.type === 'mrkdwn' ? mrkdwn(confirm.text.text, lookup) : plain(confirm.text);
  const answer = await showDialog(
    plain(confirm.title) || 'Are you sure?',
    (finish) => [
      h('div', { class: 'dialog-body' }, text),
      h(
        'div',
        { class: 'dialog-foot' },
        h('button', { class: 'button', type: 'button', onclick: () => finish(false) }, plain(confirm.deny) || 'Cancel'),
        h(
          'button',
          {
            class: `button ${confirm.style === 'danger' ? 'danger' : 'primary'}`,
            type: 'button',
            'data-autofocus': true,
            onclick: () => finish(true),
          },
          plain(confirm.confirm) || 'Yes',
        ),
      ),
    ],
    'dialog-small',
  );
  return answer === true;
}
