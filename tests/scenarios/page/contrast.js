// Every visible text with less contrast than WCAG AA asks for (4.5, or 3 for large text), as "ratio text".
() => {
  const parse = (colour) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  };
  const known = new Map();
  const colourOf = (text) => {
    if (!known.has(text)) known.set(text, parse(text));
    return known.get(text);
  };
  const over = (top, alpha, below) => top.map((value, index) => value * alpha + below[index] * (1 - alpha));
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const { rgb, alpha } = colourOf(getComputedStyle(at).backgroundColor);
      if (alpha > 0) layers.push([rgb, alpha]);
      if (alpha === 1) break;
    }
    return layers.reverse().reduce((below, [rgb, alpha]) => over(rgb, alpha, below), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [red, green, blue] = rgb.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
    // What stands on a coloured mark of a chart, and what is switched off or only for ears, is not measured here.
    if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest('.sr-only, .pie-share, title, :disabled, noscript, .skip')) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const { rgb, alpha } = colourOf(element.namespaceURI.endsWith('svg') ? style.fill : style.color);
    const [one, other] = [light(over(rgb, alpha * Number(style.opacity), below)), light(below)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${element.className?.baseVal ?? element.className}: ${text.slice(0, 40)}`);
  }
  return [...new Set(poor)];
}
