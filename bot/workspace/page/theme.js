// Light, dark, or as the system is; the choice is kept.

const KEY = 'meshclaw.theme';
const CHOICES = ['system', 'light', 'dark'];

/** The kept choice: system, light or dark. */
export function theme() {
  const kept = localStorage.getItem(KEY);
  return CHOICES.includes(kept) ? kept : 'system';
}

/** Take a choice and keep it. */
export function setTheme(choice) {
  localStorage.setItem(KEY, choice);
  applyTheme();
}

/** Put the kept choice on the page; the style sheet does the rest. */
export function applyTheme() {
  const choice = theme();
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
}
