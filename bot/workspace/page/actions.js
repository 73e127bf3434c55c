// What a person does: each one call, its failure told the way Slack tells it, and a fresh look at what it changed.

import { post } from './api.js';
import { appAt, changed, feed, loadFeed, loadModals, state } from './store.js';
import { failed, toast } from './toast.js';

const appName = () => state.workspace.apps[0]?.name ?? 'The app';

async function attempt(what, run) {
  try {
    const answer = await run();
    if (answer.error) failed(what, answer.error);
    return answer;
  } catch (error) {
    failed(what, error.code ?? 'unknown_error');
    return null;
  }
}

/** Send what was typed: a slash command or a message. True when it was taken, so that the composer may be emptied. */
export function send(key, text, threadTs) {
  return /^\/\S/.test(text) ? command(key, text) : say(key, text, threadTs);
}

/** Post a message, whatever it begins with. True when it was taken. */
export async function say(key, text, threadTs) {
  try {
    await post('message', { as: state.me.id, channel: key, text, ...(threadTs ? { thread_ts: threadTs } : {}) });
  } catch (error) {
    toast('Your message wasn’t sent.', 'error', error.code);
    return false;
  }
  await loadFeed(key);
  return true;
}

async function command(key, text) {
  const answer = await attempt(text.split(/\s/, 1)[0], () => post('command', { as: state.me.id, channel: key, text }));
  void loadFeed(key);
  return answer !== null && !answer.error;
}

/** Use an element of a message or view. `source` is {channel, ts} or {view_id}; true when nothing went wrong. */
export async function click(source, { block_id, action_id, value, values }) {
  const body = { as: state.me.id, ...source, action_id, block_id, value, values };
  const answer = await attempt(appName(), () => post('click', body));
  return answer !== null && !answer.error;
}

/** Run a shortcut, on a message or (without channel and ts) anywhere. */
export function shortcut(callbackId, name, place = {}) {
  return attempt(name, () => post('shortcut', { as: state.me.id, callback_id: callbackId, ...place }));
}

/** Add a reaction, or take it back. */
export async function react(key, ts, name) {
  await attempt('The reaction', () => post('react', { as: state.me.id, channel: key, ts, name }));
  await loadFeed(key);
}

/** Press Stop on an agent's session. */
export function stop(key, threadTs) {
  return attempt(appAt(key)?.name ?? appName(), () =>
    post('stop', { as: state.me.id, channel: key, thread_ts: threadTs }),
  );
}

/** Submit a view. Resolves to null when it went through, to errors by block_id, or to a string: it could not be sent. */
export async function submit(viewId, values) {
  try {
    const answer = await post('submit', { as: state.me.id, view_id: viewId, values });
    if (answer.error) return String(answer.error);
    if (answer.response_action === 'errors' || (answer.errors && Object.keys(answer.errors).length))
      return answer.errors ?? {};
    await loadModals();
    return null;
  } catch (error) {
    return error.code ?? 'unknown_error';
  }
}

/** Close the topmost view, or with `all` every open one. */
export async function closeViews(all) {
  const top = state.modals.at(-1);
  state.modals = all ? [] : state.modals.slice(0, -1);
  changed('modals');
  if (top) await post('close', { as: state.me.id, view_id: top.id, all }).catch(() => null);
  await loadModals();
}

/** Sessions of the open place that are at work now, for the Stop button. */
export function working(threadTs) {
  return (
    feed().sessions.find(
      (session) => session.status === 'processing' && (!threadTs || session.thread_ts === threadTs),
    ) ?? null
  );
}
