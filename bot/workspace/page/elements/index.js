// The table of interactive elements.

import { h } from '../dom.js';
import { picture } from '../blocks/media.js';
import { buttonElement, feedbackElement, iconButtonElement, overflowElement } from './buttons.js';
import { choiceInput, fileInput, textInput, timeInput } from './inputs.js';
import { selectElement } from './select.js';

const ELEMENTS = {
  button: buttonElement,
  workflow_button: buttonElement,
  overflow: overflowElement,
  icon_button: iconButtonElement,
  feedback_buttons: feedbackElement,
  checkboxes: choiceInput,
  radio_buttons: choiceInput,
  datepicker: timeInput,
  timepicker: timeInput,
  datetimepicker: timeInput,
  plain_text_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  number_input: textInput,
  rich_text_input: textInput,
  file_input: fileInput,
  image: (element) => picture(element, 'accessory'),
};
for (const kind of ['static', 'external', 'users', 'channels', 'conversations']) {
  ELEMENTS[`${kind}_select`] = selectElement;
  ELEMENTS[`multi_${kind}_select`] = selectElement;
}

/** Draw one element of a block; unknown types are named rather than dropped. */
export function drawElement(element, ctx, block) {
  const draw = Object.hasOwn(ELEMENTS, element?.type) ? ELEMENTS[element.type] : null;
  return draw ? draw(element, ctx, block) : h('span', { class: 'note' }, `Unknown element: ${String(element?.type)}`);
}
