// The page's only way out: the JSON calls under /human/ and their event stream.

/** A call that was refused; `code` is what the server said. */
export class CallError extends Error {
  constructor(code, status) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

async function call(path, init) {
  let response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new CallError('connection_lost', 0);
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new CallError(String(body.error ?? response.statusText ?? response.status), response.status);
  return body;
}

/** GET /human/<name> with the given query; empty values are left out. */
export function get(name, query = {}) {
  const search = new URLSearchParams(
    Object.entries(query).filter(([, value]) => value !== undefined && value !== null),
  );
  return call(`/human/${name}?${search}`, { method: 'GET' });
}

/** POST /human/<name> with a JSON body. */
export function post(name, body) {
  return call(`/human/${name}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

const RETRY_MS = 1000;

/**
 * Follow the event stream after event `since` (null: from now on). `onEvent` gets each change; `onState` gets 'lost'
 * and 'open'. After a loss it begins anew from now on, since a restarted server counts from 1 again: whoever listens
 * reloads what is shown when it is open again.
 */
export function follow(since, onEvent, onState) {
  const stream = new EventSource(since === null ? '/human/log' : `/human/log?since=${since}`);
  stream.onopen = () => onState('open');
  stream.onerror = () => {
    stream.close();
    onState('lost');
    setTimeout(() => follow(null, onEvent, onState), RETRY_MS);
  };
  stream.onmessage = (message) => {
    try {
      onEvent(JSON.parse(message.data));
    } catch {
      onEvent({});
    }
  };
}
