// Modals: the topmost view of the stack in one dialog, the ones below it as sheets behind.

import { closeViews, submit } from './actions.js';
import { h, replace, uniqueId } from './dom.js';
import { icon } from './icons.js';
import { avatar } from './people.js';
import { directory, state } from './store.js';
import { inert, plain } from './text.js';
import { ViewSurface } from './view.js';

const REFUSED = {
  operation_timeout: 'The app didn’t answer in time. You can try again.',
  dispatch_failed: 'We had some trouble connecting to the app. You can try again.',
  connection_lost: 'The workspace server cannot be reached. You can try again.',
};

const surfaces = new Map(); // view id -> ViewSurface
let open = null; // {dialog, parts, viewId}
let returnTo = null;

/** Bring the dialog in line with the person's stack of views. */
export function drawModals() {
  const top = state.modals.at(-1);
  for (const id of surfaces.keys()) if (!state.modals.some((view) => view.id === id)) surfaces.delete(id);
  if (!top) {
    close();
    return;
  }
  if (!open) create();
  const fresh = open.viewId !== top.id;
  open.viewId = top.id;
  if (!surfaces.has(top.id)) surfaces.set(top.id, new ViewSurface('modal'));
  drawFrame(top);
  if (fresh) open.parts.body.replaceChildren();
  surfaces.get(top.id).draw(open.parts.body, top);
  if (fresh) {
    open.parts.body.scrollTop = 0;
    (
      open.parts.body.querySelector('[data-autofocus], input, textarea, .select') ??
      open.dialog.querySelector('.modal-submit, .modal-close')
    )?.focus();
  }
}

function create() {
  returnTo = document.activeElement;
  const titleId = uniqueId('modal');
  const parts = {
    title: h('h2', { id: titleId, class: 'modal-title', dir: 'auto' }),
    from: h('span', { class: 'modal-from' }),
    back: h(
      'button',
      { class: 'icon-button', type: 'button', 'aria-label': 'Back', onclick: () => void closeViews(false) },
      icon('back'),
    ),
    problem: h('div', { class: 'modal-problem', role: 'alert' }),
    body: h('div', { class: 'modal-body', tabindex: '-1' }),
    foot: h('div', { class: 'modal-foot' }),
  };
  const closeAll = h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': 'Close', onclick: () => void closeViews(true) },
    icon('close'),
  );
  const form = h(
    'form',
    { class: 'modal-form', novalidate: true, onsubmit: send },
    h('div', { class: 'modal-head' }, parts.back, parts.from, parts.title, closeAll),
    parts.problem,
    parts.body,
    parts.foot,
  );
  const dialog = h('dialog', { class: 'modal', 'aria-labelledby': titleId }, form);
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    void closeViews(false);
  });
  document.body.append(dialog);
  dialog.showModal();
  open = { dialog, parts, viewId: null };
}

function close() {
  if (!open) return;
  open.dialog.close();
  open.dialog.remove();
  open = null;
  if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
  else document.querySelector('#main .composer-field')?.focus({ preventScroll: true });
}

function drawFrame(view) {
  const { dialog, parts } = open;
  const print = JSON.stringify([
    view.id,
    view.title,
    view.submit,
    view.close,
    view.submit_disabled,
    state.modals.length,
  ]);
  if (dialog.dataset.print === print) return; // the buttons keep their focus, and show what is under way
  dialog.dataset.print = print;
  const app = state.workspace.apps.find((one) => one.id === view.app_id) ?? state.workspace.apps[0];
  dialog.dataset.depth = String(state.modals.length);
  dialog.dataset.viewId = view.id;
  parts.back.hidden = state.modals.length < 2;
  replace(parts.title, plain(view.title));
  if (app)
    replace(parts.from, avatar(directory.user(app.bot_user_id), 24), h('span', { class: 'sr-only' }, inert(app.name)));
  replace(parts.problem);
  const closeButton = h(
    'button',
    { class: 'button modal-close', type: 'button', onclick: () => void closeViews(false) },
    plain(view.close) || 'Close',
  );
  const submitButton =
    view.submit &&
    h(
      'button',
      { class: 'button primary modal-submit', type: 'submit', disabled: view.submit_disabled === true },
      h('span', { class: 'button-text' }, plain(view.submit)),
    );
  replace(parts.foot, closeButton, submitButton);
}

async function send(event) {
  event.preventDefault();
  const { viewId, parts } = open;
  const surface = surfaces.get(viewId);
  const button = parts.foot.querySelector('.modal-submit');
  if (!button || button.getAttribute('aria-busy') === 'true') return;
  replace(parts.problem);
  const own = surface.check();
  if (Object.keys(own).length) {
    surface.showErrors(own);
    return;
  }
  button.setAttribute('aria-busy', 'true');
  const outcome = await submit(viewId, surface.form.toJSON());
  button.removeAttribute('aria-busy');
  if (open?.viewId !== viewId) return;
  if (typeof outcome === 'string')
    replace(
      parts.problem,
      icon('warning', 16),
      `${REFUSED[outcome] ?? 'The app could not take this.'} (${inert(outcome)})`,
    );
  else if (outcome) surface.showErrors(outcome);
}
