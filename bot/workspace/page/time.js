// Times as the person reads them: in their time zone and their language.

const formats = new Map();

function format(person, options) {
  const key = `${person.locale}|${person.tz}|${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, build(person, options));
  return formats.get(key);
}

function build(person, options) {
  const locale = String(person.locale ?? 'en-GB').replace('_', '-');
  try {
    return new Intl.DateTimeFormat(locale, { timeZone: person.tz, ...options });
  } catch {
    return new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options });
  }
}

const asDate = (ts) => new Date(Number.parseFloat(ts) * 1000);

/** `9:04 AM`, as that person's language writes it. */
export const clock = (ts, person) => format(person, { hour: 'numeric', minute: '2-digit' }).format(asDate(ts));

/** The moment in full, for tooltips and screen readers. */
export const moment = (ts, person) => format(person, { dateStyle: 'full', timeStyle: 'medium' }).format(asDate(ts));

/** A key that is the same for all moments of one day of that person. */
export function dayKey(ts, person) {
  const parts = format({ locale: 'en-CA', tz: person.tz }, { year: 'numeric', month: '2-digit', day: '2-digit' });
  return parts.format(asDate(ts));
}

/** `Today`, `Yesterday` or `Monday 4 May`. */
export function dayName(ts, person) {
  const day = dayKey(ts, person);
  const now = Date.now() / 1000;
  const relative = new Intl.RelativeTimeFormat(String(person.locale ?? 'en').replace('_', '-'), { numeric: 'auto' });
  const name = (offset) => {
    const word = relative.format(offset, 'day');
    return word.charAt(0).toLocaleUpperCase() + word.slice(1);
  };
  if (day === dayKey(now, person)) return name(0);
  if (day === dayKey(now - 86400, person)) return name(-1);
  return format(person, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(asDate(ts));
}

/** `5 minutes ago`, for thread summaries. */
export function ago(ts, person) {
  const relative = new Intl.RelativeTimeFormat(String(person.locale ?? 'en').replace('_', '-'), { numeric: 'auto' });
  const seconds = Math.round(Number.parseFloat(ts) - Date.now() / 1000);
  const steps = [
    [60, 'second'],
    [60, 'minute'],
    [24, 'hour'],
    [30, 'day'],
    [12, 'month'],
    [Infinity, 'year'],
  ];
  let amount = seconds;
  for (const [size, unit] of steps) {
    if (Math.abs(amount) < size) return relative.format(Math.trunc(amount), unit);
    amount /= size;
  }
  return '';
}

const PIECES = {
  date_num: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date: { year: 'numeric', month: 'long', day: 'numeric' },
  date_slash: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date_short: { year: 'numeric', month: 'short', day: 'numeric' },
  date_long: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  day_divider_pretty: { weekday: 'long', month: 'long', day: 'numeric' },
  time: { hour: 'numeric', minute: '2-digit' },
  time_secs: { hour: 'numeric', minute: '2-digit', second: '2-digit' },
};

/** Fill Slack's date template (`{date_short_pretty} at {time}`); null when the moment is not a number. */
export function fromTemplate(seconds, template, person) {
  if (!/^\d{1,12}$/.test(String(seconds))) return null;
  return String(template).replace(/\{([a-z_]+)\}/g, (whole, token) => {
    if (token === 'ago') return ago(seconds, person);
    if (token.endsWith('_pretty') && token !== 'day_divider_pretty') {
      const near = dayName(seconds, person);
      const day = dayKey(seconds, person);
      const now = Date.now() / 1000;
      if (day === dayKey(now, person) || day === dayKey(now - 86400, person)) return near;
    }
    const options = PIECES[token] ?? PIECES[token.replace(/_pretty$/, '')];
    return options ? format(person, options).format(asDate(seconds)) : whole;
  });
}

// How far a zone is ahead of UTC at a moment, in milliseconds.
function zoneOffset(milliseconds, zone) {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(new Date(milliseconds));
  const part = (type) => Number(parts.find((one) => one.type === type).value);
  return (
    Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) -
    Math.floor(milliseconds / 1000) * 1000
  );
}

/** Epoch seconds as the value of a datetime-local input in that zone. */
export function toLocal(seconds, zone) {
  const milliseconds = Number(seconds) * 1000;
  return new Date(milliseconds + zoneOffset(milliseconds, zone)).toISOString().slice(0, 16);
}

/** The value of a datetime-local input in that zone, as epoch seconds. */
export function fromLocal(value, zone) {
  const wall = Date.parse(`${value}:00Z`);
  const guess = wall - zoneOffset(wall, zone);
  return Math.floor((wall - zoneOffset(guess, zone)) / 1000);
}
